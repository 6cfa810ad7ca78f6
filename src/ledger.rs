//! The ledger: where every packet that was given to dispatch has gone.
//!
//! `received = processed + failed + Σ dropped + abandoned + in flight`, at every reading.
//! A packet given to dispatch is counted once at the door, as accepted or as refused for some
//! reason, and if accepted once more at its end. What never became a packet (a malformed
//! line, a datagram the kernel dropped) stands outside that sum, in [`Input`].

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a packet was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Refused at the door, because every inbox was full (`drop-newest`).
    InboxFull,
    /// Refused at the door, because the engine was closing.
    Closed,
    /// Taken out of an inbox to make room for a newer one (`drop-oldest`) or one that matters more.
    Evicted,
    /// Refused at the door, because too many results of its key wait for one straggler.
    OrderWindow,
    /// Older than the deadline when its turn came.
    Expired,
}

impl DropReason {
    /// The reason's name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            DropReason::InboxFull => "inbox-full",
            DropReason::Closed => "closed",
            DropReason::Evicted => "evicted",
            DropReason::OrderWindow => "order-window",
            DropReason::Expired => "expired",
        }
    }
}

/// What came of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The work succeeded.
    Processed,
    /// The work returned a failure or panicked.
    Failed,
    /// It never reached the work.
    Dropped(DropReason),
    /// The run, or its worker, ended before its work did.
    Abandoned,
}

impl Outcome {
    /// Every outcome there is.
    pub const ALL: [Outcome; 8] = [
        Outcome::Processed,
        Outcome::Failed,
        Outcome::Dropped(DropReason::InboxFull),
        Outcome::Dropped(DropReason::Closed),
        Outcome::Dropped(DropReason::Evicted),
        Outcome::Dropped(DropReason::OrderWindow),
        Outcome::Dropped(DropReason::Expired),
        Outcome::Abandoned,
    ];

    /// The outcome's name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Processed => "processed",
            Outcome::Failed => "failed",
            Outcome::Dropped(reason) => reason.as_str(),
            Outcome::Abandoned => "abandoned",
        }
    }
}

/// Packets dropped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Dropped {
    /// See [`DropReason::InboxFull`].
    pub inbox_full: u64,
    /// See [`DropReason::Closed`].
    pub closed: u64,
    /// See [`DropReason::Evicted`].
    pub evicted: u64,
    /// See [`DropReason::OrderWindow`].
    pub order_window: u64,
    /// See [`DropReason::Expired`].
    pub expired: u64,
}

impl Dropped {
    /// All of them.
    pub fn total(&self) -> u64 {
        let all = [self.inbox_full, self.closed, self.evicted, self.order_window, self.expired];
        // Saturating: read back from a damaged file they may be anything.
        all.into_iter().fold(0, u64::saturating_add)
    }
}

/// What arrived and never became a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// Lines, rows or whole datagrams that could not be read, by reason.
    pub lines_rejected: BTreeMap<String, u64>,
    /// Fields that hold text or a truth value: nothing to measure.
    pub fields_not_numeric: u64,
    /// Datagrams that the kernel dropped because its receive buffer was full.
    pub kernel_drops: u64,
}

impl Input {
    /// Counts one rejected line.
    pub fn reject(&mut self, reason: &str) {
        *self.lines_rejected.entry(reason.to_owned()).or_default() += 1;
    }

    /// Lines rejected for any reason.
    pub fn rejected(&self) -> u64 {
        self.lines_rejected.values().sum()
    }

    /// Adds what another source counted.
    pub fn add(&mut self, other: &Input) {
        for (reason, count) in &other.lines_rejected {
            *self.lines_rejected.entry(reason.clone()).or_default() += count;
        }
        self.fields_not_numeric += other.fields_not_numeric;
        self.kernel_drops += other.kernel_drops;
    }
}

/// One reading of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Packets given to dispatch.
    pub received: u64,
    /// Packets whose work succeeded.
    pub processed: u64,
    /// Packets whose work failed or panicked.
    pub failed: u64,
    /// Packets that never reached the work.
    pub dropped: Dropped,
    /// Packets left over when the run ended, or when the worker died that they lay at.
    pub abandoned: u64,
    /// Packets accepted and not finished.
    pub in_flight: u64,
    /// What never became a packet.
    pub input: Input,
}

/// The ends that accepted packets come to, as counted at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Packets whose work succeeded.
    pub processed: u64,
    /// Packets whose work failed.
    pub failed: u64,
    /// Packets taken out of an inbox.
    pub evicted: u64,
    /// Packets that were too old when their turn came.
    pub expired: u64,
    /// Packets that lay at a worker when it died.
    pub abandoned: u64,
}

