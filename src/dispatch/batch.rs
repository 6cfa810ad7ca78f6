//! A batch on its way into one message a worker and lane.

use std::vec::Drain;

use super::{Dispatcher, Refused, note_of};
use crate::ids::WorkerId;
use crate::inbox::{Body, Extras, Message};
use crate::job::Job;
use crate::loads::Choice;
use crate::order::Ticket;
use crate::packet::Kind;

/// What goes to each worker, lane by lane.
pub struct Groups<P> {
    each: Vec<Group<P>>,
    lanes: usize,
    /// The memory of earlier batches.
    spares: Vec<Vec<Job<P>>>,
}

/// A packet that was chosen for and not sent.
pub struct Grouped<P> {
    pub worker: WorkerId,
    pub lane: u8,
    pub ticket: Option<Ticket>,
    pub job: Job<P>,
}

struct Group<P> {
    jobs: Vec<Job<P>>,
    extras: Option<Box<Extras>>,
}

impl<P> Groups<P> {
    pub fn new(workers: usize, lanes: usize) -> Self {
        let group = |_| Group { jobs: Vec::new(), extras: None };
        Groups { each: (0..workers * lanes).map(group).collect(), lanes, spares: Vec::new() }
    }

    /// Keeps the memory of a batch for another one.
    pub fn keep(&mut self, batch: Vec<Job<P>>) {
        if self.spares.len() < self.each.len() {
            self.spares.push(batch);
        }
    }

    /// Takes everything out, group by group.
    pub fn take_all(&mut self) -> Vec<Grouped<P>> {
        let mut all = Vec::new();
        for (at, group) in self.each.iter_mut().enumerate() {
            let (worker, lane) = place(at, self.lanes);
            let tickets = group.extras.take().map_or(Vec::new(), |extras| extras.tickets);
            let packets = group.jobs.drain(..).enumerate();
            all.extend(packets.map(|(at, job)| {
                let ticket = tickets.get(at).copied();
                Grouped { worker, lane, ticket, job }
            }));
        }
        all
    }

    /// Whose group number `at` is, and for which lane.
    fn place(&self, at: usize) -> (WorkerId, u8) {
        place(at, self.lanes)
    }

    fn of(&mut self, worker: WorkerId, lane: u8) -> &mut Group<P> {
        &mut self.each[worker.index() * self.lanes + lane as usize]
    }
}

fn place(at: usize, lanes: usize) -> (WorkerId, u8) {
    (WorkerId((at / lanes) as u32), (at % lanes) as u8)
}

impl<P> Dispatcher<P> {
    /// The common case, everything in any order: one call of the policy for the whole batch.
    pub(super) fn group_plainly(&mut self, jobs: &mut Vec<Job<P>>) {
        self.choose_all(jobs);
        let lane = self.ways.of(Kind::Other).lane;
        let noting = self.parts.records.is_some() || self.rule.listens();
        // A little more than an even share: then most messages are allocated once.
        let share = jobs.len().min(3 * jobs.len() / self.groups.each.len() / 2 + 2);
        // Hoisted by hand: the compiler must take every push for a change of the list of groups.
        let (each, lanes) = (&mut self.groups.each[..], self.groups.lanes);
        for ((job, choice), ask) in jobs.drain(..).zip(&self.choices).zip(&self.asks) {
            let group = &mut each[choice.worker.index() * lanes + lane as usize];
            if group.jobs.is_empty() {
                group.jobs.reserve(share);
            }
            if noting {
                let note = self.parts.records.is_some().then(|| note_of(*choice));
                let reply = self.rule.reply_for(ask.ticket);
                Extras::push(&mut group.extras, note, None, reply);
            }
            group.jobs.push(job);
        }
    }

    fn choose_all(&mut self, jobs: &[Job<P>]) {
        let parts = &mut self.parts;
        let now_ns = self.probe.now_ns();
        let rule = &mut self.rule;
        self.asks.clear();
        self.asks.extend(jobs.iter().map(|job| rule.ask(job, now_ns)));
        self.choices.clear();
        parts.loads.refresh();
        rule.listen(&parts.loads);
        rule.policy.choose_batch(&self.asks, &parts.loads, &mut parts.random, &mut self.choices);
        if parts.loads.any_parked() {
            // Rules of the user's may know nothing of parking.
            let loads = &parts.loads;
            self.choices.iter_mut().for_each(|choice| choice.worker = loads.awake(choice.worker));
            loads.wake_if_late();
        }
        let (choices, workers) = (&self.choices, parts.loads.workers());
        assert!(
            choices.len() == jobs.len() && choices.iter().all(|choice| choice.worker.0 < workers),
            "a policy answered {} packets with {} choices among {workers} workers",
            jobs.len(),
            choices.len(),
        );
    }

    /// Packet by packet, each by the way of its kind.
    pub(super) fn group_in_order(
        &mut self,
        jobs: &mut Drain<'_, Job<P>>,
        all: bool,
        refused: &mut Vec<Refused<P>>,
    ) {
        self.parts.loads.refresh();
        self.rule.listen(&self.parts.loads);
        // Each stays where it is until it is chosen for: see `take_back.rs`.
        while let Some(job) = jobs.as_slice().first() {
            let way = self.ways.of(job.kind);
            // What waits here may be what the window waits for.
            let drawn =
                self.draw(way, job, |dispatcher| dispatcher.send_groups_in_order(all, refused));
            let chosen = drawn.map(|ticket| (self.choose_or_undo(way, job, ticket), ticket));
            let Some(job) = jobs.next() else { return };
            match chosen {
                Ok((choice, ticket)) => self.put(choice, way.lane, job, ticket),
                Err(reason) => refused.push(self.turn_away(job, reason)),
            }
        }
    }

    fn put(&mut self, choice: Choice, lane: u8, job: Job<P>, ticket: Option<Ticket>) {
        let note = self.note(choice);
        let group = self.groups.of(choice.worker, lane);
        Extras::push(&mut group.extras, note, ticket, self.rule.reply());
        group.jobs.push(job);
    }

    /// Sends what was grouped.
    pub(super) fn send_groups(&mut self, all: bool, refused: &mut Vec<Refused<P>>) {
        for at in 0..self.groups.each.len() {
            self.send_group(at, all, refused);
        }
    }

    /// As [`Dispatcher::send_groups`], what was chosen for a worker that died since before all else:
    /// packets of the same streams may follow in other groups.
    pub(super) fn send_groups_in_order(&mut self, all: bool, refused: &mut Vec<Refused<P>>) {
        for at in 0..self.groups.each.len() {
            if self.parts.inboxes.is_dead(self.groups.place(at).0) {
                self.send_group(at, all, refused);
            }
        }
        self.send_groups(all, refused);
    }

    fn send_group(&mut self, at: usize, all: bool, refused: &mut Vec<Refused<P>>) {
        if self.groups.each[at].jobs.is_empty() {
            return;
        }
        let empty = self.groups.spares.pop().unwrap_or_default();
        let group = &mut self.groups.each[at];
        let (jobs, extras) = (std::mem::replace(&mut group.jobs, empty), group.extras.take());
        let (worker, lane) = self.groups.place(at);
        let stamp = self.probe.message(jobs.len() as u32, all);
        let message = Message { body: Body::Many(jobs), lane, stamp, extras };
        let way = self.ways.by_lane(lane);
        self.deliver(way, worker, message, &mut |one| refused.push(one));
    }
}
