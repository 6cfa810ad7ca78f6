//! What the caller gets back.

use std::fmt;

use crate::job::Job;
use crate::ledger::DropReason;

/// A job that found no place. It is in the ledger as dropped, and here for the caller to keep.
#[derive(Clone, PartialEq)]
pub struct Refused<P> {
    /// The job, untouched.
    pub job: Job<P>,
    /// Why: [`DropReason::InboxFull`] or [`DropReason::Closed`].
    pub reason: DropReason,
}

impl<P> fmt::Debug for Refused<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<P> fmt::Display for Refused<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            DropReason::Closed => "the engine is closing and takes no more packets",
            _ => "every inbox is full: send less, raise the inbox bound, or choose `block`",
        })
    }
}

impl<P> std::error::Error for Refused<P> {}

/// What came of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Jobs with a place in an inbox.
    pub accepted: usize,
    /// Jobs left in the batch.
    pub refused: usize,
    /// Why the last of them was refused.
    pub reason: Option<DropReason>,
}
