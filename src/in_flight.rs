//! The in-flight count of one inbox, and with it the whole protocol between the threads that
//! fill the inbox and the one that empties it.
//!
//! The count, "the worker sleeps", "somebody waits for room" and "closed" live in *one*
//! atomic word. Every question that two threads could get wrong between each other is then
//! answered by the order of changes to that one word, which all threads agree on, and needs
//! no fence:
//!
//! - A packet is counted before it is queued and uncounted after its work: the count is never
//!   less than what is there.
//! - The worker may mark itself asleep only in the same step that sees a count of 0. Whoever
//!   raises the count next sees the mark and must wake it.
//! - A dispatcher that waits for room marks that in the same step that sees a full inbox.
//!   Whoever lowers the count next sees the mark.
//! - Closing is a mark, not a disconnection: what was counted before it will be queued and
//!   finished, what comes after it is refused.
//!
//! Limits: the count goes to 2^29 − 1, a bound to a quarter of it ([`BOUND_MAX`]). `inbox/protocol.md` tells the whole story, and
//! `tests/loom_inbox.rs` tries its interleavings.

use crate::sync::{AtomicU32, Ordering};

const CLOSED: u32 = 1 << 31;
const SLEEPING: u32 = 1 << 30;
const WAITED_FOR: u32 = 1 << 29;
const COUNT: u32 = WAITED_FOR - 1;

/// The largest bound an inbox may have: a quarter of the count, so that the claims of many
/// dispatchers at once, taken back a moment later, cannot overflow into the marks.
pub const BOUND_MAX: u32 = COUNT / 4;

/// The in-flight count of one worker, with the marks beside it.
#[derive(Debug)]
pub struct InFlight(AtomicU32);

/// What came of asking for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Room for this many packets (at least one) is reserved; `wake` says that the worker
    /// sleeps and must be woken once they are queued.
    Granted {
        /// How many packets may be queued.
        packets: u32,
        /// Whether the worker must be woken.
        wake: bool,
    },
    /// The inbox is full. `notify` as for [`InFlight::release`].
    Full {
        /// Whether those who wait for room must be told.
        notify: bool,
    },
    /// The inbox is closed. `notify` as for [`InFlight::release`].
    Closed {
        /// Whether those who wait for room must be told.
        notify: bool,
    },
}

/// How an inbox stands, for whoever waits for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is room.
    Room,
    /// There is none.
    Full,
    /// There will never be any.
    Closed,
}

impl Default for InFlight {
    fn default() -> Self {
        InFlight(AtomicU32::new(0))
    }
}

impl InFlight {
    /// Packets in flight, for whoever chooses: may be a moment old.
    pub fn count(&self) -> u32 {
        // Relaxed: a hint; nothing else is read on the strength of it.
        self.0.load(Ordering::Relaxed) & COUNT
    }

    /// Reserves room for up to `packets` under `bound`.
    #[inline]
    pub fn claim(&self, packets: u32, bound: u32, low_water: u32) -> Claim {
        // Relaxed: only spares the common refusals a write; the exchange below decides.
        let seen = self.0.load(Ordering::Relaxed);
        if seen & CLOSED != 0 {
            return Claim::Closed { notify: false };
        }
        let wanted = packets.min(bound.saturating_sub(seen & COUNT));
        if wanted == 0 {
            return Claim::Full { notify: false };
        }
        // AcqRel: Release so that the worker that sees the count (`try_sleep`, `is_finished`)
        // sees what was done before it; Acquire pairs with `release`.
        let before = self.0.fetch_add(wanted, Ordering::AcqRel);
        if before & CLOSED != 0 {
            return Claim::Closed { notify: self.release(wanted, low_water) };
        }
        let excess = ((before & COUNT) + wanted).saturating_sub(bound).min(wanted);
        let notify = excess > 0 && self.release(excess, low_water);
        if excess == wanted {
            return Claim::Full { notify };
        }
        // A waiter that must be told while we were granted room needs no word from us: our
        // own packets will be released, and their release tells it.
        Claim::Granted { packets: wanted - excess, wake: before & SLEEPING != 0 }
    }

