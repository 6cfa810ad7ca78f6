//! `energy.png`: watts of the cores, by the model, and 99th percentile over the number in which the
//! settings differ; a row of two panels for each board. The board's idle watts are left out: on
//! small boards they are most of the energy, and no goal changes them.

use std::io;

use super::chart::{self, Chart, Line, Panel};
use super::marks::Mark;
use super::scale::Scale;
use super::{Head, Picture, WARNING};
use crate::report::remarks::one_line;
use crate::study::{Cell, Study};

/// Fewer points are no curve.
const POINTS_MIN: usize = 3;
/// More boards than this cannot be read.
const BOARDS_MAX: usize = 3;

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let (Some(axis), boards) = (&study.axis, boards(study)) else { return Ok(None) };
    if boards.is_empty() || study.cells.iter().all(|cell| cell.energy.is_none()) {
        return Ok(None);
    }
    let watts = |cell: &Cell| cell.energy.as_ref().map(|energy| energy.core_watts_mean.mean);
    let unit = study.mode.unit();
    let panels = boards.iter().take(BOARDS_MAX).flat_map(|board| {
        let slo = board.settings.first().and_then(|at| study.cells_of(*at).next());
        let slo = slo.and_then(|cell| cell.energy.as_ref()).map_or(0.0, |of| of.latency_slo);
        let (drawn, late) =
            (format!("{}: watts above idle", board.name), format!("{}: p99 of {slo}", board.name));
        [
            panel(study, board, drawn, watts, 0.0),
            panel(study, board, format!("{late} {unit}"), |cell| Some(cell.p99.mean), slo),
        ]
    });
    let note =
        "Watts are worked out by a model, not measured; NAME:energy keeps few workers active";
    let head = Head::new(study, &format!("Energy and response time over {}", one_line(axis)))
        .note(Some(note.to_owned()), WARNING);
    let (x_title, policies) = (one_line(axis), chart::policies(study));
    Chart { head, x_title, y_title: String::new(), panels: panels.collect(), policies }.draw()
}

/// Settings that differ in x alone.
struct Board {
    name: String,
    settings: Vec<usize>,
}

/// Settings that follow each other while x grows, those with enough points.
fn boards(study: &Study) -> Vec<Board> {
    let mut boards: Vec<Board> = Vec::new();
    let mut last = f64::INFINITY;
    for (at, setting) in study.settings.iter().enumerate() {
        let Some(x) = setting.x.filter(|x| x.is_finite()) else { continue };
        match boards.last_mut() {
            Some(board) if x > last => board.settings.push(at),
            _ => boards.push(Board { name: board_name(&setting.name), settings: vec![at] }),
        }
        last = x;
    }
    boards.retain(|board| board.settings.len() >= POINTS_MIN);
    boards
}

/// What stands before the comma: `RK3588` of `RK3588, load 0.1`.
fn board_name(setting: &str) -> String {
    one_line(setting.split(',').next().unwrap_or(setting))
}

/// The line of each policy; the scale holds `least` in any case.
fn panel(
    study: &Study,
    board: &Board,
    title: String,
    figure: impl Fn(&Cell) -> Option<f64>,
    least: f64,
) -> Panel {
    let x_of = |at: usize| study.settings[at].x.unwrap_or(0.0);
    let xs: Vec<f64> = board.settings.iter().map(|at| x_of(*at)).collect();
    let of = |policy: &str| -> Vec<(f64, f64)> {
        let cells = study.cells.iter().filter(|cell| {
            cell.policy == policy && !cell.unstable && board.settings.contains(&cell.setting)
        });
        cells.filter_map(|cell| Some((x_of(cell.setting), figure(cell)?))).collect()
    };
    let all = study.policies().into_iter().flat_map(of).map(|(_, y)| y);
    let y = Scale::times(all.chain([least]).collect::<Vec<f64>>().into_iter(), 1e9);
    let mut panel = Panel {
        title,
        warning: Vec::new(),
        x: Scale::even(1.0, 5).with_ticks_at(&xs),
        y,
        lines: Vec::new(),
        above: Vec::new(),
    };
    for (number, policy) in study.policies().into_iter().enumerate() {
        let points = of(policy);
        let marked = (0..points.len()).collect();
        panel.lines.push(Line { mark: Mark::of(number), points, marked });
    }
    panel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Interval;
    use crate::study::{CellEnergy, samples};

    #[test]
    fn it_is_drawn_where_there_is_energy_over_an_axis_and_only_there() {
        let mut study = samples::study();
        assert!(draw(&study).unwrap().is_none());
        let one = |mean: f64| Interval { mean, ci95: 0.0 };
        let energy = CellEnergy {
            joules_per_packet: one(0.004),
            watts_mean: one(3.0),
            core_watts_mean: one(1.0),
            active_mean: one(2.0),
            latency_slo: 20.0,
        };
        let (settings, cells) = (study.settings.clone(), study.cells.clone());
        for at in 2..5 {
            study.settings.push(crate::study::Setting {
                x: Some(0.2 * at as f64 + 0.6),
                ..settings[0].clone()
            });
            study
                .cells
                .extend(cells.iter().take(3).map(|cell| Cell { setting: at, ..cell.clone() }));
        }
        assert!(draw(&study).unwrap().is_none());
        study.cells.iter_mut().for_each(|cell| cell.energy = Some(energy.clone()));
        assert!(draw(&study).unwrap().is_some());
        study.axis = None;
        assert!(draw(&study).unwrap().is_none());
    }

    #[test]
    fn a_board_is_the_settings_while_x_grows() {
        let mut study = samples::study();
        let of = |name: &str, x| crate::study::Setting {
            name: name.into(),
            x: Some(x),
            ..samples::study().settings[0].clone()
        };
        let places = [("A, load", 0.1), ("A, load", 0.5), ("A, load", 0.9), ("B, load", 0.1)];
        study.settings = places.iter().map(|(name, x)| of(name, *x)).collect();
        let boards = boards(&study);
        assert_eq!((boards.len(), boards[0].name.as_str()), (1, "A"));
        assert_eq!(boards[0].settings, [0, 1, 2]);
    }
}
