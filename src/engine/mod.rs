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

mod board;
mod builder;
mod closing;
mod crew;
mod emulate;
pub mod pacing;
mod packing;
mod policy_handle;
mod shared;
mod snapshot;
mod sources;
mod start;
mod summary;
mod threads;

pub use builder::{Builder, INBOX_BOUND, ORDER_WINDOW, PolicyMaker, StartError};
pub use closing::{Closing, DrainError, Ended, Halt};
pub use packing::{EnergyGoal, Packed};
pub use policy_handle::PolicyHandle;
pub use snapshot::{Snapshot, WorkerSnapshot};
pub use sources::{SourceReport, Tap};
pub use start::Ready;
pub use summary::About;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::clock::Clock;
use crate::dispatch::{self, Dispatcher, PolicySwitch};
use crate::ledger::Ledger;
use crate::loads::Loads;
use crate::order::OrderRule;
use crate::parking::Parking;
use crate::random::Random;
use crate::source::{PATIENCE_MS, Source};

use board::WatchedBoard;
use crew::Streams;
use packing::EnergyKeeper;
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
    board: WatchedBoard,
    energy_keeper: Option<EnergyKeeper>,
    recorder: Option<RecorderThread>,
    workers_ended: Receiver<()>,
    switch: Arc<PolicySwitch>,
    streams: Streams,
    stamp_all: bool,
    dispatchers: u64,
    emulated: bool,
    /// The settings it was started with.
    builder: Builder<P>,
}

impl<P: Send + 'static> Engine<P> {
    /// The settings, to be changed and started.
    pub fn builder() -> Builder<P> {
        Builder::default()
    }

    /// A dispatcher for one bringing thread. It may move between threads, not be shared; ask
    /// for one for each.
    pub fn dispatcher(&mut self) -> Dispatcher<P> {
        self.dispatcher_in(self.builder.order)
    }

    /// A dispatcher that follows a rule of order of its own.
    ///
    /// # Panics
    /// If the rule is neither [`Builder::order`] nor [`Builder::also_order`].
    pub fn dispatcher_in(&mut self, order: OrderRule) -> Dispatcher<P> {
        let known = self.builder.orders().any(|rule| *rule == order);
        assert!(known, "the engine was not built for {order:?}: name it in `also_order`");
        let number = self.dispatchers;
        self.dispatchers += 1;
        Dispatcher::new(dispatch::Parts {
            inboxes: self.shared.inboxes.clone(),
            loads: Loads::new(self.shared.board.clone()),
            switch: self.switch.clone(),
            typical: self.shared.typical.clone(),
            random: Random::stream(self.builder.seed, u64::MAX - number),
            overflow: self.builder.overflow,
            order,
            priorities: self.builder.priorities,
            sticky: self.streams.sticky.clone(),
            tickets: self.streams.tickets.clone(),
            steal: self.builder.steal,
            clock: self.shared.clock.clone(),
            stamp_all: self.stamp_all,
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
        self.attach_in(source, self.builder.order)
    }

    /// As [`Engine::attach`], under a rule of order of its own.
    ///
    /// # Errors
    /// [`StartError::Thread`].
    ///
    /// # Panics
    /// As [`Engine::dispatcher_in`].
    pub fn attach_in(
        &mut self,
        source: Box<dyn Source<P>>,
        order: OrderRule,
    ) -> Result<(), StartError> {
        let (dispatcher, tap) = (self.dispatcher_in(order), self.builder.tap.clone());
        self.sources.start(source, dispatcher, self.shared.clock.clone(), tap)
    }

    /// Whether every attached source has ended by itself.
    pub fn sources_ended(&self) -> bool {
        self.sources.all_ended()
    }

    /// Gets a message whenever a source has ended by itself; unread ones are one.
    pub(crate) fn source_ends(&self) -> &Receiver<()> {
        self.sources.ends()
    }

    /// A reading of the account, without [`Ledger::input`] of sources still to report.
    pub fn ledger(&self) -> Ledger {
        let mut ledger = self.shared.ledger();
        self.sources.reports().iter().for_each(|source| ledger.input.add(&source.input));
        ledger
    }

    /// Who is parked. Under [`Builder::energy_goal`] the engine marks the workers itself, four times a
    /// second; else it is for whoever knows better than any formula which workers are needed.
    pub fn parking(&self) -> &Parking {
        self.shared.board.parking()
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
