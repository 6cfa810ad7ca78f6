//! A worker: one thread pinned to one CPU, with its own inbox.
//!
//! It takes a message, works on each packet in it, counts, adds up, records, releases. A panic
//! in the work costs that one packet. With nothing in flight it takes from a loaded neighbour
//! what may be worked on in any order, and else sleeps.

mod burial;
mod cpu_sample;
mod owed;
mod packet;
mod parts;
mod pending;
mod settling;
mod slowdown;
mod thief;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::counters::WorkCounts;
use crate::ids::WorkerId;
use crate::inbox::{Body, Idle, Inboxes, Message, Patience, WorkerInbox};
use crate::job::Job;
use crate::order::Ticket;
use crate::panics;
use crate::process::{Process, Sink};
use crate::sync::pause;
use crate::totals::WorkerState;

use burial::AtWork;
use cpu_sample::CpuSampler;
use owed::Owed;
use packet::Facts;
pub use parts::Parts;
use pending::Pending;
pub use settling::{Finished, Settling};
pub use slowdown::Slowdown;

/// A worker whose work is so short that it does this many packets in [`pending::HAND_NS`] is
/// faster than a packet is handed over. Were it to take each as it comes, both sides would fetch
/// the same cache lines from each other for every one; so when a look brought fewer packets
/// than [`GATHERED`] it waits for about a microsecond before the next.
const GATHER_FROM: u32 = 50;
const GATHERED: u32 = 16;

/// Runs until the inbox is closed and empty, or until told to halt. A worker that dies, in the
/// making of its work, leaves what lies in its inbox to the others.
pub fn run<P, W, S>(mut parts: Parts<P, W, S>)
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    let (inboxes, settling, state) =
        (parts.inboxes.clone(), parts.settling.clone(), parts.state.clone());
    let desk = Desk::new(parts.info.worker, &inboxes, &settling, &state);
    desk.inbox.seat();
    if let Some(process) = parts.try_make() {
        let mut worker = Worker::new(parts, process);
        worker.live(&desk);
        if worker.parts.ends_last() {
            worker.sweep(&desk);
        }
        // Its process and its sink are the user's: they have ended whatever their destructors do.
        panics::drop_quietly(worker);
        return;
    }
    desk.bury(parts.info.worker, || parts.halted());
    // Without work it can release nothing: where it is the last, it tries once more.
    let process = if parts.ends_last() { parts.try_make() } else { None };
    if let Some(process) = process {
        let mut worker = Worker::new(parts, process);
        worker.sweep(&desk);
        panics::drop_quietly(worker);
    } else {
        panics::drop_quietly(parts);
    }
}

/// What a worker works at, shared with others.
struct Desk<'a, P, State, Out> {
    inbox: &'a WorkerInbox<P>,
    inboxes: &'a Inboxes<P>,
    settling: &'a Settling<State, Out>,
    counts: &'a WorkCounts,
}

impl<'a, P, State, Out> Desk<'a, P, State, Out> {
    fn new(
        worker: WorkerId,
        inboxes: &'a Inboxes<P>,
        settling: &'a Settling<State, Out>,
        state: &'a WorkerState,
    ) -> Self {
        Desk { inbox: inboxes.of(worker), inboxes, settling, counts: &state.counts }
    }

    /// Its turn at releasing for the stream of `ticket` is over: if there is more, the worker with
    /// the least to do looks after it.
    fn hand_over(&self, ticket: Ticket, is_more: bool) {
        if is_more {
            self.inboxes.nudge(ticket);
        }
    }
}

type DeskOf<'a, P, W> = Desk<'a, P, <W as Process<P>>::State, <W as Process<P>>::Out>;

struct Worker<P, W: Process<P>, S> {
    parts: Parts<P, W, S>,
    process: W,
    owed: Owed,
    cpu: CpuSampler,
    pending: Pending,
    /// Taken out of the inbox, still counted there.
    hand: VecDeque<Message<P>>,
    /// Places of what was taken out of the hand and is still counted.
    held: u32,
    /// The last look brought so little that it is better to wait a moment before the next.
    gather: bool,
    /// The memory of batches that are done.
    spares: Vec<Vec<Job<P>>>,
    panics: u64,
}

