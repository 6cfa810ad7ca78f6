//! Invented studies for tests.

use super::*;
use crate::learning::LearningPoint;

/// A cell with these means.
pub fn cell(setting: usize, policy: &str, means: &[f64]) -> Cell {
    let mean = Interval::of(means);
    let times = |factor: f64| Interval { mean: mean.mean * factor, ci95: mean.ci95 * factor };
    Cell {
        setting,
        policy: policy.into(),
        mean,
        p50: times(0.7),
        p95: times(2.9),
        p99: times(4.6),
        deviation: mean.mean,
        throughput: Interval { mean: 12.0, ci95: 0.1 },
        packets: 60_000,
        lost: 0,
        share: vec![0.3, 0.3, 0.2, 0.2],
        utilization: vec![0.8, 0.8, 0.7, 0.7],
        unstable: false,
        means: means.to_vec(),
        p99s: means.iter().map(|mean| mean * 4.6).collect(),
        over_time: (0..100).map(|at| mean.mean * (1.0 - 0.9 / (1.0 + f64::from(at)))).collect(),
        quantiles: [0.01, 0.1, 0.5, 0.9, 0.99, 0.999]
            .map(|part: f64| (part, -mean.mean * libm::log(1.0 - part)))
            .to_vec(),
        learning: None,
        energy: None,
    }
}

/// Two fast and two slow workers at two loads, under three policies, one of which learns.
pub fn study() -> Study {
    let classes = || {
        let class = |name: &str, speed, workers: [u32; 2]| SettingClass {
            name: name.into(),
            speed,
            workers: workers.to_vec(),
        };
        vec![class("performance", 1.0, [0, 1]), class("efficiency", 0.55, [2, 3])]
    };
    let setting = |load: f64| Setting {
        name: format!("load {load}"),
        text: format!("1x2,0.55x2 at load {load}, exponential work, poisson arrivals"),
        x: Some(load),
        load,
        classes: classes(),
    };
    let curve = (1..20).map(|n| LearningPoint {
        packets: n * 2_000,
        table_ms: 1.5 + 3.0 / n as f64,
        otherwise_ms: 1.5,
        reward: -0.15 - 0.3 / n as f64,
        acts: n > 9,
    });
    let learning =
        QReport { learned: 40, values: 72, take_overs: 1, hand_backs: 0, curve: curve.collect() };
    let cells = |setting, scale: f64| {
        let means = |mean: f64| [0.97, 1.0, 1.04].map(|noise| mean * noise * scale);
        [
            cell(setting, "shortest-expected-delay", &means(1.4)),
            cell(setting, "round-robin", &means(3.6)),
            Cell { learning: Some(learning.clone()), ..cell(setting, "q-learning", &means(1.5)) },
        ]
    };
    Study {
        version: STUDY_VERSION,
        name: "sample".into(),
        title: "An invented study".into(),
        mode: Mode::Simulated,
        seed: 1,
        repeats: 3,
        notes: vec!["invented for a test".into()],
        axis: Some("load".into()),
        settings: vec![setting(0.5), setting(0.8)],
        cells: cells(0, 1.0).into_iter().chain(cells(1, 2.0)).collect(),
    }
}
