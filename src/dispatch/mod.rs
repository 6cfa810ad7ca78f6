//! Dispatch: the choice is made in the thread that brings the packet.
//!
//! A thread between sources and workers would cost one more hop a packet and would itself be
//! the single core that limits everything. So each bringing thread holds a [`Dispatcher`] of
//! its own: it may move between threads, not be shared.
//!
//! A packet waits, is refused, or evicts another only when *every* inbox that it may go to is
//! full: while any worker has room, what its chosen worker cannot take goes to the best worker
//! that can. A `sticky` packet may go to one worker only while its stream is in flight.

mod batch;
mod deliver;
mod overflow;
mod probe;
mod refused;
mod rule;
mod switch;
mod take_back;
mod ways;

pub use overflow::{Overflow, UnknownOverflow};
pub use refused::{Refused, Sent};
pub use switch::{PolicySwitch, Switched};

use std::collections::VecDeque;
use std::sync::Arc;

use crate::clock::Clock;
use crate::counters::DoorCounts;
use crate::feedback::NOT_ASKED;
use crate::ids::WorkerId;
use crate::inbox::{Body, Extras, Inboxes, Message, Note};
use crate::job::Job;
use crate::ledger::{DropReason, Outcome};
use crate::loads::{Choice, Loads};
use crate::order::{Order, OrderRule, Ticket};
use crate::policy::Ask;
use crate::priority::Priorities;
use crate::random::Random;
use crate::record::{Assignment, Record};
use crate::record_buffer::RecordBuffer;
use crate::streams::{Place, StickyTable, Tickets};
use crate::typical::Typical;

use batch::Groups;
use probe::Probe;
use rule::Rule;
use ways::{Way, Ways};

/// What a dispatcher is made of.
pub struct Parts<P> {
    /// Where packets go.
    pub inboxes: Arc<Inboxes<P>>,
    /// How loaded the workers are.
    pub loads: Loads,
    /// The rule that chooses, and that may be exchanged.
    pub switch: Arc<PolicySwitch>,
    /// What packets of each kind cost so far, for rules that want to know.
    pub typical: Arc<Typical>,
    /// The rule's random stream.
    pub random: Random,
    /// What to do when every inbox is full.
    pub overflow: Overflow,
    /// What is promised of the order of each kind; the inboxes have a lane for each.
    pub order: OrderRule,
    /// What is shed first.
    pub priorities: Priorities,
    /// Where streams are in flight that stay with a worker.
    pub sticky: Arc<StickyTable>,
    /// The sequences of streams whose results are released in order.
    pub tickets: Arc<dyn Tickets>,
    /// Whether idle workers are woken to take from loaded ones.
    pub steal: bool,
    /// What stamps packets.
    pub clock: Clock,
    /// Whether every packet needs a stamp, whether it is recorded or not.
    pub stamp_all: bool,
    /// Where this dispatcher counts.
    pub counts: Arc<DoorCounts>,
    /// Where it records what never reaches a worker, if anything is recorded.
    pub records: Option<RecordBuffer>,
}

/// Gives packets to workers. One for each thread that brings packets.
pub struct Dispatcher<P> {
    parts: Parts<P>,
    rule: Rule,
    ways: Ways,
    probe: Probe,
    asks: Vec<Ask>,
    choices: Vec<Choice>,
    groups: Groups<P>,
    /// What moves away from a worker now.
    moving: VecDeque<Message<P>>,
}

impl<P> Dispatcher<P> {
    /// A dispatcher over these parts; engines make them.
    pub fn new(parts: Parts<P>) -> Self {
        let plan = &parts.inboxes.plan;
        let ways = Ways::new(parts.order, parts.priorities, plan);
        let groups = Groups::new(parts.loads.workers() as usize, plan.kinds().len());
        let rule = Rule::new(parts.switch.clone(), parts.typical.clone());
        let (asks, choices, moving) = (Vec::new(), Vec::new(), VecDeque::new());
        let probe = Probe::new(false);
        let mut new = Dispatcher { parts, rule, ways, probe, asks, choices, groups, moving };
        new.measure_as_the_rule_wants();
        new
    }

