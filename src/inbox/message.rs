//! What lies in an inbox: one packet, or several that were chosen for the same worker.
//!
//! What only some engines need of every packet (how it was chosen, its ticket) is kept apart, so
//! that those who need none of it do not carry it.

use std::sync::Arc;

use crate::feedback::Mailbox;
use crate::ids::WorkerId;
use crate::job::Job;
use crate::order::Ticket;

/// One entry of the queue.
#[derive(Debug)]
pub struct Message<P> {
    /// What it brings.
    pub body: Body<P>,
    /// The lane that it waits in; see [`super::Lanes`].
    pub lane: u8,
    /// When it was dispatched, and which of its packets are to be measured.
    pub stamp: Stamp,
    /// What some engines need to know of each packet.
    pub extras: Option<Box<Extras>>,
}

/// What a message brings.
#[derive(Debug)]
pub enum Body<P> {
    /// A packet that was dispatched by itself.
    One(Job<P>),
    /// The part of a batch that goes to this worker.
    Many(Vec<Job<P>>),
    /// No packet: the worker is to look after this ticket's stream.
    Nudge(Ticket),
}

/// The packets `first..first + count` of a message are measured; each stands for `weight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// When the message was dispatched, in nanoseconds since the run began; nothing where no
    /// packet of it is measured.
    pub enqueued_ns: u64,
    /// The first packet that is measured.
    pub first: u32,
    /// How many are.
    pub count: u32,
    /// For how many packets each stands.
    pub weight: u32,
}

impl Stamp {
    /// Whether packet number `at` is to be measured.
    pub fn measures(&self, at: usize) -> bool {
        (at as u32).wrapping_sub(self.first) < self.count
    }

    /// The stamp of the packets from `at` on; what is left here is that of those before.
    fn split_off(&mut self, at: u32) -> Stamp {
        let end = self.first + self.count;
        let tail_first = self.first.max(at);
        let tail = Stamp { first: tail_first - at, count: end.saturating_sub(tail_first), ..*self };
        self.count -= tail.count;
        tail
    }
}

/// How a packet's worker was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// The worker the policy chose.
    pub chosen: WorkerId,
    /// Packets in flight at that worker, as the choice saw them.
    pub in_flight: u32,
    /// Foreign load of that worker's core (0 to 1), as the choice saw it.
    pub foreign_load: f32,
}

/// What some engines need of each packet, in the order of the packets.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// How each was chosen, where that is recorded; else empty.
    pub notes: Vec<Note>,
    /// The ticket of each, where results are released in order; else empty.
    pub tickets: Vec<Ticket>,
    /// The number of each choice, where the policy is told what came of it; else empty.
    pub replies: Vec<u64>,
    /// Where it is told.
    pub mailbox: Option<Arc<Mailbox>>,
}

impl Extras {
    /// Adds one packet's; keeps nothing where there is nothing.
    #[inline]
    pub fn push(
        extras: &mut Option<Box<Extras>>,
        note: Option<Note>,
        ticket: Option<Ticket>,
        reply: Option<(u64, &Arc<Mailbox>)>,
    ) {
        if note.is_none() && ticket.is_none() && reply.is_none() {
            return;
        }
        let extras = extras.get_or_insert_default();
        extras.notes.extend(note);
        extras.tickets.extend(ticket);
        if let Some((number, mailbox)) = reply {
            extras.replies.push(number);
            extras.mailbox.get_or_insert_with(|| mailbox.clone());
        }
    }

    fn split_off(&mut self, at: usize) -> Extras {
        let tail = |length: usize| at.min(length);
        Extras {
            notes: self.notes.split_off(tail(self.notes.len())),
            tickets: self.tickets.split_off(tail(self.tickets.len())),
            replies: self.replies.split_off(tail(self.replies.len())),
            mailbox: self.mailbox.clone(),
        }
    }
}

impl<P> Message<P> {
    /// How many places it takes in the in-flight count: a nudge takes one.
    pub fn places(&self) -> u32 {
        match &self.body {
            Body::One(_) | Body::Nudge(_) => 1,
            Body::Many(jobs) => jobs.len() as u32,
        }
    }

    /// How packet number `at` was chosen, where that is recorded.
    pub fn note(&self, at: usize) -> Option<Note> {
        self.extras.as_ref().and_then(|extras| extras.notes.get(at).copied())
    }

    /// The ticket of packet number `at`, where it has one.
    pub fn ticket(&self, at: usize) -> Option<Ticket> {
        self.extras.as_ref().and_then(|extras| extras.tickets.get(at).copied())
    }

    /// The packets from `at` on as a message of their own, if there are any.
    pub fn split_off(&mut self, at: usize) -> Option<Message<P>> {
        let Body::Many(jobs) = &mut self.body else { return None };
        if at >= jobs.len() {
            return None;
        }
        let body = Body::Many(jobs.split_off(at));
        let stamp = self.stamp.split_off(at as u32);
        let extras = self.extras.as_mut().map(|extras| Box::new(extras.split_off(at)));
        Some(Message { body, lane: self.lane, stamp, extras })
    }

    /// Its packets with note and ticket, in order.
    pub fn into_packets(self) -> impl Iterator<Item = (Job<P>, Option<Note>, Option<Ticket>)> {
        let extras = self.extras.map(|extras| *extras).unwrap_or_default();
        let jobs = match self.body {
            Body::One(job) => vec![job],
            Body::Many(jobs) => jobs,
            Body::Nudge(_) => Vec::new(),
        };
        jobs.into_iter().enumerate().map(move |(at, job)| {
            (job, extras.notes.get(at).copied(), extras.tickets.get(at).copied())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Wherever a message is split, each packet keeps its note and whether it is measured.
        #[test]
        fn a_split_keeps_every_packet_as_it_was(
            length in 1u32..20, at in 0usize..22, first in 0u32..20, count in 0u32..20,
        ) {
            let note = |n: u32| Note { chosen: WorkerId(n), in_flight: n, foreign_load: 0.0 };
            let first = first.min(length);
            let stamp = Stamp { enqueued_ns: 7, first, count: count.min(length - first), weight: 3 };
            let extras = Extras { notes: (0..length).map(note).collect(), ..Extras::default() };
            let mut head = Message {
                body: Body::Many((0..u64::from(length)).map(|n| Job::new(n, n)).collect()),
                lane: 1,
                stamp,
                extras: Some(Box::new(extras)),
            };
            let tail = head.split_off(at);
            let mut seen = 0;
            for message in std::iter::once(head).chain(tail) {
                let places = message.places() as usize;
                let measures: Vec<bool> = (0..places).map(|at| message.stamp.measures(at)).collect();
                for ((job, note, _), measured) in message.into_packets().zip(measures) {
                    prop_assert_eq!(note.map(|note| u64::from(note.in_flight)), Some(job.payload));
                    prop_assert_eq!(measured, stamp.measures(job.payload as usize));
                    prop_assert_eq!(job.payload, seen);
                    seen += 1;
                }
            }
            prop_assert_eq!(seen, u64::from(length));
        }
    }
}
