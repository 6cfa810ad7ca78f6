//! `comparison_summary.png`: mean and 99th percentile of each policy, best first.

use std::io;

use plotters::style::{Color, RGBColor};

use super::legend::{Legend, Sample};
use super::marks::Mark;
use super::panels::{Panels, columns};
use super::row_names::{self, ROW};
use super::scale::{Scale, ends};
use super::{
    ABOUT, AXIS, Head, LABEL, MARGIN, PANEL, Picture, WARNING, WIDTH, below, chart, pen, places,
    ruler,
};
use crate::interval::Interval;
use crate::report::figures;
use crate::report::picture::canvas::{Canvas, Frame, Hold, Type};
use crate::report::picture::colours;
use crate::report::remarks::one_line;
use crate::report::study::verdict;
use crate::study::{Cell, Difference, Ranked, Study, rank};

/// A setting's rows with the width of their texts.
struct Panel<'a> {
    title: String,
    ranked: Vec<Ranked<'a>>,
    verdicts: Vec<String>,
    /// Means in figures, where there is room.
    means: Vec<String>,
    names: i32,
    words: i32,
    figures: i32,
    scale: Scale,
}

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let chosen = Panels::of(study, |setting| study.cells_of(setting).next().is_some());
    if chosen.len() == 0 {
        return Ok(None);
    }
    let (panels, legend) = ruler(|canvas| {
        let is_wide = columns(chosen.len(), 2) == 1;
        let panels = chosen.settings.iter().map(|setting| panel(canvas, study, *setting, is_wide));
        Ok((panels.collect::<io::Result<Vec<Panel>>>()?, Legend::new(canvas, entries())?))
    })?;
    let head = Head::new(study, "Response time of each policy, best first")
        .note(chosen.note.clone(), ABOUT);
    let rows = panels.iter().map(|panel| panel.ranked.len()).max().unwrap_or(0) as i32;
    let columns = columns(panels.len(), 2);
    let top = head.bottom();
    let height = 52 + rows * ROW + 84;
    let places = places(panels.len(), columns, top, height, (MARGIN, WIDTH - MARGIN));
    let end = below(&places, top) + 20;
    Picture::drawn(end + legend.height() + 36, |canvas| {
        head.draw(canvas)?;
        for (panel, frame) in panels.iter().zip(&places) {
            panel.draw(canvas, *frame, &format!("Response time in {}", study.mode.unit()))?;
        }
        legend.draw(canvas, end)
    })
}

fn entries() -> Vec<(Sample, String)> {
    vec![
        (Sample::Marker(MEAN), "mean; its 95 % interval, where wider than the marker".into()),
        (Sample::Marker(P99), "99th percentile, likewise".into()),
    ]
}

/// Where the largest is so many times the smallest, the axis is logarithmic.
const LOG_FROM: f64 = 12.0;
const MARKER: f64 = 8.0;

const MEAN: Mark = Mark {
    colour: RGBColor(0, 114, 178),
    dash: &[],
    shape: super::marks::Shape::Circle,
    is_hollow: false,
};
const P99: Mark = Mark {
    colour: RGBColor(213, 94, 0),
    dash: &[],
    shape: super::marks::Shape::Diamond,
    is_hollow: true,
};

fn panel<'a>(
    canvas: &Canvas,
    study: &'a Study,
    setting: usize,
    is_wide: bool,
) -> io::Result<Panel<'a>> {
    let ranked = rank(study, setting);
    let verdicts: Vec<String> = ranked.iter().map(|each| verdict::brief(&ranked, each)).collect();
    let stable = ranked.iter().map(|each| each.cell).filter(|cell| !cell.unstable);
    let mut times: Vec<f64> = stable.flat_map(outermost).collect();
    if ends(times.iter().copied()).is_none() {
        times = ranked.iter().flat_map(|each| outermost(each.cell)).collect();
    }
    let names: Vec<String> = ranked.iter().map(|each| one_line(&each.cell.policy)).collect();
    let shown = ranked.iter().filter(|_| is_wide);
    let means: Vec<String> = shown.map(|each| mean(each.cell)).collect();
    Ok(Panel {
        title: chart::setting_name(study, setting),
        names: row_names::width(canvas, &names)? + canvas.width("15", LABEL)? + 18,
        words: widest(canvas, &verdicts)?,
        figures: widest(canvas, &means)?,
        verdicts,
        means,
        scale: Scale::times(times.into_iter(), LOG_FROM),
        ranked,
    })
}

/// The mean in figures; that of an unstable policy says nothing.
fn mean(cell: &Cell) -> String {
    if cell.unstable { String::new() } else { figures::with_interval(cell.mean) }
}

