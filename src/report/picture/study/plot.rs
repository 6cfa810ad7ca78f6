//! A plot: two axes, and what lies between them.

use std::io;

use super::marks::Mark;
use super::pen::{self, Spot};
use super::scale::Scale;
use super::{AXIS, LABEL};
use crate::report::picture::canvas::{Canvas, Frame, Hold};
use crate::report::picture::colours;

/// Plots narrower than this have finer lines and markers.
const WIDE: i32 = 700;
/// Room for labels of the y axis, so that plots below each other begin at the same place.
const LABELS_MIN: i32 = 72;

/// The rectangle between the axes, under the pen.
pub(super) struct Plot<'a, 'b> {
    pub(super) canvas: &'a Canvas<'b>,
    pub(super) frame: Frame,
    pub(super) x: &'a Scale,
    pub(super) y: &'a Scale,
}

impl<'a, 'b> Plot<'a, 'b> {
    /// The plot that fills `outer` but for the labels; `y_title` stands over it, `x_title` below.
    pub(super) fn with_axes(
        canvas: &'a Canvas<'b>,
        outer: Frame,
        (x, x_title): (&'a Scale, &str),
        (y, y_title): (&'a Scale, &str),
    ) -> io::Result<Plot<'a, 'b>> {
        let mut widest = 0;
        for (_, text) in y.ticks() {
            widest = widest.max(canvas.width(&text, LABEL)?);
        }
        let frame = outer.inside(widest.max(LABELS_MIN) + 14, 46, 24, 78);
        let plot = Plot { canvas, frame, x, y };
        plot.grid()?;
        for (tick, text) in y.ticks() {
            let at = plot.y(tick) as i32;
            canvas.text(&text, (frame.x - 10, at + 9), Hold::Right, LABEL)?;
        }
        plot.x_axis(x_title)?;
        let y_title = canvas.fitted(y_title, outer.w, AXIS)?;
        canvas.text(&y_title, (outer.x, outer.y + 26), Hold::Left, AXIS)?;
        Ok(plot)
    }

    /// The lines behind the figures.
    pub(super) fn grid(&self) -> io::Result<()> {
        for (tick, _) in self.y.ticks() {
            self.canvas.horizontal(self.frame, self.y(tick) as i32, colours::GRID)?;
        }
        for (tick, _) in self.x.ticks() {
            self.canvas.vertical(self.frame, self.x(tick) as i32, colours::GRID)?;
        }
        self.canvas.horizontal(self.frame, self.frame.bottom(), colours::PALE_INK)
    }

    fn x_axis(&self, title: &str) -> io::Result<()> {
        let (canvas, frame) = (self.canvas, self.frame);
        // Labels stand where the one before leaves room.
        let mut taken = i32::MIN;
        for (tick, text) in self.x.ticks() {
            let at = self.x(tick) as i32;
            let half = canvas.width(&text, LABEL)? / 2;
            if at - half > taken.saturating_add(12) {
                canvas.text(&text, (at, frame.bottom() + 34), Hold::Middle, LABEL)?;
                taken = at + half;
            }
        }
        let middle = frame.x + frame.w / 2;
        let title = canvas.fitted(title, frame.w + 60, AXIS)?;
        canvas.text(&title, (middle, frame.bottom() + 70), Hold::Middle, AXIS)
    }

    pub(super) fn x(&self, value: f64) -> f64 {
        f64::from(self.frame.x) + f64::from(self.frame.w) * self.x.part(value)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        f64::from(self.frame.bottom()) - f64::from(self.frame.h) * self.y.part(value)
    }

    fn is_wide(&self) -> bool {
        self.frame.w >= WIDE
    }

    /// A line through `points`, as far as it lies between the axes.
    pub(super) fn line(&self, points: &[(f64, f64)], mark: Mark) -> io::Result<()> {
        let spots: Vec<Spot> = points.iter().map(|(x, y)| (self.x(*x), self.y(*y))).collect();
        for piece in pieces_within(&spots, self.frame) {
            let width = if self.is_wide() { 3.4 } else { 2.8 };
            pen::line(self.canvas, &piece, width, mark.colour, mark.dash)?;
        }
        Ok(())
    }

    /// A marker, where its point lies between the axes.
    pub(super) fn marker(&self, (x, y): (f64, f64), mark: Mark) -> io::Result<()> {
        let at = (self.x(x), self.y(y));
        let radius = if self.is_wide() { 8.0 } else { 6.5 };
        if holds(self.frame, at) { pen::marker(self.canvas, at, radius, mark) } else { Ok(()) }
    }
}

fn holds(frame: Frame, at: Spot) -> bool {
    let within = |value: f64, low: i32, high: i32| {
        (f64::from(low) - 1.0..=f64::from(high) + 1.0).contains(&value)
    };
    within(at.0, frame.x, frame.right()) && within(at.1, frame.y, frame.bottom())
}

/// The parts of the way through `spots` that lie within `frame`.
fn pieces_within(spots: &[Spot], frame: Frame) -> Vec<Vec<Spot>> {
    let mut pieces: Vec<Vec<Spot>> = Vec::new();
    for pair in spots.windows(2) {
        let Some((from, to)) = clipped(pair[0], pair[1], frame) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a straight line within `frame` (Liang and Barsky, 1984).
fn clipped(from: Spot, to: Spot, frame: Frame) -> Option<(Spot, Spot)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (left, right) = (f64::from(frame.x), f64::from(frame.right()));
    let (top, bottom) = (f64::from(frame.y), f64::from(frame.bottom()));
    let edges =
        [(-dx, from.0 - left), (dx, right - from.0), (-dy, from.1 - top), (dy, bottom - from.1)];
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    for (outwards, room) in edges {
        match outwards {
            _ if outwards < 0.0 => enters = enters.max(room / outwards),
            _ if outwards > 0.0 => leaves = leaves.min(room / outwards),
            _ if room < 0.0 => return None,
            _ => {}
        }
    }
    let place = |part: f64| match part {
        0.0 => from,
        1.0 => to,
        _ => (from.0 + dx * part, from.1 + dy * part),
    };
    (enters <= leaves).then(|| (place(enters), place(leaves)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { x: 0, y: 0, w: 10, h: 10 };

    #[test]
    fn lines_end_at_the_frame() {
        let cut = |from, to| clipped(from, to, FRAME);
        assert_eq!(cut((1.0, 1.0), (9.0, 9.0)), Some(((1.0, 1.0), (9.0, 9.0))));
        assert_eq!(cut((5.0, 5.0), (25.0, 5.0)), Some(((5.0, 5.0), (10.0, 5.0))));
        assert_eq!(cut((-5.0, 20.0), (-1.0, 0.0)), None);
        assert_eq!(cut((20.0, 3.0), (30.0, 3.0)), None);
    }

    #[test]
    fn a_way_that_leaves_and_comes_back_is_two_pieces() {
        let way = [(1.0, 5.0), (5.0, 5.0), (5.0, -5.0), (8.0, -5.0), (8.0, 5.0)];
        let pieces = pieces_within(&way, FRAME);
        assert_eq!(
            pieces,
            [vec![(1.0, 5.0), (5.0, 5.0), (5.0, 0.0)], vec![(8.0, 0.0), (8.0, 5.0)]]
        );
    }
}
