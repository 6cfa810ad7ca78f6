//! One look of the sampler at the machine: what whoever else watches it is given.

use crate::class::Class;
use crate::ids::CpuId;

/// What was seen between two looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// When, in nanoseconds since the run began.
    pub now_ns: u64,
    /// Since the look before, in nanoseconds.
    pub elapsed_ns: u64,
    /// A row a worker, in the order of their ids.
    pub workers: Vec<WorkerLook>,
    /// Every CPU that the machine tells of; none where it tells nothing.
    pub cpus: Vec<CpuLook>,
}

/// One worker between two looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkerLook {
    /// The CPU it runs on.
    pub cpu: CpuId,
    /// Its class, as emulated where it is.
    pub class: Class,
    /// The part of the time that its thread used the CPU (0 to 1).
    pub own: f32,
}

/// One CPU between two looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuLook {
    /// Which.
    pub cpu: CpuId,
    /// The part of the time that anybody used it (0 to 1).
    pub utilization: f32,
    /// Its frequency, where the machine tells.
    pub mhz: Option<f64>,
}