    /// Counts `packets` whatever the bound and the marks say: what is counted already somewhere
    /// else is on its way here (a thief's booty, which it counts itself up before its victim
    /// down). True when the worker sleeps and must be woken.
    #[must_use]
    pub fn force(&self, packets: u32) -> bool {
        // AcqRel: as in `claim`.
        self.0.fetch_add(packets, Ordering::AcqRel) & SLEEPING != 0
    }

    /// Counts `packets` whatever the bound says, unless it is closed: whoever ends it afterwards
    /// finds them counted first. `notify` and `wake` as for [`InFlight::claim`].
    #[must_use]
    pub fn force_open(&self, packets: u32, low_water: u32) -> Claim {
        // AcqRel: as in `claim`.
        let before = self.0.fetch_add(packets, Ordering::AcqRel);
        if before & CLOSED != 0 {
            return Claim::Closed { notify: self.release(packets, low_water) };
        }
        Claim::Granted { packets, wake: before & SLEEPING != 0 }
    }

    /// Takes the mark of a sleeping worker away, so that whoever sees true is the one to wake it:
    /// not for a packet of its own, but to look what it could take from others.
    #[must_use]
    pub fn rouse(&self) -> bool {
        // Relaxed: a look that spares the exchange while the worker is awake, as it mostly is.
        if self.0.load(Ordering::Relaxed) & SLEEPING == 0 {
            return false;
        }
        // AcqRel: pairs with `try_sleep`.
        self.0.fetch_and(!SLEEPING, Ordering::AcqRel) & SLEEPING != 0
    }

    /// Uncounts `packets`. True when somebody waits for room and the count has come down to
    /// `low_water`: the caller must then tell them.
    #[must_use]
    pub fn release(&self, packets: u32, low_water: u32) -> bool {
        // AcqRel: Release hands the finished work to whoever sees the lower count (a drain
        // that sees 0); Acquire pairs with `mark_waited_for`.
        let before = self.0.fetch_sub(packets, Ordering::AcqRel);
        before & WAITED_FOR != 0 && (before & COUNT) - packets <= low_water
    }

    /// The worker's last step before it sleeps; false when it must not, because something is
    /// in flight or the inbox is closed.
    pub fn try_sleep(&self) -> bool {
        let mut seen = self.0.load(Ordering::Relaxed);
        while seen & (COUNT | CLOSED) == 0 {
            // AcqRel on success: pairs with `claim`, which must see the mark or be seen.
            let marked = self.0.compare_exchange_weak(
                seen,
                seen | SLEEPING,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            match marked {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// The worker's first step after it slept.
    pub fn wake(&self) {
        // Relaxed: the mark is for those who read the word itself.
        self.0.fetch_and(!SLEEPING, Ordering::Relaxed);
    }

    /// Marks that somebody waits for room; says how it stands.
    pub fn mark_waited_for(&self, bound: u32) -> Standing {
        // AcqRel: pairs with `release`, which must see the mark or be seen.
        let before = self.0.fetch_or(WAITED_FOR, Ordering::AcqRel);
        match before {
            _ if before & CLOSED != 0 => Standing::Closed,
            _ if before & COUNT < bound => Standing::Room,
            _ => Standing::Full,
        }
    }

    /// Takes that mark away; the caller holds the lock of the gate.
    pub fn clear_waited_for(&self) {
        self.0.fetch_and(!WAITED_FOR, Ordering::Relaxed);
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        // AcqRel: what the closing thread did before is seen by whoever sees the mark.
        self.0.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & CLOSED != 0
    }

    /// Whether it is closed and nothing is in flight any more.
    pub fn is_finished(&self) -> bool {
        // Acquire: pairs with `claim` and `release`.
        self.0.load(Ordering::Acquire) & (CLOSED | COUNT) == CLOSED
    }

    /// Sets the count outright, the marks untouched: for simulators and tests, which have no
    /// threads.
    pub fn set(&self, packets: u32) {
        let marks = self.0.load(Ordering::Relaxed) & !COUNT;
        self.0.store(marks | packets.min(COUNT), Ordering::Relaxed);
    }
}
