//! The sheet that panels are drawn on: rectangles, lines and text in pixels.
//!
//! A thin layer over plotters, which rasterizes into a buffer. Its own charts are not used: none of
//! them groups bars, thins labels or draws a heat map, and axes of three kinds look alike only when
//! they are drawn by the same few lines.

use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::letters::Letters;

/// Where a text is held by its point; the point's height is always the baseline.
#[derive(Clone, Copy)]
pub(super) enum Hold {
    Left,
    Middle,
    Right,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Type {
    /// From the highest to the lowest letter, in pixels.
    pub(super) size: i32,
    pub(super) bold: bool,
    pub(super) colour: RGBColor,
}

/// A part of the sheet, in pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) w: i32,
    pub(super) h: i32,
}

impl Frame {
    pub(super) fn right(&self) -> i32 {
        self.x + self.w
    }

    pub(super) fn bottom(&self) -> i32 {
        self.y + self.h
    }

    /// What is left within margins.
    pub(super) fn inside(&self, left: i32, top: i32, right: i32, bottom: i32) -> Frame {
        let (w, h) = (self.w - left - right, self.h - top - bottom);
        Frame { x: self.x + left, y: self.y + top, w, h }
    }
}

/// A sheet under the pen.
pub(super) struct Canvas<'a> {
    area: DrawingArea<BitMapBackend<'a>, Shift>,
}

impl<'a> Canvas<'a> {
    /// A white sheet over `pixels`, three bytes for each of `size`.
    pub(super) fn new(pixels: &'a mut [u8], size: (u32, u32)) -> io::Result<Self> {
        let area = BitMapBackend::with_buffer(pixels, size).into_drawing_area();
        area.fill(&WHITE).map_err(io::Error::other)?;
        Ok(Canvas { area })
    }

    pub(super) fn fill(&self, frame: Frame, colour: RGBAColor) -> io::Result<()> {
        // Filled, a rectangle of plotters is without its right column and its last row.
        let corners = [(frame.x, frame.y), (frame.right(), frame.bottom())];
        self.area.draw(&Rectangle::new(corners, colour.filled())).map_err(io::Error::other)
    }

    pub(super) fn path(&self, points: Vec<(i32, i32)>, pen: ShapeStyle) -> io::Result<()> {
        self.area.draw(&PathElement::new(points, pen)).map_err(io::Error::other)
    }

    pub(super) fn polygon(&self, points: Vec<(i32, i32)>, colour: RGBAColor) -> io::Result<()> {
        self.area.draw(&Polygon::new(points, colour)).map_err(io::Error::other)
    }

    /// Lays `colour` over one pixel; `cover` is the part of the pixel that it covers.
    pub(super) fn dot(&self, at: (i32, i32), colour: RGBColor, cover: f64) -> io::Result<()> {
        self.area.draw_pixel(at, &colour.mix(cover.clamp(0.0, 1.0))).map_err(io::Error::other)
    }

    pub(super) fn horizontal(&self, frame: Frame, y: i32, colour: RGBColor) -> io::Result<()> {
        self.fill(Frame { y: y - 1, h: 2, ..frame }, colour.to_rgba())
    }

    pub(super) fn vertical(&self, frame: Frame, x: i32, colour: RGBColor) -> io::Result<()> {
        self.fill(Frame { x: x - 1, w: 2, ..frame }, colour.to_rgba())
    }

    pub(super) fn text(
        &self,
        text: &str,
        (x, baseline): (i32, i32),
        hold: Hold,
        letters: Type,
    ) -> io::Result<()> {
        let x = match hold {
            Hold::Left => x,
            Hold::Middle => x - self.width(text, letters)? / 2,
            Hold::Right => x - self.width(text, letters)?,
        };
        Letters::new(letters.size, letters.bold)?.draw(text, |(right, down), cover| {
            self.dot((x + right, baseline + down), letters.colour, f64::from(cover))
        })
    }

    /// How wide `text` is, in pixels.
    pub(super) fn width(&self, text: &str, letters: Type) -> io::Result<i32> {
        Ok(Letters::new(letters.size, letters.bold)?.width(text) as i32)
    }

    /// `text`, or as much of its beginning as fits into `width` pixels, with an ellipsis.
    pub(super) fn fitted(&self, text: &str, width: i32, letters: Type) -> io::Result<String> {
        if self.width(text, letters)? <= width {
            return Ok(text.to_owned());
        }
        // No text of ours is longer; a name from outside may be.
        let mut kept: Vec<char> = text.chars().take(300).collect();
        loop {
            let shorter = kept.iter().collect::<String>().trim_end().to_owned() + "…";
            if kept.pop().is_none() || self.width(&shorter, letters)? <= width {
                return Ok(shorter);
            }
        }
    }
}
