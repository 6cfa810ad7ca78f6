//! `scaling.png`: mean and 99th percentile over the number in which the settings differ.

use std::io;

use super::chart::{self, Chart, Line, Panel};
use super::marks::Mark;
use super::scale::{Scale, ends};
use super::{Head, Picture, WARNING};
use crate::report::remarks::one_line;
use crate::sorting;
use crate::study::{Cell, Study};

/// Fewer points are no curve.
const POINTS_MIN: usize = 3;
/// Where the largest x is so many times the smallest, both axes are logarithmic.
const LOG_FROM: f64 = 8.0;

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let Some(axis) = &study.axis else { return Ok(None) };
    let xs = places(study);
    if xs.len() < POINTS_MIN {
        return Ok(None);
    }
    let panels = vec![
        panel(study, &xs, "Mean", |cell| cell.mean.mean),
        panel(study, &xs, "99th percentile", |cell| cell.p99.mean),
    ];
    let unstable = study.cells.iter().any(|cell| cell.unstable);
    let note = "An arrow at the top: there the policy is unstable, its queues went on growing";
    let head = Head::new(study, &format!("Response time over {}", one_line(axis)))
        .note(unstable.then(|| note.to_owned()), WARNING);
    let y_title = format!("Response time in {}", study.mode.unit());
    let (x_title, policies) = (capital(&one_line(axis)), chart::policies(study));
    Chart { head, x_title, y_title, panels, policies }.draw()
}

/// The different places of the settings on the axis, in order.
fn places(study: &Study) -> Vec<f64> {
    let mut xs: Vec<f64> = study.settings.iter().filter_map(|setting| setting.x).collect();
    xs.retain(|x| x.is_finite());
    sorting::sort_by(&mut xs, f64::total_cmp);
    xs.dedup();
    xs
}

fn panel(study: &Study, xs: &[f64], title: &str, figure: fn(&Cell) -> f64) -> Panel {
    let stable = study.cells.iter().filter(|cell| !cell.unstable);
    let deciding: Vec<f64> = match ends(stable.clone().map(figure)) {
        Some(_) => stable.map(figure).collect(),
        None => study.cells.iter().map(figure).collect(),
    };
    let is_wide =
        xs[0] > 0.0 && ends(xs.iter().copied()).is_some_and(|(min, max)| max > LOG_FROM * min);
    let (x, y) = if is_wide {
        (Scale::log(xs.iter().copied()), Scale::log(deciding.iter().copied()))
    } else {
        (Scale::even(1.0, 5), Scale::times(deciding.iter().copied(), 20.0))
    };
    let mut panel = Panel {
        title: title.to_owned(),
        warning: Vec::new(),
        x: x.with_ticks_at(xs),
        y,
        lines: Vec::new(),
        above: Vec::new(),
    };
    for (number, policy) in study.policies().into_iter().enumerate() {
        let mark = Mark::of(number);
        for points in runs(study, policy, figure) {
            let marked = (0..points.len()).collect();
            panel.lines.push(Line { mark, points, marked });
        }
        let cells = study.cells.iter().filter(|cell| cell.unstable && cell.policy == policy);
        panel.above.extend(cells.filter_map(|cell| Some((place(study, cell)?, mark))));
    }
    panel
}

/// The points of one policy while it is stable, in the settings' order. Where x does not grow
/// another line begins: the settings then differ in more than x.
fn runs(study: &Study, policy: &str, figure: fn(&Cell) -> f64) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut is_new = true;
    for cell in study.cells.iter().filter(|cell| cell.policy == policy) {
        let Some(x) = place(study, cell) else { continue };
        if cell.unstable {
            is_new = true;
            continue;
        }
        let point = (x, figure(cell));
        match runs.last_mut() {
            Some(run) if !is_new && run.last().is_some_and(|last| last.0 < x) => run.push(point),
            _ => runs.push(vec![point]),
        }
        is_new = false;
    }
    runs
}

fn place(study: &Study, cell: &Cell) -> Option<f64> {
    study.settings.get(cell.setting)?.x.filter(|x| x.is_finite())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
