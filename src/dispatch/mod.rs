//! Dispatch: the choice is made in the thread that brings the packet.
//!
//! A thread between sources and workers would cost one more hop a packet and would itself be
//! the single core that limits everything. So each bringing thread holds a [`Dispatcher`] of
//! its own: it may move between threads, not be shared.
//!
//! A packet waits, is refused, or evicts another only when *every* inbox is full: while any
//! worker has room, what its chosen worker cannot take goes to the best worker that can.

mod overflow;
mod refused;

pub use overflow::{Overflow, UnknownOverflow};
pub use refused::{Refused, Sent};

use std::sync::Arc;

use crate::clock::Clock;
use crate::counters::DoorCounts;
use crate::ids::WorkerId;
use crate::inbox::{Inboxes, Message, NoRoom, Parcel};
use crate::job::Job;
use crate::ledger::{DropReason, Outcome};
use crate::loads::{Choice, Loads};
use crate::policy::{Ask, Policy};
use crate::random::Random;
use crate::record::{Assignment, Record};
use crate::record_buffer::RecordBuffer;

/// What a dispatcher is made of.
pub struct Parts<P> {
    /// Where packets go.
    pub inboxes: Arc<Inboxes<P>>,
    /// How loaded the workers are.
    pub loads: Loads,
    /// The rule that chooses.
    pub policy: Box<dyn Policy>,
    /// The rule's random stream.
    pub random: Random,
    /// What to do when every inbox is full.
    pub overflow: Overflow,
    /// What stamps packets.
    pub clock: Clock,
    /// Where this dispatcher counts.
    pub counts: Arc<DoorCounts>,
    /// Where it records what never reaches a worker, if anything is recorded.
    pub records: Option<RecordBuffer>,
}

/// Gives packets to workers. One for each thread that brings packets.
pub struct Dispatcher<P> {
    parts: Parts<P>,
    asks: Vec<Ask>,
    choices: Vec<Choice>,
    by_worker: Vec<Vec<Parcel<P>>>,
}

impl<P> Dispatcher<P> {
    /// A dispatcher over these parts; engines make them.
    pub fn new(parts: Parts<P>) -> Self {
        let by_worker = (0..parts.loads.workers()).map(|_| Vec::new()).collect();
        Dispatcher { parts, asks: Vec::new(), choices: Vec::new(), by_worker }
    }

    /// Chooses a worker for `job` and queues it there.
    ///
    /// # Errors
    /// The job itself comes back in [`Refused`], when the engine is closing or when every inbox is
    /// full, under `drop-newest`, or under `drop-oldest` where the chosen worker has all of its
    /// packets in hand already. Either way it is in the ledger as dropped; if
    /// it is dispatched again it counts again.
    pub fn dispatch(&mut self, job: Job<P>) -> Result<(), Refused<P>> {
        let parts = &mut self.parts;
        let ask = ask(&job, parts.clock.now_ns());
        parts.loads.refresh();
        let worker = parts.policy.choose(&ask, &parts.loads, &mut parts.random);
        let choice = parts.loads.take(worker);
        let parcel = Parcel { job, assignment: assignment(choice, ask.now_ns) };
        self.deliver_one(choice.worker, parcel)
    }

    /// Chooses a worker for each of `jobs`, on one reading of the loads plus the batch's own
    /// earlier choices, and sends each worker one message. The refused stay in `jobs`.
    ///
    /// # Panics
    /// If the policy does not give every packet one of the workers; nothing is sent then.
    pub fn dispatch_batch(&mut self, jobs: &mut Vec<Job<P>>) -> Sent {
        let given = jobs.len();
        self.choose_all(jobs);
        for (job, choice) in jobs.drain(..).zip(self.choices.drain(..)) {
            let enqueued_ns = self.asks[0].now_ns;
            let parcel = Parcel { job, assignment: assignment(choice, enqueued_ns) };
            self.by_worker[choice.worker.index()].push(parcel);
        }
        let mut reason = None;
        for worker in 0..self.parts.loads.workers() {
            let parcels = std::mem::take(&mut self.by_worker[worker as usize]);
            if !parcels.is_empty() {
                reason = self.deliver_many(WorkerId(worker), parcels, jobs).or(reason);
            }
        }
        Sent { accepted: given - jobs.len(), refused: jobs.len(), reason }
    }

    fn choose_all(&mut self, jobs: &[Job<P>]) {
        let parts = &mut self.parts;
        let now_ns = parts.clock.now_ns();
        self.asks.clear();
        self.asks.extend(jobs.iter().map(|job| ask(job, now_ns)));
        self.choices.clear();
        parts.loads.refresh();
        parts.policy.choose_batch(&self.asks, &parts.loads, &mut parts.random, &mut self.choices);
        let (choices, workers) = (&self.choices, parts.loads.workers());
        assert!(
            choices.len() == jobs.len() && choices.iter().all(|choice| choice.worker.0 < workers),
            "a policy answered {} packets with {} choices among {workers} workers",
            jobs.len(),
            choices.len(),
        );
    }

