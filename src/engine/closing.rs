//! The end of a run: sources stop, what was accepted is finished, the account is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::threads::RecorderThread;
use super::{Engine, Snapshot};
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::recorder::Recorded;
use crate::source::PATIENCE_MS;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every accepted packet was finished.
    Complete,
    /// The drain limit passed first; what was left is abandoned.
    Abandoned,
    /// A worker died, and what lay in its inbox and nobody else could have is abandoned.
    WorkerDied,
    /// Somebody called for a halt; what was left is abandoned.
    Aborted,
}

impl Ended {
    /// Its name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Ended::Complete => "complete",
            Ended::Abandoned => "abandoned",
            Ended::WorkerDied => "worker-died",
            Ended::Aborted => "aborted",
        }
    }

    /// Why packets were left over.
    fn why(self) -> &'static str {
        match self {
            Ended::Complete => "none was left",
            Ended::Abandoned => "the drain limit passed; drain for longer",
            Ended::WorkerDied => "a worker died; the log says of what",
            Ended::Aborted => "a halt was called",
        }
    }
}

/// A closed run.
#[derive(Debug)]
pub struct Closing {
    /// How it ended.
    pub ended: Ended,
    /// The last look; its ledger is closed and has nothing in flight.
    pub last: Snapshot,
    /// What the recorder wrote, if anything was recorded.
    pub recorded: Option<Recorded>,
}

/// A drain that did not finish everything.
#[derive(Debug, thiserror::Error)]
#[error("abandoned packets: {}, since {}", ledger.abandoned, ended.why())]
pub struct DrainError {
    /// The closed account.
    pub ledger: Box<Ledger>,
    /// How the run ended; never [`Ended::Complete`].
    pub ended: Ended,
}

/// Calls a halt to a drain from another thread: what is left stays undone.
#[derive(Clone, Debug)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Calls it.
    pub fn call(&self) {
        // Relaxed: a flag that is looked at again and again.
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_called(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often a drain looks for a halt.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long a worker that was told to halt may take to end its packet before the account is
/// closed without it.
const GRACE: Duration = Duration::from_millis(50);

impl<P: Send + 'static> Engine<P> {
    /// A handle that calls a halt to [`Engine::finish`].
    pub fn halt(&self) -> Halt {
        Halt(self.shared.halt.clone())
    }

    /// Stops the sources, lets the workers finish every accepted packet for at most `limit`,
    /// and closes the account.
    ///
    /// # Errors
    /// [`DrainError`] when packets were left over; the account in it is closed all the same.
    pub fn drain(self, limit: Duration) -> Result<Ledger, DrainError> {
        let closing = self.finish(limit);
        match closing.ended {
            Ended::Complete => Ok(closing.last.ledger),
            ended => Err(DrainError { ledger: Box::new(closing.last.ledger), ended }),
        }
    }

    /// As [`Engine::drain`], and returns all there is to know of the run.
    pub fn finish(mut self, limit: Duration) -> Closing {
        let halt = self.halt();
        let clock = self.shared.clock.clone();
        let limit_ns = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        let deadline_ns = clock.now_ns().saturating_add(limit_ns);
        let sources_ended = self.sources.stop();
        let mut ended = wait(&sources_ended, &clock, deadline_ns, &halt);
        self.shared.inboxes.close();
        if ended == Ended::Complete {
            ended = wait(&self.workers_ended, &clock, deadline_ns, &halt);
        }
        if ended != Ended::Complete {
            halt.call();
            let _ = self.workers_ended.recv_timeout(GRACE);
            // A source that still held a batch is refused it now: that is to be in the account.
            let _ = sources_ended.recv_timeout(Duration::from_millis(2 * PATIENCE_MS));
        }
        self.close(ended)
    }

    fn close(&mut self, ended: Ended) -> Closing {
        self.sampler.stop();
        // Before the account is read: what comes later is neither in it nor in the record.
        let recorder = self.recorder.take().map(RecorderThread::stop);
        // Drained: what is used from here on is no more of the run.
        let now_ns = self.shared.clock.now_ns();
        self.board.lock().close(now_ns);
        let mut last = self.snapshot_at(now_ns);
        let ledger = &mut last.ledger;
        ledger.abandoned += std::mem::take(&mut ledger.in_flight);
        let ended = match (ended, ledger.abandoned) {
            // Nothing was left after all: the last packet ended in the moment of grace.
            (Ended::Abandoned, 0) => Ended::Complete,
            // All workers have ended, and not all packets: one of them died.
            (Ended::Complete, 1..) => Ended::WorkerDied,
            (ended, _) => ended,
        };
        let received = ledger.received;
        let recorded = recorder.map(|recorder| recorder.close(received));
        Closing { ended, last, recorded }
    }
}

/// Waits until `all_ended` is disconnected.
fn wait(all_ended: &Receiver<()>, clock: &Clock, deadline_ns: u64, halt: &Halt) -> Ended {
    loop {
        let have_ended = all_ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Disconnected);
        // First: a halt ends the workers too, most of the time before this looks again.
        if halt.is_called() {
            return Ended::Aborted;
        }
        if have_ended {
            return Ended::Complete;
        }
        if clock.now_ns() >= deadline_ns {
            return Ended::Abandoned;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Workers that were halted have ended as those that finished have: the halt tells them apart.
    #[test]
    fn a_halt_is_no_completion_however_fast_the_workers_end() {
        let (alive, all_ended) = crossbeam_channel::bounded(0);
        drop(alive);
        let (clock, halt) = (Clock::manual(), Halt(Arc::default()));
        assert_eq!(wait(&all_ended, &clock, u64::MAX, &halt), Ended::Complete);
        halt.call();
        assert_eq!(wait(&all_ended, &clock, u64::MAX, &halt), Ended::Aborted);
    }
}
