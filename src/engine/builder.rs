//! Builds an engine, and says before anything starts why it cannot.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::crew::Crew;
use super::emulate::reclassify;
use super::packing::EnergyGoal;
use super::sources::Tap;
use super::start::Ready;
use crate::clock::Clock;
use crate::derating::ThermalLimit;
use crate::dispatch::Overflow;
use crate::energy;
use crate::ids::WorkerId;
use crate::order::OrderRule;
use crate::policy::{self, Options, Policy, UnknownPolicy};
use crate::power::PowerModel;
use crate::priority::Priorities;
use crate::process::{Process, Sink, WorkerInfo};
use crate::random;
use crate::recorder::RecordOptions;
use crate::topology::{
    Placement, PlacementError, PlacementRequest, Roots, Topology, TopologyError, place,
};
use crate::worker::Slowdown;

/// Packets an inbox holds by default: some milliseconds of work, some megabytes of waveforms.
/// Smaller ones cost a dense stream of small packets a part of its pace: a dispatcher that waits
/// for room sleeps and is woken more often.
pub const INBOX_BOUND: u32 = 1_024;

/// Packets of one key that may be dispatched and not released, by default, in `ordered`.
pub const ORDER_WINDOW: u32 = 1024;

/// Makes a policy for each bringing thread.
pub type PolicyMaker = policy::Maker;

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
    /// The work keeps a state for each key, and packets may be worked on in any order.
    #[error(
        "the work keeps a state for each key, which needs its packets in order: choose the order \
         sticky or ordered, or work without a state"
    )]
    StateNeedsOrder,
    /// A goal of energy that nobody can aim at.
    #[error("the goal of energy cannot have a {what} of {seen}: give {remedy}")]
    WrongGoal {
        /// The field of [`EnergyGoal`].
        what: &'static str,
        /// What it was.
        seen: String,
        /// What it may be.
        remedy: &'static str,
    },
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
    pub(super) topology: Option<Topology>,
    pub(super) board: energy::Settings,
    pub(super) energy_goal: Option<EnergyGoal>,
    pub(super) policy: PolicyChoice,
    pub(super) seed: u64,
    pub(super) inbox_bound: u32,
    pub(super) overflow: Overflow,
    pub(super) order: OrderRule,
    pub(super) other_orders: Vec<OrderRule>,
    pub(super) order_window: u32,
    pub(super) priorities: Priorities,
    pub(super) steal: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) record: Option<RecordOptions>,
    pub(super) slowdowns: Vec<(WorkerId, Slowdown)>,
    pub(super) tap: Option<Tap<P>>,
}

pub(super) enum PolicyChoice {
    Named { name: String, choices: Option<u32> },
    Made(PolicyMaker),
}

