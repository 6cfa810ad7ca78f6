//! An idle worker takes from a loaded one.
//!
//! It is worth it when the packet would be done sooner here than there, and when there is enough
//! to do there that the taking, a microsecond, is little beside it. What waits longest is taken:
//! a whole message. The thief counts it as in flight here before it is uncounted there, so that
//! at no moment it is in flight nowhere.

use super::{DeskOf, Worker};
use crate::ids::WorkerId;
use crate::inbox::{Message, Patience};
use crate::process::{Process, Sink};

/// A worker looks at its neighbours on every so many-th look at its own inbox: their counts are
/// on cache lines that they need themselves.
const LOOKS_APART: u32 = 8;

/// Less work than this is not worth taking: fetching its packets from another core's cache, and
/// slowing that core down meanwhile, costs a good part of it.
const WORTH_NS: u64 = 10_000;

impl<P, W, S> Worker<P, W, S>
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    /// A message of the most loaded neighbour, if it is worth taking.
    pub(super) fn steal(
        &mut self,
        desk: &DeskOf<'_, P, W>,
        patience: &Patience,
    ) -> Option<Message<P>> {
        let is_time = patience.tries().is_multiple_of(LOOKS_APART);
        // With something of its own in flight, its own comes first: it is about to be queued.
        if !self.parts.steal || !is_time || desk.inbox.in_flight() > 0 {
            return None;
        }
        let victim = self.parts.inboxes.of(self.victim()?);
        // What was sent after this worker was parked was put there after it, under the lock that is
        // held when this is asked: nothing of that is taken.
        let message = victim.queue().steal(|| !self.is_parked())?;
        let places = message.places();
        desk.inbox.force(places);
        victim.release(places);
        self.parts.state.counts.stolen.add(u64::from(places));
        Some(message)
    }

    fn victim(&self) -> Option<WorkerId> {
        let (own, board) = (self.parts.info.worker, &self.parts.board);
        if self.is_parked() {
            // It has finished what it had and shall sleep.
            return None;
        }
        let speed = |worker| {
            let (capacity, foreign_load) = board.speed(worker);
            capacity * (1.0 - foreign_load)
        };
        let mut worst = (1.0 / speed(own), None);
        let worth = self.pending.packets_in(WORTH_NS);
        for worker in (0..board.workers()).map(WorkerId).filter(|worker| *worker != own) {
            let in_flight = board.in_flight(worker).count();
            let left = in_flight as f32 / speed(worker);
            // One packet is in hand; a few short ones are done before they are taken.
            if in_flight > worth && left > worst.0 {
                worst = (left, Some(worker));
            }
        }
        worst.1
    }

    fn is_parked(&self) -> bool {
        self.parts.board.parking().is_parked(self.parts.info.worker)
    }
}
