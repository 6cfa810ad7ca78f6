//! `learning_curve.png`: how a rule that learns did against the one it must beat.

use std::io;

use plotters::style::{Color, RGBColor};

use super::legend::{Legend, Sample};
use super::marks::{Mark, Shape};
use super::panels::{Panels, columns};
use super::plot::Plot;
use super::scale::Scale;
use super::{ABOUT, Head, MARGIN, PANEL, Picture, WIDTH, below, chart, places, ruler};
use crate::learning::LearningPoint;
use crate::report::picture::canvas::{Canvas, Frame, Hold};
use crate::report::remarks::one_line;
use crate::study::{Cell, Mode, Study};

const TABLE: Mark =
    Mark { colour: RGBColor(0, 114, 178), dash: &[], shape: Shape::Circle, is_hollow: false };
const OTHERWISE: Mark = Mark {
    colour: RGBColor(213, 94, 0),
    dash: &[16.0, 8.0],
    shape: Shape::Diamond,
    is_hollow: true,
};
const REWARD: Mark = Mark { colour: RGBColor(0, 158, 115), ..TABLE };
/// Behind the time in which the table chose.
const ACTS: RGBColor = RGBColor(225, 240, 225);
/// Of a panel: the plot of rewards.
const REWARD_HEIGHT: i32 = 300;

pub(in crate::report) fn draw(study: &Study) -> io::Result<Option<Picture>> {
    let chosen = Panels::of(study, |setting| learner(study, setting).is_some());
    if chosen.len() == 0 {
        return Ok(None);
    }
    let learners = chosen.settings.iter().filter_map(|setting| learner(study, *setting));
    let acts = learners.clone().any(|(_, curve)| curve.iter().any(|point| point.acts));
    let legend = ruler(|canvas| Legend::new(canvas, entries(acts)))?;
    let head = Head::new(study, "How the rule learned").note(chosen.note.clone(), ABOUT);
    let columns = columns(chosen.len(), 3);
    let (top, height) = (head.bottom(), if columns == 1 { 980 } else { 900 });
    let places = places(chosen.len(), columns, top, height, (MARGIN, WIDTH - MARGIN));
    let end = below(&places, top) + 24;
    Picture::drawn(end + legend.height() + 36, |canvas| {
        head.draw(canvas)?;
        for (setting, frame) in chosen.settings.iter().zip(&places) {
            if let Some((cell, curve)) = learner(study, *setting) {
                let title = format!(
                    "{} · {}",
                    chart::setting_name(study, *setting),
                    one_line(&cell.policy)
                );
                panel(canvas, *frame, &title, curve, study.mode)?;
            }
        }
        legend.draw(canvas, end)
    })
}

fn entries(acts: bool) -> Vec<(Sample, String)> {
    let chooses = if acts { "the table chooses" } else { "the table chooses (here it never did)" };
    vec![
        (Sample::Bare(TABLE), "learned table, in its twin".into()),
        (Sample::Bare(OTHERWISE), "shortest expected delay, in its twin".into()),
        (Sample::Bare(REWARD), "reward".into()),
        (Sample::Square(ACTS), chooses.into()),
    ]
}

/// The first cell of a setting that learned, with its curve.
fn learner(study: &Study, setting: usize) -> Option<(&Cell, &[LearningPoint])> {
    study.cells_of(setting).find_map(|cell| {
        let curve = &cell.learning.as_ref()?.curve;
        (!curve.is_empty()).then_some((cell, curve.as_slice()))
    })
}

fn panel(
    canvas: &Canvas,
    frame: Frame,
    title: &str,
    curve: &[LearningPoint],
    mode: Mode,
) -> io::Result<()> {
    let title = canvas.fitted(title, frame.w, PANEL)?;
    canvas.text(&title, (frame.x, frame.y + 30), Hold::Left, PANEL)?;
    let most = curve.iter().map(|point| point.packets).max().unwrap_or(1);
    let (unit, name) = match most {
        10_000_000.. => (1e6, "millions"),
        10_000.. => (1e3, "thousands"),
        _ => (1.0, ""),
    };
    let x = Scale::even(most as f64 / unit, if frame.w > 900 { 8 } else { 4 });
    let x_title = format!("Packets replayed{}{name}", if name.is_empty() { "" } else { ", " });
    let points = |figure: fn(&LearningPoint) -> f64| -> Vec<(f64, f64)> {
        curve.iter().map(|point| (point.packets as f64 / unit, figure(point))).collect()
    };
    let times = frame.inside(0, 48, 0, REWARD_HEIGHT - 24);
    let rewards = Frame { y: frame.bottom() - REWARD_HEIGHT, h: REWARD_HEIGHT, ..frame };
    let (table, otherwise) = (points(|point| point.table_ms), points(|point| point.otherwise_ms));
    let values = table.iter().chain(&otherwise).map(|(_, y)| *y);
    let y = Scale::times(values, 20.0);
    let y_title = format!("Mean response time in {}", mode.unit());
    let plot = Plot::with_axes(canvas, times, (&x, ""), (&y, &y_title))?;
    shade(&plot, curve, unit)?;
    // 0 stands for a time without a twin.
    let seen = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        points.iter().copied().filter(|(_, y)| *y > 0.0).collect()
    };
    plot.line(&seen(&otherwise), OTHERWISE)?;
    plot.line(&seen(&table), TABLE)?;
    reward(canvas, rewards, (&x, &x_title), &points(|point| point.reward))
}

/// Rewards are at most 0: the axis goes down from there.
fn reward(
    canvas: &Canvas,
    frame: Frame,
    x: (&Scale, &str),
    points: &[(f64, f64)],
) -> io::Result<()> {
    let (low, high) = points
        .iter()
        .filter(|(_, y)| y.is_finite())
        .fold((0.0f64, 0.0f64), |(low, high), (_, y)| (low.min(*y), high.max(*y)));
    let y = Scale::around_zero(low, high, 3);
    let plot = Plot::with_axes(canvas, frame, x, (&y, "Mean reward of a packet"))?;
    plot.line(points, REWARD)
}

/// Lays colour behind the times in which the table chose, and the grid again over it.
fn shade(plot: &Plot, curve: &[LearningPoint], unit: f64) -> io::Result<()> {
    let x = |packets: u64| plot.x(packets as f64 / unit) as i32;
    let mut before = 0;
    for point in curve {
        if point.acts {
            let (left, right) = (x(before), x(point.packets));
            let band = Frame { x: left, w: (right - left).max(1), ..plot.frame };
            plot.canvas.fill(band, ACTS.to_rgba())?;
        }
        before = point.packets;
    }
    plot.grid()
}
