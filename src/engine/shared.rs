//! What all threads of an engine share.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::counters::DoorCounts;
use crate::inbox::Inboxes;
use crate::ledger::{Dropped, Ends, Ledger};
use crate::loads::LoadBoard;
use crate::topology::{Housekeepers, Seats};
use crate::totals::WorkerState;
use crate::typical::Typical;

/// The state of one engine.
pub struct Shared<P> {
    pub clock: Clock,
    pub board: Arc<LoadBoard>,
    pub inboxes: Arc<Inboxes<P>>,
    pub in_flight_max: u64,
    pub seats: Arc<Seats>,
    pub housekeepers: Arc<Housekeepers>,
    pub workers: Vec<Arc<WorkerState>>,
    pub doors: Doors,
    pub typical: Arc<Typical>,
    /// Sources shall bring nothing more.
    pub stop: Arc<AtomicBool>,
    /// What is left shall stay undone.
    pub halt: Arc<AtomicBool>,
}

impl<P> Shared<P> {
    /// A reading of the account; see [`Ledger::read`] for the order of the looks.
    pub fn ledger(&self) -> Ledger {
        // Held throughout, so that no dispatcher's counts move into the total in between.
        let doors = self.doors.lock();
        let before = self.ends(&doors);
        let (accepted, refused) = doors.counted();
        let after = self.ends(&doors);
        Ledger::read(before, accepted, refused, after, self.in_flight_max)
    }

    fn ends(&self, doors: &DoorList) -> Ends {
        let count = |of: fn(&WorkerState) -> u64| self.workers.iter().map(|w| of(w)).sum();
        Ends {
            processed: count(|worker| worker.counts.processed.get()),
            failed: count(|worker| worker.counts.failed.get()),
            expired: count(|worker| worker.counts.expired.get()),
            abandoned: count(|worker| worker.counts.abandoned.get()),
            evicted: doors.evicted(),
        }
    }
}

/// The counts of all dispatchers there are, and the sum of those that are gone.
#[derive(Default)]
pub struct Doors(Mutex<DoorList>);

#[derive(Default)]
pub struct DoorList {
    open: Vec<Arc<DoorCounts>>,
    gone: DoorCounts,
}

impl Doors {
    /// Counts for a new dispatcher.
    pub fn open(&self) -> Arc<DoorCounts> {
        let mut doors = self.lock();
        doors.settle();
        let counts = Arc::new(DoorCounts::default());
        doors.open.push(counts.clone());
        counts
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DoorList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DoorList {
    /// Adds the counts of dispatchers that are gone to the sum, so that the list is bounded by
    /// the dispatchers alive.
    fn settle(&mut self) {
        let gone = &self.gone;
        self.open.retain(|door| {
            let alive = Arc::strong_count(door) > 1;
            if !alive {
                // Acquire: the count is read Relaxed; this pairs with the release in the drop of
                // the dispatcher's own handle, so that its last counts are seen.
                fence(Ordering::Acquire);
                gone.absorb(door);
            }
            alive
        });
    }

    fn all(&self) -> impl Iterator<Item = &DoorCounts> {
        self.open.iter().map(|door| &**door).chain(std::iter::once(&self.gone))
    }

    fn counted(&self) -> (u64, Dropped) {
        let mut refused = Dropped::default();
        let mut accepted = 0;
        for door in self.all() {
            accepted += door.accepted.get();
            let here = door.refused();
            refused.inbox_full += here.inbox_full;
            refused.closed += here.closed;
            refused.order_window += here.order_window;
        }
        (accepted, refused)
    }

    fn evicted(&self) -> u64 {
        self.all().map(|door| door.evicted.get()).sum()
    }
}
