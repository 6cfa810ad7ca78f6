//! Builds an engine, and says before anything starts why it cannot.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;

use super::shared::{Doors, Shared};
use super::sources::{Sources, Tap};
use super::{Engine, RecorderThread, SamplerThread};
use crate::clock::Clock;
use crate::dispatch::Overflow;
use crate::ids::WorkerId;
use crate::inbox::Inboxes;
use crate::loads::LoadBoard;
use crate::policy::{self, Policy, UnknownPolicy};
use crate::process::{Process, Sink, WorkerInfo};
use crate::random;
use crate::recorder::{Buffers, RecordOptions, Recorder};
use crate::sampler::{Sampled, Sampler};
use crate::topology::{
    Placement, PlacementError, PlacementRequest, Roots, Topology, TopologyError, pin, place,
};
use crate::totals::WorkerState;
use crate::typical::Typical;
use crate::worker::{self, Slowdown};

/// Packets an inbox holds by default: some milliseconds of work, a megabyte of waveforms.
pub const INBOX_BOUND: u32 = 256;

/// Makes a policy for each bringing thread.
pub type PolicyMaker = Arc<dyn Fn() -> Box<dyn Policy> + Send + Sync>;

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The machine's CPUs could not be found out.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The workers could not be placed as asked.
    #[error(transparent)]
    Placement(#[from] PlacementError),
    /// There is no such policy.
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
    /// The record could not be created.
    #[error("{}: cannot create: {error}; choose a folder that can be written, or record nothing", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The system gave no thread.
    #[error("cannot start a thread: {0}; lower the number of workers or raise the process limit")]
    Thread(std::io::Error),
    /// A worker was named that there is not.
    #[error("worker {worker} cannot be slowed down: there are workers 0 to {last}")]
    NoSuchWorker {
        /// The worker that was named.
        worker: WorkerId,
        /// The last worker there is.
        last: u32,
    },
}

/// The settings of an engine that is still to be started.
pub struct Builder<P> {
    pub(super) request: PlacementRequest,
    topology: Option<Topology>,
    policy: PolicyChoice,
    seed: u64,
    inbox_bound: u32,
    overflow: Overflow,
    record: Option<RecordOptions>,
    slowdowns: Vec<(WorkerId, Slowdown)>,
    tap: Option<Tap<P>>,
}

enum PolicyChoice {
    Named { name: String, choices: Option<u32> },
    Made(PolicyMaker),
}

impl<P: Send + 'static> Default for Builder<P> {
    fn default() -> Self {
        Builder {
            request: PlacementRequest::default(),
            topology: None,
            policy: PolicyChoice::Named { name: policy::NAMES[0].to_owned(), choices: None },
            seed: random::fresh_seed(),
            inbox_bound: INBOX_BOUND,
            overflow: Overflow::default(),
            record: None,
            slowdowns: Vec::new(),
            tap: None,
        }
    }
}

