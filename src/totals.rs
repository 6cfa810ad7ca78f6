//! What a worker shows of itself: counts and running totals, written by it, read by sampler,
//! status line and summary.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::counters::WorkCounts;
use crate::packet::Kind;
use crate::stats::Latency;

/// Everything a worker adds up over a run; its size does not depend on the run's length.
#[derive(Clone, Debug, Default)]
pub struct WorkerTotals {
    /// From dispatch to the start of the work.
    pub wait: Latency,
    /// The work itself.
    pub service: Latency,
    /// From dispatch to the end of the work.
    pub total: Latency,
    /// Successful work by kind, in the order of [`Kind::index`].
    pub done: [KindTotals; Kind::ALL.len()],
    /// Time spent on work, whatever came of it.
    pub busy_ns: u64,
}

/// Successful work of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindTotals {
    /// Packets whose CPU time was measured.
    pub samples: u64,
    /// The worker's own CPU time spent on the samples: preemption is not in it.
    pub samples_cpu_ns: u64,
}

/// How one measured packet's work went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The packet's kind.
    pub kind: Kind,
    /// From dispatch to the start of the work.
    pub wait_ns: u64,
    /// The work itself.
    pub service_ns: u64,
    /// The worker's own CPU time for it, where it was measured.
    pub cpu_ns: Option<u64>,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// For how many packets it stands.
    pub weight: u32,
}

impl WorkerTotals {
    /// Adds one measured packet.
    pub fn add(&mut self, done: Done) {
        let weight = u64::from(done.weight);
        self.wait.record(done.wait_ns, weight);
        self.service.record(done.service_ns, weight);
        self.total.record(done.wait_ns.saturating_add(done.service_ns), weight);
        self.busy_ns += done.service_ns * weight;
        if let (true, Some(cpu_ns)) = (done.succeeded, done.cpu_ns) {
            let kind = &mut self.done[done.kind.index()];
            kind.samples += 1;
            kind.samples_cpu_ns += cpu_ns;
        }
    }
}

/// What the rest of the engine sees of a running worker.
#[derive(Debug, Default)]
pub struct WorkerState {
    /// What it counted.
    pub counts: WorkCounts,
    totals: Mutex<WorkerTotals>,
    thread_id: AtomicU32,
    pinned: AtomicBool,
}

impl WorkerState {
    /// The running totals, locked: the worker to add to them, others to copy.
    pub fn totals(&self) -> MutexGuard<'_, WorkerTotals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which thread the worker is, by the kernel's number, and whether its pin was read
    /// back and found in force.
    pub fn introduce(&self, thread_id: u32, pinned: bool) {
        // Relaxed: figures for reports.
        self.thread_id.store(thread_id, Ordering::Relaxed);
        self.pinned.store(pinned, Ordering::Relaxed);
    }

    /// Says whether the worker's pin was found in force when it was read back just now.
    pub fn set_pinned(&self, pinned: bool) {
        self.pinned.store(pinned, Ordering::Relaxed);
    }

    /// The kernel's number of the worker's thread; `None` before it started.
    pub fn thread_id(&self) -> Option<u32> {
        Some(self.thread_id.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// Whether the pin is in force.
    pub fn pinned(&self) -> bool {
        self.pinned.load(Ordering::Relaxed)
    }
}