impl Ends {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.processed + self.failed + self.evicted + self.expired + self.abandoned
    }

    /// A point between this reading and `later` with `total` ends, as far as there is one.
    fn towards(self, later: Ends, total: u64) -> Ends {
        let mut missing = total.saturating_sub(self.total());
        let mut step = |from: u64, to: u64| {
            let taken = missing.min(to.saturating_sub(from));
            missing -= taken;
            from + taken
        };
        Ends {
            processed: step(self.processed, later.processed),
            failed: step(self.failed, later.failed),
            evicted: step(self.evicted, later.evicted),
            expired: step(self.expired, later.expired),
            abandoned: step(self.abandoned, later.abandoned),
        }
    }
}

impl Ledger {
    /// Closes an account that is being written to while it is read.
    ///
    /// The caller reads the ends (`before`), then what the door counted, then the ends again
    /// (`after`). Ends read before the door can never exceed it, so `in_flight` is never
    /// negative. But packets may have come through the door since `before`, and the
    /// difference could exceed what the inboxes can hold; the true ends at that moment lay
    /// between the two readings and within `in_flight_max` of the door, and so does the point
    /// taken here.
    pub fn read(
        before: Ends,
        accepted: u64,
        refused: Dropped,
        after: Ends,
        in_flight_max: u64,
    ) -> Self {
        let ends = before.towards(after, accepted.saturating_sub(in_flight_max));
        Ledger {
            received: accepted + refused.total(),
            processed: ends.processed,
            failed: ends.failed,
            dropped: Dropped {
                evicted: refused.evicted + ends.evicted,
                expired: refused.expired + ends.expired,
                ..refused
            },
            abandoned: ends.abandoned,
            in_flight: accepted - ends.total(),
            input: Input::default(),
        }
    }

    /// Whether the account closes.
    pub fn closes(&self) -> bool {
        self.received
            == self.processed + self.failed + self.dropped.total() + self.abandoned + self.in_flight
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dropped { inbox_full, closed, evicted, order_window, expired } = self.dropped;
        write!(
            f,
            "received {} = processed {} + failed {}",
            self.received, self.processed, self.failed
        )?;
        write!(f, " + dropped {}", self.dropped.total())?;
        if self.dropped.total() > 0 {
            write!(f, " (inbox-full {inbox_full}, evicted {evicted}, closed {closed}")?;
            write!(f, ", order-window {order_window}, expired {expired})")?;
        }
        write!(f, " + abandoned {} + in flight {}", self.abandoned, self.in_flight)?;
        if self.input != Input::default() {
            write!(f, "\ninput that never became a packet:")?;
            for (reason, count) in &self.input.lines_rejected {
                write!(f, " {reason} {count},")?;
            }
            write!(
                f,
                " fields not numeric {}, kernel drops {}",
                self.input.fields_not_numeric, self.input.kernel_drops
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever happens between the three looks, the reading closes, is never negative,
        /// stays within the bound and never goes back.
        #[test]
        fn a_reading_closes_whatever_moves_meanwhile(
            start in (0u64..1000, 0u64..1000, 0u64..1000, 0u64..1000, 0u64..1000),
            steps in prop::collection::vec((0u64..50, 0u64..6, any::<bool>()), 0..60),
            bound in 1u64..40,
        ) {
            let (processed, failed, evicted, expired, abandoned) = start;
            let mut ends = Ends { processed, failed, evicted, expired, abandoned };
            let mut accepted = ends.total();
            let (before, mut at_door) = (ends, None);
            for (n, which, look) in steps {
                match which {
                    0 => accepted += n.min(bound - (accepted - ends.total())),
                    1 => ends.processed += n.min(accepted - ends.total()),
                    2 => ends.failed += n.min(accepted - ends.total()),
                    3 => ends.evicted += n.min(accepted - ends.total()),
                    4 => ends.abandoned += n.min(accepted - ends.total()),
                    _ => ends.expired += n.min(accepted - ends.total()),
                }
                if look && at_door.is_none() {
                    at_door = Some(accepted);
                }
            }
            let refused = Dropped { inbox_full: 3, closed: 2, order_window: 1, ..Dropped::default() };
            let ledger = Ledger::read(before, at_door.unwrap_or(accepted), refused, ends, bound);
            prop_assert!(ledger.closes());
            prop_assert!(ledger.in_flight <= bound, "{ledger:?}");
            prop_assert!(ledger.processed >= before.processed && ledger.processed <= ends.processed);
            prop_assert!(ledger.failed >= before.failed && ledger.failed <= ends.failed);
        }
    }

    #[test]
    fn a_ledger_reads_as_its_sum() {
        let mut ledger =
            Ledger { received: 7, processed: 5, failed: 1, in_flight: 1, ..Ledger::default() };
        assert!(ledger.closes());
        assert_eq!(
            ledger.to_string(),
            "received 7 = processed 5 + failed 1 + dropped 0 + abandoned 0 + in flight 1"
        );
        ledger.input.reject("malformed");
        assert!(ledger.to_string().ends_with(
            "input that never became a packet: malformed 1, fields not numeric 0, kernel drops 0"
        ));
    }
}
