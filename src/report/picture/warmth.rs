//! Temperature over time, and when the machine slowed its cores down.

use std::io;

use plotters::style::Color;

use super::axis;
use super::canvas::{Canvas, Frame, Hold, Type};
use super::{LABEL, colours};
use crate::report::{board, remarks};
use crate::summary::{Summary, ThermalFigures, ThrottleSign};

/// Lines that are drawn: of further zones the hottest are the ones that matter.
const LINES_MAX: usize = 8;

/// How high the marks of throttling are.
const MARKS: i32 = 12;

/// How high the line of words above the plot is.
const HEAD: i32 = 44;

/// Whether there is anything to draw.
pub(super) fn shows(summary: &Summary) -> bool {
    summary.thermal.as_ref().is_some_and(|thermal| !lines(thermal).is_empty())
}

/// In the columns of the heat map above it, whose `seconds` are its own: the hottest zone in ink,
/// the others pale, the limit as a line, throttling as marks at the foot.
pub(super) fn draw(
    canvas: &Canvas,
    frame: Frame,
    summary: &Summary,
    seconds: f64,
) -> io::Result<()> {
    let Some(thermal) = &summary.thermal else { return Ok(()) };
    let plot = frame.inside(120, HEAD, 130, 8);
    let lines = lines(thermal);
    let (low, high) = bounds(thermal, &lines);
    let y = |celsius: f64| {
        let part = ((celsius - low) / (high - low)).clamp(0.0, 1.0);
        plot.bottom() - (part * f64::from(plot.h)) as i32
    };
    for celsius in [low, (low + high) / 2.0, high] {
        canvas.horizontal(plot, y(celsius), colours::GRID)?;
        let text = format!("{} °C", axis::plain(celsius));
        canvas.text(&text, (plot.x - 14, y(celsius) + 9), Hold::Right, LABEL)?;
    }
    if let Some(limit_c) = thermal.limit_c.filter(|c| (low..=high).contains(c)) {
        canvas.horizontal(plot, y(limit_c), colours::WARNING)?;
        let letters = Type { colour: colours::WARNING, ..LABEL };
        canvas.text("limit", (plot.right() + 14, y(limit_c) + 9), Hold::Left, letters)?;
    }
    let step_s = thermal.over_time.step_s;
    for (place, row) in lines.iter().enumerate().rev() {
        let x = |step: usize| x_of(plot, (step as f64 + 0.5) * step_s, seconds);
        let values = row.iter().enumerate().filter(|(_, c)| c.is_finite());
        let points: Vec<_> = values.map(|(step, c)| (x(step), y(f64::from(*c)))).collect();
        let (ink, width) = if place == 0 { (colours::INK, 4) } else { (colours::UNKNOWN, 2) };
        canvas.path(points, ink.stroke_width(width))?;
    }
    marks(canvas, plot, thermal, seconds)?;
    names(canvas, plot, thermal)
}

/// The rows of the hottest zones, hottest first.
fn lines(thermal: &ThermalFigures) -> Vec<&[f32]> {
    let zones = board::hottest(thermal).into_iter().take(LINES_MAX);
    let row = |(index, _): (usize, _)| thermal.over_time.rows.get(index).map(Vec::as_slice);
    zones.filter_map(row).filter(|row| row.iter().any(|c| c.is_finite())).collect()
}

/// Tens of degrees around all lines, and the limit where it is near.
fn bounds(thermal: &ThermalFigures, lines: &[&[f32]]) -> (f64, f64) {
    let all = lines.iter().flat_map(|row| row.iter()).filter(|c| c.is_finite());
    let all = all.map(|c| f64::from(*c).clamp(-60.0, 200.0));
    let (least, most) = all.fold((200.0f64, -60.0f64), |(a, b), c| (a.min(c), b.max(c)));
    let most = thermal.limit_c.filter(|c| *c < most + 15.0).map_or(most, |c| c.max(most));
    let low = (least / 10.0).floor() * 10.0;
    (low, ((most / 10.0).ceil() * 10.0).max(low + 20.0))
}

fn x_of(plot: Frame, at_s: f64, seconds: f64) -> i32 {
    plot.x + (f64::from(plot.w) * (at_s / seconds).clamp(0.0, 1.0)) as i32
}

fn marks(canvas: &Canvas, plot: Frame, thermal: &ThermalFigures, seconds: f64) -> io::Result<()> {
    let timeline = &thermal.throttled_over_time;
    let row = timeline.rows.first().map_or(&[][..], Vec::as_slice);
    for (step, _) in row.iter().enumerate().filter(|(_, part)| **part > 0.0) {
        let from = x_of(plot, step as f64 * timeline.step_s, seconds);
        let to = x_of(plot, (step + 1) as f64 * timeline.step_s, seconds);
        let mark = Frame { x: from, y: plot.bottom() - MARKS, w: (to - from).max(2), h: MARKS };
        canvas.fill(mark, colours::WARNING.to_rgba())?;
    }
    if row.iter().any(|part| *part > 0.0) {
        let letters = Type { colour: colours::WARNING, ..LABEL };
        let at = (plot.right() + 14, plot.bottom() + 2);
        canvas.text(mark_name(thermal), at, Hold::Left, letters)?;
    }
    Ok(())
}

/// What the marks are of: who lost voltage was perhaps not slowed down.
fn mark_name(thermal: &ThermalFigures) -> &'static str {
    match thermal.signs_during.as_slice() {
        [ThrottleSign::Undervoltage] => "undervoltage",
        _ => "throttled",
    }
}

/// Which zone the line in ink is, above the plot.
fn names(canvas: &Canvas, plot: Frame, thermal: &ThermalFigures) -> io::Result<()> {
    let zones = board::hottest(thermal);
    let Some((_, hottest)) = zones.first() else { return Ok(()) };
    let celsius = hottest.celsius_max.unwrap_or(f64::NAN);
    let others = match zones.len() - 1 {
        0 => String::new(),
        1 => "; pale: one other".to_owned(),
        others => format!("; pale: {others} others"),
    };
    let name = remarks::one_line(&hottest.name);
    let text = format!("Temperature: {name}, {celsius:.0} °C at most{others}");
    let text = canvas.fitted(&text, plot.w, LABEL)?;
    canvas.text(&text, (plot.x, plot.y - 14), Hold::Left, LABEL)
}
