//! The guard: lets the table act only while it does no worse than shortest expected delay.
//!
//! Two twins replay the same packets, one under each rule; in its own the table tries and learns
//! too, on packets that cost nobody anything. After each window of packets their
//! means and 99th percentiles are compared. The table takes over after several good windows in a
//! row, and hands back after a bad one; each time it had to hand back, it must prove itself for
//! longer.

use super::table::QTable;
use super::twin::{Replayed, Rule, Twin};
use super::view::Classes;
use crate::random::Random;

/// Packets that are compared at a time.
pub const WINDOW: usize = 2_000;

/// Good windows in a row before the table takes over, the first time.
const PROBATION: u32 = 5;

/// The longest probation.
const PROBATION_MAX: u32 = 640;

/// Mean and 99th percentile under the table, over those otherwise, may be this much in the moving
/// average while it proves itself.
const GOOD: (f64, f64) = (1.01, 1.10);

/// Beyond this the average is bad.
const BAD: (f64, f64) = (1.03, 1.15);

/// A mean this much longer in a single window ends it at once.
const COLLAPSE: f64 = 1.3;

/// The weight of one window in the moving average: two twins draw different lots, and single windows
/// differ by several percent under one and the same rule.
const WEIGHT: f64 = 0.25;

/// What one window showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// Mean response time under the table.
    pub table_ns: f64,
    /// Mean response time under shortest expected delay.
    pub otherwise_ns: f64,
}

/// See the head of this file.
#[derive(Debug)]
pub struct Guard {
    table: Twin,
    otherwise: Twin,
    table_ns: Vec<u64>,
    otherwise_ns: Vec<u64>,
    /// Moving averages of mean and 99th percentile, over those otherwise.
    ratios: Option<(f64, f64)>,
    good: u32,
    probation: u32,
    acts: bool,
    pub take_overs: u32,
    pub hand_backs: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Guard {
            table: Twin::default(),
            otherwise: Twin::default(),
            table_ns: Vec::with_capacity(WINDOW),
            otherwise_ns: Vec::with_capacity(WINDOW),
            ratios: None,
            good: 0,
            probation: PROBATION,
            acts: false,
            take_overs: 0,
            hand_backs: 0,
        }
    }
}

/// The mean, and the time within which 99 % of the packets were done.
fn figures(times_ns: &mut [u64]) -> (f64, f64) {
    let mean = times_ns.iter().map(|time_ns| *time_ns as f64).sum::<f64>() / times_ns.len() as f64;
    let at = times_ns.len() * 99 / 100;
    let (_, p99, _) = times_ns.select_nth_unstable(at);
    (mean, *p99 as f64)
}

impl Guard {
    /// Whether the table may choose.
    pub fn acts(&self) -> bool {
        self.acts
    }

    /// Replays one packet under both rules, the table trying something else with probability
    /// `epsilon`. What came of it under the table, and the comparison where that closes a window.
    pub fn replay(
        &mut self,
        (table, epsilon): (&QTable, f64),
        classes: &Classes,
        delays: &[f32],
        packet: (u64, f64),
        random: &mut Random,
    ) -> (Replayed, Option<Compared>) {
        let rule = Rule::Table(table, epsilon);
        let under_table = self.table.replay(&rule, classes, delays, packet, random);
        let rule = Rule::ExpectedDelay;
        let otherwise = self.otherwise.replay(&rule, classes, delays, packet, random);
        self.table_ns.push(under_table.response_ns);
        self.otherwise_ns.push(otherwise.response_ns);
        let compared = (self.table_ns.len() >= WINDOW).then(|| self.judge());
        (under_table, compared)
    }

    fn judge(&mut self) -> Compared {
        let (table, otherwise) = (figures(&mut self.table_ns), figures(&mut self.otherwise_ns));
        self.table_ns.clear();
        self.otherwise_ns.clear();
        let now = (table.0 / otherwise.0.max(1.0), table.1 / otherwise.1.max(1.0));
        let before = self.ratios.unwrap_or(now);
        let mix = |before: f64, now: f64| before + (now - before) * WEIGHT;
        let ratios = (mix(before.0, now.0), mix(before.1, now.1));
        self.ratios = Some(ratios);
        let within = |limits: (f64, f64)| ratios.0 <= limits.0 && ratios.1 <= limits.1;
        self.good = if within(GOOD) { self.good + 1 } else { 0 };
        if self.acts && (!within(BAD) || now.0 > COLLAPSE) {
            self.acts = false;
            self.good = 0;
            self.hand_backs += 1;
            self.probation = (self.probation * 2).min(PROBATION_MAX);
        } else if !self.acts && self.good >= self.probation {
            self.acts = true;
            self.take_overs += 1;
        }
        Compared { table_ns: table.0, otherwise_ns: otherwise.0 }
    }
}
