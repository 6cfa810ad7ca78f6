//! Smooth lines and markers.
//!
//! plotters lays thick lines out on whole pixels and fills them as polygons, which crumbles
//! where a curve turns back on itself every few pixels, as measured ones do. Here a pixel is as
//! dark as the part of it that lies within half the width of the line.

use std::io;

use plotters::style::{RGBColor, WHITE};

use super::marks::Mark;
use crate::report::picture::canvas::Canvas;

/// A place on the sheet, between pixels.
pub(super) type Spot = (f64, f64);

/// A line through `spots`, with dashes where there are any.
pub(super) fn line(
    canvas: &Canvas,
    spots: &[Spot],
    width: f64,
    colour: RGBColor,
    dash: &[f64],
) -> io::Result<()> {
    for (from, to) in dashed(spots, dash) {
        segment(canvas, from, to, width, colour)?;
    }
    Ok(())
}

/// The inked pieces of the way through `spots`.
fn dashed(spots: &[Spot], dash: &[f64]) -> Vec<(Spot, Spot)> {
    let pairs = spots.windows(2).map(|pair| (pair[0], pair[1]));
    if dash.is_empty() {
        return pairs.collect();
    }
    let (mut pieces, mut at, mut left) = (Vec::new(), 0, dash[0]);
    for (from, to) in pairs {
        let length = libm::hypot(to.0 - from.0, to.1 - from.1);
        let mut gone = 0.0;
        while gone < length {
            let step = left.min(length - gone);
            let place = |gone: f64| {
                let part = gone / length;
                (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
            };
            if at % 2 == 0 {
                pieces.push((place(gone), place(gone + step)));
            }
            (gone, left) = (gone + step, left - step);
            if left <= 1e-9 {
                at += 1;
                left = dash[at % dash.len()].max(1.0);
            }
        }
    }
    pieces
}

fn segment(canvas: &Canvas, from: Spot, to: Spot, width: f64, colour: RGBColor) -> io::Result<()> {
    let reach = width / 2.0 + 1.0;
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let square = dx * dx + dy * dy;
    let span = |a: f64, b: f64| ((a.min(b) - reach) as i32, (a.max(b) + reach) as i32);
    let ((left, right), (top, bottom)) = (span(from.0, to.0), span(from.1, to.1));
    for y in top..=bottom {
        for x in left..=right {
            let (px, py) = (f64::from(x) + 0.5 - from.0, f64::from(y) + 0.5 - from.1);
            let part = if square > 0.0 { (px * dx + py * dy) / square } else { 0.0 };
            let part = part.clamp(0.0, 1.0);
            let (ox, oy) = (px - dx * part, py - dy * part);
            let cover = reach - 0.5 - libm::sqrt(ox * ox + oy * oy);
            if cover > 0.0 {
                canvas.dot((x, y), colour, cover)?;
            }
        }
    }
    Ok(())
}

/// The marker of a policy, with a thin white rim that sets it off from lines below.
pub(super) fn marker(canvas: &Canvas, at: Spot, radius: f64, mark: Mark) -> io::Result<()> {
    blob(canvas, at, radius + 2.0, mark, WHITE)?;
    blob(canvas, at, radius, mark, mark.colour)?;
    if mark.is_hollow { blob(canvas, at, radius * 0.5, mark, WHITE) } else { Ok(()) }
}

fn blob(canvas: &Canvas, at: Spot, radius: f64, mark: Mark, colour: RGBColor) -> io::Result<()> {
    /// Samples a pixel in each direction.
    const FINE: i32 = 4;
    let reach = radius * 1.3 + 1.0;
    let inside = |x: i32, y: i32| {
        let fine = |of: i32| (f64::from(of % FINE) + 0.5) / f64::from(FINE);
        let hits = (0..FINE * FINE).filter(|sample| {
            let px = f64::from(x) + fine(*sample) - at.0;
            let py = f64::from(y) + fine(*sample / FINE) - at.1;
            mark.shape.holds(px / radius, py / radius)
        });
        hits.count() as f64 / f64::from(FINE * FINE)
    };
    for y in (at.1 - reach) as i32..=(at.1 + reach) as i32 {
        for x in (at.0 - reach) as i32..=(at.0 + reach) as i32 {
            let cover = inside(x, y);
            if cover > 0.0 {
                canvas.dot((x, y), colour, cover)?;
            }
        }
    }
    Ok(())
}

/// A horizontal interval from `left` to `right` with ends.
pub(super) fn interval(
    canvas: &Canvas,
    (left, right): (f64, f64),
    y: f64,
    colour: RGBColor,
) -> io::Result<()> {
    segment(canvas, (left, y), (right, y), 3.0, colour)?;
    for x in [left, right] {
        segment(canvas, (x, y - 7.0), (x, y + 7.0), 3.0, colour)?;
    }
    Ok(())
}

/// An arrow head at `at` that points up or, where not `up`, to the right.
pub(super) fn arrow(canvas: &Canvas, at: Spot, up: bool, colour: RGBColor) -> io::Result<()> {
    let tips = if up { [(-8.0, 12.0), (8.0, 12.0)] } else { [(-12.0, -8.0), (-12.0, 8.0)] };
    for (dx, dy) in tips {
        segment(canvas, (at.0 + dx, at.1 + dy), at, 3.0, colour)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_on_round_corners() {
        let pieces = dashed(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], &[6.0, 6.0]);
        assert_eq!(pieces, [((0.0, 0.0), (6.0, 0.0)), ((10.0, 2.0), (10.0, 8.0))]);
        assert_eq!(dashed(&[(0.0, 0.0), (1.0, 0.0)], &[]).len(), 1);
        assert!(dashed(&[(3.0, 3.0)], &[6.0, 6.0]).is_empty());
    }
}
