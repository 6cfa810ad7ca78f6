//! From settings to a running engine.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};

use super::board::WatchedBoard;
use super::builder::{Builder, StartError};
use super::crew::{Hire, Streams, WorkerSeed};
use super::packing::{EnergyGoal, EnergyKeeper};
use super::shared::{Doors, Shared};
use super::sources::Sources;
use super::{Engine, RecorderThread, SamplerThread};
use crate::clock::Clock;
use crate::dispatch::PolicySwitch;
use crate::ids::WorkerId;
use crate::inbox::{Inboxes, LaneKind, LanePlan};
use crate::loads::LoadBoard;
use crate::look::Look;
use crate::order::Order;
use crate::packet::Kind;
use crate::process::WorkerInfo;
use crate::recorder::{Buffers, RecordOptions, Recorder};
use crate::sampler::{Keeper, KeeperParts, Sampled, Sampler, Samples, Watch};
use crate::topology::{CpuList, Housekeepers, OwnThreads, Placement, Roots, Seat, Seats, Topology};
use crate::totals::WorkerState;
use crate::worker::Slowdown;

/// An engine that knows its work and can be started.
pub struct Ready<P> {
    pub(super) builder: Builder<P>,
    pub(super) crew: Box<dyn Hire<P>>,
}

impl<P: Send + 'static> Ready<P> {
    /// Starts workers, sampler and recorder.
    ///
    /// # Errors
    /// [`StartError`], before any packet could be lost.
    pub fn start(self) -> Result<Engine<P>, StartError> {
        let Ready { builder, crew } = self;
        if crew.keeps_state() && builder.orders().any(|rule| rule.has(Order::Parallel)) {
            return Err(StartError::StateNeedsOrder);
        }
        builder.energy_goal.iter().try_for_each(EnergyGoal::check)?;
        let make_policy = builder.policy_maker()?;
        let topology = builder.machine()?;
        let placement = builder.seats(&topology)?;
        let (seats, reserved) = (placement.seats.clone(), placement.reserved.clone());
        let clock = Clock::start();
        // From zero, as the run: nothing has to be filled in between the two.
        let board = WatchedBoard::new(&builder.board, &topology, 0);
        let buffers = Arc::new(Buffers::default());
        let housekeepers = Arc::new(Housekeepers::new(placement.housekeeping.clone()));
        let recorder = match &builder.record {
            Some(options) => {
                let recorder = create(options, &buffers)?;
                Some(RecorderThread::start(recorder, &buffers, &housekeepers)?)
            }
            None => None,
        };
        let streams = crew.streams(builder.order_window);
        let shared = Arc::new(share(&builder, placement, housekeepers, &streams, clock));
        let energy_keeper = builder.energy_goal.map(|goal| {
            let model = builder.board.model.as_ref();
            let live = (&shared.board, &shared.workers[..]);
            EnergyKeeper::new(goal, model, &topology, &shared.seats, live)
        });
        let watch = watch(&board, energy_keeper.clone());
        let (alive, workers_ended) = crossbeam_channel::bounded(0);
        // Once it is made, a failure drops the engine, which ends whatever has started.
        let engine = Engine {
            sampler: SamplerThread::start(&shared.housekeepers, |witness| {
                let keeper = keeper(&builder, &shared, (topology, reserved), witness);
                sampler(&shared, &seats, keeper, watch)
            })?,
            board,
            energy_keeper,
            recorder,
            sources: Sources::new(shared.stop.clone(), shared.housekeepers.clone()),
            workers_ended,
            switch: Arc::new(PolicySwitch::new(make_policy, shared.board.workers())),
            streams,
            stamp_all: builder.deadline.is_some() || !builder.slowdowns.is_empty(),
            dispatchers: 0,
            emulated: !builder.slowdowns.is_empty(),
            shared: shared.clone(),
            builder,
        };
        engine.hire(&*crew, &seats, alive)?;
        Ok(engine)
    }
}

impl<P: Send + 'static> Engine<P> {
    /// Gives every seat its worker.
    fn hire(
        &self,
        crew: &dyn Hire<P>,
        seats: &[Seat],
        alive: crossbeam_channel::Sender<()>,
    ) -> Result<(), StartError> {
        let (shared, builder) = (&self.shared, &self.builder);
        let running = Arc::new(AtomicU32::new(seats.len() as u32));
        for (seat, state) in seats.iter().zip(&shared.workers) {
            let seed = WorkerSeed {
                info: WorkerInfo { worker: seat.worker, cpu: seat.cpu, class: seat.class },
                seats: shared.seats.clone(),
                inboxes: shared.inboxes.clone(),
                board: shared.board.clone(),
                state: state.clone(),
                records: self.recorder.as_ref().map(RecorderThread::buffer),
                clock: shared.clock.clone(),
                slowdown: slowdown_of(&builder.slowdowns, seat.worker),
                steal: builder.steal,
                deadline: builder.deadline,
                typical: shared.typical.clone(),
                halt: shared.halt.clone(),
                running: running.clone(),
            };
            crew.spawn(seed, alive.clone()).map_err(StartError::Thread)?;
        }
        Ok(())
    }
}