    /// A rule that is told what comes of its choices needs every packet measured.
    fn measure_as_the_rule_wants(&mut self) {
        let parts = &self.parts;
        let every = parts.stamp_all || parts.records.is_some() || self.rule.listens();
        self.probe.measure_every(every);
    }

    /// Takes the new rule, if the engine has been given one.
    #[cold]
    fn renew(&mut self) {
        self.measure_as_the_rule_wants();
    }

    /// Chooses a worker for `job` and queues it there.
    ///
    /// # Errors
    /// The job itself comes back in [`Refused`]: when the engine is closing; when every inbox is
    /// full, under `drop-newest`, or under `drop-oldest` where nothing can be evicted; under
    /// either when too many results of its key wait for a straggler. Each time it is in the
    /// ledger as dropped; if it is dispatched again it counts again.
    ///
    /// # Panics
    /// If the policy panics, or chooses a worker that there is not. The job is gone then, and counts
    /// as never dispatched: a batch of one gives it back.
    pub fn dispatch(&mut self, job: Job<P>) -> Result<(), Refused<P>> {
        if self.rule.follow() {
            self.renew();
        }
        let way = self.ways.of(job.kind);
        let stamp = self.probe.single(&self.parts.clock);
        let ticket = match self.draw(way, &job, |_| ()) {
            Ok(ticket) => ticket,
            Err(reason) => return Err(self.turn_away(job, reason)),
        };
        if self.probe.wants_reading() {
            self.parts.loads.refresh();
        }
        self.rule.listen(&self.parts.loads);
        let choice = self.choose_or_undo(way, &job, ticket);
        let extras = self.extras(choice, ticket);
        let parts = &self.parts;
        // The common case in as few steps as it takes: a message moved from function to function
        // is copied each time.
        if let Ok(room) = parts.inboxes.of(choice.worker).claim(1) {
            parts.counts.accepted.add(1);
            room.send(Message { body: Body::One(job), lane: way.lane, stamp, extras });
            if way.order != Order::Sticky {
                self.rouse_a_thief(choice.worker, choice.in_flight);
            }
            return Ok(());
        }
        let message = Message { body: Body::One(job), lane: way.lane, stamp, extras };
        let mut refused = None;
        self.deliver_or_undo(way, choice.worker, message, &mut |one| refused = Some(one));
        refused.map_or(Ok(()), Err)
    }

    /// Chooses a worker for each of `jobs`, on one reading of the loads plus the batch's own
    /// earlier choices, and sends each worker one message. The refused stay in `jobs`.
    ///
    /// # Panics
    /// If the policy panics, or chooses a worker that there is not. What was not sent by then is in
    /// `jobs` again, behind those refused: it counts as never dispatched.
    pub fn dispatch_batch(&mut self, jobs: &mut Vec<Job<P>>) -> Sent {
        if self.rule.follow() {
            self.renew();
        }
        let given = jobs.len();
        let all = self.probe.batch(&self.parts.clock, given);
        let mut refused = Vec::new();
        if self.ways.are_plain() {
            self.group_plainly(jobs);
            self.send_groups(all, &mut refused);
        } else {
            self.send_in_order(jobs, all, &mut refused);
        }
        let reason = refused.last().map(|last: &Refused<P>| last.reason);
        jobs.extend(refused.into_iter().map(|refused| refused.job));
        Sent { accepted: given - jobs.len(), refused: jobs.len(), reason }
    }

    /// The worker to go to: the one that has the stream in flight, or the policy's choice. If that
    /// panics, nothing was entered.
    fn choose(&mut self, way: Way, ask: Ask) -> Choice {
        let parts = &mut self.parts;
        self.rule.asked(NOT_ASKED);
        if way.order == Order::Sticky {
            let inboxes = &parts.inboxes;
            let alive = |worker: WorkerId| !inboxes.is_dead(worker);
            if let Place::Follows(worker) = parts.sticky.follow(ask.key, alive) {
                let choice = parts.loads.take(worker);
                parts.loads.wake_if_late();
                return choice;
            }
        }
        self.rule.asked(ask.ticket);
        let worker = self.rule.policy.choose(&ask, &parts.loads, &mut parts.random);
        let mut worker = parts.loads.awake(worker);
        if way.order == Order::Sticky {
            assert!(worker.0 < parts.loads.workers(), "a policy chose worker {worker}");
            if parts.inboxes.is_dead(worker) {
                // Policies know nothing of deaths.
                let alive = (0..parts.loads.workers()).map(WorkerId);
                let alive = alive.filter(|worker| !parts.inboxes.is_dead(*worker));
                let loads = &parts.loads;
                let best = alive
                    .min_by(|a, b| loads.expected_delay(*a).total_cmp(&loads.expected_delay(*b)));
                worker = best.unwrap_or(worker);
            }
            worker = parts.sticky.settle(ask.key, worker);
        }
        let choice = parts.loads.take(worker);
        parts.loads.wake_if_late();
        choice
    }

