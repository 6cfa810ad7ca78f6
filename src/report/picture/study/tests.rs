//! What holds for every picture of a study: not blank, nothing over the edge, no panic.

use std::collections::BTreeSet;

use super::*;
use crate::interval::Interval;
use crate::learning::QReport;
use crate::study::{Cell, Setting, SettingClass, samples};

/// A study of this size.
fn large(policies: usize, settings: usize, workers: u32) -> Study {
    let mut study = samples::study();
    let split = workers / 2;
    let class =
        |name: &str, speed, workers| SettingClass { name: String::from(name), speed, workers };
    study.settings = (0..settings)
        .map(|at| Setting {
            name: format!("{workers} workers, number {at}"),
            text: "invented".into(),
            x: Some(f64::from(1 << at)),
            load: 0.8,
            classes: vec![
                class("performance", 1.0, (0..split).collect()),
                class("efficiency", 0.55, (split..workers).collect()),
            ],
        })
        .collect();
    let names: Vec<String> = (0..policies).map(|at| format!("policy-with-a-name-{at}")).collect();
    let cell = |setting: usize, at: usize| {
        let mean = 1.0 + at as f64;
        let each = |value: f64| (0..workers).map(|_| value / f64::from(workers)).collect();
        Cell {
            share: each(1.0),
            utilization: each(f64::from(workers) * 0.8),
            unstable: at > 11,
            ..samples::cell(setting, &names[at], &[mean * 0.9, mean, mean * 1.1])
        }
    };
    let cells = (0..settings).flat_map(|setting| (0..policies).map(move |at| (setting, at)));
    study.cells = cells.map(|(setting, at)| cell(setting, at)).collect();
    study
}

/// The pictures that `study` has, by file.
fn drawn(study: &Study) -> Vec<(&'static str, Picture)> {
    let each = PICTURES.into_iter();
    let drawn = each.filter_map(|(name, _, draw)| Some((name, draw(study).unwrap()?)));
    let drawn: Vec<_> = drawn.collect();
    for (name, picture) in &drawn {
        check(name, picture);
    }
    drawn
}

fn names(study: &Study) -> Vec<&'static str> {
    drawn(study).into_iter().map(|(name, _)| name).collect()
}

/// Many colours, white edges, and no large part that is white from side to side.
fn check(name: &str, picture: &Picture) {
    let (width, height) = (picture.size.0 as usize, picture.size.1 as usize);
    let pixels: &[[u8; 3]] = picture.pixels.as_chunks().0;
    assert_eq!(pixels.len(), width * height);
    let runs = pixels.chunk_by(|a, b| a == b);
    let colours: BTreeSet<[u8; 3]> = runs.map(|run| run[0]).collect();
    assert!(colours.len() > 50, "{name}: {} colours", colours.len());
    let rows: Vec<&[[u8; 3]]> = pixels.chunks(width).collect();
    let is_white = |row: &[[u8; 3]]| row.iter().all(|pixel| *pixel == [255; 3]);
    let (mut longest, mut run) = (0, 0);
    for row in &rows {
        run = if is_white(row) { run + 1 } else { 0 };
        longest = longest.max(run);
        assert!(is_white(&row[..12]) && is_white(&row[width - 12..]), "{name}: over the side");
    }
    assert!(longest < 150, "{name}: {longest} white rows");
    assert!(rows[..12].iter().chain(&rows[height - 12..]).all(|row| is_white(row)), "{name}");
}

#[test]
fn a_study_has_the_pictures_that_it_can_fill() {
    let mut study = samples::study();
    let common = [
        "comparison_summary.png",
        "latency_distribution.png",
        "latency_over_time.png",
        "throughput_comparison.png",
        "server_utilization.png",
    ];
    assert_eq!(names(&study)[..5], common);
    assert_eq!(names(&study)[5..], ["hybrid.png", "learning_curve.png"]);
    study.cells.iter_mut().for_each(|cell| cell.learning = None);
    study.settings.iter_mut().for_each(|setting| setting.classes.truncate(1));
    assert_eq!(names(&study), common);
    // Two points are no curve, three are.
    study.settings.push(Setting { x: Some(0.9), ..study.settings[1].clone() });
    study.cells.push(samples::cell(2, "random", &[1.0, 1.1]));
    assert_eq!(names(&study)[5..], ["scaling.png"]);
    study.axis = None;
    assert_eq!(names(&study), common);
}

#[test]
fn without_a_cell_there_is_no_picture() {
    let mut study = samples::study();
    study.cells.clear();
    assert!(names(&study).is_empty());
    study.settings.clear();
    assert!(names(&study).is_empty());
}

#[test]
fn one_cell_with_nothing_but_a_mean_is_drawn() {
    let mut study = samples::study();
    let bare = Cell {
        share: Vec::new(),
        utilization: Vec::new(),
        over_time: Vec::new(),
        quantiles: Vec::new(),
        throughput: Interval::default(),
        learning: Some(QReport::default()),
        ..samples::cell(0, "random", &[1.0])
    };
    study.cells = vec![bare];
    assert_eq!(names(&study), ["comparison_summary.png"]);
}

#[test]
fn any_size_is_drawn_to_its_edges_and_no_further() {
    for (policies, settings, workers) in [(15, 1, 64), (15, 6, 16), (3, 8, 1024), (30, 2, 2)] {
        let study = large(policies, settings, workers);
        let count = names(&study).len();
        let scaling = usize::from(settings > 2);
        assert_eq!(count, 6 + scaling, "{policies} policies, {settings} settings");
    }
}

#[test]
fn extremes_and_contradictions_are_drawn_all_the_same() {
    let mut study = large(4, 3, 4);
    for (at, cell) in study.cells.iter_mut().enumerate() {
        let mean = [1e-6, 1e9, 1.0, 0.0][at % 4];
        let wide = Interval { mean, ci95: 3.0 * mean };
        (cell.mean, cell.p99, cell.throughput) = (wide, wide, wide);
        cell.over_time = vec![mean, 0.0, 2.0 * mean];
        cell.quantiles = vec![(0.5, mean), (0.5, mean), (1.0, mean), (0.99, 2.0 * mean)];
        cell.utilization = vec![7.0];
    }
    assert!(names(&study).len() > 4);
    study.cells.iter_mut().for_each(|cell| cell.unstable = true);
    study.cells[0].setting = 99;
    study.title = "板\u{0}\u{202e}\n".repeat(500);
    study.settings[0].name = "a name that says everything about it ".repeat(9);
    study.settings[0].classes.clear();
    assert!(names(&study).len() > 4);
}

/// What an unstable policy reached does not decide the scale of the others.
#[test]
fn an_unstable_policy_does_not_squash_the_others() {
    let study = |unstable_mean: f64| {
        let mut study = samples::study();
        study.cells.truncate(2);
        let cell = samples::cell(0, "random", &[unstable_mean; 3]);
        study.cells.push(Cell { unstable: true, ..cell });
        study
    };
    let (low, high) = (ranking::draw(&study(1e3)), ranking::draw(&study(1e7)));
    assert!(low.unwrap().unwrap().pixels == high.unwrap().unwrap().pixels);
}
