//! A worker: one thread pinned to one CPU, with its own inbox.
//!
//! It takes a message, works on each packet in it, counts, adds up, records, releases. A panic
//! in the work costs that one packet. With nothing in flight it sleeps.

mod cpu_sample;
mod owed;
mod slowdown;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clock::Clock;
use crate::inbox::{Inboxes, Next, Parcel, WorkerInbox};
use crate::ledger::Outcome;
use crate::process::{Failure, Process, Sink, WorkerInfo};
use crate::record::{Ran, Record};
use crate::record_buffer::RecordBuffer;
use crate::totals::{Done, WorkerState};
use crate::typical::Typical;

use cpu_sample::CpuSampler;
use owed::Owed;
pub use slowdown::Slowdown;

/// What a worker is made of.
pub struct Parts<P, W, S> {
    /// Who it is and where it runs.
    pub info: WorkerInfo,
    /// All inboxes; its own is at its index.
    pub inboxes: Arc<Inboxes<P>>,
    /// What the rest of the engine sees of it.
    pub state: Arc<WorkerState>,
    /// Makes its work, at the start and again after a panic.
    pub make_process: Box<dyn FnMut() -> W + Send>,
    /// Where results go.
    pub sink: S,
    /// Where it records, if anything is recorded.
    pub records: Option<RecordBuffer>,
    /// What stamps.
    pub clock: Clock,
    /// How much slower it pretends to be.
    pub slowdown: Slowdown,
    /// What successes typically cost, shared by all workers.
    pub typical: Arc<Typical>,
    /// Set when what is left must stay undone.
    pub halt: Arc<AtomicBool>,
}

/// Runs until the inbox is closed and empty, or until told to halt.
pub fn run<P, W, S>(parts: Parts<P, W, S>)
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    let inboxes = parts.inboxes.clone();
    let inbox = &inboxes.each[parts.info.worker.index()];
    inbox.seat();
    let mut worker = Worker::new(parts);
    let mut tries = 0;
    loop {
        worker.release_owed(inbox);
        match inbox.next(&mut tries) {
            Next::Message(message) => worker.run_message(inbox, message),
            Next::Idle => {}
            Next::Finished => return,
        }
        if inbox.is_closed() {
            // A halt counts once nothing more comes in: before that, dispatchers would wait for
            // room that nobody makes.
            if worker.halted() {
                return;
            }
            worker.forgive(inbox);
        }
    }
}

struct Worker<P, W, S> {
    parts: Parts<P, W, S>,
    process: W,
    owed: Owed,
    cpu: CpuSampler,
    panics: u64,
}

