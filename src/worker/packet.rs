//! One packet at a worker.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{DeskOf, Finished, Worker};
use crate::feedback;
use crate::inbox::{Extras, Stamp};
use crate::job::{Job, Key};
use crate::ledger::{DropReason, Outcome};
use crate::order::{Order, Ticket};
use crate::packet::Kind;
use crate::panics;
use crate::process::{Failure, Process, Sink};
use crate::record::{Assignment, Ran, Record};
use crate::totals::Done;

/// What is known of a packet besides its job.
pub struct Facts<'a> {
    /// Its number in its message.
    pub at: usize,
    /// What is promised of its order.
    pub order: Order,
    /// Its message's stamp.
    pub stamp: Stamp,
    /// How it was chosen, and its ticket.
    pub extras: Option<&'a Extras>,
    /// When the packet before it in the message ended, if that was measured.
    pub previous_ns: Option<u64>,
}

impl Facts<'_> {
    fn ticket(&self) -> Option<Ticket> {
        self.extras.and_then(|extras| extras.tickets.get(self.at).copied())
    }

    fn assignment(&self) -> Option<Assignment> {
        let note = self.extras.and_then(|extras| extras.notes.get(self.at))?;
        Some(Assignment {
            chosen: note.chosen,
            in_flight: note.in_flight,
            foreign_load: note.foreign_load,
            enqueued_ns: self.stamp.enqueued_ns,
        })
    }
}

/// When a packet's work began and ended, where it was measured.
#[derive(Clone, Copy)]
struct Span {
    started_ns: u64,
    finished_ns: u64,
}

