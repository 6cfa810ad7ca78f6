//! The picture of a run: `results_graph.png`.
//!
//! A title; packets of each core as bars, grouped by class, with a comparison of the classes
//! beside them; utilization of each core over time as a heat map, and under it temperature over
//! time where the machine tells it; the distribution of waiting times by class. Colours can be told apart with any colour vision, letters are large
//! enough to be read when the picture is shrunk to half its size. A panel that has nothing
//! to show says so in a sentence.

mod axis;
mod bars;
mod canvas;
mod colours;
mod comparison;
mod groups;
mod heat;
mod letters;
pub(super) mod study;
mod title;
mod waits;
mod warmth;

use std::fs;
use std::io;
use std::path::Path;

use self::canvas::{Canvas, Frame, Hold, Type};
use super::ReportError;
use super::neighbour::write_whole;
use crate::summary::Summary;

/// Width and height in pixels.
const SIZE: (u32, u32) = (1920, 1200);

const TITLE: Frame = Frame { x: 48, y: 0, w: 1824, h: 180 };
const BARS: Frame = Frame { x: 48, y: 190, w: 1250, h: 450 };
const COMPARISON: Frame = Frame { x: 1350, y: 190, w: 530, h: 450 };
const HEAT: Frame = Frame { x: 48, y: 670, w: 1130, h: 510 };
/// What temperature over time takes of the heat map's height, where it is known.
const WARMTH: i32 = 180;
const WAITS: Frame = Frame { x: 1240, y: 670, w: 640, h: 510 };

/// The title of a panel.
const HEAD: Type = Type { size: 32, bold: true, colour: colours::INK };
/// Labels of axes and figures.
const LABEL: Type = Type { size: 26, bold: false, colour: colours::INK };

/// Draws the run as a PNG of 1920 × 1200 pixels and puts it at `path`, whole or not at all.
///
/// # Errors
/// [`ReportError::NothingToDraw`] when the summary has no worker, else
/// [`ReportError::CannotCreate`] or [`ReportError::Io`].
pub fn draw(path: &Path, summary: &Summary) -> Result<(), ReportError> {
    if summary.workers.is_empty() {
        return Err(ReportError::NothingToDraw { path: path.to_owned() });
    }
    write_whole(path, |beside| fs::write(beside, encoded(&sheet(summary)?, SIZE)?))
}

/// The pixels of the whole picture, three bytes each, row by row.
fn sheet(summary: &Summary) -> io::Result<Vec<u8>> {
    let mut pixels = vec![0; 3 * SIZE.0 as usize * SIZE.1 as usize];
    let canvas = Canvas::new(&mut pixels, SIZE)?;
    let groups = groups::groups(summary);
    title::draw(&canvas, TITLE, summary)?;
    bars::draw(&canvas, BARS, summary, &groups)?;
    comparison::draw(&canvas, COMPARISON, summary, &groups)?;
    if warmth::shows(summary) {
        let heat = Frame { h: HEAT.h - WARMTH, ..HEAT };
        let seconds = heat::draw(&canvas, heat, summary, &groups)?;
        let warmth = Frame { y: heat.bottom(), h: WARMTH, ..HEAT };
        warmth::draw(&canvas, warmth, summary, seconds)?;
    } else {
        heat::draw(&canvas, HEAT, summary, &groups)?;
    }
    waits::draw(&canvas, WAITS, summary)?;
    drop(canvas);
    Ok(pixels)
}

/// The pixels as a PNG. In memory, so that writing fails with the system's own words.
fn encoded(pixels: &[u8], size: (u32, u32)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // A Pi waits for it, and a flat picture is small anyway.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// The title of a panel, in its upper left corner.
fn head(canvas: &Canvas, frame: Frame, text: &str) -> io::Result<()> {
    canvas.text(text, (frame.x, frame.y + 32), Hold::Left, HEAD)
}

/// A sentence in the middle of a panel that has nothing to show.
fn sentence(canvas: &Canvas, frame: Frame, text: &str) -> io::Result<()> {
    let letters = Type { colour: colours::PALE_INK, ..LABEL };
    let text = canvas.fitted(text, frame.w, letters)?;
    canvas.text(&text, (frame.x + frame.w / 2, frame.y + frame.h / 2), Hold::Middle, letters)
}

#[cfg(test)]
mod tests;
