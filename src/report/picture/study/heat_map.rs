//! `server_utilization.png`: how busy each worker was under each policy. A server is a core here.

use std::io;

use plotters::style::{Color, RGBColor, WHITE};

use super::legend::{Legend, Sample};
use super::panels::{Panels, columns};
use super::row_names::{self, ROW};
use super::{ABOUT, AXIS, Head, LABEL, MARGIN, PANEL, Picture, WIDTH, below, chart, places, ruler};
use crate::class::Class;
use crate::report::picture::canvas::{Canvas, Frame, Hold, Type};
use crate::report::picture::{axis, colours};
use crate::study::{Cell, Setting, SettingClass, Study};

/// With more workers, a column is a class.
const WORKERS_MAX: usize = 64;
/// The widest a column becomes.
const COLUMN_MAX: f64 = 92.0;
/// The figure in a cell.
const FIGURE: Type = Type { size: 22, ..LABEL };
/// Between two classes.
const CLASS_GAP: i32 = 8;

/// A column: whose utilization, and what it is called.
struct Column {
    class: usize,
    workers: Vec<u32>,
    label: String,
}

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let measured = |cell: &Cell| !cell.utilization.is_empty();
    let chosen = Panels::of(study, |setting| {
        study.settings[setting].workers() > 0 && study.cells_of(setting).any(measured)
    });
    if chosen.len() == 0 {
        return Ok(None);
    }
    let names: Vec<String> = chart::policies(study).into_iter().map(|(name, _)| name).collect();
    let (names_width, legend) = ruler(|canvas| {
        Ok((row_names::width(canvas, &names)?, Legend::new(canvas, entries(study, &chosen))?))
    })?;
    let head = Head::new(study, "Utilization of each worker: the part of the time it was busy")
        .note(chosen.note.clone(), ABOUT);
    let top = head.bottom();
    let height = 76 + names.len() as i32 * ROW + 84;
    let area = (MARGIN + names_width, WIDTH - MARGIN);
    let places = places(chosen.len(), columns(chosen.len(), 2), top, height, area);
    let end = below(&places, top) + 24;
    let has_classes = legend.height();
    Picture::drawn(end + 88 + has_classes + 30, |canvas| {
        head.draw(canvas)?;
        for (setting, frame) in chosen.settings.iter().zip(&places) {
            let names = if frame.x == places[0].x { &names[..] } else { &[] };
            panel(canvas, *frame, study, *setting, names)?;
        }
        scale(canvas, Frame { x: MARGIN + 20, y: end, w: 700, h: 28 })?;
        legend.draw(canvas, end + 88)
    })
}

/// The classes that are drawn, where there are any to tell apart.
fn entries(study: &Study, chosen: &Panels) -> Vec<(Sample, String)> {
    let mut names: Vec<(RGBColor, &str)> = Vec::new();
    for setting in &chosen.settings {
        let classes = &study.settings[*setting].classes;
        for (number, class) in classes.iter().enumerate().take(8) {
            let entry = (colour(class, number), class.name.as_str());
            if classes.len() > 1 && !names.contains(&entry) {
                names.push(entry);
            }
        }
    }
    let text = |name: &str| format!("{} cores", crate::report::remarks::one_line(name));
    names.into_iter().map(|(colour, name)| (Sample::Square(colour), text(name))).collect()
}

/// The colour of a class, also of one whose name is not of this program.
pub(super) fn colour(class: &SettingClass, number: usize) -> RGBColor {
    match class.name.parse::<Class>() {
        Ok(class) => colours::class(class),
        Err(_) => colours::class(Class::Middle(number.min(200) as u8)),
    }
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
    let setting_of = &study.settings[setting];
    let columns = columns_of(setting_of);
    let policies = study.policies();
    let h = ROW * policies.len() as i32;
    let rows = Frame { y: frame.y + 76, h, ..frame };
    let grid = Grid::new(rows, &columns);
    for (at, column) in columns.iter().enumerate() {
        let (x, w) = grid.column(at);
        let class = &setting_of.classes[column.class];
        let strip = Frame { x, y: rows.y - 18, w, h: 12 };
        if setting_of.classes.len() > 1 {
            canvas.fill(strip, colour(class, column.class).to_rgba())?;
        }
        for (place, policy) in policies.iter().enumerate() {
            let Some(cell) = study.cells_of(setting).find(|cell| cell.policy == *policy) else {
                continue;
            };
            let row = row_names::row(rows, place);
            let busy = cell.utilization_of(&column.workers);
            square(canvas, Frame { x, w, y: row.y, h: row.h }, busy)?;
        }
    }
    for (place, name) in names.iter().enumerate() {
        row_names::name(canvas, row_names::row(rows, place), frame.x - 16, name)?;
    }
    labels(canvas, &grid, &columns, setting_of)
}

