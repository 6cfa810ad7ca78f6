//! The workers' threads, by the type of their work, behind a trait that does not know it.

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::clock::Clock;
use crate::inbox::Inboxes;
use crate::loads::LoadBoard;
use crate::process::{Process, Sink, WorkerInfo, is_state};
use crate::record_buffer::RecordBuffer;
use crate::streams::{Forgotten, OrderedTable, States, StickyTable, Tickets};
use crate::topology::{Pin, Seats, pin};
use crate::totals::WorkerState;
use crate::typical::Typical;
use crate::worker::{self, Settling, Slowdown};

/// What starting an engine needs of its work.
pub trait Hire<P> {
    /// Whether the work keeps a state for each key.
    fn keeps_state(&self) -> bool;

    /// What workers and dispatchers know together of the streams, with windows of this many
    /// packets; to be called first, and once.
    fn streams(&self, window: u32) -> Streams;

    /// Starts a worker; `alive` is dropped when it has ended.
    fn spawn(&self, seed: WorkerSeed<P>, alive: Sender<()>) -> std::io::Result<JoinHandle<()>>;
}

/// What is known of the streams without the types of the work: the dispatchers' part, and how many
/// states were given up.
#[derive(Clone)]
pub struct Streams {
    pub sticky: Arc<StickyTable>,
    pub tickets: Arc<dyn Tickets>,
    pub forgotten: Forgotten,
}

/// What a worker needs besides its work.
pub struct WorkerSeed<P> {
    pub info: WorkerInfo,
    pub seats: Arc<Seats>,
    pub inboxes: Arc<Inboxes<P>>,
    pub board: Arc<LoadBoard>,
    pub state: Arc<WorkerState>,
    pub records: Option<RecordBuffer>,
    pub clock: Clock,
    pub slowdown: Slowdown,
    pub steal: bool,
    pub deadline: Option<Duration>,
    pub typical: Arc<Typical>,
    pub halt: Arc<AtomicBool>,
    pub running: Arc<AtomicU32>,
}

type Shared<P, W> = Arc<Settling<<W as Process<P>>::State, <W as Process<P>>::Out>>;

/// Workers that do the work `W`.
pub struct Crew<P, W: Process<P>, F, G> {
    make_process: F,
    make_sink: G,
    settling: OnceLock<Shared<P, W>>,
}

impl<P, W: Process<P>, F, G> Crew<P, W, F, G> {
    pub fn new(make_process: F, make_sink: G) -> Self {
        Crew { make_process, make_sink, settling: OnceLock::new() }
    }

    fn settling(&self, window: u32) -> Shared<P, W> {
        let settling = || {
            let states = is_state::<W::State>().then(States::default);
            let ordered = Arc::new(OrderedTable::new(window));
            Arc::new(Settling { sticky: Arc::default(), ordered, states })
        };
        self.settling.get_or_init(settling).clone()
    }
}

impl<P, W, S, F, G> Hire<P> for Crew<P, W, F, G>
where
    P: Send + 'static,
    W: Process<P> + 'static,
    W::Out: 'static,
    W::State: 'static,
    S: Sink<W::Out> + 'static,
    F: Fn(WorkerInfo) -> W + Clone + Send + 'static,
    G: Fn(WorkerInfo) -> S + 'static,
{
    fn keeps_state(&self) -> bool {
        is_state::<W::State>()
    }

    fn streams(&self, window: u32) -> Streams {
        let settling = self.settling(window);
        let forgotten = settling.states.as_ref().map(|states| states.forgotten().clone());
        Streams {
            sticky: settling.sticky.clone(),
            tickets: settling.ordered.clone(),
            forgotten: forgotten.unwrap_or_default(),
        }
    }

    fn spawn(&self, seed: WorkerSeed<P>, alive: Sender<()>) -> std::io::Result<JoinHandle<()>> {
        let (info, make_process) = (seed.info, self.make_process.clone());
        let (sink, settling) = ((self.make_sink)(info), self.settling(1));
        let parts = into_parts(seed, settling, Box::new(move || make_process(info)), sink);
        let state = parts.state.clone();
        std::thread::Builder::new().name(format!("worker-{}", info.worker)).spawn(move || {
            let pinned = pin(info.cpu);
            if pinned != Pin::InForce {
                let (worker, cpu) = (info.worker, info.cpu);
                log::warn!("worker {worker} is not pinned to CPU {cpu}: {pinned:?}");
            }
            let thread_id = rustix::thread::gettid().as_raw_nonzero().get() as u32;
            state.introduce(thread_id, pinned == Pin::InForce);
            worker::run(parts);
            drop(alive);
        })
    }
}

fn into_parts<P, W: Process<P>, S>(
    seed: WorkerSeed<P>,
    settling: Shared<P, W>,
    make_process: Box<dyn FnMut() -> W + Send>,
    sink: S,
) -> worker::Parts<P, W, S> {
    let deadline_ns =
        seed.deadline.map(|limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
    worker::Parts {
        info: seed.info,
        seats: seed.seats,
        seats_seen: 0,
        inboxes: seed.inboxes,
        board: seed.board,
        state: seed.state,
        settling,
        make_process,
        sink,
        records: seed.records,
        clock: seed.clock,
        slowdown: seed.slowdown,
        steal: seed.steal,
        deadline_ns,
        typical: seed.typical,
        halt: seed.halt,
        running: seed.running,
    }
}
