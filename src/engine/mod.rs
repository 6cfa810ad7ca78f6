//! The engine: the one place that ties sources, dispatchers, workers, sampler and recorder
//! together, runs them, and drains them.
//!
//! ```
//! use edge_dispatch::engine::Engine;
//! use edge_dispatch::job::Job;
//! use edge_dispatch::process::WorkerInfo;
//! use std::time::Duration;
//!
//! let square = |n: &u64, _: &WorkerInfo| Ok(n * n);
//! let mut engine = Engine::builder().process(square).start()?;
//! let mut dispatcher = engine.dispatcher();
//! for n in 0..1000u64 {
//!     dispatcher.dispatch(Job::new(n, n))?;
//! }
//! let ledger = engine.drain(Duration::from_secs(5))?;
//! assert_eq!(ledger.processed, 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod closing;
mod emulate;
pub mod pacing;
mod shared;
mod snapshot;
mod sources;
mod summary;
mod threads;

pub use builder::{Builder, INBOX_BOUND, PolicyMaker, Ready, StartError};
pub use closing::{Closing, DrainError, Ended, Halt};
pub use snapshot::{Snapshot, WorkerSnapshot};
pub use sources::{SourceReport, Tap};
pub use summary::About;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::clock::Clock;
use crate::dispatch::{self, Dispatcher, Overflow};
use crate::ledger::Ledger;
use crate::loads::Loads;
use crate::random::Random;
use crate::source::{PATIENCE_MS, Source};

use shared::Shared;
use sources::Sources;
use threads::{RecorderThread, SamplerThread};

/// How long an engine that is dropped without a drain waits for its workers.
const DROP_LIMIT: Duration = Duration::from_secs(1);

/// A running engine over payloads of type `P`. Dropped without [`Engine::drain`], it closes its
/// inboxes, gives the workers a second to finish, and completes its record.
pub struct Engine<P> {
    shared: Arc<Shared<P>>,
    sources: Sources,
    sampler: SamplerThread,
    recorder: Option<RecorderThread>,
    workers_ended: Receiver<()>,
    make_policy: PolicyMaker,
    policy: &'static str,
    choices: u32,
    overflow: Overflow,
    seed: u64,
    dispatchers: u64,
    tap: Option<Tap<P>>,
    emulated: bool,
}

impl<P: Send + 'static> Engine<P> {
    /// The settings, to be changed and started.
    pub fn builder() -> Builder<P> {
        Builder::default()
    }

    /// A dispatcher for one bringing thread. It may move between threads, not be shared; ask
    /// for one for each.
    pub fn dispatcher(&mut self) -> Dispatcher<P> {
        let number = self.dispatchers;
        self.dispatchers += 1;
        Dispatcher::new(dispatch::Parts {
            inboxes: self.shared.inboxes.clone(),
            loads: Loads::new(self.shared.board.clone()),
            policy: (self.make_policy)(),
            random: Random::stream(self.seed, u64::MAX - number),
            overflow: self.overflow,
            clock: self.shared.clock.clone(),
            counts: self.shared.doors.open(),
            records: self.recorder.as_ref().map(RecorderThread::buffer),
        })
    }

    /// Gives `source` a thread and dispatches what it brings, until it ends or the engine
    /// drains.
    ///
    /// # Errors
    /// [`StartError::Thread`].
    pub fn attach(&mut self, source: Box<dyn Source<P>>) -> Result<(), StartError> {
        let dispatcher = self.dispatcher();
        self.sources.start(source, dispatcher, self.shared.clock.clone(), self.tap.clone())
    }

    /// Whether every attached source has ended by itself.
    pub fn sources_ended(&self) -> bool {
        self.sources.all_ended()
    }

    /// A reading of the account, without [`Ledger::input`] of sources still to report.
    pub fn ledger(&self) -> Ledger {
        let mut ledger = self.shared.ledger();
        self.sources.reports().iter().for_each(|source| ledger.input.add(&source.input));
        ledger
    }

    /// The run's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }
}

impl<P> Drop for Engine<P> {
    fn drop(&mut self) {
        let sources_ended = self.sources.stop();
        self.shared.inboxes.close();
        self.sampler.stop();
        // Disconnected when all have ended; after a time-out the rest stays undone.
        let _ = self.workers_ended.recv_timeout(DROP_LIMIT);
        let _ = sources_ended.recv_timeout(Duration::from_millis(2 * PATIENCE_MS));
        self.shared.halt.store(true, Ordering::Relaxed);
        if let Some(recorder) = self.recorder.take() {
            recorder.stop().close(self.shared.ledger().received);
        }
    }
}

#[cfg(test)]
mod tests;
