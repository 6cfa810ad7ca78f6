//! `latency_over_time.png`: mean response time over the run, a line a policy.

use std::io;

use super::chart::{self, Chart, Line, Panel};
use super::marks::Mark;
use super::scale::Scale;
use super::{ABOUT, Head, Picture};
use crate::study::{Cell, Study};

/// Most points of a line: single slices are noise in which fifteen lines tangle.
const POINTS_MAX: usize = 50;
/// Where the largest is so many times the smallest, the axis is logarithmic: the best lie close
/// together and are what one looks for.
const LOG_FROM: f64 = 4.0;
/// Markers along a line.
const MARKERS: usize = 6;

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let policies = chart::policies(study);
    let (panels, note) = chart::of_settings(study, |setting| panel(study, setting, &policies));
    let leaves = panels.iter().any(|panel| !panel.above.is_empty());
    let arrow = "An arrow at the top: there a line leaves the plot".to_owned();
    let head = Head::new(study, "Response time over the run")
        .note(note, ABOUT)
        .note(leaves.then_some(arrow), ABOUT);
    let x_title = "Part of the run, warm-up included, %".to_owned();
    let y_title = format!("Mean response time in {}", study.mode.unit());
    Chart { head, x_title, y_title, panels, policies }.draw()
}

fn panel(study: &Study, setting: usize, policies: &[(String, Mark)]) -> Option<Panel> {
    let cells: Vec<&Cell> =
        study.cells_of(setting).filter(|cell| cell.over_time.len() > 1).collect();
    let lines: Vec<Line> = cells
        .iter()
        .map(|cell| {
            let number = study.policies().iter().position(|name| *name == cell.policy);
            line(&cell.over_time, number.unwrap_or(0), policies.len())
        })
        .collect();
    // The unstable ones grow with the run: they leave the plot instead of stretching it.
    let all_unstable = cells.iter().all(|cell| cell.unstable);
    let deciding = cells.iter().zip(&lines).filter(|(cell, _)| all_unstable || !cell.unstable);
    let values = deciding.flat_map(|(_, line)| line.points.iter().map(|(_, y)| *y));
    let y = Scale::times(values, LOG_FROM);
    let above = lines.iter().filter_map(|line| leaves(line, y.high())).collect();
    (!lines.is_empty()).then(|| Panel {
        title: chart::setting_name(study, setting),
        warning: chart::unstable(study, setting),
        x: Scale::percent(),
        y,
        lines,
        above,
    })
}

/// Where a line first rises above the plot.
fn leaves(line: &Line, high: f64) -> Option<(f64, Mark)> {
    let (x, _) = line.points.iter().find(|(_, y)| *y > high)?;
    Some((*x, line.mark))
}

/// The slices as points in the middle of each; markers of different policies at different places.
fn line(slices: &[f64], number: usize, of: usize) -> Line {
    let size = slices.len().div_ceil(POINTS_MAX).max(1);
    let points: Vec<(f64, f64)> = slices
        .chunks(size)
        .enumerate()
        .map(|(at, chunk)| {
            let middle = (at * size) as f64 + chunk.len() as f64 / 2.0;
            let mean = chunk.iter().sum::<f64>() / chunk.len() as f64;
            (100.0 * middle / slices.len() as f64, mean)
        })
        .collect();
    // Lines that coincide show both their markers only where none hides another.
    let apart = points.len().div_ceil(MARKERS).max(of.min(POINTS_MAX / 2)).max(1);
    let first = (number * apart) / of.max(1);
    let marked = (first..points.len()).step_by(apart).collect();
    Line { mark: Mark::of(number), points, marked }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_keep_their_place_and_mean() {
        let slices: Vec<f64> = (0..100).map(f64::from).collect();
        let line = line(&slices, 3, 15);
        assert_eq!(line.points.len(), 50);
        assert_eq!(line.points[0], (1.0, 0.5));
        assert_eq!(line.points[49], (99.0, 98.5));
        assert_eq!(line.marked, [3, 18, 33, 48]);
    }
}
