//! Where each stream is in flight.
//!
//! One atomic word a place: how many packets are in flight, and at which worker. Dispatchers
//! raise the count in the same step in which they learn or set the worker, workers lower it when
//! a packet's work is done. So a stream moves only from a word that shows none in flight, and
//! no packet can overtake one before it.
//!
//! Limits: 2^12 places; streams that share one stick together. The order is that in which
//! dispatchers enter; two dispatchers that bring the same key are never worked on at once.

use std::sync::atomic::{AtomicU64, Ordering};

use super::place_of;
use crate::ids::WorkerId;
use crate::job::Key;

/// log2 of the number of places.
const BITS: u32 = 12;

const COUNT: u64 = u32::MAX as u64;

/// Where a packet may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is counted, and must follow those before it.
    Follows(WorkerId),
    /// Nothing is in flight: choose, and say so with [`StickyTable::settle`].
    Free,
}

/// The places of all streams.
#[derive(Debug)]
pub struct StickyTable {
    places: Box<[AtomicU64]>,
}

impl Default for StickyTable {
    fn default() -> Self {
        StickyTable { places: (0..1usize << BITS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl StickyTable {
    /// Enters a packet of `key` behind those in flight, if there are any at a worker that is
    /// `alive`: what lies at a dead one is never worked on and cannot be overtaken.
    pub fn follow(&self, key: Key, alive: impl Fn(WorkerId) -> bool) -> Place {
        let place = self.place(key);
        let mut seen = place.load(Ordering::Relaxed);
        while seen & COUNT > 0 {
            let worker = WorkerId((seen >> 32) as u32);
            if !alive(worker) {
                // Relaxed: nothing was done there that anybody needs to see.
                let _ = place.compare_exchange(seen, 0, Ordering::Relaxed, Ordering::Relaxed);
                return Place::Free;
            }
            // Acquire: pairs with `settle`; who follows a stream that moved away from a worker that
            // died must know of the death. The packets reach the worker through its queue.
            let entered =
                place.compare_exchange_weak(seen, seen + 1, Ordering::Acquire, Ordering::Relaxed);
            match entered {
                Ok(_) => return Place::Follows(worker),
                Err(now) => seen = now,
            }
        }
        Place::Free
    }

    /// Enters a packet of `key` at the worker that was `chosen` for it; at another one when
    /// somebody else has entered the stream meanwhile. Returns which.
    pub fn settle(&self, key: Key, chosen: WorkerId) -> WorkerId {
        let place = self.place(key);
        let mut seen = place.load(Ordering::Relaxed);
        loop {
            let worker = if seen & COUNT > 0 { WorkerId((seen >> 32) as u32) } else { chosen };
            let entered = u64::from(worker.0) << 32 | ((seen & COUNT) + 1);
            // Acquire: pairs with `leave`; what the last worker left of this stream's state is
            // seen by whoever gets the packet from here. Release: pairs with `follow`.
            match place.compare_exchange_weak(seen, entered, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return worker,
                Err(now) => seen = now,
            }
        }
    }

    /// One packet of `key` that was entered at `worker` is done, or will never be worked on.
    pub fn leave(&self, key: Key, worker: WorkerId) {
        let place = self.place(key);
        // Release: pairs with `settle`.
        let mut seen = place.load(Ordering::Relaxed);
        // A place that was taken from a dead worker counts for its new one alone.
        while seen & COUNT > 0 && (seen >> 32) as u32 == worker.0 {
            match place.compare_exchange_weak(seen, seen - 1, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Where packets of `key` are in flight, if any are.
    pub fn at(&self, key: Key) -> Option<WorkerId> {
        let seen = self.place(key).load(Ordering::Relaxed);
        (seen & COUNT > 0).then_some(WorkerId((seen >> 32) as u32))
    }

    fn place(&self, key: Key) -> &AtomicU64 {
        &self.places[place_of(key, BITS)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key(9);
    const A: WorkerId = WorkerId(0);
    const B: WorkerId = WorkerId(1);

    #[test]
    fn a_stream_moves_only_when_nothing_is_in_flight() {
        let table = StickyTable::default();
        assert_eq!(table.follow(KEY, |_| true), Place::Free);
        assert_eq!(table.settle(KEY, B), B);
        assert_eq!(table.follow(KEY, |_| true), Place::Follows(B));
        assert_eq!(table.settle(KEY, A), B, "entered meanwhile: no choice any more");
        table.leave(KEY, A);
        (0..3).for_each(|_| table.leave(KEY, B));
        assert_eq!(table.at(KEY), None);
        assert_eq!(table.settle(KEY, A), A);
    }

    #[test]
    fn a_dead_worker_holds_nothing() {
        let table = StickyTable::default();
        table.settle(KEY, B);
        assert_eq!(table.follow(KEY, |worker| worker != B), Place::Free);
        assert_eq!(table.settle(KEY, A), A);
        table.leave(KEY, B);
        assert_eq!(table.at(KEY), Some(A), "what the dead one had counts no more");
    }
}
