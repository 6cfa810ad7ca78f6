//! Counters that one thread writes and any thread reads.
//!
//! The thread that counts stores; nobody ever adds to another's counter, so counting costs no
//! locked instruction. The ledger sums them; see [`crate::ledger::Ledger::read`] for the order
//! in which it must look.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ledger::{DropReason, Dropped};

/// A count with a single writer.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `n` more. Only the owning thread calls this.
    pub fn add(&self, n: u64) {
        // Relaxed load: we are the only writer. Release: pairs with `get`, so that whoever
        // sees an end counted also sees the acceptance that came before it.
        self.0.store(self.0.load(Ordering::Relaxed) + n, Ordering::Release);
    }

    /// The count.
    pub fn get(&self) -> u64 {
        // Acquire: pairs with `add`.
        self.0.load(Ordering::Acquire)
    }
}

/// What one dispatcher counts at the door.
#[derive(Debug, Default)]
pub struct DoorCounts {
    /// Packets with a place in an inbox; counted before they are queued there.
    pub accepted: Counter,
    /// Packets refused because every inbox was full.
    pub inbox_full: Counter,
    /// Packets refused because the engine was closing.
    pub closed: Counter,
    /// Packets refused because too many results of their key wait for a straggler.
    pub order_window: Counter,
    /// Packets this dispatcher took out of an inbox again: an end, not a refusal.
    pub evicted: Counter,
}

impl DoorCounts {
    /// Counts `n` packets dropped for `reason`.
    pub fn drop_for(&self, reason: DropReason, n: u64) {
        match reason {
            DropReason::InboxFull => self.inbox_full.add(n),
            DropReason::Closed => self.closed.add(n),
            DropReason::OrderWindow => self.order_window.add(n),
            DropReason::Evicted => self.evicted.add(n),
            // Only a worker finds out, and counts it in its own counts.
            DropReason::Expired => {}
        }
    }

    /// Packets refused at the door; evicted ones are not among them.
    pub fn refused(&self) -> Dropped {
        Dropped {
            inbox_full: self.inbox_full.get(),
            closed: self.closed.get(),
            order_window: self.order_window.get(),
            ..Dropped::default()
        }
    }

    /// Adds what another dispatcher counted in its life.
    pub fn absorb(&self, other: &DoorCounts) {
        self.accepted.add(other.accepted.get());
        self.inbox_full.add(other.inbox_full.get());
        self.closed.add(other.closed.get());
        self.order_window.add(other.order_window.get());
        self.evicted.add(other.evicted.get());
    }
}

/// What one worker counts at the end of the work.
#[derive(Debug, Default)]
pub struct WorkCounts {
    /// Packets whose work succeeded.
    pub processed: Counter,
    /// Packets whose work failed or panicked.
    pub failed: Counter,
    /// Packets that were too old when their turn came.
    pub expired: Counter,
    /// Packets that lay there when it died, and that nobody else could have.
    pub abandoned: Counter,
    /// Packets taken from the inbox of another worker; they are among the others too.
    pub stolen: Counter,
}
