//! What the goal of energy came to.

use serde::{Deserialize, Serialize};

/// As few workers as hold a target were active: what that saved, by the model, and whether the
/// target was held.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GoalFigures {
    /// The goal: `energy`.
    pub policy_goal: String,
    /// 99 of 100 packets were to be done within this time after they were dispatched.
    pub latency_slo_ns: u64,
    /// They were done within this one.
    pub p99_ns: u64,
    /// Whether 99 of 100 packets that came were done within the target; those that were never
    /// done were not.
    pub slo_held: bool,
    /// The part of the packets that came and were never worked on: dropped or abandoned, but for
    /// those refused while the run closed.
    pub lost: f64,
    /// Workers that were active, on average.
    pub workers_active_mean: f64,
    /// How many times a worker was parked.
    pub parked: u64,
    /// How many times a dispatcher woke one between two looks.
    pub woken: u64,
    /// Joules of the run by the model, active idle cores at their part of their watts.
    pub joules_model: f64,
    /// The same work by the same model, spread over all workers in proportion to their capacity,
    /// all of them active.
    pub joules_all_active_model: f64,
    /// How wrong these joules may be, as a part of them.
    pub uncertainty: f64,
    /// Where the figures of the model come from; begins with `model`.
    pub source: String,
}

impl GoalFigures {
    /// The part of the energy that was saved, by the model; below 0 it cost.
    pub fn saved(&self) -> f64 {
        1.0 - self.joules_model / self.joules_all_active_model
    }
}
