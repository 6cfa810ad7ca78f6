//! A policy that panics, in the middle of a dispatch.
//!
//! Problem: policies may be the user's, and so may be the caller who catches the panic and goes
//! on. What was chosen for and not sent by then holds places of `sticky` and tickets of `ordered`,
//! which would be waited for, and would come along with the next batch. Choice: it is undone, as
//! if it had never been given, and the panic goes on. Where no order is promised nothing is held,
//! and nothing needs to be caught.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::batch::Grouped;
use super::ways::Way;
use super::{Dispatcher, Refused};
use crate::ids::WorkerId;
use crate::inbox::Message;
use crate::job::Job;
use crate::loads::Choice;
use crate::order::{Order, Ticket};
use crate::panics::drop_quietly;

impl<P> Dispatcher<P> {
    /// Groups and sends a batch packet by packet. If the policy panics, what was not sent is in
    /// `jobs` again, behind those refused so far; the packets of a stream in their sequence.
    pub(super) fn send_in_order(
        &mut self,
        jobs: &mut Vec<Job<P>>,
        all: bool,
        refused: &mut Vec<Refused<P>>,
    ) {
        let mut left = jobs.drain(..);
        let sent = catch_unwind(AssertUnwindSafe(|| {
            self.group_in_order(&mut left, all, refused);
            self.send_groups_in_order(all, refused);
        }));
        if let Err(panic) = sent {
            let unchosen: Vec<_> = left.collect();
            jobs.extend(refused.drain(..).map(|refused| refused.job));
            self.take_back(jobs);
            jobs.extend(unchosen);
            resume_unwind(panic);
        }
    }

    /// As [`Dispatcher::deliver`], for a message that is not in a group.
    pub(super) fn deliver_or_undo(
        &mut self,
        way: Way,
        chosen: WorkerId,
        message: Message<P>,
        back: &mut dyn FnMut(Refused<P>),
    ) {
        let deliver = AssertUnwindSafe(|| self.deliver(way, chosen, message, back));
        if let Err(panic) = catch_unwind(deliver) {
            let mut lost = Vec::new();
            self.take_back(&mut lost);
            drop_quietly(lost);
            resume_unwind(panic);
        }
    }

    /// The worker for a job with this ticket; see [`Dispatcher::choose`].
    pub(super) fn choose_or_undo(
        &mut self,
        way: Way,
        job: &Job<P>,
        ticket: Option<Ticket>,
    ) -> Choice {
        let ask = self.rule.ask(job, self.probe.now_ns());
        let Some(ticket) = ticket else { return self.choose(way, ask) };
        match catch_unwind(AssertUnwindSafe(|| self.choose(way, ask))) {
            Ok(choice) => choice,
            Err(panic) => {
                self.cancel(ticket);
                resume_unwind(panic);
            }
        }
    }

    /// What is grouped, or moves, gives up its places and tickets, and goes back into `jobs`.
    fn take_back(&mut self, jobs: &mut Vec<Job<P>>) {
        // Those that move have left their places; they have no tickets.
        let moving = std::mem::take(&mut self.moving);
        let moving = moving.into_iter().flat_map(Message::into_packets);
        let mut back: Vec<_> = moving.map(|(job, ..)| (None, job)).collect();
        for Grouped { worker, lane, ticket, job } in self.groups.take_all() {
            if self.parts.inboxes.plan.kinds()[lane as usize].order == Order::Sticky {
                self.parts.sticky.leave(job.key, worker);
            }
            ticket.into_iter().for_each(|ticket| self.cancel(ticket));
            back.push((ticket, job));
        }
        // A stream's packets lie in one group, or have tickets.
        back.sort_by_key(|(ticket, _)| ticket.map(|ticket| (ticket.place, ticket.number)));
        jobs.extend(back.into_iter().map(|(_, job)| job));
    }
}
