//! What a worker is made of, and what it can tell without its work.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::{Settling, Slowdown};
use crate::clock::Clock;
use crate::inbox::Inboxes;
use crate::loads::LoadBoard;
use crate::panics;
use crate::process::{Process, WorkerInfo};
use crate::record_buffer::RecordBuffer;
use crate::topology::Seats;
use crate::totals::WorkerState;
use crate::typical::Typical;

/// What a worker is made of.
pub struct Parts<P, W: Process<P>, S> {
    /// Who it is and where it runs.
    pub info: WorkerInfo,
    /// Where everybody sits.
    pub seats: Arc<Seats>,
    /// The moves that it knows of.
    pub seats_seen: u32,
    /// All inboxes; its own is at its index.
    pub inboxes: Arc<Inboxes<P>>,
    /// How fast everybody is.
    pub board: Arc<LoadBoard>,
    /// What the rest of the engine sees of it.
    pub state: Arc<WorkerState>,
    /// What all workers know of the streams.
    pub settling: Arc<Settling<W::State, W::Out>>,
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
    /// Whether it takes from loaded neighbours when it is idle.
    pub steal: bool,
    /// A packet older than this when its turn comes is not worked on.
    pub deadline_ns: Option<u64>,
    /// What successes typically cost, shared by all workers.
    pub typical: Arc<Typical>,
    /// Set when what is left must stay undone.
    pub halt: Arc<AtomicBool>,
    /// How many workers have not ended yet.
    pub running: Arc<AtomicU32>,
}

impl<P, W: Process<P>, S> Parts<P, W, S> {
    /// Learns where it sits, if somebody moved.
    pub(super) fn look_round(&mut self) {
        if let Some(seat) = self.seats.news(self.info.worker, &mut self.seats_seen) {
            (self.info.cpu, self.info.class) = (seat.cpu, seat.class);
        }
    }

    /// Its work; nothing where the making panics, which the log tells.
    pub(super) fn try_make(&mut self) -> Option<W> {
        let made = catch_unwind(AssertUnwindSafe(&mut self.make_process));
        made.map_err(|panic| self.die(panic)).ok()
    }

    pub(super) fn die(&self, panic: Box<dyn Any + Send>) {
        log::error!("worker {} died: {}", self.info.worker, panics::message(&*panic));
        self.board.retire(self.info.worker);
        panics::drop_quietly(panic);
    }

    pub(super) fn halted(&self) -> bool {
        // Relaxed: a flag that is looked at again and again.
        self.halt.load(Ordering::Relaxed)
    }

    /// To be asked once, at the end: whether all others have ended and no halt was called.
    pub(super) fn ends_last(&self) -> bool {
        // AcqRel: the last one sees what the others left.
        self.running.fetch_sub(1, Ordering::AcqRel) == 1 && !self.halted()
    }
}