impl<P, W, S> Worker<P, W, S>
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    fn new(parts: Parts<P, W, S>, process: W) -> Self {
        Worker {
            parts,
            process,
            owed: Owed::default(),
            cpu: CpuSampler::new(),
            pending: Pending::default(),
            hand: VecDeque::new(),
            held: 0,
            gather: false,
            spares: Vec::new(),
            panics: 0,
        }
    }

    /// Works to the end of the run, or to its own.
    fn live(&mut self, desk: &DeskOf<'_, P, W>) {
        // All code of the user's is caught where it is called; this is for mistakes of ours.
        let ran = catch_unwind(AssertUnwindSafe(|| self.run(desk)));
        if let Err(panic) = ran {
            self.parts.die(panic);
            // First, so that nobody sends what is given away back here.
            desk.inboxes.bury(self.parts.info.worker);
            self.lay_down(desk);
            desk.bury(self.parts.info.worker, || self.parts.halted());
        }
    }

    /// Until everything is finished, or it is halted.
    // Apart from `live`, whose landing pads it would share otherwise.
    #[inline(never)]
    fn run(&mut self, desk: &DeskOf<'_, P, W>) {
        let mut patience = Patience::default();
        loop {
            self.release_owed(desk);
            if let Some(message) = self.next(desk) {
                patience.found();
                self.run_message(desk, message);
            } else {
                self.flush(desk);
                if let Some(message) = self.steal(desk, &patience) {
                    self.run_message(desk, message);
                } else if desk.inbox.idle(&mut patience) == Idle::Finished {
                    return;
                }
            }
            if desk.inbox.is_closed() {
                // A halt counts once nothing more comes in: before that, dispatchers would wait
                // for room that nobody makes.
                if self.parts.halted() {
                    self.flush(desk);
                    return;
                }
                self.forgive(desk);
            }
        }
    }

    /// The next message in hand, or in the inbox.
    fn next(&mut self, desk: &DeskOf<'_, P, W>) -> Option<Message<P>> {
        if self.hand.is_empty() {
            let packets = self.pending.packets_in(pending::HAND_NS);
            if self.gather && packets >= GATHER_FROM {
                pause(Some(u32::MAX));
            }
            // What is not counted is not there: an idle look costs no lock.
            if desk.inbox.in_flight() > 0 {
                desk.inbox.queue().take_some(packets, &mut self.hand, &mut self.spares);
            }
            self.gather = !self.hand.is_empty() && in_hand(&self.hand) < GATHERED;
        }
        self.hand.pop_front()
    }

    fn run_message(&mut self, desk: &DeskOf<'_, P, W>, message: Message<P>) {
        self.held += message.places();
        let order = desk.inbox.queue().order(message.lane);
        let Message { body, stamp, extras, .. } = message;
        let nudge = if let Body::Nudge(ticket) = body { Some(ticket) } else { None };
        let tickets = extras.as_deref().map_or(nudge.as_slice(), |extras| &extras.tickets);
        let mut at_work = AtWork { desk, tickets, done: 0 };
        let mut facts = Facts { at: 0, order, stamp, extras: extras.as_deref(), previous_ns: None };
        match body {
            Body::One(job) => self.run_packet(desk, job, &mut facts),
            Body::Many(mut jobs) => {
                let mut left = jobs.drain(..);
                // Halted in the middle of a batch: the rest stays counted as in flight, and the
                // closing ledger calls it abandoned.
                while !(self.parts.halted() && desk.inbox.is_closed())
                    && let Some(job) = left.next()
                {
                    self.release_owed(desk);
                    self.run_packet(desk, job, &mut facts);
                    facts.at += 1;
                    at_work.done = facts.at;
                }
                panics::drop_quietly(left);
                self.spares.push(jobs);
            }
            Body::Nudge(ticket) => {
                let ordered = &desk.settling.ordered;
                let is_more = ordered.look(ticket, |finished| self.settle(desk, finished));
                desk.hand_over(ticket, is_more);
                self.pending.release(1);
            }
        }
        std::mem::forget(at_work);
    }

    /// Tells the others what was done since the last time.
    fn flush(&mut self, desk: &DeskOf<'_, P, W>) {
        let places = self.pending.flush(&self.parts.state, self.parts.records.as_ref());
        self.parts.look_round();
        self.release(desk, places);
    }

    /// Gives up places in flight.
    fn release(&mut self, desk: &DeskOf<'_, P, W>, places: u32) {
        if places > 0 {
            self.held -= places;
            desk.inbox.release(places);
        }
    }

    /// The last worker to end releases what waits for packets that will never come.
    fn sweep(&mut self, desk: &DeskOf<'_, P, W>) {
        desk.settling.ordered.sweep(|finished| self.settle(desk, finished));
        self.flush(desk);
    }

    fn release_owed(&mut self, desk: &DeskOf<'_, P, W>) {
        if !self.owed.is_empty() {
            let due = self.owed.take_due(self.parts.clock.now_ns());
            if due > 0 {
                // The failures are counted before their places are given up.
                self.flush(desk);
                self.release(desk, due);
            }
        }
    }

    /// Gives up all places at once: the inbox is closed, nobody chooses any more.
    fn forgive(&mut self, desk: &DeskOf<'_, P, W>) {
        let owed = self.owed.take_due(u64::MAX);
        if owed > 0 {
            self.flush(desk);
            self.release(desk, owed);
        }
    }
}

/// Packets in these messages, counted as far as it matters.
fn in_hand<P>(hand: &VecDeque<Message<P>>) -> u32 {
    hand.iter().take(GATHERED as usize).map(Message::places).sum()
}

#[cfg(test)]
mod tests;
