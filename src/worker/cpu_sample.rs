//! The worker's own CPU time for a packet, measured now and then.
//!
//! Capacity is worked out from CPU time, because wall time counts the time in which somebody
//! else had the core. The kernel's figure for the whole thread would do on a busy worker, but
//! on an idle one waking up is most of it. So single packets are measured, from just before
//! the work to just after it. Reading that clock is a system call, about as long as a small
//! packet's work: no more than one packet in [`EVERY_NS`] is measured, and the cost of the
//! reading itself, tried at the start, is taken off.

use crate::clock::thread_cpu_ns;

/// At most one packet in this time: 2,000 measurements a second, 0.1 % of a core.
const EVERY_NS: u64 = 500_000;

/// Measures some packets.
#[derive(Debug)]
pub struct CpuSampler {
    due_ns: u64,
    reading_costs_ns: u64,
}

impl CpuSampler {
    /// Tries what a measurement costs in the calling thread.
    pub fn new() -> Self {
        let cost = || {
            let before_ns = thread_cpu_ns();
            thread_cpu_ns() - before_ns
        };
        let reading_costs_ns = (0..16).map(|_| cost()).min().unwrap_or(0);
        CpuSampler { due_ns: 0, reading_costs_ns }
    }

    /// Begins a measurement, if one is due at `started_ns`.
    pub fn begin(&self, started_ns: u64) -> Option<u64> {
        (started_ns >= self.due_ns).then(thread_cpu_ns)
    }

    /// Ends it; returns the CPU time since, at least 1 ns.
    pub fn end(&mut self, begun: u64, finished_ns: u64) -> u64 {
        self.due_ns = finished_ns + EVERY_NS;
        thread_cpu_ns().saturating_sub(begun + self.reading_costs_ns).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_one_packet_in_the_interval_is_measured() {
        let mut sampler = CpuSampler::new();
        let begun = sampler.begin(10).expect("the first is measured");
        assert!(sampler.end(begun, 20) >= 1);
        assert_eq!(sampler.begin(20 + EVERY_NS - 1), None);
        assert!(sampler.begin(20 + EVERY_NS).is_some());
    }
}
