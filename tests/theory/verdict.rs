//! What agrees: how far a simulated figure may be from what it is compared with.

use edge_dispatch::interval::Interval;

use super::express::{Check, Figure, Subject};
use super::runs::{self, Effort, Figures, Wanted};
use super::scene::Scene;

/// The half-width of the interval of a mean that is aimed at, as a part of the mean. A little
/// less than 0.5 %, for what is found swings about what was aimed at.
const WIDTH: f64 = 0.004;

/// And that of any other figure.
const WIDTH_OF_OTHERS: f64 = 0.02;

/// Percentiles come from a histogram: as a part of the value, the width of its buckets.
const RESOLUTION: f64 = 1e-4;

/// A check and what was simulated for it.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub check: Check,
    pub simulated: Interval,
    pub packets: u64,
}

impl Verdict {
    /// How far off it may be: three times the own interval and what the value says of itself,
    /// which is three times its interval where it was measured too.
    pub fn allowed(&self) -> f64 {
        let Check { value, width, is_simulated, figure, subject, .. } = &self.check;
        let of_value = if *is_simulated { 3.0 * width } else { *width };
        let buckets = match (figure, subject) {
            (Figure::P50 | Figure::P95 | Figure::P99, Subject::Run(_)) => RESOLUTION,
            (Figure::P50 | Figure::P95 | Figure::P99, Subject::Limit(..)) => 3.0 * RESOLUTION,
            _ => 0.0,
        };
        3.0 * self.simulated.ci95 + of_value + buckets * value.abs()
    }

    /// How far off it is, in units of what is allowed; with its sign.
    pub fn deviation(&self) -> f64 {
        let off = self.simulated.mean - self.check.value;
        if off == 0.0 { 0.0 } else { off / self.allowed() }
    }

    pub fn passes(&self) -> bool {
        self.deviation().abs() <= 1.0
    }

    /// The own interval as a part of the value; 0 for a value of 0.
    pub fn own_width(&self) -> f64 {
        if self.check.value == 0.0 { 0.0 } else { self.simulated.ci95 / self.check.value.abs() }
    }
}

/// The scenes of a check and how narrow each must be.
fn scenes(check: &Check) -> Vec<Wanted> {
    let wanted = |scene: &Scene, part: f64| {
        let widths = vec![(Figure::Mean, part * WIDTH), (check.figure, part * WIDTH_OF_OTHERS)];
        Wanted { scene: scene.clone(), widths }
    };
    match &check.subject {
        Subject::Run(scene) => vec![wanted(scene, 1.0)],
        // 2 T(2n) − T(n): the second counts twice.
        Subject::Limit(n, twice) => vec![wanted(n, 0.8), wanted(twice, 0.4)],
    }
}

/// Simulates what `checks` need, each scene once.
pub fn all(checks: &[Check], effort: Effort) -> Vec<Verdict> {
    let mut needed: Vec<Wanted> = Vec::new();
    for wanted in checks.iter().flat_map(scenes) {
        match needed.iter_mut().find(|other| other.scene == wanted.scene) {
            Some(other) => other.widths.extend(wanted.widths),
            None => needed.push(wanted),
        }
    }
    let figures = runs::all(&needed, effort);
    let of = |scene: &Scene| {
        let at = needed.iter().position(|wanted| wanted.scene == *scene);
        &figures[at.unwrap_or_else(|| panic!("{scene:?} was not simulated"))]
    };
    let verdict = |check: &Check| {
        let (simulated, packets) = match &check.subject {
            Subject::Run(scene) => (of(scene).interval(check.figure), of(scene).packets),
            Subject::Limit(n, twice) => limit(of(n), of(twice), check.figure),
        };
        Verdict { check: check.clone(), simulated, packets }
    };
    checks.iter().map(verdict).collect()
}

fn limit(n: &Figures, twice: &Figures, figure: Figure) -> (Interval, u64) {
    let (first, second) = (n.interval(figure), twice.interval(figure));
    let mean = 2.0 * second.mean - first.mean;
    let ci95 = (4.0 * second.ci95 * second.ci95 + first.ci95 * first.ci95).sqrt();
    (Interval { mean, ci95 }, n.packets + twice.packets)
}
