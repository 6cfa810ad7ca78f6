//! Gives each source a thread, and asks it turn by turn for what is due.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use super::StartError;
use crate::clock::{Clock, thread_cpu_ns};
use crate::dispatch::Dispatcher;
use crate::job::Job;
use crate::ledger::Input;
use crate::source::{PATIENCE_MS, Source, Turn};
use crate::topology::Housekeepers;

/// Sees every packet before it is dispatched: to save it, say. Called in the source's thread
/// with the moment of arrival in nanoseconds of the run's clock.
pub type Tap<P> = Arc<dyn Fn(u64, &[Job<P>]) + Send + Sync>;

/// What a source did so far.
#[derive(Clone, Debug, Default)]
pub struct SourceReport {
    /// The source's name.
    pub name: String,
    /// What arrived and never became a packet.
    pub input: Input,
    /// CPU time its thread used so far, dispatching included.
    pub cpu_ns: u64,
    /// Whether it will bring nothing more.
    pub ended: bool,
    /// Why it ended early, if it did.
    pub error: Option<String>,
}

/// The threads of all sources.
pub struct Sources {
    stop: Arc<AtomicBool>,
    housekeepers: Arc<Housekeepers>,
    threads: Vec<JoinHandle<()>>,
    reports: Vec<Arc<Mutex<SourceReport>>>,
    alive: Sender<()>,
    all_ended: Receiver<()>,
    /// Rung by each source after it has reported its end.
    bell: Sender<()>,
    ends: Receiver<()>,
}

impl Sources {
    pub fn new(stop: Arc<AtomicBool>, housekeepers: Arc<Housekeepers>) -> Self {
        // Nothing is ever sent: the channel tells by its disconnection that all have ended.
        let (alive, all_ended) = crossbeam_channel::bounded(0);
        // One message says that there is something to look at; a second would say no more.
        let (bell, ends) = crossbeam_channel::bounded(1);
        let (threads, reports) = (Vec::new(), Vec::new());
        Sources { stop, housekeepers, threads, reports, alive, all_ended, bell, ends }
    }

    /// Starts a thread for `source`.
    pub fn start<P: Send + 'static>(
        &mut self,
        source: Box<dyn Source<P>>,
        dispatcher: Dispatcher<P>,
        clock: Clock,
        tap: Option<Tap<P>>,
    ) -> Result<(), StartError> {
        let name = source.name().to_owned();
        let report = Arc::new(Mutex::new(SourceReport { name, ..SourceReport::default() }));
        self.reports.push(report.clone());
        let (stop, alive, bell) = (self.stop.clone(), self.alive.clone(), self.bell.clone());
        let housekeepers = self.housekeepers.clone();
        let driver = Driver { source, dispatcher, clock, tap, stop, report };
        let thread = std::thread::Builder::new()
            .name(format!("source-{}", self.threads.len()))
            .spawn(move || {
                let _keeping = housekeepers.join();
                driver.drive_guarded();
                // Full: nobody has looked since the source that ended before.
                let _ = bell.try_send(());
                drop(alive);
            })
            .map_err(StartError::Thread)?;
        self.threads.push(thread);
        Ok(())
    }

    /// What each source did so far.
    pub fn reports(&self) -> Vec<SourceReport> {
        self.reports.iter().map(|report| lock(report).clone()).collect()
    }

    /// Whether there are sources and none will bring anything more.
    pub fn all_ended(&self) -> bool {
        !self.reports.is_empty() && self.reports.iter().all(|report| lock(report).ended)
    }

    /// Gets a message whenever a source has ended and said so.
    pub fn ends(&self) -> &Receiver<()> {
        &self.ends
    }

    /// Tells every source to stop; returns a channel that is disconnected when all have.
    pub fn stop(&mut self) -> Receiver<()> {
        // Relaxed: a flag that is looked at again and again.
        self.stop.store(true, Ordering::Relaxed);
        self.threads.iter().for_each(|thread| thread.thread().unpark());
        let (unused, _) = crossbeam_channel::bounded(0);
        self.alive = unused;
        self.all_ended.clone()
    }
}

fn lock(report: &Mutex<SourceReport>) -> std::sync::MutexGuard<'_, SourceReport> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One source with what it needs.
struct Driver<P> {
    source: Box<dyn Source<P>>,
    dispatcher: Dispatcher<P>,
    clock: Clock,
    tap: Option<Tap<P>>,
    stop: Arc<AtomicBool>,
    report: Arc<Mutex<SourceReport>>,
}

/// Turns between two updates of a source's report; before a longer wait it is updated too.
const TURNS_PER_REPORT: u32 = 64;

impl<P> Driver<P> {
    /// Drives the source to its end. If the source, the tap or an own policy panics, that is the
    /// end, and the report says so.
    fn drive_guarded(mut self) {
        let mut jobs = Vec::new();
        let drive = std::panic::AssertUnwindSafe(|| self.drive(&mut jobs));
        if std::panic::catch_unwind(drive).is_err() {
            let mut report = lock(&self.report);
            let mut said = format!("source {} panicked; it brings nothing more", report.name);
            if !jobs.is_empty() {
                // They are in no ledger: nobody has dispatched them.
                said += &format!("; packets brought and not dispatched: {}", jobs.len());
            }
            log::error!("{said}");
            report.error = Some(said);
            report.ended = true;
        }
    }

    fn drive(&mut self, jobs: &mut Vec<Job<P>>) {
        let mut turns = 0u32;
        while !self.stop.load(Ordering::Relaxed) {
            let turn = self.source.bring(&self.clock, jobs);
            if !jobs.is_empty() {
                self.hand_over(jobs);
            }
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(TURNS_PER_REPORT) {
                self.report(false);
            }
            match turn {
                Ok(Turn::Again) => {}
                Ok(Turn::NotBefore(due_ns)) => self.wait_until(due_ns),
                Ok(Turn::Ended) => break,
                Err(error) => {
                    log::error!("{error}; it brings nothing more");
                    lock(&self.report).error = Some(error.to_string());
                    break;
                }
            }
        }
        self.source.finish(&self.clock);
        self.report(true);
    }

    fn hand_over(&mut self, jobs: &mut Vec<Job<P>>) {
        if let Some(tap) = &self.tap {
            tap(self.clock.now_ns(), jobs);
        }
        self.dispatcher.dispatch_batch(jobs);
        // The refused are in the ledger; a source has no use for them.
        jobs.clear();
    }

    fn wait_until(&self, due_ns: u64) {
        let left_ns = due_ns.saturating_sub(self.clock.now_ns());
        if left_ns > PATIENCE_MS * 1_000_000 / 4 {
            self.report(false);
        }
        if left_ns > 0 && !self.stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_nanos(left_ns));
        }
    }

    fn report(&self, ended: bool) {
        let mut report = lock(&self.report);
        report.input = self.source.input();
        report.cpu_ns = thread_cpu_ns();
        report.ended = ended;
    }
}
