//! The classes side by side in figures: the legend of the bars.

use std::io;

use plotters::style::Color;

use super::canvas::{Canvas, Frame, Hold, Type};
use super::groups::Group;
use super::{LABEL, colours, head};
use crate::report::{board, units};
use crate::summary::{ClassFigures, Summary};

/// How many classes the panel holds; no chip known has more than four.
const CLASSES_MAX: usize = 4;

pub(super) fn draw(
    canvas: &Canvas,
    frame: Frame,
    summary: &Summary,
    groups: &[Group],
) -> io::Result<()> {
    head(canvas, frame, if groups.len() > 1 { "Classes of cores" } else { "All cores" })?;
    let (block, lines) = match groups.len() {
        0..=2 => (166, 4),
        3 => (132, 4),
        _ => (98, 2),
    };
    for (place, group) in groups.iter().take(CLASSES_MAX).enumerate() {
        let top = frame.y + 52 + place as i32 * block;
        let frame = Frame { y: top, h: block, ..frame };
        let figures = summary.classes.iter().find(|class| class.name == group.class);
        let texts = texts(summary, group, figures);
        class(canvas, frame, group, &texts[..lines.min(texts.len())])?;
    }
    if groups.len() > CLASSES_MAX {
        let text = format!("and {} more classes", groups.len() - CLASSES_MAX);
        canvas.text(&text, (frame.x + 40, frame.bottom()), Hold::Left, LABEL)?;
    }
    Ok(())
}

fn class(canvas: &Canvas, frame: Frame, group: &Group, texts: &[String]) -> io::Result<()> {
    let square = Frame { x: frame.x, y: frame.y + 6, w: 26, h: 26 };
    canvas.fill(square, colours::class(group.class).to_rgba())?;
    let apart = ((frame.h - 8) / texts.len().max(1) as i32).min(34);
    for (line, text) in texts.iter().enumerate() {
        let letters = Type { bold: line == 0, ..LABEL };
        let text = canvas.fitted(text, frame.w - 40, letters)?;
        let at = (frame.x + 40, frame.y + 28 + line as i32 * apart);
        canvas.text(&text, at, Hold::Left, letters)?;
    }
    Ok(())
}

fn texts(summary: &Summary, group: &Group, figures: Option<&ClassFigures>) -> Vec<String> {
    let bars = group.bars.len();
    let emulated = if summary.machine.emulated { " (emulated)" } else { "" };
    let name = format!("{bars} × {}{emulated}", group.class);
    let packets = units::counted(group.packets, "packet");
    let share = units::percent(group.share);
    let times = match figures {
        Some(class) if class.packets > 0 => format!(
            "mean service {} · busy {}",
            units::time(class.service_mean_ns),
            units::percent(class.utilization)
        ),
        _ => "no packet finished".into(),
    };
    let energy = figures.and_then(|class| board::per_packet(class.energy.as_ref()?));
    [name, format!("{packets} · {share}"), times].into_iter().chain(energy).collect()
}
