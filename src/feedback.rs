//! What came of a choice, on its way back to the policy that made it.
//!
//! Most policies need none of it: live in-flight counts tell them enough. Those that do
//! (`peak-ewma`, `response-time`, `q-learning`) get a [`Done`] for each packet that was worked
//! on, through a bounded queue for each dispatcher. What does not fit is lost and counted: a rule
//! that learns may miss an example, a worker may not wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::ids::WorkerId;
use crate::packet::Kind;

/// The most that waits for one dispatcher to look.
pub const FEEDBACK_BOUND: usize = 4_096;

/// The ticket of a packet that the policy was not asked about: its stream had its worker already.
pub const NOT_ASKED: u64 = u64::MAX;

/// What came of one choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The number of the choice, as the policy was given it; [`NOT_ASKED`] where it made none.
    pub ticket: u64,
    /// The worker that ran the packet; not the one chosen where the packet went elsewhere.
    pub worker: WorkerId,
    /// The packet's kind.
    pub kind: Kind,
    /// When its work ended, in nanoseconds since the run began.
    pub finished_ns: u64,
    /// Nanoseconds from dispatch to the beginning of its work.
    pub wait_ns: u64,
    /// Nanoseconds of its work.
    pub service_ns: u64,
    /// Whether the work failed.
    pub failed: bool,
}

impl Done {
    /// Nanoseconds from dispatch to the end of the work: the field's response or sojourn time.
    pub fn response_ns(&self) -> u64 {
        self.wait_ns + self.service_ns
    }
}

/// Where workers leave what came of the choices of one dispatcher.
#[derive(Debug)]
pub struct Mailbox {
    sender: Sender<Done>,
    lost: AtomicU64,
}

impl Mailbox {
    /// A mailbox, and the end at which its owner reads.
    pub fn new() -> (Arc<Mailbox>, Receiver<Done>) {
        let (sender, receiver) = bounded(FEEDBACK_BOUND);
        (Arc::new(Mailbox { sender, lost: AtomicU64::new(0) }), receiver)
    }

    /// Leaves `done` there, or counts it as lost.
    pub fn leave(&self, done: Done) {
        if self.sender.try_send(done).is_err() {
            // Relaxed: a figure for reports.
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many were lost because their owner did not look.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_is_lost_and_counted() {
        let (mailbox, receiver) = Mailbox::new();
        let done = Done {
            ticket: 0,
            worker: WorkerId(0),
            kind: Kind::Other,
            finished_ns: 9,
            wait_ns: 3,
            service_ns: 4,
            failed: false,
        };
        assert_eq!(done.response_ns(), 7);
        let more = FEEDBACK_BOUND as u64 + 5;
        (0..more).for_each(|ticket| mailbox.leave(Done { ticket, ..done }));
        assert_eq!(mailbox.lost(), 5);
        assert!(receiver.try_iter().map(|done| done.ticket).eq(0..more - 5));
    }
}