impl<P: Send + 'static> Builder<P> {
    /// Which CPUs, and how many workers; by default one on every allowed CPU.
    pub fn placement(mut self, request: PlacementRequest) -> Self {
        self.request = request;
        self
    }

    /// The machine as already read; by default it is read at the start.
    pub fn topology(mut self, topology: Topology) -> Self {
        self.topology = Some(topology);
        self
    }

    /// The policy by name (see [`policy::NAMES`]), and how many workers it looks at.
    pub fn policy(mut self, name: &str, choices: Option<u32>) -> Self {
        self.policy = PolicyChoice::Named { name: name.to_owned(), choices };
        self
    }

    /// A policy of your own; `make` is called once for each dispatcher, and once at the
    /// start to ask for its name.
    pub fn own_policy<Q, F>(mut self, make: F) -> Self
    where
        Q: Policy + 'static,
        F: Fn() -> Q + Send + Sync + 'static,
    {
        self.policy = PolicyChoice::Made(Arc::new(move || Box::new(make())));
        self
    }

    /// The seed of every random stream; by default a fresh one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Packets in flight that each worker may have, 1 or more; by default [`INBOX_BOUND`].
    pub fn inbox_bound(mut self, packets: u32) -> Self {
        self.inbox_bound = packets.max(1);
        self
    }

    /// What happens when every inbox is full; by default the bringing thread waits.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Records every assignment; by default nothing is recorded.
    pub fn record(mut self, options: RecordOptions) -> Self {
        self.record = Some(options);
        self
    }

    /// Makes `worker` pretend to be slower than its core.
    pub fn slow_down(mut self, worker: WorkerId, slowdown: Slowdown) -> Self {
        self.slowdowns.push((worker, slowdown));
        self
    }

    /// Lets `tap` see every packet of the attached sources before it is dispatched.
    pub fn tap(mut self, tap: Tap<P>) -> Self {
        self.tap = Some(tap);
        self
    }

    /// The work: a closure or a [`Process`], cloned for each worker. Results are dropped;
    /// [`Builder::process_into`] keeps them.
    pub fn process<W>(self, process: W) -> Ready<P>
    where
        W: Process<P> + Clone + 'static,
    {
        self.process_into(move |_| process.clone(), |_| drop)
    }

    /// The work and where its results go, both made for each worker. A process is made again
    /// after a panic.
    pub fn process_into<W, S>(
        self,
        make_process: impl Fn(WorkerInfo) -> W + Clone + Send + 'static,
        make_sink: impl Fn(WorkerInfo) -> S + 'static,
    ) -> Ready<P>
    where
        W: Process<P> + 'static,
        S: Sink<W::Out> + 'static,
    {
        let spawn: Spawn<P> = Box::new(move |seed: WorkerSeed<P>, alive| {
            let (info, make_process) = (seed.info, make_process.clone());
            let sink = make_sink(info);
            let parts = seed.into_parts(Box::new(move || make_process(info)), sink);
            let state = parts.state.clone();
            std::thread::Builder::new().name(format!("worker-{}", info.worker)).spawn(move || {
                let pinned = pin(info.cpu);
                if pinned != crate::topology::Pin::InForce {
                    let (worker, cpu) = (info.worker, info.cpu);
                    log::warn!("worker {worker} is not pinned to CPU {cpu}: {pinned:?}");
                }
                let thread_id = rustix::thread::gettid().as_raw_nonzero().get() as u32;
                state.introduce(thread_id, pinned == crate::topology::Pin::InForce);
                run_guarded(parts);
                drop(alive);
            })
        });
        Ready { builder: self, spawn }
    }

    fn policy_maker(&self) -> Result<PolicyMaker, StartError> {
        match &self.policy {
            PolicyChoice::Made(make) => Ok(make.clone()),
            PolicyChoice::Named { name, choices } => {
                policy::by_name(name, *choices)?;
                let (name, choices) = (name.clone(), *choices);
                Ok(Arc::new(move || match policy::by_name(&name, choices) {
                    Ok(policy) => policy,
                    Err(error) => unreachable!("it was found before: {error}"),
                }))
            }
        }
    }

    /// The seats with the classes and capacities that slowed-down workers pretend to have.
    fn seats(&self) -> Result<Placement, StartError> {
        let topology = match &self.topology {
            Some(topology) => topology.clone(),
            None => Topology::read(&Roots::this_machine())?,
        };
        let mut placement = place(&topology, &self.request)?;
        let last = placement.seats.len() as u32 - 1;
        for (worker, slowdown) in &self.slowdowns {
            let seat = placement.seats.get_mut(worker.index());
            let seat = seat.ok_or(StartError::NoSuchWorker { worker: *worker, last })?;
            seat.capacity *= slowdown.factor();
        }
        if !self.slowdowns.is_empty() {
            super::emulate::reclassify(&mut placement.seats);
        }
        Ok(placement)
    }
}

type Spawn<P> = Box<dyn Fn(WorkerSeed<P>, Sender<()>) -> std::io::Result<JoinHandle<()>>>;

/// What a worker needs besides its work.
struct WorkerSeed<P> {
    info: WorkerInfo,
    inboxes: Arc<Inboxes<P>>,
    state: Arc<WorkerState>,
    records: Option<crate::record_buffer::RecordBuffer>,
    clock: Clock,
    slowdown: Slowdown,
    typical: Arc<Typical>,
    halt: Arc<AtomicBool>,
}

impl<P> WorkerSeed<P> {
    fn into_parts<W, S>(
        self,
        make_process: Box<dyn FnMut() -> W + Send>,
        sink: S,
    ) -> worker::Parts<P, W, S> {
        let WorkerSeed { info, inboxes, state, records, clock, slowdown, typical, halt } = self;
        worker::Parts {
            info,
            inboxes,
            state,
            make_process,
            sink,
            records,
            clock,
            slowdown,
            typical,
            halt,
        }
    }
}