fn widest(canvas: &Canvas, texts: &[String]) -> io::Result<i32> {
    let mut widest = 0;
    for text in texts {
        widest = widest.max(canvas.width(text, LABEL)? + 30);
    }
    Ok(widest)
}

/// The ends of what is drawn of a cell.
fn outermost(cell: &Cell) -> [f64; 4] {
    let ends = |figure: Interval| [figure.mean - figure.ci95, figure.mean + figure.ci95];
    let ([a, b], [c, d]) = (ends(cell.mean), ends(cell.p99));
    // An interval that reaches 0 must not stretch a logarithmic axis without end.
    [a.max(cell.mean.mean / 3.0), b, c.max(cell.p99.mean / 3.0), d]
}

impl Panel<'_> {
    fn draw(&self, canvas: &Canvas, frame: Frame, x_title: &str) -> io::Result<()> {
        let title = canvas.fitted(&self.title, frame.w, PANEL)?;
        canvas.text(&title, (frame.x, frame.y + 30), Hold::Left, PANEL)?;
        let h = ROW * self.ranked.len() as i32;
        let rows = Frame { y: frame.y + 52, h, ..frame };
        let plot = rows.inside(self.names, 0, self.words + self.figures, 0);
        self.axis(canvas, plot, x_title)?;
        for (place, (ranked, words)) in self.ranked.iter().zip(&self.verdicts).enumerate() {
            let row = row_names::row(rows, place);
            if place % 2 == 1 {
                // A pale stripe leads the eye from the name to the verdict.
                canvas.fill(row, colours::GRID.mix(0.35))?;
            }
            let at = (frame.x, row.y + ROW / 2 + 9);
            canvas.text(&ranked.place.to_string(), at, Hold::Left, AXIS)?;
            row_names::name(canvas, row, plot.x - 16, &one_line(&ranked.cell.policy))?;
            let right = plot.right() + 30;
            if let Some(mean) = self.means.get(place) {
                row_names::figure(canvas, row, right, mean, AXIS)?;
            }
            row_names::figure(canvas, row, right + self.figures, words, letters(ranked))?;
            self.figures(canvas, plot, row, ranked.cell)?;
        }
        Ok(())
    }

    fn axis(&self, canvas: &Canvas, plot: Frame, title: &str) -> io::Result<()> {
        let mut taken = i32::MIN;
        for (tick, text) in self.scale.ticks() {
            let x = self.x(plot, tick) as i32;
            canvas.vertical(plot, x, colours::GRID)?;
            let half = canvas.width(&text, LABEL)? / 2;
            if x - half > taken.saturating_add(12) {
                canvas.text(&text, (x, plot.bottom() + 34), Hold::Middle, LABEL)?;
                taken = x + half;
            }
        }
        canvas.horizontal(plot, plot.bottom(), colours::PALE_INK)?;
        let at = (plot.x + plot.w / 2, plot.bottom() + 70);
        canvas.text(title, at, Hold::Middle, AXIS)
    }

    fn figures(&self, canvas: &Canvas, plot: Frame, row: Frame, cell: &Cell) -> io::Result<()> {
        let y = f64::from(row.y + row.h / 2);
        let right = f64::from(plot.right());
        if cell.unstable {
            // Out of the scale: its figures say how long the run was.
            let from = f64::from(plot.x) + 0.2 * f64::from(plot.w);
            let ends = [(from, y), (right - 2.0, y)];
            pen::line(canvas, &ends, 3.0, colours::WARNING, &[12.0, 8.0])?;
            return pen::arrow(canvas, (right - 2.0, y), false, colours::WARNING);
        }
        let span = [(self.x(plot, cell.mean.mean), y), (self.x(plot, cell.p99.mean), y)];
        pen::line(canvas, &span, 2.0, colours::UNKNOWN, &[])?;
        for (figure, mark) in [(cell.p99, P99), (cell.mean, MEAN)] {
            let left = (figure.mean - figure.ci95).max(figure.mean / 3.0);
            let whole = (self.x(plot, left), self.x(plot, figure.mean + figure.ci95));
            // Within the marker and its rim it would only fray them.
            if whole.1 - whole.0 > 2.0 * (MARKER + 3.0) {
                pen::interval(canvas, whole, y, mark.colour)?;
            }
            pen::marker(canvas, (self.x(plot, figure.mean), y), MARKER, mark)?;
        }
        Ok(())
    }

    fn x(&self, plot: Frame, value: f64) -> f64 {
        f64::from(plot.x) + f64::from(plot.w) * self.scale.part(value).clamp(0.0, 1.0)
    }
}

fn letters(ranked: &Ranked) -> Type {
    match ranked.difference {
        Difference::Best => Type { bold: true, ..LABEL },
        Difference::None(_) => AXIS,
        Difference::Worse(_) => LABEL,
        Difference::Unstable => WARNING,
    }
}