impl<P, W, S> Worker<P, W, S>
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    fn new(mut parts: Parts<P, W, S>) -> Self {
        let process = (parts.make_process)();
        Worker { parts, process, owed: Owed::default(), cpu: CpuSampler::new(), panics: 0 }
    }

    fn halted(&self) -> bool {
        // Relaxed: a flag that is looked at again and again.
        self.parts.halt.load(Ordering::Relaxed)
    }

    fn run_message(&mut self, inbox: &WorkerInbox<P>, message: crate::inbox::Message<P>) {
        let mut started_ns = self.parts.clock.now_ns();
        message.for_each(|parcel| {
            // Halted in the middle of a batch: the rest stays counted as in flight, and the
            // closing ledger calls it abandoned.
            if !(self.halted() && inbox.is_closed()) {
                self.release_owed(inbox);
                started_ns = self.run_one(inbox, parcel, started_ns);
            }
        });
    }

    /// Works on one packet; returns when it ended, which is when the next one starts.
    fn run_one(&mut self, inbox: &WorkerInbox<P>, parcel: Parcel<P>, started_ns: u64) -> u64 {
        let cpu = self.cpu.begin(started_ns);
        // What the measurement itself took is neither service nor to be stretched.
        let started_ns = if cpu.is_some() { self.parts.clock.now_ns() } else { started_ns };
        let result = self.work(&parcel.job.payload);
        let worked_until_ns = self.parts.clock.now_ns();
        let finished_ns =
            self.parts.slowdown.stretch(&self.parts.clock, started_ns, worked_until_ns);
        let done = Done {
            kind: parcel.job.kind,
            wait_ns: started_ns.saturating_sub(parcel.assignment.enqueued_ns),
            service_ns: finished_ns.saturating_sub(started_ns),
            cpu_ns: cpu.map(|begun| self.cpu.end(begun, finished_ns)),
            succeeded: result.is_ok(),
        };
        self.account(done);
        if let Some(records) = &self.parts.records {
            let succeeded = done.succeeded;
            records.push(record(&self.parts.info, &parcel, started_ns, finished_ns, succeeded));
        }
        if done.succeeded {
            inbox.release(1);
        } else {
            self.owe(inbox, done, started_ns);
        }
        finished_ns
    }

    /// The work, its result given to the sink. A panic in either is a failure like any other.
    fn work(&mut self, payload: &P) -> Result<(), Failure> {
        let (process, sink, info) = (&mut self.process, &mut self.parts.sink, &self.parts.info);
        // Unwind safe: after a panic the process is dropped and made anew.
        let caught = catch_unwind(AssertUnwindSafe(|| {
            process.work(payload, info).map(|out| sink.accept(out))
        }));
        caught.unwrap_or_else(|panic| Err(self.recover(&*panic)))
    }

    fn recover(&mut self, panic: &(dyn std::any::Any + Send)) -> Failure {
        // A maker that panics too leaves the process as it is.
        if let Ok(process) = catch_unwind(AssertUnwindSafe(&mut self.parts.make_process)) {
            self.process = process;
        }
        self.panics += 1;
        let failure = Failure(panic_message(panic).into());
        if self.panics.is_power_of_two() {
            let (worker, panics) = (self.parts.info.worker, self.panics);
            log::warn!("worker {worker}: the work panicked ({panics} so far): {failure}");
        }
        failure
    }

    fn account(&mut self, done: Done) {
        let parts = &self.parts;
        parts.state.totals().add(done);
        if done.succeeded {
            parts.typical.learn(done.kind, done.service_ns);
            parts.state.counts.processed.add(1);
        } else {
            parts.state.counts.failed.add(1);
        }
    }

    /// A failure keeps its place in flight as long as a success would have.
    fn owe(&mut self, inbox: &WorkerInbox<P>, done: Done, started_ns: u64) {
        let typical_ns = self.parts.typical.get_ns(done.kind);
        if done.service_ns >= typical_ns {
            inbox.release(1);
        } else {
            self.owed.push(started_ns, typical_ns);
        }
    }

    fn release_owed(&mut self, inbox: &WorkerInbox<P>) {
        if !self.owed.is_empty() {
            let due = self.owed.take_due(self.parts.clock.now_ns());
            if due > 0 {
                inbox.release(due);
            }
        }
    }

    /// Gives up all places at once: the inbox is closed, nobody chooses any more.
    fn forgive(&mut self, inbox: &WorkerInbox<P>) {
        let owed = self.owed.take_due(u64::MAX);
        if owed > 0 {
            inbox.release(owed);
        }
    }
}

/// What a panic says.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.as_deref().unwrap_or("(no message)"))
}

fn record<P>(
    info: &WorkerInfo,
    parcel: &Parcel<P>,
    started_ns: u64,
    finished_ns: u64,
    succeeded: bool,
) -> Record {
    Record {
        sequence: parcel.job.sequence,
        key: parcel.job.key,
        kind: parcel.job.kind,
        assignment: Some(parcel.assignment),
        ran: Some(Ran {
            worker: info.worker,
            cpu: info.cpu,
            class: info.class,
            started_ns,
            finished_ns,
        }),
        outcome: if succeeded { Outcome::Processed } else { Outcome::Failed },
    }
}

#[cfg(test)]
mod tests;
