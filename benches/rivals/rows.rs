//! The rows of `results/rivals.json`: one for each round of each side, beside what they belong
//! to.

use std::path::Path;

use serde::Serialize;

use crate::packet::Speed;
use crate::setting::Setting;
use crate::side::{BOUND, Measured, Run};

/// One round of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The side.
    pub engine: &'static str,
    /// What was done with each packet.
    pub work: &'static str,
    /// How packets were brought.
    pub shape: &'static str,
    /// In an open loop, the pace of the packets as a part of what the workers alone can do.
    pub load: Option<f64>,
    /// Which round, from 1.
    pub round: usize,
    /// Packets sent.
    pub packets: u64,
    /// From the first push to the last packet done.
    pub packets_per_s: f64,
    /// CPU time of the process, less what an open loop's bringing thread spent waiting.
    pub cpu_ns_per_packet: f64,
    /// How much of it is the work itself.
    pub work_ns_per_packet: f64,
    /// Half of the measured packets waited at most this long; none were measured without work.
    pub wait_p50_ns: Option<u64>,
    /// 99 % of them.
    pub wait_p99_ns: Option<u64>,
    /// 99.9 % of them.
    pub wait_p999_ns: Option<u64>,
    /// Packets that were sent and never worked on.
    pub lost: i64,
}

impl Row {
    /// What `measured` is as a row.
    pub fn new(engine: &'static str, run: &Run, round: usize, measured: &Measured) -> Self {
        let packets = measured.packets as f64;
        Row {
            engine,
            work: run.work.name(),
            shape: run.shape.name(),
            load: run.shape.load(),
            round,
            packets: measured.packets,
            packets_per_s: packets * 1e9 / measured.wall_ns as f64,
            cpu_ns_per_packet: measured.cpu_ns as f64 / packets,
            work_ns_per_packet: measured.work_ns / packets,
            wait_p50_ns: measured.waits.map(|waits| waits.p50),
            wait_p99_ns: measured.waits.map(|waits| waits.p99),
            wait_p999_ns: measured.waits.map(|waits| waits.p999),
            lost: measured.lost,
        }
    }

    /// Whether both are of sides that are compared with each other.
    pub fn is_beside(&self, other: &Row) -> bool {
        (self.work, self.shape, self.load) == (other.work, other.shape, other.load)
    }
}

#[derive(Serialize)]
struct File<'a> {
    machine: &'a str,
    cpus: usize,
    governor: &'a str,
    commit: &'a str,
    /// Packets in flight that each worker may have.
    bound_per_worker: usize,
    /// CPU time of one step of the work.
    iteration_ns: f64,
    rows: &'a [Row],
}

/// Writes all rows so far, so that a run that is broken off leaves its whole rounds.
pub fn write(path: &Path, setting: &Setting, speed: Speed, rows: &[Row]) -> std::io::Result<()> {
    let Setting { machine, cpus, governor, commit } = setting;
    let (cpus, iteration_ns) = (*cpus, speed.iteration_ns);
    let file =
        File { machine, cpus, governor, commit, bound_per_worker: BOUND, iteration_ns, rows };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_string_pretty(&file)? + "\n")
}