/// Runs a worker. If its thread dies all the same (in the making of its work, or in dropping a
/// payload), its inbox is closed, so that dispatchers go elsewhere.
fn run_guarded<P, W, S>(parts: worker::Parts<P, W, S>)
where
    W: Process<P>,
    S: Sink<W::Out>,
{
    let (inboxes, worker) = (parts.inboxes.clone(), parts.info.worker);
    let run = std::panic::AssertUnwindSafe(|| worker::run(parts));
    if let Err(panic) = std::panic::catch_unwind(run) {
        log::error!("worker {worker} died: {}", worker::panic_message(&*panic));
        inboxes.each[worker.index()].close();
    }
}

/// An engine that knows its work and can be started.
pub struct Ready<P> {
    builder: Builder<P>,
    spawn: Spawn<P>,
}

impl<P: Send + 'static> Ready<P> {
    /// Starts workers, sampler and recorder.
    ///
    /// # Errors
    /// [`StartError`], before any packet could be lost.
    pub fn start(self) -> Result<Engine<P>, StartError> {
        let Ready { builder, spawn } = self;
        let make_policy = builder.policy_maker()?;
        let placement = builder.seats()?;
        let clock = Clock::start();
        let buffers = Arc::new(Buffers::default());
        let recorder = match &builder.record {
            Some(options) => Some(RecorderThread::start(create(options, &buffers)?, &buffers)?),
            None => None,
        };
        let shared = Arc::new(share(&builder, placement, clock.clone()));
        let (alive, workers_ended) = crossbeam_channel::bounded(0);
        // One more than the dispatchers', only to be asked what it is.
        let policy = make_policy();
        // Once it is made, a failure drops the engine, which ends whatever has started.
        let engine = Engine {
            sampler: SamplerThread::start(sampler(&shared))?,
            recorder,
            sources: Sources::new(shared.stop.clone()),
            workers_ended,
            policy: policy.name(),
            choices: policy.choices(shared.board.workers()),
            make_policy,
            overflow: builder.overflow,
            seed: builder.seed,
            dispatchers: 0,
            tap: builder.tap,
            emulated: !builder.slowdowns.is_empty(),
            shared: shared.clone(),
        };
        drop(policy);
        let typical = Arc::new(Typical::default());
        for (seat, state) in shared.seats.iter().zip(&shared.workers) {
            let seed = WorkerSeed {
                info: WorkerInfo { worker: seat.worker, cpu: seat.cpu, class: seat.class },
                inboxes: shared.inboxes.clone(),
                state: state.clone(),
                records: engine.recorder.as_ref().map(RecorderThread::buffer),
                clock: clock.clone(),
                slowdown: slowdown_of(&builder.slowdowns, seat.worker),
                typical: typical.clone(),
                halt: shared.halt.clone(),
            };
            if let Err(error) = spawn(seed, alive.clone()) {
                drop(alive);
                return Err(StartError::Thread(error));
            }
        }
        Ok(engine)
    }
}

fn create(options: &RecordOptions, buffers: &Arc<Buffers>) -> Result<Recorder, StartError> {
    Recorder::create(options.clone(), buffers.clone())
        .map_err(|error| StartError::Record { path: options.path.clone(), error })
}

fn share<P>(builder: &Builder<P>, placement: Placement, clock: Clock) -> Shared<P> {
    let seats = placement.seats;
    let board = Arc::new(LoadBoard::new(seats.iter().map(|seat| seat.capacity as f32)));
    Shared {
        clock,
        inboxes: Arc::new(Inboxes::new(&board, builder.inbox_bound)),
        in_flight_max: u64::from(builder.inbox_bound) * seats.len() as u64,
        workers: seats.iter().map(|_| Arc::default()).collect(),
        board,
        seats,
        doors: Doors::default(),
        stop: Arc::default(),
        halt: Arc::default(),
    }
}

fn sampler<P>(shared: &Shared<P>) -> (Sampler, Arc<Mutex<crate::sampler::Samples>>) {
    let sampled = |(seat, state): (&crate::topology::Seat, &Arc<WorkerState>)| Sampled {
        cpu: seat.cpu,
        class: seat.class,
        prior_capacity: seat.capacity as f32,
        state: state.clone(),
    };
    let workers = shared.seats.iter().zip(&shared.workers).map(sampled).collect();
    let samples = Arc::default();
    let (board, clock) = (shared.board.clone(), shared.clock.clone());
    (Sampler::new(workers, board, clock, "/proc".into(), Arc::clone(&samples)), samples)
}

fn slowdown_of(slowdowns: &[(WorkerId, Slowdown)], worker: WorkerId) -> Slowdown {
    let named = slowdowns.iter().rev().find(|(slowed, _)| *slowed == worker);
    named.map_or(Slowdown::NONE, |(_, slowdown)| *slowdown)
}
