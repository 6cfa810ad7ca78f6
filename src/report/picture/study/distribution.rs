//! `latency_distribution.png`: the part of the packets that take longer, a line a policy.

use std::io;

use super::chart::{self, Chart, Line, Panel};
use super::marks::Mark;
use super::scale::{Scale, ends};
use super::{ABOUT, Head, Picture};
use crate::study::{Cell, Study};

/// Every so-manyth point has a marker.
const MARKED_OF: usize = 5;

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let (panels, note) = chart::of_settings(study, |setting| panel(study, setting));
    let head = Head::new(study, "Distribution of response times").note(note, ABOUT);
    let x_title = format!("Response time in {}", study.mode.unit());
    let y_title = "Packets that take longer, %".to_owned();
    Chart { head, x_title, y_title, panels, policies: chart::policies(study) }.draw()
}

fn panel(study: &Study, setting: usize) -> Option<Panel> {
    let cells: Vec<(&Cell, Line)> = study
        .cells_of(setting)
        .filter_map(|cell| {
            let number = study.policies().iter().position(|name| *name == cell.policy)?;
            Some((cell, line(cell, number)?))
        })
        .collect();
    let all_unstable = cells.iter().all(|(cell, _)| cell.unstable);
    let deciding = cells.iter().filter(|(cell, _)| all_unstable || !cell.unstable);
    let points = deciding.flat_map(|(_, line)| &line.points);
    // Where nearly all packets still take longer the lines are one.
    let shown = points.clone().filter(|(_, y)| *y < 91.0);
    let x = Scale::log(shown.map(|(x, _)| *x));
    let y = Scale::log(cells.iter().flat_map(|(_, line)| &line.points).map(|(_, y)| *y));
    ends(points.map(|(x, _)| *x)).map(|_| Panel {
        title: chart::setting_name(study, setting),
        warning: chart::unstable(study, setting),
        x,
        y,
        lines: cells.into_iter().map(|(_, line)| line).collect(),
        above: Vec::new(),
    })
}

fn line(cell: &Cell, number: usize) -> Option<Line> {
    let fine = |(part, time): &(f64, f64)| *part < 1.0 && *time > 0.0 && time.is_finite();
    let points = cell.quantiles.iter().filter(|each| fine(each));
    let points: Vec<(f64, f64)> =
        points.map(|(part, time)| (*time, 100.0 * (1.0 - part))).collect();
    // Lines that coincide show both their markers only where none hides another.
    let marked = (number % MARKED_OF..points.len()).step_by(MARKED_OF).collect();
    (points.len() > 1).then(|| Line { mark: Mark::of(number), points, marked })
}
