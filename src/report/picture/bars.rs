//! Packets of each core as bars, coloured and grouped by class.

use std::io;

use plotters::style::{Color, WHITE};

use super::axis;
use super::canvas::{Canvas, Frame, Hold, Type};
use super::groups::{Bar, Group};
use super::{LABEL, colours, head, sentence};
use crate::report::{remarks, units};
use crate::summary::Summary;

/// Counts and shares over the bars.
const FIGURE: Type = Type { size: 24, ..LABEL };
/// The widest a bar with its gap becomes: two bars do not fill the panel.
const SLOT_MAX: f64 = 230.0;
/// The gap between two classes, in bars.
const GAP: f64 = 0.6;

pub(super) fn draw(
    canvas: &Canvas,
    frame: Frame,
    summary: &Summary,
    groups: &[Group],
) -> io::Result<()> {
    let shared = remarks::shares_cpus(summary);
    let title = if shared { "Packets per worker, by its CPU" } else { "Packets per core" };
    head(canvas, frame, title)?;
    let plot = frame.inside(96, 100, 0, 84);
    let bars = groups.iter().flat_map(|group| &group.bars);
    let most = bars.map(|bar| bar.packets).max().unwrap_or(0);
    if most == 0 {
        return sentence(canvas, frame, "No packet was finished in this run.");
    }
    let ticks = axis::ticks(most as f64, 4, true);
    let top = ticks.last().copied().unwrap_or(1.0).max(1.0);
    for tick in ticks {
        let y = plot.bottom() - (f64::from(plot.h) * tick / top) as i32;
        canvas.horizontal(plot, y, colours::GRID)?;
        canvas.text(&units::short_count(tick, true), (plot.x - 14, y + 9), Hold::Right, LABEL)?;
    }
    let row = Row::new(plot, groups, top);
    row.draw(canvas, groups)?;
    canvas.horizontal(plot, plot.bottom(), colours::PALE_INK)
}

/// The bars' places.
struct Row {
    plot: Frame,
    slot: f64,
    left: f64,
    top: f64,
}

impl Row {
    fn new(plot: Frame, groups: &[Group], top: f64) -> Self {
        let bars: usize = groups.iter().map(|group| group.bars.len()).sum();
        let slots = bars as f64 + GAP * (groups.len().saturating_sub(1)) as f64;
        let slot = (f64::from(plot.w) / slots).min(SLOT_MAX);
        let left = f64::from(plot.x) + (f64::from(plot.w) - slot * slots) / 2.0;
        Row { plot, slot, left, top }
    }

    fn draw(&self, canvas: &Canvas, groups: &[Group]) -> io::Result<()> {
        let counted =
            self.fits(canvas, groups, |bar| units::short_count(bar.packets as f64, false))?;
        let shared = self.fits(canvas, groups, |bar| units::percent(bar.share))?;
        let (mut at, mut named_to) = (self.left, i32::MIN);
        for group in groups {
            let begin = at;
            self.labels(canvas, group, begin)?;
            for bar in &group.bars {
                let shape = self.shape(bar, at);
                canvas.fill(shape, colours::class(group.class).to_rgba())?;
                self.figures(canvas, bar, shape, counted, shared)?;
                at += self.slot;
            }
            named_to = self.class_name(canvas, group, (begin, at), named_to)?;
            at += GAP * self.slot;
        }
        Ok(())
    }

    fn shape(&self, bar: &Bar, at: f64) -> Frame {
        let gap = if self.slot >= 4.0 { self.slot * 0.16 } else { 0.0 };
        let h = (f64::from(self.plot.h) * bar.packets as f64 / self.top).round() as i32;
        // Few packets are still more than none.
        let h = if bar.packets > 0 { h.max(2) } else { 0 };
        let w = ((self.slot - gap) as i32).max(1);
        Frame { x: (at + gap / 2.0) as i32, y: self.plot.bottom() - h, w, h }
    }

    /// Share, and above it the count, over the bar, as far as they fit.
    fn figures(
        &self,
        canvas: &Canvas,
        bar: &Bar,
        shape: Frame,
        counted: bool,
        shared: bool,
    ) -> io::Result<()> {
        if shared {
            let pale = Type { colour: colours::PALE_INK, ..FIGURE };
            over(canvas, shape, 10, &units::percent(bar.share), pale)?;
        }
        if counted {
            let above = if shared { 38 } else { 10 };
            over(canvas, shape, above, &units::short_count(bar.packets as f64, false), FIGURE)?;
        }
        Ok(())
    }

    /// CPU numbers under the bars, every so-manyth where there are many.
    fn labels(&self, canvas: &Canvas, group: &Group, begin: f64) -> io::Result<()> {
        let widest = group.bars.iter().map(|bar| bar.cpu.0).max().unwrap_or(0).to_string();
        let label = canvas.width(&widest, LABEL)? + 16;
        let space = (self.slot * group.bars.len() as f64) as i32;
        let every = axis::every(group.bars.len(), label, space);
        for (index, bar) in group.bars.iter().enumerate().step_by(every) {
            let middle = (begin + (index as f64 + 0.5) * self.slot) as i32;
            let named = self.slot >= 110.0;
            let text = if named { format!("CPU {}", bar.cpu) } else { bar.cpu.to_string() };
            canvas.text(&text, (middle, self.plot.bottom() + 32), Hold::Middle, LABEL)?;
        }
        Ok(())
    }

    /// The class's name under its bars, unless the name before it, which ends at `taken`, is
    /// in the way; says where the last name ends.
    fn class_name(
        &self,
        canvas: &Canvas,
        group: &Group,
        span: (f64, f64),
        taken: i32,
    ) -> io::Result<i32> {
        let letters = Type { bold: true, ..LABEL };
        let text = group.class.to_string();
        let width = canvas.width(&text, letters)?;
        let x = ((span.0 + span.1) as i32 - width) / 2;
        let x = x.clamp(self.plot.x, (self.plot.right() - width).max(self.plot.x));
        if x < taken.saturating_add(20) {
            return Ok(taken);
        }
        canvas.text(&text, (x, self.plot.bottom() + 68), Hold::Left, letters)?;
        Ok(x + width)
    }

    fn fits(
        &self,
        canvas: &Canvas,
        groups: &[Group],
        text: impl Fn(&Bar) -> String,
    ) -> io::Result<bool> {
        for bar in groups.iter().flat_map(|group| &group.bars) {
            if f64::from(canvas.width(&text(bar), FIGURE)?) > self.slot - 8.0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A figure over a bar, on white, so that no line of the grid runs through it.
fn over(canvas: &Canvas, bar: Frame, above: i32, text: &str, letters: Type) -> io::Result<()> {
    let (w, middle, baseline) = (canvas.width(text, letters)?, bar.x + bar.w / 2, bar.y - above);
    let ground = Frame { x: middle - w / 2 - 4, y: baseline - 20, w: w + 8, h: 24 };
    canvas.fill(ground, WHITE.to_rgba())?;
    canvas.text(text, (middle, baseline), Hold::Middle, letters)
}
