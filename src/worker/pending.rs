//! What a worker has done and not yet told.
//!
//! Problem: to count, add up, record and release after every packet costs four shared cache
//! lines and two locks, several times the whole rest of the path. Choice: what was done is kept
//! here and told for several packets at once. Consequence: the in-flight count that dispatchers
//! see is a few packets too high. Limit: no more packets than take [`FLUSH_NS`] of work, and
//! never while the worker waits: a count that is wrong for longer than a choice takes would
//! mislead it.

use crate::counters::Counter;
use crate::record::Record;
use crate::record_buffer::RecordBuffer;
use crate::totals::{Done, WorkerState};

/// The work that may be kept back.
const FLUSH_NS: u64 = 5_000;

/// The work that a worker takes out of its inbox at once: what it has in hand can be neither
/// evicted nor stolen, and does not let what matters more go before it.
pub const HAND_NS: u64 = 10_000;

/// The most packets kept back.
const PACKETS_MAX: u32 = 64;

/// See the head of this file.
#[derive(Debug)]
pub struct Pending {
    /// Packets since the last flush.
    packets: u32,
    /// After so many there is a flush.
    limit: u32,
    service_ns: u64,
    places: u32,
    processed: u64,
    failed: u64,
    expired: u64,
    done: Vec<Done>,
    records: Vec<Record>,
}

impl Default for Pending {
    fn default() -> Self {
        Pending {
            packets: 0,
            limit: 1,
            service_ns: FLUSH_NS,
            places: 0,
            processed: 0,
            failed: 0,
            expired: 0,
            done: Vec::new(),
            records: Vec::new(),
        }
    }
}

impl Pending {
    /// A packet was measured.
    pub fn measured(&mut self, done: Done) {
        self.done.push(done);
        // A moving average with a weight of 1/8; it only has to be right within a factor.
        self.service_ns = self.service_ns - self.service_ns / 8 + done.service_ns / 8;
        self.limit = self.packets_in(FLUSH_NS).min(PACKETS_MAX);
    }

    /// About how many packets are worked on in so much time, at least one.
    pub fn packets_in(&self, time_ns: u64) -> u32 {
        (time_ns / self.service_ns.max(1)).clamp(1, 1_000) as u32
    }

    /// A packet came to its end.
    pub fn ended(&mut self, processed: bool) {
        self.processed += u64::from(processed);
        self.failed += u64::from(!processed);
    }

    /// A packet was too old.
    pub fn expired(&mut self) {
        self.expired += 1;
    }

    /// Something is to be recorded.
    pub fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Places in flight are to be given up.
    pub fn release(&mut self, places: u32) {
        self.places += places;
    }

    /// One packet more; true when it is time to flush.
    pub fn is_due(&mut self) -> bool {
        self.packets += 1;
        self.packets >= self.limit
    }

    /// Tells everything; the places that are returned are to be released now, after it is told.
    pub fn flush(&mut self, state: &WorkerState, records: Option<&RecordBuffer>) -> u32 {
        self.packets = 0;
        if !self.done.is_empty() {
            let mut totals = state.totals();
            self.done.drain(..).for_each(|done| totals.add(done));
        }
        if let (Some(buffer), false) = (records, self.records.is_empty()) {
            buffer.push_all(self.records.drain(..));
        }
        let tell = |counter: &Counter, count: &mut u64| {
            if *count > 0 {
                counter.add(std::mem::take(count));
            }
        };
        tell(&state.counts.processed, &mut self.processed);
        tell(&state.counts.failed, &mut self.failed);
        tell(&state.counts.expired, &mut self.expired);
        std::mem::take(&mut self.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Kind;

    fn done(service_ns: u64) -> Done {
        let kind = Kind::Other;
        Done { kind, wait_ns: 0, service_ns, cpu_ns: None, succeeded: true, weight: 1 }
    }

    #[test]
    fn long_work_is_told_at_once_and_short_work_in_dozens() {
        for (service_ns, limit) in [(1_000_000, 1), (10_000, 1), (1_000, 5), (20, 64), (0, 64)] {
            let mut pending = Pending::default();
            (0..200).for_each(|_| pending.measured(done(service_ns)));
            assert!(pending.limit.abs_diff(limit) <= 1, "{service_ns}: {}", pending.limit);
        }
    }

    #[test]
    fn a_flush_tells_everything_once() {
        let (state, mut pending) = (WorkerState::default(), Pending::default());
        pending.ended(true);
        pending.ended(false);
        pending.expired();
        pending.measured(done(7));
        pending.release(3);
        assert_eq!(pending.flush(&state, None), 3);
        assert_eq!(pending.flush(&state, None), 0);
        let counts = &state.counts;
        let counts = [&counts.processed, &counts.failed, &counts.expired].map(Counter::get);
        assert_eq!((counts, state.totals().busy_ns), ([1, 1, 1], 7));
    }
}
