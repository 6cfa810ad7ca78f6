//! Utilization of each core over time as a heat map.

use std::io;

use plotters::style::Color;

use super::axis;
use super::canvas::{Canvas, Frame, Hold};
use super::groups::{Bar, Group};
use super::{LABEL, colours, head, sentence};
use crate::summary::Summary;

/// Draws it; how many seconds its width is.
pub(super) fn draw(
    canvas: &Canvas,
    frame: Frame,
    summary: &Summary,
    groups: &[Group],
) -> io::Result<f64> {
    // Rows alone know of no work but the packets'.
    let of = if summary.estimated { ", by packets alone" } else { "" };
    head(canvas, frame, &format!("Utilization of each core over time{of}"))?;
    let timeline = &summary.core_utilization;
    let steps = timeline.rows.iter().map(Vec::len).max().unwrap_or(0);
    let seconds = timeline.step_s * steps as f64;
    if !(seconds.is_finite() && seconds > 0.0) {
        sentence(canvas, frame, "The run was too short to follow the cores over time.")?;
        return Ok(summary.duration_s.max(1e-9));
    }
    let plot = frame.inside(120, 52, 130, 60);
    let bars = groups.iter().flat_map(|group| group.bars.iter().map(move |bar| (group, bar)));
    let bars: Vec<_> = bars.collect();
    for (place, (group, bar)) in bars.iter().enumerate() {
        let row = strip(plot, place, bars.len());
        let values = timeline.rows.get(bar.index).map_or(&[][..], Vec::as_slice);
        cells(canvas, row, values, steps)?;
        let mark = Frame { x: plot.x - 16, w: 12, ..row };
        canvas.fill(mark, colours::class(group.class).to_rgba())?;
    }
    labels(canvas, plot, &bars)?;
    time_axis(canvas, plot, seconds)?;
    scale(canvas, Frame { x: plot.right() + 28, w: 26, ..plot })?;
    Ok(seconds)
}

/// The `place`-th of `count` strips from the top; a hair of white between thick ones.
fn strip(plot: Frame, place: usize, count: usize) -> Frame {
    let edge = |place: usize| plot.y + (i64::from(plot.h) * place as i64 / count as i64) as i32;
    let hair = if plot.h / count as i32 >= 8 { 2 } else { 0 };
    let h = edge(place + 1) - edge(place) - hair;
    Frame { y: edge(place), h: h.max(1), ..plot }
}

fn cells(canvas: &Canvas, row: Frame, values: &[f32], steps: usize) -> io::Result<()> {
    let edge = |step: usize| row.x + (i64::from(row.w) * step as i64 / steps as i64) as i32;
    canvas.fill(row, colours::UNKNOWN.to_rgba())?;
    // More steps than pixels are in no file of ours; whatever they are, draw a pixel at most.
    let mut drawn = row.x;
    for (step, value) in values.iter().enumerate() {
        let end = edge(step + 1);
        if end > drawn {
            canvas
                .fill(Frame { x: drawn, w: end - drawn, ..row }, colours::heat(*value).to_rgba())?;
            drawn = end;
        }
    }
    Ok(())
}

fn labels(canvas: &Canvas, plot: Frame, bars: &[(&Group, &Bar)]) -> io::Result<()> {
    let every = axis::every(bars.len(), 24, plot.h);
    for (place, (_, bar)) in bars.iter().enumerate().step_by(every) {
        let row = strip(plot, place, bars.len());
        let text = if bars.len() <= 16 { format!("CPU {}", bar.cpu) } else { bar.cpu.to_string() };
        canvas.text(&text, (plot.x - 24, row.y + row.h / 2 + 9), Hold::Right, LABEL)?;
    }
    Ok(())
}

fn time_axis(canvas: &Canvas, plot: Frame, seconds: f64) -> io::Result<()> {
    let (unit_s, unit) = axis::time_unit(seconds);
    let end = seconds / unit_s;
    for tick in axis::ticks(end, 8, false).into_iter().filter(|tick| *tick <= end * 1.001) {
        let x = plot.x + (f64::from(plot.w) * tick / end) as i32;
        canvas.vertical(Frame { y: plot.bottom(), h: 8, ..plot }, x, colours::PALE_INK)?;
        let text = format!("{} {unit}", axis::plain(tick));
        canvas.text(&text, (x, plot.bottom() + 36), Hold::Middle, LABEL)?;
    }
    Ok(())
}

/// What the colours mean.
fn scale(canvas: &Canvas, bar: Frame) -> io::Result<()> {
    for y in 0..bar.h {
        let value = 1.0 - y as f32 / bar.h as f32;
        let line = Frame { y: bar.y + y, h: 1, ..bar };
        canvas.fill(line, colours::heat(value).to_rgba())?;
    }
    for (part, text) in [(0.0, "100 %"), (0.5, "50 %"), (1.0, "0 %")] {
        let y = bar.y + (f64::from(bar.h) * part) as i32;
        let y = y.clamp(bar.y + 9, bar.bottom() - 9) + 9;
        canvas.text(text, (bar.right() + 10, y), Hold::Left, LABEL)?;
    }
    Ok(())
}