fn columns_of(setting: &Setting) -> Vec<Column> {
    let per_worker = setting.workers() <= WORKERS_MAX;
    let classes = setting.classes.iter().enumerate();
    let columns = classes.flat_map(|(class, of)| {
        let workers: Vec<Vec<u32>> = match per_worker {
            true => of.workers.iter().map(|worker| vec![*worker]).collect(),
            false if of.workers.is_empty() => Vec::new(),
            false => vec![of.workers.clone()],
        };
        workers.into_iter().map(move |workers| {
            let label = match (per_worker, workers.first()) {
                (true, Some(worker)) => worker.to_string(),
                _ => format!("{} × {}", workers.len(), of.name),
            };
            Column { class, workers, label }
        })
    });
    columns.take(256).collect()
}

/// Where the columns lie.
struct Grid {
    rows: Frame,
    width: f64,
    gaps: Vec<i32>,
}

impl Grid {
    fn new(rows: Frame, columns: &[Column]) -> Grid {
        let classes = columns.iter().map(|column| column.class);
        let first = columns.first().map_or(0, |column| column.class);
        let gaps: Vec<i32> = classes.map(|class| (class - first) as i32 * CLASS_GAP).collect();
        let room = f64::from((rows.w - gaps.last().copied().unwrap_or(0)).max(1));
        let most = if columns.len() <= 4 { f64::INFINITY } else { COLUMN_MAX };
        Grid { rows, width: (room / columns.len().max(1) as f64).min(most), gaps }
    }

    /// Left edge and width of a column.
    fn column(&self, at: usize) -> (i32, i32) {
        let edge = |at: usize| (at as f64 * self.width) as i32;
        let hair = i32::from(self.width >= 6.0) + i32::from(self.width >= 16.0);
        let x = self.rows.x + self.gaps[at] + edge(at);
        (x, (edge(at + 1) - edge(at) - hair).max(1))
    }
}

fn square(canvas: &Canvas, cell: Frame, busy: f64) -> io::Result<()> {
    let colour = colours::heat(busy as f32);
    canvas.fill(Frame { h: cell.h - 2, ..cell }, colour.to_rgba())?;
    let text = format!("{:.0}", (100.0 * busy).clamp(0.0, 999.0));
    if !busy.is_finite() || canvas.width(&text, FIGURE)? > cell.w - 6 {
        return Ok(());
    }
    let ink = if busy > 0.6 { WHITE } else { colours::INK };
    let at = (cell.x + cell.w / 2, cell.y + cell.h / 2 + 7);
    canvas.text(&text, at, Hold::Middle, Type { colour: ink, ..FIGURE })
}

fn labels(canvas: &Canvas, grid: &Grid, columns: &[Column], setting: &Setting) -> io::Result<()> {
    let mut widest = 1;
    for column in columns {
        widest = widest.max(canvas.width(&column.label, LABEL)?);
    }
    let space = (grid.width * columns.len() as f64) as i32;
    let every = axis::every(columns.len(), widest + 14, space);
    let y = grid.rows.bottom();
    for (at, column) in columns.iter().enumerate().step_by(every) {
        let (x, w) = grid.column(at);
        let text = canvas.fitted(&column.label, grid.rows.w, LABEL)?;
        canvas.text(&text, (x + w / 2, y + 32), Hold::Middle, LABEL)?;
    }
    let right = columns.len().checked_sub(1).map_or(grid.rows.right(), |last| {
        let (x, w) = grid.column(last);
        x + w
    });
    let title = match setting.workers() <= WORKERS_MAX {
        true => "Worker".to_owned(),
        false => format!("Class: mean of its workers, {} in all", setting.workers()),
    };
    let title = canvas.fitted(&title, grid.rows.w, AXIS)?;
    canvas.text(&title, ((grid.rows.x + right) / 2, y + 68), Hold::Middle, AXIS)
}

/// What the colours mean.
fn scale(canvas: &Canvas, bar: Frame) -> io::Result<()> {
    for x in 0..bar.w {
        let value = x as f32 / bar.w as f32;
        let line = Frame { x: bar.x + x, w: 1, ..bar };
        canvas.fill(line, colours::heat(value).to_rgba())?;
    }
    for percent in [0, 25, 50, 75, 100] {
        let at = (bar.x + bar.w * percent / 100, bar.bottom() + 32);
        canvas.text(&format!("{percent} %"), at, Hold::Middle, LABEL)?;
    }
    canvas.text("of the time", (bar.right() + 50, bar.y + 24), Hold::Left, AXIS)
}