impl<P, W, S> Worker<P, W, S>
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    /// Works on one packet and accounts for it.
    pub(super) fn run_packet(
        &mut self,
        desk: &DeskOf<'_, P, W>,
        job: Job<P>,
        facts: &mut Facts<'_>,
    ) {
        let started_ns = facts.stamp.measures(facts.at).then(|| {
            // The one before it in the message ended just now.
            facts.previous_ns.unwrap_or_else(|| self.parts.clock.now_ns())
        });
        if let Some(now_ns) = started_ns
            && self.is_expired(now_ns, facts.stamp)
        {
            self.expire(desk, &job, facts);
            facts.previous_ns = started_ns;
        } else {
            facts.previous_ns = self.work_on(desk, &job, facts, started_ns);
        }
        // Here, since its destructor is the user's: nothing is left half-done if it panics.
        panics::drop_quietly(job);
        if self.pending.is_due() {
            self.flush(desk);
        }
    }

    /// Returns when the work ended, if it was measured.
    fn work_on(
        &mut self,
        desk: &DeskOf<'_, P, W>,
        job: &Job<P>,
        facts: &Facts<'_>,
        started_ns: Option<u64>,
    ) -> Option<u64> {
        let cpu = started_ns.and_then(|now_ns| self.cpu.begin(job.kind, now_ns));
        // What the measurement itself took is neither service nor to be stretched.
        let started_ns = if cpu.is_some() { Some(self.parts.clock.now_ns()) } else { started_ns };
        let ordered = facts.order == Order::Ordered;
        let mut out = None;
        let result = if ordered {
            self.attempt(|this| this.process.work(&job.payload, &this.parts.info))
                .map(|done| out = Some(done))
        } else {
            self.work_and_settle(desk, job)
        };
        let span = started_ns.map(|started_ns| {
            let until_ns = self.parts.clock.now_ns();
            let finished_ns = self.parts.slowdown.stretch(&self.parts.clock, started_ns, until_ns);
            Span { started_ns, finished_ns }
        });
        if let Some(span) = span {
            let cpu_ns = cpu.map(|begun| self.cpu.end(job.kind, begun, span.finished_ns));
            self.measure(job.kind, facts.stamp, span, cpu_ns, result.is_ok());
        }
        if let Some(span) = span {
            self.reply(job.kind, facts, span, result.is_ok());
        }
        if result.is_ok() {
            self.pending.release(1);
        } else {
            self.owe(job.kind, span);
        }
        self.end(desk, job, facts, span, result.is_ok(), out);
        span.map(|span| span.finished_ns)
    }

    /// Both stages in one go, the result given to the sink: the stream is this worker's alone.
    fn work_and_settle(&mut self, desk: &DeskOf<'_, P, W>, job: &Job<P>) -> Result<(), Failure> {
        let done = self.attempt(|this| {
            let mut out = this.process.work(&job.payload, &this.parts.info)?;
            if let Some(states) = &desk.settling.states {
                states.with(job.key, |state| this.process.settle(state, &mut out));
            } else {
                this.process.settle(&mut W::State::default(), &mut out);
            }
            this.parts.sink.accept(out);
            Ok(())
        });
        done.inspect_err(|failure| self.forget_after(desk, job.key, failure))
    }

    /// Runs work of the user's. A panic in it is a failure like any other.
    fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // Unwind safe: after a panic the process is dropped and made anew.
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(result) => result,
            Err(panic) => Err(self.recover(panic)),
        }
    }

    #[cold]
    fn recover(&mut self, panic: Box<dyn Any + Send>) -> Failure {
        let failure = Failure(panics::message(&*panic).into());
        panics::drop_quietly(panic);
        match catch_unwind(AssertUnwindSafe(&mut self.parts.make_process)) {
            Ok(process) => panics::drop_quietly(std::mem::replace(&mut self.process, process)),
            // A maker that panics too leaves the process as it is.
            Err(panic) => panics::drop_quietly(panic),
        }
        self.panics += 1;
        if self.panics.is_power_of_two() {
            let (worker, panics) = (self.parts.info.worker, self.panics);
            log::warn!("worker {worker}: the work panicked ({panics} so far): {failure}");
        }
        failure
    }

    /// A panic may have left the state of a key half changed.
    fn forget_after(&self, desk: &DeskOf<'_, P, W>, key: Key, failure: &Failure) {
        if let Some(states) = &desk.settling.states
            && failure.0.starts_with("panic: ")
        {
            states.forget(key);
        }
    }

    fn measure(
        &mut self,
        kind: Kind,
        stamp: Stamp,
        span: Span,
        cpu_ns: Option<u64>,
        succeeded: bool,
    ) {
        let service_ns = span.finished_ns.saturating_sub(span.started_ns);
        if succeeded {
            self.parts.typical.learn(kind, service_ns);
        }
        self.pending.measured(Done {
            kind,
            wait_ns: span.started_ns.saturating_sub(stamp.enqueued_ns),
            service_ns,
            cpu_ns,
            succeeded,
            weight: stamp.weight,
        });
    }

    /// Tells the policy that chose for the packet what came of it, where it wants to know.
    fn reply(&self, kind: Kind, facts: &Facts<'_>, span: Span, succeeded: bool) {
        let Some(extras) = facts.extras else { return };
        let (Some(mailbox), Some(ticket)) = (&extras.mailbox, extras.replies.get(facts.at)) else {
            return;
        };
        mailbox.leave(feedback::Done {
            ticket: *ticket,
            worker: self.parts.info.worker,
            kind,
            finished_ns: span.finished_ns,
            wait_ns: span.started_ns.saturating_sub(facts.stamp.enqueued_ns),
            service_ns: span.finished_ns.saturating_sub(span.started_ns),
            failed: !succeeded,
        });
    }

    /// A failure keeps its place in flight as long as a success would have.
    fn owe(&mut self, kind: Kind, span: Option<Span>) {
        let typical_ns = self.parts.typical.get_ns(kind);
        // One that was not measured is taken for a quick one, as most failures are.
        let now_ns = self.parts.clock.now_ns();
        let Span { started_ns, finished_ns } =
            span.unwrap_or(Span { started_ns: now_ns, finished_ns: now_ns });
        if finished_ns - started_ns >= typical_ns {
            self.pending.release(1);
        } else {
            self.owed.push(started_ns, typical_ns);
        }
    }

    /// The packet gives up its place in its stream, or waits for its turn there.
    fn end(
        &mut self,
        desk: &DeskOf<'_, P, W>,
        job: &Job<P>,
        facts: &Facts<'_>,
        span: Option<Span>,
        succeeded: bool,
        out: Option<W::Out>,
    ) {
        let outcome = if succeeded { Outcome::Processed } else { Outcome::Failed };
        let record = self.parts.records.as_ref().map(|_| self.record_of(job, facts, span, outcome));
        if let Some(ticket) = facts.ticket() {
            let finished = Finished { key: job.key, out, record };
            let ordered = &desk.settling.ordered;
            let is_more = ordered.finish(ticket, finished, |next| self.settle(desk, next));
            desk.hand_over(ticket, is_more);
            return;
        }
        if facts.order == Order::Sticky {
            desk.settling.sticky.leave(job.key, self.parts.info.worker);
        }
        self.pending.ended(succeeded);
        record.into_iter().for_each(|record| self.pending.record(record));
    }

    /// Settles a result whose turn it is, and gives it to the sink.
    pub(super) fn settle(&mut self, desk: &DeskOf<'_, P, W>, finished: Finished<W::Out>) {
        let Finished { key, out, mut record } = finished;
        let settled = match out {
            None => Err(Failure("the work failed".into())),
            Some(mut out) => self.attempt(|this| {
                if let Some(states) = &desk.settling.states {
                    states.with(key, |state| this.process.settle(state, &mut out));
                } else {
                    this.process.settle(&mut W::State::default(), &mut out);
                }
                this.parts.sink.accept(out);
                Ok(())
            }),
        };
        if let Err(failure) = &settled {
            self.forget_after(desk, key, failure);
            record.iter_mut().for_each(|record| record.outcome = Outcome::Failed);
        }
        self.pending.ended(settled.is_ok());
        record.into_iter().for_each(|record| self.pending.record(record));
        // A releaser may be at it for long: others finish while it releases.
        if self.pending.is_due() {
            self.flush(desk);
        }
    }

    fn is_expired(&self, now_ns: u64, stamp: Stamp) -> bool {
        let age_ns = now_ns.saturating_sub(stamp.enqueued_ns);
        self.parts.deadline_ns.is_some_and(|deadline_ns| age_ns > deadline_ns)
    }

    /// Drops a packet that is too old to be worth the work.
    fn expire(&mut self, desk: &DeskOf<'_, P, W>, job: &Job<P>, facts: &Facts<'_>) {
        if facts.order == Order::Sticky {
            desk.settling.sticky.leave(job.key, self.parts.info.worker);
        }
        if let Some(ticket) = facts.ticket() {
            let is_more = desk.settling.ordered.skip(ticket, |next| self.settle(desk, next));
            desk.hand_over(ticket, is_more);
        }
        if self.parts.records.is_some() {
            let outcome = Outcome::Dropped(DropReason::Expired);
            let record = self.record_of(job, facts, None, outcome);
            self.pending.record(record);
        }
        self.pending.expired();
        self.pending.release(1);
    }

    fn record_of(
        &self,
        job: &Job<P>,
        facts: &Facts<'_>,
        span: Option<Span>,
        outcome: Outcome,
    ) -> Record {
        let info = &self.parts.info;
        Record {
            sequence: job.sequence,
            key: job.key,
            kind: job.kind,
            assignment: facts.assignment(),
            ran: span.map(|Span { started_ns, finished_ns }| Ran {
                worker: info.worker,
                cpu: info.cpu,
                class: info.class,
                started_ns,
                finished_ns,
            }),
            outcome,
        }
    }
}