impl<P: Send + 'static> Default for Builder<P> {
    fn default() -> Self {
        Builder {
            request: PlacementRequest::default(),
            topology: None,
            board: energy::Settings::default(),
            energy_goal: None,
            policy: PolicyChoice::Named { name: policy::NAMES[0].to_owned(), choices: None },
            seed: random::fresh_seed(),
            inbox_bound: INBOX_BOUND,
            overflow: Overflow::default(),
            order: OrderRule::default(),
            other_orders: Vec::new(),
            order_window: ORDER_WINDOW,
            priorities: Priorities::default(),
            steal: true,
            deadline: None,
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

    /// The machine as already read, and taken as it is. By default it is read at the start (what is
    /// allowed is what the starting thread may use: start the engine from one that is not pinned), and
    /// the capacities of its classes, if there are several, are measured
    /// ([`Topology::calibrated`]).
    pub fn topology(mut self, topology: Topology) -> Self {
        self.topology = Some(topology);
        self
    }

    /// What the board draws where nothing measures it, and how a measured whole is split over
    /// classes; by default the built-in model of the machine's own name.
    pub fn power_model(mut self, model: PowerModel) -> Self {
        self.board.model = Some(model);
        self
    }

    /// From which temperature on a core is relieved; by default a little below where the machine
    /// says that it throttles, if it says so.
    pub fn thermal_limit(mut self, limit: ThermalLimit) -> Self {
        self.board.thermal_limit = limit;
        self
    }

    /// As few and frugal workers as hold a target shall be active; by default all of them always
    /// are. A goal that cannot be is told at the start.
    pub fn energy_goal(mut self, goal: EnergyGoal) -> Self {
        self.energy_goal = Some(goal);
        self
    }

    /// Where sensors of energy and temperature are looked for; by default on this machine.
    pub fn energy_roots(mut self, roots: energy::Roots) -> Self {
        self.board.roots = roots;
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

    /// A policy that is made by what [`policy::maker`] gives: for options beyond
    /// [`Builder::policy`]'s.
    pub fn policy_maker_of(mut self, make: PolicyMaker) -> Self {
        self.policy = PolicyChoice::Made(make);
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

    /// What is promised of the order of a key's packets; by default nothing
    /// ([`Order::Parallel`](crate::order::Order::Parallel)). Work that keeps a state needs another one.
    pub fn order(mut self, rule: OrderRule) -> Self {
        self.order = rule;
        self
    }

    /// Another rule, for [`Engine::dispatcher_in`](super::Engine::dispatcher_in) and
    /// [`Engine::attach_in`](super::Engine::attach_in).
    pub fn also_order(mut self, rule: OrderRule) -> Self {
        self.other_orders.push(rule);
        self
    }

    /// In `ordered`: how many packets of a key may be dispatched and not released, 1 or more; so
    /// many results can wait for one straggler. At the window the bringing thread waits, or the
    /// packet is refused, as [`Builder::overflow`] says. By default [`ORDER_WINDOW`].
    pub fn order_window(mut self, packets: u32) -> Self {
        self.order_window = packets.max(1);
        self
    }

    /// What is worked on first and shed last; by default all kinds are equal.
    pub fn priorities(mut self, priorities: Priorities) -> Self {
        self.priorities = priorities;
        self
    }

    /// Whether an idle worker takes from a loaded one what may be worked on anywhere; by default
    /// it does. `sticky` packets are never taken.
    pub fn steal(mut self, steal: bool) -> Self {
        self.steal = steal;
        self
    }

    /// A packet that is older than this when its turn comes is dropped as expired; by default
    /// none is too old. Every packet is then stamped, which costs two readings of the clock.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
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
        W::Out: 'static,
        W::State: 'static,
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
        W::Out: 'static,
        W::State: 'static,
        S: Sink<W::Out> + 'static,
    {
        Ready { crew: Box::new(Crew::new(make_process, make_sink)), builder: self }
    }

    pub(super) fn policy_maker(&self) -> Result<PolicyMaker, StartError> {
        match &self.policy {
            PolicyChoice::Made(make) => Ok(make.clone()),
            PolicyChoice::Named { name, choices } => {
                Ok(policy::maker(name, &Options::with_choices(*choices))?)
            }
        }
    }

    /// Every rule of order that a dispatcher may follow.
    pub(super) fn orders(&self) -> impl Iterator<Item = &OrderRule> {
        std::iter::once(&self.order).chain(&self.other_orders)
    }

    /// The machine, as it was given or as it is now, measured where it has several classes.
    pub(super) fn machine(&self) -> Result<Topology, StartError> {
        match &self.topology {
            Some(topology) => Ok(topology.clone()),
            None => {
                let asked = self.request.cpus.as_ref();
                Ok(Topology::read(&Roots::this_machine())?.calibrated(asked, &Clock::start()))
            }
        }
    }

    /// Whether some worker pretends from the start to be of another class.
    pub(super) fn pretends(&self) -> bool {
        self.slowdowns.iter().any(|(_, slowdown)| slowdown.from_ns() == 0)
    }

    /// The seats with the classes and capacities that slowed-down workers pretend to have.
    pub(super) fn seats(&self, topology: &Topology) -> Result<Placement, StartError> {
        let mut placement = place(topology, &self.request)?;
        let last = placement.seats.len() as u32 - 1;
        for (worker, slowdown) in &self.slowdowns {
            let seat = placement.seats.get_mut(worker.index());
            let seat = seat.ok_or(StartError::NoSuchWorker { worker: *worker, last })?;
            seat.capacity *= slowdown.factor_at_start();
        }
        if self.pretends() {
            reclassify(&mut placement.seats);
        }
        Ok(placement)
    }
}
