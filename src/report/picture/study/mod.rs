//! The pictures of a study.
//!
//! One file a picture; each is left out where the study has nothing for it. What they share:
//! a sheet that is as high as its panels need, a head that says what is shown and of which
//! study, a panel for each setting, letters that can be read when the picture is shrunk to half
//! its size. A policy has the same colour, dashes and marker in every picture; where lines
//! coincide, two of the three tell them apart without colour. What is unstable is named in the
//! colour of warnings and does not decide any scale: its figures say how long the run was.

mod chart;
mod distribution;
mod energy;
mod heat_map;
mod hybrid;
mod learning;
mod legend;
mod marks;
mod over_time;
mod panels;
mod pen;
mod plot;
mod ranking;
mod row_names;
mod scale;
mod scaling;
mod throughput;

use std::io;

use super::canvas::{Canvas, Frame, Hold, Type};
use super::colours;
use crate::report::remarks::one_line;
use crate::report::units;
use crate::study::Study;

/// The width of every sheet; heights differ.
const WIDTH: i32 = 1920;
/// What is left white around everything.
const MARGIN: i32 = 48;
/// What lies between two panels.
const GAP: i32 = 44;

/// The title of the sheet.
const TITLE: Type = Type { size: 44, bold: true, colour: colours::INK };
/// What the sheet belongs to.
const ABOUT: Type = Type { size: 28, bold: false, colour: colours::PALE_INK };
/// The title of a panel.
const PANEL: Type = Type { size: 30, bold: true, colour: colours::INK };
/// Axes, names and figures.
const LABEL: Type = Type { size: 25, bold: false, colour: colours::INK };
/// Titles of axes.
const AXIS: Type = Type { colour: colours::PALE_INK, ..LABEL };
/// What must not be missed.
const WARNING: Type = Type { colour: colours::WARNING, ..LABEL };

/// Draws a picture of a study; `None` where the study has nothing for it.
pub(in crate::report) type Draw = fn(&Study) -> io::Result<Option<Picture>>;

/// The pictures: the file, what it shows, how it is drawn. In the order of the report.
pub(in crate::report) const PICTURES: [(&str, &str, Draw); 9] = [
    ("comparison_summary.png", "Response time of each policy, best first", ranking::draw),
    ("latency_distribution.png", "Distribution of response times", distribution::draw),
    ("latency_over_time.png", "Response time over the run", over_time::draw),
    ("throughput_comparison.png", "Throughput of each policy", throughput::draw),
    ("server_utilization.png", "Utilization of each worker", heat_map::draw),
    ("hybrid.png", "Share and utilization of each class of cores", hybrid::draw),
    ("scaling.png", "Response time over the study's axis", scaling::draw),
    ("energy.png", "Watts of the cores by a model, and what they buy", energy::draw),
    ("learning_curve.png", "How the rule learned", learning::draw),
];

/// A picture, three bytes a pixel, row by row.
pub(in crate::report) struct Picture {
    size: (u32, u32),
    pixels: Vec<u8>,
}

impl Picture {
    /// A sheet of this height with what `draw` draws.
    fn drawn(
        height: i32,
        draw: impl FnOnce(&Canvas) -> io::Result<()>,
    ) -> io::Result<Option<Picture>> {
        let size = (WIDTH as u32, height.max(1) as u32);
        let mut pixels = vec![0; 3 * size.0 as usize * size.1 as usize];
        let canvas = Canvas::new(&mut pixels, size)?;
        draw(&canvas)?;
        drop(canvas);
        Ok(Some(Picture { size, pixels }))
    }

    /// The picture as a PNG.
    pub(in crate::report) fn encoded(&self) -> io::Result<Vec<u8>> {
        super::encoded(&self.pixels, self.size)
    }
}

/// Calls `measure` with a canvas on which nothing is seen, to measure texts before the sheet's
/// height is known.
fn ruler<T>(measure: impl FnOnce(&Canvas) -> io::Result<T>) -> io::Result<T> {
    let mut pixels = [0; 3];
    measure(&Canvas::new(&mut pixels, (1, 1))?)
}

/// What stands over the panels.
struct Head {
    title: String,
    about: String,
    notes: Vec<(String, Type)>,
}

impl Head {
    fn new(study: &Study, title: &str) -> Head {
        let repeats = units::counted(u64::from(study.repeats), "repeat");
        let about = format!("{} · {}, {repeats}", one_line(&study.title), study.mode.as_str());
        Head { title: title.to_owned(), about, notes: Vec::new() }
    }

    /// With a line more, where there is one.
    fn note(mut self, note: Option<String>, letters: Type) -> Head {
        self.notes.extend(note.map(|note| (note, letters)));
        self
    }

    /// Where the panels begin.
    fn bottom(&self) -> i32 {
        142 + 34 * self.notes.len() as i32
    }

    fn draw(&self, canvas: &Canvas) -> io::Result<()> {
        let width = WIDTH - 2 * MARGIN;
        let line = |text: &str, baseline, letters| {
            let text = canvas.fitted(text, width, letters)?;
            canvas.text(&text, (MARGIN, baseline), Hold::Left, letters)
        };
        line(&self.title, 68, TITLE)?;
        line(&self.about, 110, ABOUT)?;
        for (place, (note, letters)) in self.notes.iter().enumerate() {
            line(note, 146 + 34 * place as i32, *letters)?;
        }
        Ok(())
    }
}

/// The frames of `count` panels of this height in rows of `columns`, from `top` on.
fn places(count: usize, columns: usize, top: i32, height: i32, area: (i32, i32)) -> Vec<Frame> {
    let (left, right) = area;
    let columns = columns.max(1);
    let w = (right - left - GAP * (columns as i32 - 1)) / columns as i32;
    let place = |at: usize| {
        let (column, row) = ((at % columns) as i32, (at / columns) as i32);
        Frame { x: left + column * (w + GAP), y: top + row * (height + GAP), w, h: height }
    };
    (0..count).map(place).collect()
}

/// Where the last row of panels ends.
fn below(places: &[Frame], top: i32) -> i32 {
    places.last().map_or(top, Frame::bottom)
}

#[cfg(test)]
mod tests;