    fn deliver_one(&mut self, chosen: WorkerId, parcel: Parcel<P>) -> Result<(), Refused<P>> {
        let inboxes = self.parts.inboxes.clone();
        let mut worker = chosen;
        loop {
            let why = match inboxes.each[worker.index()].claim(1) {
                Ok(room) => {
                    self.parts.counts.accepted.add(1);
                    room.send(Message::One(parcel));
                    return Ok(());
                }
                Err(no_room) => match self.elsewhere(chosen, no_room) {
                    Ok(other) => {
                        worker = other;
                        continue;
                    }
                    Err(why) => why,
                },
            };
            return Err(self.refuse(parcel, why));
        }
    }

    /// Sends `parcels` in as few messages as the room allows; those refused go to `back`.
    fn deliver_many(
        &mut self,
        chosen: WorkerId,
        mut parcels: Vec<Parcel<P>>,
        back: &mut Vec<Job<P>>,
    ) -> Option<DropReason> {
        let inboxes = self.parts.inboxes.clone();
        let mut worker = chosen;
        while !parcels.is_empty() {
            let why = match inboxes.each[worker.index()].claim(parcels.len() as u32) {
                Ok(room) => {
                    let rest = parcels.split_off(room.packets() as usize);
                    self.parts.counts.accepted.add(u64::from(room.packets()));
                    room.send(message(parcels));
                    parcels = rest;
                    continue;
                }
                Err(no_room) => match self.elsewhere(chosen, no_room) {
                    Ok(other) => {
                        worker = other;
                        continue;
                    }
                    Err(why) => why,
                },
            };
            back.extend(parcels.into_iter().map(|parcel| self.refuse(parcel, why).job));
            return Some(why);
        }
        None
    }

    /// A worker to try next, the one tried having no room; why not, when the packet must be
    /// refused. The inbox of one worker alone is closed when its thread died.
    fn elsewhere(&mut self, chosen: WorkerId, no_room: NoRoom) -> Result<WorkerId, DropReason> {
        if let Some(other) = self.best_with_room() {
            return Ok(other);
        }
        let inboxes = &self.parts.inboxes;
        let Some(open) = inboxes.each.iter().position(|inbox| !inbox.is_closed()) else {
            return Err(DropReason::Closed);
        };
        let target = if no_room == NoRoom::Closed { WorkerId(open as u32) } else { chosen };
        let room = match self.parts.overflow {
            Overflow::Block => {
                inboxes.wait_for_room();
                true
            }
            Overflow::DropNewest => false,
            Overflow::DropOldest => self.evict(target),
        };
        if room { Ok(target) } else { Err(DropReason::InboxFull) }
    }

    fn best_with_room(&mut self) -> Option<WorkerId> {
        self.parts.loads.refresh();
        let loads = &self.parts.loads;
        let inboxes = &self.parts.inboxes.each;
        (0..loads.workers())
            .map(WorkerId)
            .filter(|worker| inboxes[worker.index()].has_room())
            .min_by(|a, b| loads.expected_delay(*a).total_cmp(&loads.expected_delay(*b)))
    }

    /// Takes the oldest message out of an inbox; false when its worker has it all in hand.
    fn evict(&mut self, worker: WorkerId) -> bool {
        let inbox = &self.parts.inboxes.each[worker.index()];
        let Some(message) = inbox.take() else {
            return false;
        };
        let packets = message.packets();
        self.parts.counts.drop_for(DropReason::Evicted, u64::from(packets));
        message.for_each(|parcel| self.record(&parcel, DropReason::Evicted));
        inbox.release(packets);
        true
    }

    fn refuse(&mut self, parcel: Parcel<P>, reason: DropReason) -> Refused<P> {
        self.parts.counts.drop_for(reason, 1);
        self.record(&parcel, reason);
        Refused { job: parcel.job, reason }
    }

    fn record(&self, parcel: &Parcel<P>, reason: DropReason) {
        if let Some(records) = &self.parts.records {
            records.push(Record {
                sequence: parcel.job.sequence,
                key: parcel.job.key,
                kind: parcel.job.kind,
                assignment: Some(parcel.assignment),
                ran: None,
                outcome: Outcome::Dropped(reason),
            });
        }
    }
}

fn ask<P>(job: &Job<P>, now_ns: u64) -> Ask {
    Ask { key: job.key, kind: job.kind, now_ns, known_work_ns: None }
}

fn assignment(choice: Choice, enqueued_ns: u64) -> Assignment {
    Assignment {
        chosen: choice.worker,
        in_flight: choice.in_flight,
        foreign_load: choice.foreign_load,
        enqueued_ns,
    }
}

fn message<P>(mut parcels: Vec<Parcel<P>>) -> Message<P> {
    match parcels.pop() {
        Some(only) if parcels.is_empty() => Message::One(only),
        Some(last) => {
            parcels.push(last);
            Message::Many(parcels)
        }
        None => Message::Many(parcels),
    }
}

#[cfg(test)]
mod tests;
