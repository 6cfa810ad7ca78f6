//! How a rule that learns did over time.

use serde::{Deserialize, Serialize};

/// One point of the learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearningPoint {
    /// Packets replayed so far.
    pub packets: u64,
    /// Mean response time of the last window under the table, in a twin, in milliseconds; 0 where
    /// there is no twin.
    pub table_ms: f64,
    /// The same under shortest expected delay, on the same packets.
    pub otherwise_ms: f64,
    /// Mean reward of what was heard since the last point.
    pub reward: f64,
    /// Whether the table chose.
    pub acts: bool,
}

/// How the learning went.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct QReport {
    /// Values of the table that were learned.
    pub learned: usize,
    /// Values there are.
    pub values: usize,
    /// How often the table took over.
    pub take_overs: u32,
    /// How often it handed back.
    pub hand_backs: u32,
    /// Over time, oldest first.
    pub curve: Vec<LearningPoint>,
}
