//! Energy of a cell, by a model.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// What a policy drew in a setting, by a model; and how many workers it kept active.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellEnergy {
    /// Joules of a packet.
    pub joules_per_packet: Interval,
    /// Mean watts of the whole board.
    pub watts_mean: Interval,
    /// What of that is the cores' part, above the board's idle.
    pub core_watts_mean: Interval,
    /// Workers that were active, on average.
    pub active_mean: Interval,
    /// The 99th percentile that was to be held.
    pub latency_slo: f64,
}
