//! Which workers are parked: kept away from new packets while fewer can do the work.
//!
//! Problem: a core that gets a packet now and then never sleeps deeply. Choice: some workers are
//! marked as parked, and policies do not choose them while another one is active. A mark is no
//! more than that: what lies at a parked worker is finished by it, and its thread sleeps as any
//! idle one does. One thread parks, a few times a second; every dispatcher may wake.
//!
//! Consequences: a dispatcher compares one number, the epoch, with its own before it chooses, and
//! reads the marks only where the two differ. Nobody waits for anybody: a packet may still be on
//! its way to a worker that is just being parked, and is finished there.
//!
//! Limits: at least one worker is active at any time. One that died counts like any other here;
//! who parks must know of deaths.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::ids::WorkerId;

/// The marks of all workers of one engine.
#[derive(Debug)]
pub struct Parking {
    /// Counts the changes of the marks.
    epoch: AtomicU64,
    parked: Box<[AtomicBool]>,
    /// Whom to wake first.
    order: Box<[AtomicU32]>,
    /// The expected delay, in mean service times of the fastest worker, from which on somebody is
    /// woken.
    wake_at: AtomicU32,
    woken: AtomicU64,
}

impl Parking {
    /// Nobody is parked.
    pub fn new(workers: u32) -> Self {
        Parking {
            epoch: AtomicU64::new(0),
            parked: (0..workers).map(|_| AtomicBool::new(false)).collect(),
            order: (0..workers).map(AtomicU32::new).collect(),
            wake_at: AtomicU32::new(f32::INFINITY.to_bits()),
            woken: AtomicU64::new(0),
        }
    }

    /// How many workers there are.
    pub fn workers(&self) -> u32 {
        self.parked.len() as u32
    }

    /// A number that changes whenever a mark does; 0 while nobody was ever parked.
    #[inline]
    pub fn epoch(&self) -> u64 {
        // Acquire: pairs with `changed`; the marks are at least as new as the number.
        self.epoch.load(Ordering::Acquire)
    }

    fn changed(&self) {
        // Release: pairs with `epoch`.
        self.epoch.fetch_add(1, Ordering::Release);
    }

    /// Whether `worker` is parked.
    pub fn is_parked(&self, worker: WorkerId) -> bool {
        // Relaxed: the epoch orders the marks; by itself a mark is a hint.
        self.parked[worker.index()].load(Ordering::Relaxed)
    }

    /// How many workers are not parked.
    pub fn active(&self) -> u32 {
        self.parked.iter().map(|parked| u32::from(!parked.load(Ordering::Relaxed))).sum()
    }

    /// From here on the workers marked in `active` are active and the others parked; `order` says
    /// who is woken first, `wake_at` from which expected delay on. One thread at a time. Where no
    /// worker is marked nothing changes: somebody must be there.
    pub fn set(&self, active: &[bool], order: &[WorkerId], wake_at: f32) {
        for (slot, worker) in self.order.iter().zip(order) {
            slot.store(worker.0, Ordering::Relaxed);
        }
        self.wake_at.store(wake_at.to_bits(), Ordering::Relaxed);
        if !active.iter().take(self.parked.len()).any(|active| *active) {
            return;
        }
        // Those who come first: in between more are active than need be, and never nobody.
        let mut change = false;
        for wakes in [true, false] {
            for (parked, active) in self.parked.iter().zip(active).filter(|(_, a)| **a == wakes) {
                change |= parked.swap(!active, Ordering::Relaxed) == *active;
            }
        }
        if change {
            self.changed();
        }
    }

    /// The expected delay from which on somebody is woken.
    pub fn wake_at(&self) -> f32 {
        f32::from_bits(self.wake_at.load(Ordering::Relaxed))
    }

    /// Wakes the first parked worker in the order of waking; `None` when nobody is parked. From any
    /// thread; of two that wake at once each wakes another one.
    pub fn wake_next(&self) -> Option<WorkerId> {
        let order = self.order.iter().map(|slot| WorkerId(slot.load(Ordering::Relaxed)));
        for worker in order {
            // Relaxed: the exchange itself decides who woke it.
            if self.is_parked(worker) && self.parked[worker.index()].swap(false, Ordering::Relaxed)
            {
                self.woken.fetch_add(1, Ordering::Relaxed);
                self.changed();
                return Some(worker);
            }
        }
        None
    }

    /// How many times somebody was woken by [`Parking::wake_next`].
    pub fn woken(&self) -> u64 {
        self.woken.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parked(parking: &Parking, workers: u32) -> Vec<u32> {
        (0..workers).filter(|worker| parking.is_parked(WorkerId(*worker))).collect()
    }

    #[test]
    fn the_most_frugal_is_woken_first_and_each_once() {
        let parking = Parking::new(4);
        let order = [2, 3, 1, 0].map(WorkerId);
        parking.set(&[false, true, false, false], &order, 3.0);
        assert_eq!((parked(&parking, 4), parking.wake_at()), (vec![0, 2, 3], 3.0));
        let woken: Vec<_> = std::iter::from_fn(|| parking.wake_next()).map(|w| w.0).collect();
        assert_eq!((woken, parking.woken(), parking.active()), (vec![2, 3, 0], 3, 4));
    }

    #[test]
    fn the_epoch_changes_with_the_marks_and_only_with_them() {
        let parking = Parking::new(2);
        let order = [0, 1].map(WorkerId);
        let set = |active: &[bool]| {
            parking.set(active, &order, 1.0);
            parking.epoch()
        };
        assert_eq!([set(&[true, true]), set(&[true, false]), set(&[true, false])], [0, 1, 1]);
        parking.wake_next();
        assert_eq!((parking.epoch(), parking.wake_next()), (2, None));
        assert_eq!(parking.epoch(), 2);
    }

    proptest! {
        /// Whatever is asked for, somebody is active.
        #[test]
        fn somebody_is_always_active(
            asked in prop::collection::vec(prop::collection::vec(any::<bool>(), 0..6), 1..20),
        ) {
            let parking = Parking::new(4);
            for active in asked {
                parking.set(&active, &[], 1.0);
                prop_assert!(parking.active() > 0);
            }
        }
    }
}
