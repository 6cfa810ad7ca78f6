//! The guard: lets the table act only while it does no worse than shortest expected delay.
//!
//! Two twins replay the same packets, one under each rule. After each window of packets their
//! means and 99th percentiles are compared. The table takes over after several good windows in a
//! row, and hands back after a bad one; each time it had to hand back, it must prove itself for
//! longer.

use super::table::QTable;
use super::twin::{Rule, Twin};
use super::view::Classes;
use crate::random::Random;

/// Packets that are compared at a time.
pub const WINDOW: usize = 1_000;

/// Good windows in a row before the table takes over, the first time.
const PROBATION: u32 = 5;

/// The longest probation.
const PROBATION_MAX: u32 = 640;

/// The mean and the 99th percentile may be so much longer in a good window, which is less than
/// two runs of the same rule differ by.
const GOOD: (f64, f64) = (1.01, 1.05);

/// Beyond this a window is bad.
const BAD: (f64, f64) = (1.05, 1.10);

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
    let mean = times_ns.iter().sum::<u64>() as f64 / times_ns.len() as f64;
    let at = times_ns.len() * 99 / 100;
    let (_, p99, _) = times_ns.select_nth_unstable(at);
    (mean, *p99 as f64)
}

impl Guard {
    /// Whether the table may choose.
    pub fn acts(&self) -> bool {
        self.acts
    }

    /// Replays one packet under both rules; the comparison where that closes a window.
    pub fn replay(
        &mut self,
        table: &QTable,
        classes: &Classes,
        delays: &[f32],
        packet: (u64, f64),
        random: &mut Random,
    ) -> Option<Compared> {
        let under_table =
            self.table.replay(&Rule::Table(table, 0.0), classes, delays, packet, random);
        let otherwise =
            self.otherwise.replay(&Rule::ExpectedDelay, classes, delays, packet, random);
        self.table_ns.push(under_table.response_ns);
        self.otherwise_ns.push(otherwise.response_ns);
        (self.table_ns.len() >= WINDOW).then(|| self.judge())
    }

    fn judge(&mut self) -> Compared {
        let (table, otherwise) = (figures(&mut self.table_ns), figures(&mut self.otherwise_ns));
        self.table_ns.clear();
        self.otherwise_ns.clear();
        let within = |limits: (f64, f64)| {
            table.0 <= otherwise.0 * limits.0 && table.1 <= otherwise.1 * limits.1
        };
        self.good = if within(GOOD) { self.good + 1 } else { 0 };
        if self.acts && !within(BAD) {
            self.acts = false;
            self.hand_backs += 1;
            self.probation = (self.probation * 2).min(PROBATION_MAX);
        } else if !self.acts && self.good >= self.probation {
            self.acts = true;
            self.take_overs += 1;
        }
        Compared { table_ns: table.0, otherwise_ns: otherwise.0 }
    }
}