    /// The ticket of `job`, if its results are released in order. While its window is full:
    /// waits, `before_waiting` each time, or says that it must be refused.
    fn draw(
        &mut self,
        way: Way,
        job: &Job<P>,
        mut before_waiting: impl FnMut(&mut Self),
    ) -> Result<Option<Ticket>, DropReason> {
        if way.order != Order::Ordered {
            return Ok(None);
        }
        loop {
            if let Ok(ticket) = self.parts.tickets.draw(job.key) {
                return Ok(Some(ticket));
            }
            if self.parts.overflow != Overflow::Block {
                return Err(DropReason::OrderWindow);
            }
            if self.parts.inboxes.each.iter().all(|inbox| inbox.is_closed()) {
                return Err(DropReason::Closed);
            }
            before_waiting(self);
            self.parts.tickets.wait(job.key);
            // That may have taken a while.
            self.parts.loads.refresh();
        }
    }

    fn extras(&self, choice: Choice, ticket: Option<Ticket>) -> Option<Box<Extras>> {
        let mut extras = None;
        Extras::push(&mut extras, self.note(choice), ticket, self.rule.reply());
        extras
    }

    fn note(&self, choice: Choice) -> Option<Note> {
        self.parts.records.is_some().then(|| note_of(choice))
    }

    /// Refuses a job that was never chosen for.
    fn turn_away(&self, job: Job<P>, reason: DropReason) -> Refused<P> {
        self.parts.counts.drop_for(reason, 1);
        self.record(&job, None, self.probe.now_ns(), reason);
        Refused { job, reason }
    }

    /// Accounts for the packets of a message, entered at `worker`, that will never be worked on:
    /// each gives up its place in its stream.
    fn give_up(
        &self,
        message: Message<P>,
        worker: WorkerId,
        reason: DropReason,
        back: &mut dyn FnMut(Refused<P>),
    ) {
        let order = self.parts.inboxes.plan.kinds()[message.lane as usize].order;
        let enqueued_ns = message.stamp.enqueued_ns;
        self.parts.counts.drop_for(reason, u64::from(message.places()));
        for (job, note, ticket) in message.into_packets() {
            if order == Order::Sticky {
                self.parts.sticky.leave(job.key, worker);
            }
            ticket.into_iter().for_each(|ticket| self.cancel(ticket));
            self.record(&job, note, enqueued_ns, reason);
            back(Refused { job, reason });
        }
    }

    /// Skips a ticket, and sends a worker to release what waited for it.
    fn cancel(&self, ticket: Ticket) {
        if self.parts.tickets.cancel(ticket) {
            self.parts.inboxes.nudge(ticket);
        }
    }

    fn record(&self, job: &Job<P>, note: Option<Note>, enqueued_ns: u64, reason: DropReason) {
        if let Some(records) = &self.parts.records {
            let assignment = note.map(|note| Assignment {
                chosen: note.chosen,
                in_flight: note.in_flight,
                foreign_load: note.foreign_load,
                enqueued_ns,
            });
            records.push(Record {
                sequence: job.sequence,
                key: job.key,
                kind: job.kind,
                assignment,
                ran: None,
                outcome: Outcome::Dropped(reason),
            });
        }
    }
}

fn note_of(choice: Choice) -> Note {
    let Choice { worker, in_flight, foreign_load } = choice;
    Note { chosen: worker, in_flight, foreign_load }
}

#[cfg(test)]
mod tests;