fn create(options: &RecordOptions, buffers: &Arc<Buffers>) -> Result<Recorder, StartError> {
    Recorder::create(options.clone(), buffers.clone())
        .map_err(|error| StartError::Record { path: options.path.clone(), error })
}

fn share<P: Send + 'static>(
    builder: &Builder<P>,
    placement: Placement,
    housekeepers: Arc<Housekeepers>,
    streams: &Streams,
    clock: Clock,
) -> Shared<P> {
    let seats = placement.seats;
    let board = Arc::new(LoadBoard::new(seats.iter().map(|seat| seat.capacity as f32)));
    let ordered = builder.orders().any(|rule| rule.has(Order::Ordered));
    // What waits for its turn has left the inboxes and is not at its end.
    let waiting = if ordered { streams.tickets.waiting_max() } else { 0 };
    // A thief may have a full inbox of its own beside the message that it took.
    let at_worker = u64::from(builder.inbox_bound) * if builder.steal { 2 } else { 1 };
    Shared {
        clock,
        inboxes: Arc::new(Inboxes::new(&board, builder.inbox_bound, lanes(builder))),
        in_flight_max: at_worker * seats.len() as u64 + waiting,
        workers: seats.iter().map(|_| Arc::default()).collect(),
        board,
        seats: Arc::new(Seats::new(seats)),
        housekeepers,
        doors: Doors::default(),
        typical: Arc::default(),
        stop: Arc::default(),
        halt: Arc::default(),
    }
}

/// A lane for every way that a packet may go.
fn lanes<P: Send + 'static>(builder: &Builder<P>) -> LanePlan {
    let of_rule = |rule: &crate::order::OrderRule| {
        let rule = *rule;
        Kind::ALL
            .map(|kind| LaneKind { priority: builder.priorities.of(kind), order: rule.of(kind) })
    };
    LanePlan::new(builder.orders().flat_map(of_rule))
}

fn sampler<P>(
    shared: &Shared<P>,
    seats: &[Seat],
    keeper: Keeper,
    watch: Watch,
) -> (Sampler, Arc<Mutex<Samples>>) {
    let sampled = |(seat, state): (&Seat, &Arc<WorkerState>)| Sampled {
        cpu: seat.cpu,
        class: seat.class,
        prior_capacity: seat.capacity as f32,
        state: state.clone(),
    };
    let workers = seats.iter().zip(&shared.workers).map(sampled).collect();
    let samples = Arc::default();
    let (board, clock) = (shared.board.clone(), shared.clock.clone());
    let proc = "/proc".into();
    let sampler = Sampler::new(workers, board, clock, proc, Arc::clone(&samples), keeper);
    (sampler.watched_by(watch), samples)
}

/// Who else looks whenever the sampler does: the board, and under the goal of energy who parks.
fn watch(watched: &WatchedBoard, energy_keeper: Option<EnergyKeeper>) -> Watch {
    let mut watch = watched.watch();
    Box::new(move |look: &Look| {
        energy_keeper.iter().for_each(|keeper| keeper.look(look.now_ns));
        watch(look)
    })
}

/// What looks after the pins; `witness` is a thread that is never pinned.
fn keeper<P: Send + 'static>(
    builder: &Builder<P>,
    shared: &Shared<P>,
    (topology, reserved): (Topology, CpuList),
    witness: u32,
) -> Keeper {
    Keeper::new(KeeperParts {
        affinity: Box::new(OwnThreads::new(Roots::this_machine(), witness)),
        topology,
        asked: builder.request.cpus.clone(),
        reserved,
        emulated: builder.pretends(),
        workers: shared.workers.clone(),
        seats: shared.seats.clone(),
        housekeepers: shared.housekeepers.clone(),
    })
}

fn slowdown_of(slowdowns: &[(WorkerId, Slowdown)], worker: WorkerId) -> Slowdown {
    let named = slowdowns.iter().rev().find(|(slowed, _)| *slowed == worker);
    named.map_or(Slowdown::NONE, |(_, slowdown)| *slowdown)
}
