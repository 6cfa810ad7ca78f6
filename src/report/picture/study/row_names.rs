//! Pictures with a row a policy: their names at the left.

use std::io;

use super::LABEL;
use crate::report::picture::canvas::{Canvas, Frame, Hold, Type};

/// From one row to the next.
pub(super) const ROW: i32 = 38;
/// No name takes more than this of a sheet.
const NAME_MAX: i32 = 440;

/// How wide the column of names must be.
pub(super) fn width(canvas: &Canvas, names: &[String]) -> io::Result<i32> {
    let mut widest = 0;
    for name in names {
        widest = widest.max(canvas.width(name, LABEL)?);
    }
    Ok(widest.min(NAME_MAX) + 16)
}

/// The `place`-th row of a frame whose rows begin at its top.
pub(super) fn row(frame: Frame, place: usize) -> Frame {
    Frame { y: frame.y + place as i32 * ROW, h: ROW, ..frame }
}

/// A text in the row's height, flush right at `right`.
pub(super) fn name(canvas: &Canvas, row: Frame, right: i32, text: &str) -> io::Result<()> {
    let text = canvas.fitted(text, NAME_MAX, LABEL)?;
    canvas.text(&text, (right, row.y + row.h / 2 + 9), Hold::Right, LABEL)
}

/// A text in the row's height, from `left` on.
pub(super) fn figure(
    canvas: &Canvas,
    row: Frame,
    left: i32,
    text: &str,
    letters: Type,
) -> io::Result<()> {
    canvas.text(text, (left, row.y + row.h / 2 + 9), Hold::Left, letters)
}
