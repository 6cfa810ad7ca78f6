//! The worker's own CPU time for a packet, measured now and then.
//!
//! Capacity is worked out from CPU time, because wall time counts the time in which somebody
//! else had the core. The kernel's figure for the whole thread would do on a busy worker, but
//! on an idle one waking up is most of it. So single packets are measured, from just before
//! the work to just after it. Reading that clock is a system call, about as long as a small
//! packet's work. So every k-th packet of a kind is measured, k such that there are 500 to 1,000
//! measurements of it a second, 0.2 % of a core with all kinds, and the cost of the reading
//! itself, tried at the start, is taken off.
//!
//! Each kind by itself: of one packet in a hundred with long work, as waveforms are among single
//! values, a common k would measure five a second. Only long work can be compared between cores,
//! and a core that is throttled would be noticed after ten seconds.
//!
//! Every k-th by *count*: the first packet after so much *time* is more often than not the one
//! that woke the worker, with cold caches, and an idle worker would look slow again.

use crate::clock::thread_cpu_ns;
use crate::packet::Kind;

/// Measurements further apart than this come sooner, closer than half of it later.
const EVERY_NS: u64 = 2_000_000;

/// So long without a measurement, and one is due whatever k says.
const LATE_NS: u64 = 100_000_000;

/// k is at most this.
const STRIDE_MAX: u32 = 1 << 14;

/// Measures some packets.
#[derive(Debug)]
pub struct CpuSampler {
    kinds: [Stride; Kind::ALL.len()],
    reading_costs_ns: u64,
}

/// Which packets of one kind are measured.
#[derive(Clone, Copy, Debug)]
struct Stride {
    stride: u32,
    until_next: u32,
    last_ns: u64,
}

impl CpuSampler {
    /// Tries what a measurement costs in the calling thread.
    pub fn new() -> Self {
        let cost = || {
            let before_ns = thread_cpu_ns();
            thread_cpu_ns() - before_ns
        };
        let reading_costs_ns = (0..16).map(|_| cost()).min().unwrap_or(0);
        let stride = Stride { stride: 1, until_next: 0, last_ns: 0 };
        CpuSampler { kinds: [stride; Kind::ALL.len()], reading_costs_ns }
    }

    /// Begins a measurement, if the packet of this kind that starts at `now_ns` is to be measured.
    pub fn begin(&mut self, kind: Kind, now_ns: u64) -> Option<u64> {
        self.kinds[kind.index()].is_due(now_ns).then(thread_cpu_ns)
    }

    /// Ends it at `now_ns`; returns the CPU time since, at least 1 ns.
    pub fn end(&mut self, kind: Kind, begun: u64, now_ns: u64) -> u64 {
        let cpu_ns = thread_cpu_ns().saturating_sub(begun + self.reading_costs_ns).max(1);
        self.kinds[kind.index()].measured(now_ns);
        cpu_ns
    }
}

impl Stride {
    fn is_due(&mut self, now_ns: u64) -> bool {
        if self.until_next > 0 {
            // After a burst k is large: the next but this one is measured, and k begins again.
            let late = now_ns.saturating_sub(self.last_ns) > LATE_NS;
            self.until_next = if late { 0 } else { self.until_next - 1 };
            self.stride = if late { 1 } else { self.stride };
            return false;
        }
        true
    }

    fn measured(&mut self, now_ns: u64) {
        let since_ns = now_ns.saturating_sub(self.last_ns);
        self.last_ns = now_ns;
        if since_ns < EVERY_NS / 2 {
            self.stride = (self.stride * 2).min(STRIDE_MAX);
        } else if since_ns > EVERY_NS {
            self.stride = (self.stride / 2).max(1);
        }
        self.until_next = self.stride - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measurements among packets that follow each other every `gap_ns`.
    fn measured(gap_ns: u64, packets: u64) -> u64 {
        let mut sampler = CpuSampler::new();
        let mut measured = 0;
        for packet in 0..packets {
            if let Some(begun) = sampler.begin(Kind::Load, packet * gap_ns) {
                assert!(sampler.end(Kind::Load, begun, packet * gap_ns) >= 1);
                measured += 1;
            }
        }
        measured
    }

    #[test]
    fn a_trickle_after_a_burst_is_measured_at_once() {
        let mut sampler = CpuSampler::new();
        for packet in 0..2_000_000 {
            if let Some(begun) = sampler.begin(Kind::Load, packet * 100) {
                sampler.end(Kind::Load, begun, packet * 100);
            }
        }
        let seconds = 1..=4u64;
        let measured = seconds.filter(|second| {
            let now_ns = (1 + second) * 1_000_000_000;
            let begun = sampler.begin(Kind::Load, now_ns);
            begun.map(|begun| sampler.end(Kind::Load, begun, now_ns)).is_some()
        });
        assert!(measured.count() >= 3);
    }

    #[test]
    fn many_packets_are_measured_rarely_and_few_all() {
        assert!(measured(2_000_000, 100) >= 98);
        let in_a_second = measured(500, 2_000_000);
        assert!((450..=1_300).contains(&in_a_second), "{in_a_second}");
    }

    /// One waveform among 500 values, 2,000 of them a second: enough are measured to tell.
    #[test]
    fn a_rare_kind_is_measured_beside_a_dense_one() {
        let mut sampler = CpuSampler::new();
        let mut measured = 0;
        for packet in 0..1_000_000u64 {
            let kind = if packet % 500 == 0 { Kind::Vibration } else { Kind::Load };
            if let Some(begun) = sampler.begin(kind, packet * 1_000) {
                sampler.end(kind, begun, packet * 1_000);
                measured += u32::from(kind == Kind::Vibration);
            }
        }
        assert!(measured >= 450, "{measured}");
    }
}
