//! What the lines and colours mean: a block below the panels.

use std::io;

use plotters::style::{Color, RGBColor};

use super::marks::Mark;
use super::{LABEL, MARGIN, WIDTH, pen};
use crate::report::picture::canvas::{Canvas, Frame, Hold};
use crate::report::picture::colours;

/// From one line of the legend to the next.
const LINE: i32 = 40;
/// Of the sample before a text.
const SAMPLE: i32 = 84;

/// What an entry looks like.
#[derive(Clone, Copy)]
pub(super) enum Sample {
    /// A policy's line.
    Line(Mark),
    /// A line without a marker.
    Bare(Mark),
    /// A marker alone.
    Marker(Mark),
    /// A square of colour.
    Square(RGBColor),
}

/// Entries in columns of equal width.
pub(super) struct Legend {
    entries: Vec<(Sample, String)>,
    columns: usize,
}

impl Legend {
    pub(super) fn new(canvas: &Canvas, entries: Vec<(Sample, String)>) -> io::Result<Legend> {
        let mut widest = 1;
        for (_, text) in &entries {
            widest = widest.max(canvas.width(text, LABEL)?);
        }
        let fit = (WIDTH - 2 * MARGIN) / (widest + SAMPLE + 40);
        let columns = (fit.max(1) as usize).min(entries.len().max(1));
        Ok(Legend { entries, columns })
    }

    fn lines(&self) -> usize {
        self.entries.len().div_ceil(self.columns)
    }

    pub(super) fn height(&self) -> i32 {
        self.lines() as i32 * LINE
    }

    /// Draws it from `top` on: down the columns, as one reads a list.
    pub(super) fn draw(&self, canvas: &Canvas, top: i32) -> io::Result<()> {
        let width = (WIDTH - 2 * MARGIN) / self.columns as i32;
        for (place, (sample, text)) in self.entries.iter().enumerate() {
            let (column, line) = (place / self.lines(), place % self.lines());
            let (x, y) = (MARGIN + column as i32 * width, top + line as i32 * LINE + LINE / 2);
            self.sample(canvas, *sample, (x, y))?;
            let text = canvas.fitted(text, width - SAMPLE - 20, LABEL)?;
            canvas.text(&text, (x + SAMPLE, y + 9), Hold::Left, LABEL)?;
        }
        Ok(())
    }

    fn sample(&self, canvas: &Canvas, sample: Sample, (x, y): (i32, i32)) -> io::Result<()> {
        let middle = (f64::from(x + SAMPLE / 2 - 8), f64::from(y));
        let line = |mark: Mark| {
            let ends = [(f64::from(x), middle.1), (f64::from(x + SAMPLE - 16), middle.1)];
            pen::line(canvas, &ends, 3.4, mark.colour, mark.dash)
        };
        match sample {
            Sample::Line(mark) => {
                line(mark)?;
                pen::marker(canvas, middle, 8.0, mark)
            }
            Sample::Bare(mark) => line(mark),
            Sample::Marker(mark) => pen::marker(canvas, middle, 9.0, mark),
            Sample::Square(colour) => {
                let square = Frame { x: x + SAMPLE / 2 - 22, y: y - 14, w: 28, h: 28 };
                canvas.fill(square, colours::PALE_INK.to_rgba())?;
                canvas.fill(square.inside(1, 1, 1, 1), colour.to_rgba())
            }
        }
    }
}
