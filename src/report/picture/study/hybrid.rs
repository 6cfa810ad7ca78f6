//! `hybrid.png`: what each class of cores had to do under each policy.

use std::io;

use plotters::style::{Color, WHITE};

use super::heat_map::colour;
use super::legend::{Legend, Sample};
use super::marks::{Mark, Shape};
use super::panels::{Panels, columns};
use super::row_names::{self, ROW};
use super::{
    ABOUT, AXIS, Head, LABEL, MARGIN, PANEL, Picture, WIDTH, below, chart, pen, places, ruler,
};
use crate::report::picture::canvas::{Canvas, Frame, Hold, Type};
use crate::report::picture::colours;
use crate::report::remarks::one_line;
use crate::study::{Cell, Setting, Study};

/// No chip known has more classes than four.
const CLASSES_MAX: usize = 6;
/// The figure in a bar.
const FIGURE: Type = Type { size: 22, ..LABEL };
/// Markers of utilization by class.
const SHAPES: [Shape; 3] = [Shape::Circle, Shape::Diamond, Shape::Triangle];

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let is_hybrid = |setting: &Setting| (2..=CLASSES_MAX).contains(&setting.classes.len());
    let chosen = Panels::of(study, |setting| {
        is_hybrid(&study.settings[setting])
            && study.cells_of(setting).any(|cell| !cell.share.is_empty())
    });
    if chosen.len() == 0 {
        return Ok(None);
    }
    let names: Vec<String> = chart::policies(study).into_iter().map(|(name, _)| name).collect();
    let (names_width, legend) = ruler(|canvas| {
        Ok((row_names::width(canvas, &names)?, Legend::new(canvas, entries(study, &chosen))?))
    })?;
    let head = Head::new(study, "Share and utilization of each class of cores")
        .note(chosen.note.clone(), ABOUT);
    let top = head.bottom();
    let height = 52 + names.len() as i32 * ROW + 84;
    let area = (MARGIN + names_width, WIDTH - MARGIN);
    let places = places(chosen.len(), columns(chosen.len(), 2), top, height, area);
    let end = below(&places, top) + 20;
    Picture::drawn(end + legend.height() + 36, |canvas| {
        head.draw(canvas)?;
        for (setting, frame) in chosen.settings.iter().zip(&places) {
            let names = if frame.x == places[0].x { &names[..] } else { &[] };
            panel(canvas, *frame, study, *setting, names)?;
        }
        legend.draw(canvas, end)
    })
}

fn entries(study: &Study, chosen: &Panels) -> Vec<(Sample, String)> {
    let mut entries: Vec<(Sample, String)> = Vec::new();
    for setting in &chosen.settings {
        for (number, class) in study.settings[*setting].classes.iter().enumerate() {
            let text = format!("{} cores", one_line(&class.name));
            if entries.iter().all(|(_, said)| *said != text) {
                entries.push((Sample::Square(colour(class, number)), text));
            }
        }
    }
    let boundary = Mark { colour: colours::INK, dash: &[8.0, 6.0], ..Mark::of(0) };
    entries.push((Sample::Bare(boundary), "shares in proportion to capacity".into()));
    entries
}

fn panel(
    canvas: &Canvas,
    frame: Frame,
    study: &Study,
    setting: usize,
    names: &[String],
) -> io::Result<()> {
    let title = canvas.fitted(&chart::setting_name(study, setting), frame.w, PANEL)?;
    canvas.text(&title, (frame.x, frame.y + 30), Hold::Left, PANEL)?;
    let policies = study.policies();
    let rows = Frame { y: frame.y + 52, h: ROW * policies.len() as i32, ..frame };
    let half = (rows.w - 110) / 2;
    let shares = Frame { w: half, ..rows };
    let busy = Frame { x: rows.right() - half - 36, w: half, ..rows };
    percent_axis(canvas, shares, "Share of the packets")?;
    percent_axis(canvas, busy, "Utilization")?;
    let of = &study.settings[setting];
    for (place, policy) in policies.iter().enumerate() {
        if let Some(cell) = study.cells_of(setting).find(|cell| cell.policy == *policy) {
            share_bar(canvas, row_names::row(shares, place), of, cell)?;
            busy_marks(canvas, row_names::row(busy, place), of, cell)?;
        }
    }
    for (place, name) in names.iter().enumerate() {
        row_names::name(canvas, row_names::row(rows, place), frame.x - 16, name)?;
    }
    capacity(canvas, shares, of)
}

