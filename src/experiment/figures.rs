//! What one run shows.

use serde::{Deserialize, Serialize};

use crate::learning::QReport;

/// One run of one policy in one setting. Times are in the unit of its mode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFigures {
    /// Mean response time.
    pub mean: f64,
    /// 50 % of the packets are done within this.
    pub p50: f64,
    /// 95 %.
    pub p95: f64,
    /// 99 %.
    pub p99: f64,
    /// Standard deviation of the response time.
    pub deviation: f64,
    /// Packets done per unit of time (live: per second).
    pub throughput: f64,
    /// Packets received.
    pub packets: u64,
    /// Packets that failed, were dropped or given up.
    pub lost: u64,
    /// How fast each worker was taken to be at the start, where the setting does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speeds: Vec<f64>,
    /// The part of the packets that each worker had.
    pub share: Vec<f64>,
    /// The part of the time that each worker was busy.
    pub utilization: Vec<f64>,
    /// Whether the queues went on growing.
    pub unstable: bool,
    /// Mean response time in equal slices of the run.
    pub over_time: Vec<f64>,
    /// Quantiles: the part of the packets, and the response time.
    pub quantiles: Vec<(f64, f64)>,
    /// How the rule learned, where it does.
    pub learning: Option<QReport>,
    /// Energy by a model, where it was worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<RunEnergy>,
    /// Some packets one by one.
    pub log: Vec<LoggedRun>,
}

/// What one run drew, by a model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnergy {
    /// Joules of a packet.
    pub joules_per_packet: f64,
    /// Mean watts of the whole board.
    pub watts_mean: f64,
    /// What of that is the cores' part.
    pub core_watts_mean: f64,
    /// Workers that were active, on average.
    pub active_mean: f64,
    /// The 99th percentile that was to be held.
    pub latency_slo: f64,
}

/// One packet of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedRun {
    /// Its number in the run.
    pub packet: u64,
    /// The worker that ran it.
    pub worker: u32,
    /// When it was due.
    pub due: f64,
    /// From then to the beginning of its work.
    pub wait: f64,
    /// Its work.
    pub service: f64,
}
