//! What is compared: sides, and the runs that each of them makes.

use std::sync::Arc;

use edge_dispatch::ids::CpuId;
use edge_dispatch::stats::LatencySummary;

use crate::packet::{Speed, Work};

/// Packets in flight that each worker may have; a queue that all share holds so many for each.
pub const BOUND: usize = 1024;

/// How packets are brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// One at a time, as fast as they are taken.
    Single,
    /// In batches of [`crate::packet::BATCH`], as fast as they are taken.
    Batch,
    /// One at a time at random times of their own, whether they are taken or not.
    Open {
        /// Packets come at so much of the pace at which the workers alone could work.
        load: f64,
    },
}

impl Shape {
    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Single => "single",
            Shape::Batch => "batch",
            Shape::Open { .. } => "open",
        }
    }

    /// The load, where there is one.
    pub fn load(self) -> Option<f64> {
        match self {
            Shape::Open { load } => Some(load),
            Shape::Single | Shape::Batch => None,
        }
    }
}

/// One run of one side.
#[derive(Clone, Debug)]
pub struct Run {
    /// What is done with each packet.
    pub work: Work,
    /// How packets are brought.
    pub shape: Shape,
    /// How many.
    pub packets: u64,
    /// Between two packets of an open loop, in the mean.
    pub gap_ns: f64,
    /// Of the work's length and of the times of an open loop; the same for all sides.
    pub seed: u64,
    /// How fast this machine works.
    pub speed: Speed,
    /// The CPUs that workers are pinned to, one on each.
    pub cpus: Arc<[CpuId]>,
}

impl Run {
    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.cpus.len()
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Packets sent.
    pub packets: u64,
    /// From the first push to the last packet done.
    pub wall_ns: u64,
    /// CPU time of the process, less what an open loop's bringing thread spent waiting.
    pub cpu_ns: u64,
    /// How much of it is the work itself.
    pub work_ns: f64,
    /// From when packets were to be sent to the start of their work, of those measured.
    pub waits: Option<LatencySummary>,
    /// Packets sent and never worked on; below 0, packets that were worked on twice.
    pub lost: i64,
}

/// A way to bring packets to workers.
pub trait Side {
    /// Its name in tables and files.
    fn name(&self) -> &'static str;

    /// Whether it can bring packets in this shape.
    fn takes(&self, shape: Shape) -> bool {
        shape != Shape::Batch
    }

    /// Whether there is something to learn from it with this work.
    fn does(&self, _work: Work) -> bool {
        true
    }

    /// Starts it, takes a run through it, and ends it; only the run is timed.
    fn run(&self, run: &Run) -> Measured;
}
