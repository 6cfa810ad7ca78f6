//! What becomes of the packets of a worker that died.
//!
//! Problem: nobody else takes what lies in its inbox, and in `ordered` the others' results would
//! wait for its tickets for ever. Choice: its thread stays until nothing more can come: what any
//! worker may do goes to the living, the rest is accounted for as abandoned and gives up its
//! places in its streams. Limit: the packet that it was at when it died stays in flight until the
//! account is closed, which calls it abandoned.

use super::{Desk, Worker};
use crate::ids::WorkerId;
use crate::inbox::{Body, Message};
use crate::order::{Order, Ticket};
use crate::panics::drop_quietly;
use crate::process::{Process, Sink};
use crate::sync::back_off;

impl<P, W, S> Worker<P, W, S>
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    /// Tells what was done, and gives away what was still to do.
    pub(super) fn lay_down(&mut self, desk: &super::DeskOf<'_, P, W>) {
        // Those of the message that it was at are among the places, done or not.
        self.pending.flush(&self.parts.state, self.parts.records.as_ref());
        self.release(desk, self.held);
        while let Some(message) = self.hand.pop_front() {
            desk.leave_to_others(self.parts.info.worker, message);
        }
    }
}

impl<P, State, Out> Desk<'_, P, State, Out> {
    /// Closes the inbox of a worker that died and empties it, until nothing more can come or a
    /// halt `is_called`.
    pub(super) fn bury(&self, worker: WorkerId, is_called: impl Fn() -> bool) {
        self.inboxes.bury(worker);
        let mut tries = 0;
        // What was counted before the close is still on its way into the lanes.
        while !self.inbox.is_finished() && !is_called() {
            if let Some(message) = self.inbox.take() {
                tries = 0;
                self.leave_to_others(worker, message);
            } else {
                tries += 1;
                back_off(tries);
            }
        }
    }

    /// Gives a message that was taken out of this inbox to another worker, if one may have it.
    fn leave_to_others(&self, worker: WorkerId, message: Message<P>) {
        let places = message.places();
        // What stays with one worker may already be followed by others elsewhere.
        let is_free = self.inbox.queue().order(message.lane) != Order::Sticky;
        let left = if is_free { self.inboxes.send_on(message) } else { Some(message) };
        if let Some(message) = left {
            self.abandon(worker, message);
        }
        // After it is counted elsewhere, or at its end.
        self.inbox.release(places);
    }

    fn abandon(&self, worker: WorkerId, message: Message<P>) {
        if let Body::Nudge(ticket) = message.body {
            // It may have lain in a sticky lane. When all are closed the last to end looks.
            self.inboxes.nudge(ticket);
            return;
        }
        let order = self.inbox.queue().order(message.lane);
        self.counts.abandoned.add(u64::from(message.places()));
        for (job, _, ticket) in message.into_packets() {
            if order == Order::Sticky {
                self.settling.sticky.leave(job.key, worker);
            }
            ticket.into_iter().for_each(|ticket| self.void(ticket));
            drop_quietly(job);
        }
    }

    /// Skips a ticket whose packet nobody will work on, and sends somebody to release what waits
    /// for it. One that has ended already stays as it is.
    fn void(&self, ticket: Ticket) {
        if self.settling.ordered.void(ticket) {
            self.inboxes.nudge(ticket);
        }
    }
}

/// The message that a worker is at. Dropped, by a panic, it voids the tickets that are left; at
/// its end it is forgotten.
pub struct AtWork<'a, P, State, Out> {
    pub desk: &'a Desk<'a, P, State, Out>,
    /// The tickets of its packets; of a nudge that which it is about.
    pub tickets: &'a [Ticket],
    /// How many packets have been worked on.
    pub done: usize,
}

impl<P, State, Out> Drop for AtWork<'_, P, State, Out> {
    fn drop(&mut self) {
        let left = self.tickets.get(self.done..).unwrap_or_default();
        left.iter().for_each(|ticket| self.desk.void(*ticket));
    }
}