fn percent_axis(canvas: &Canvas, plot: Frame, title: &str) -> io::Result<()> {
    let step = if plot.w > 420 { 20 } else { 50 };
    for percent in (0..=100).step_by(step) {
        let x = plot.x + plot.w * percent / 100;
        canvas.vertical(plot, x, colours::GRID)?;
        let text = format!("{percent} %");
        canvas.text(&text, (x, plot.bottom() + 34), Hold::Middle, LABEL)?;
    }
    let at = (plot.x + plot.w / 2, plot.bottom() + 70);
    canvas.text(title, at, Hold::Middle, AXIS)
}

fn share_bar(canvas: &Canvas, row: Frame, setting: &Setting, cell: &Cell) -> io::Result<()> {
    let mut sum = 0.0;
    for (number, class) in setting.classes.iter().enumerate() {
        let share = cell.share_of(&class.workers);
        let x = |part: f64| row.x + (f64::from(row.w) * part.clamp(0.0, 1.0)) as i32;
        let (left, right) = (x(sum), x(sum + share));
        let part = Frame { x: left, y: row.y + 4, w: right - left, h: row.h - 8 };
        canvas.fill(part, colour(class, number).to_rgba())?;
        let text = format!("{:.0} %", 100.0 * share);
        // At the ends of the bar: between them lie the lines of the capacities.
        let is_last = number + 1 == setting.classes.len();
        if (number == 0 || is_last) && canvas.width(&text, FIGURE)? + 12 < part.w {
            let ink = if number == 0 { WHITE } else { colours::INK };
            let letters = Type { colour: ink, ..FIGURE };
            let (x, hold) = if is_last { (right - 8, Hold::Right) } else { (left + 8, Hold::Left) };
            canvas.text(&text, (x, part.y + part.h / 2 + 8), hold, letters)?;
        }
        sum += share;
    }
    Ok(())
}

fn busy_marks(canvas: &Canvas, row: Frame, setting: &Setting, cell: &Cell) -> io::Result<()> {
    let y = f64::from(row.y + row.h / 2);
    let x = |part: f64| f64::from(row.x) + f64::from(row.w) * part.clamp(0.0, 1.0);
    let each = setting.classes.iter().map(|class| cell.utilization_of(&class.workers));
    let (low, high) = each
        .clone()
        .fold((1.0, 0.0), |(low, high), busy| (f64::min(low, busy), f64::max(high, busy)));
    pen::line(canvas, &[(x(low), y), (x(high), y)], 3.0, colours::UNKNOWN, &[])?;
    for (number, busy) in each.enumerate() {
        let mark = Mark {
            colour: colour(&setting.classes[number], number),
            shape: SHAPES[number % SHAPES.len()],
            ..Mark::of(0)
        };
        // Where they coincide, the ones below look out.
        let radius = 12.0 - 2.5 * (number % 3) as f64;
        pen::marker(canvas, (x(busy), y), radius, mark)?;
    }
    Ok(())
}

/// The shares that would keep all classes equally busy.
fn capacity(canvas: &Canvas, shares: Frame, setting: &Setting) -> io::Result<()> {
    let of = |class: &crate::study::SettingClass| class.speed * class.workers.len() as f64;
    let all: f64 = setting.classes.iter().map(of).sum();
    let mut sum = 0.0;
    for class in &setting.classes[..setting.classes.len() - 1] {
        sum += of(class);
        if !(all > 0.0 && sum.is_finite()) {
            return Ok(());
        }
        let x = f64::from(shares.x) + f64::from(shares.w) * (sum / all).clamp(0.0, 1.0);
        let ends = [(x, f64::from(shares.y) - 4.0), (x, f64::from(shares.bottom()) + 4.0)];
        pen::line(canvas, &ends, 5.0, WHITE, &[])?;
        pen::line(canvas, &ends, 3.0, colours::INK, &[8.0, 6.0])?;
    }
    Ok(())
}
