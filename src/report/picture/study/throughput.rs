//! `throughput_comparison.png`: packets done in a unit of time, a bar a policy.

use std::io;

use plotters::style::{Color, RGBColor};

use super::chart::policies;
use super::legend::{Legend, Sample};
use super::panels::{Panels, columns};
use super::row_names::{self, ROW};
use super::scale::Scale;
use super::{
    ABOUT, AXIS, Head, LABEL, MARGIN, PANEL, Picture, WARNING, WIDTH, below, chart, pen, places,
    ruler,
};
use crate::report::figures;
use crate::report::picture::canvas::{Canvas, Frame, Hold};
use crate::report::picture::colours;
use crate::study::{Cell, Study};

const BAR: RGBColor = RGBColor(86, 180, 233);
const UNSTABLE: RGBColor = RGBColor(230, 159, 0);

/// What all panels share.
struct Sheet<'a> {
    study: &'a Study,
    names: Vec<String>,
    names_width: i32,
    figures_width: i32,
}

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let measured = |cell: &Cell| cell.throughput.mean > 0.0;
    let chosen = Panels::of(study, |setting| study.cells_of(setting).any(measured));
    if chosen.len() == 0 {
        return Ok(None);
    }
    let (sheet, legend) = ruler(|canvas| {
        let unstable = study.cells.iter().any(|cell| cell.unstable);
        Ok((Sheet::new(canvas, study)?, Legend::new(canvas, entries(unstable))?))
    })?;
    let head = Head::new(study, "Throughput of each policy").note(chosen.note.clone(), ABOUT);
    let top = head.bottom();
    let height = 52 + sheet.names.len() as i32 * ROW + 84;
    let area = (MARGIN + sheet.names_width, WIDTH - MARGIN);
    let places = places(chosen.len(), columns(chosen.len(), 3), top, height, area);
    let end = below(&places, top) + 20;
    Picture::drawn(end + legend.height() + 36, |canvas| {
        head.draw(canvas)?;
        for (setting, frame) in chosen.settings.iter().zip(&places) {
            sheet.panel(canvas, *frame, *setting, frame.x == places[0].x)?;
        }
        legend.draw(canvas, end)
    })
}

fn entries(unstable: bool) -> Vec<(Sample, String)> {
    let mut entries = vec![(
        Sample::Square(BAR),
        "mean; its 95 % interval, where wide enough to be seen".to_owned(),
    )];
    if unstable {
        let text = "unstable: more arrived than was done, queues went on growing";
        entries.push((Sample::Square(UNSTABLE), text.to_owned()));
    }
    entries
}

impl<'a> Sheet<'a> {
    fn new(canvas: &Canvas, study: &'a Study) -> io::Result<Sheet<'a>> {
        let names: Vec<String> = policies(study).into_iter().map(|(name, _)| name).collect();
        let mut figures_width = 0;
        for cell in &study.cells {
            let text = figures::with_interval(cell.throughput);
            figures_width = figures_width.max(canvas.width(&text, LABEL)?);
        }
        let names_width = row_names::width(canvas, &names)?;
        Ok(Sheet { study, names, names_width, figures_width })
    }

    fn panel(&self, canvas: &Canvas, frame: Frame, setting: usize, named: bool) -> io::Result<()> {
        let title = canvas.fitted(&chart::setting_name(self.study, setting), frame.w, PANEL)?;
        canvas.text(&title, (frame.x, frame.y + 30), Hold::Left, PANEL)?;
        let h = ROW * self.names.len() as i32;
        let rows = Frame { y: frame.y + 52, h, ..frame };
        let plot = rows.inside(0, 0, self.figures_width + 24, 0);
        let cells = || self.study.cells_of(setting);
        let ends = cells().map(|cell| cell.throughput.mean + cell.throughput.ci95);
        let scale = Scale::even(ends.fold(0.0, f64::max), if frame.w > 900 { 6 } else { 4 });
        self.axis(canvas, plot, &scale)?;
        for (place, policy) in self.study.policies().into_iter().enumerate() {
            let row = row_names::row(rows, place);
            if named {
                row_names::name(canvas, row, frame.x - 16, &self.names[place])?;
            }
            if let Some(cell) = cells().find(|cell| cell.policy == policy) {
                bar(canvas, plot, row, cell, &scale)?;
            }
        }
        canvas.vertical(plot, plot.x, colours::PALE_INK)
    }

    fn axis(&self, canvas: &Canvas, plot: Frame, scale: &Scale) -> io::Result<()> {
        for (tick, text) in scale.ticks() {
            let x = plot.x + (f64::from(plot.w) * scale.part(tick)) as i32;
            canvas.vertical(plot, x, colours::GRID)?;
            canvas.text(&text, (x, plot.bottom() + 34), Hold::Middle, LABEL)?;
        }
        // Longer than the plot, it may go on below the figures.
        let title = capital_rate(self.study);
        let width = canvas.width(&title, AXIS)?;
        let x = (plot.x + (plot.w - width) / 2).max(plot.x);
        canvas.text(&title, (x, plot.bottom() + 70), Hold::Left, AXIS)
    }
}

fn capital_rate(study: &Study) -> String {
    let unit = study.mode.rate_unit();
    unit.replacen('p', "P", 1)
}

fn bar(canvas: &Canvas, plot: Frame, row: Frame, cell: &Cell, scale: &Scale) -> io::Result<()> {
    let width = f64::from(plot.w);
    let x = |value: f64| f64::from(plot.x) + width * scale.part(value).clamp(0.0, 1.0);
    let Some(w) = Some(x(cell.throughput.mean) as i32 - plot.x).filter(|w| *w >= 0) else {
        return Ok(());
    };
    let colour = if cell.unstable { UNSTABLE } else { BAR };
    canvas.fill(Frame { x: plot.x, y: row.y + 5, w, h: row.h - 10 }, colour.to_rgba())?;
    let interval = cell.throughput;
    let (left, right) = (interval.mean - interval.ci95, interval.mean + interval.ci95);
    // Narrower, it would be a blot on the end of the bar.
    if x(right) - x(left.max(0.0)) > 5.0 {
        let y = f64::from(row.y + row.h / 2);
        pen::interval(canvas, (x(left.max(0.0)), x(right)), y, colours::INK)?;
    }
    let letters = if cell.unstable { WARNING } else { LABEL };
    row_names::figure(canvas, row, plot.right() + 22, &figures::with_interval(interval), letters)
}
