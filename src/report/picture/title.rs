//! What was run where, and what a reader must know before believing the figures.

use std::io;

use super::canvas::{Canvas, Frame, Hold, Type};
use super::colours;
use crate::report::{remarks, units};
use crate::summary::Summary;

const MACHINE: Type = Type { size: 50, bold: true, colour: colours::INK };
const RUN: Type = Type { size: 34, bold: false, colour: colours::INK };
const REMARKS: Type = Type { size: 30, bold: true, colour: colours::WARNING };
const ORDINARY: Type = Type { size: 30, bold: false, colour: colours::PALE_INK };

/// Three lines, the machine; rule, length, packets, throughput; remarks, or where there are
/// none, what else is of interest. A fourth between them where packets were lost.
pub(super) fn draw(canvas: &Canvas, frame: Frame, summary: &Summary) -> io::Result<()> {
    let losses = remarks::losses(summary);
    let baselines = if losses.is_some() { [58, 100, 138, 174] } else { [68, 116, 158, 158] };
    line(canvas, frame, baselines[0], &remarks::machine(summary), MACHINE)?;
    line(canvas, frame, baselines[1], &run(canvas, frame.w, summary)?, RUN)?;
    if let Some(losses) = losses {
        line(canvas, frame, baselines[2], &losses, REMARKS)?;
    }
    let mut remarks = remarks::remarks(summary);
    if remarks.is_empty() {
        return line(canvas, frame, baselines[3], &ordinary(summary), ORDINARY);
    }
    remarks.extend(remarks::equal_cores(summary));
    line(canvas, frame, baselines[3], &remarks.join(" · "), REMARKS)
}

fn line(canvas: &Canvas, frame: Frame, baseline: i32, text: &str, letters: Type) -> io::Result<()> {
    let letters = shrunk(canvas, text, frame.w, letters)?;
    let text = canvas.fitted(text, frame.w, letters)?;
    canvas.text(&text, (frame.x, frame.y + baseline), Hold::Left, letters)
}

/// The figures whole, before them as much of the rule's name as fits.
fn run(canvas: &Canvas, width: i32, summary: &Summary) -> io::Result<String> {
    let figures = format!(" · {}", remarks::figures(summary));
    let room = width - canvas.width(&figures, RUN)?;
    Ok(canvas.fitted(&remarks::policy(summary), room, RUN)? + &figures)
}

fn ordinary(summary: &Summary) -> String {
    let (wait, platform) = (&summary.latency_ns.wait, remarks::one_line(&summary.machine.platform));
    let mut parts: Vec<String> = remarks::equal_cores(summary).into_iter().collect();
    if !platform.is_empty() {
        parts.push(platform);
    }
    if wait.samples > 0 {
        let (p50, p99) = (units::time(wait.p50 as f64), units::time(wait.p99 as f64));
        parts.push(format!("waiting time p50 {p50}, p99 {p99}"));
    }
    parts.join(" · ")
}

/// Letters a little smaller where that makes the text fit.
fn shrunk(canvas: &Canvas, text: &str, width: i32, letters: Type) -> io::Result<Type> {
    let smallest = (letters.size * 3 / 4).max(26);
    let mut letters = letters;
    while letters.size > smallest && canvas.width(text, letters)? > width {
        letters.size -= 2;
    }
    Ok(letters)
}
