//! From settings to a running engine.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};

use super::board::WatchedBoard;
use super::builder::{Builder, StartError};
use super::crew::{Hire, Streams, WorkerSeed};
use super::packing::Keeper;
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
use crate::sampler::{Sampled, Sampler, Samples};
use crate::topology::{Placement, Seat};
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
        let make_policy = builder.policy_maker()?;
        let topology = builder.machine()?;
        let placement = builder.seats(&topology)?;
        let clock = Clock::start();
        let board = WatchedBoard::new(&builder.board, &topology, clock.now_ns());
        let buffers = Arc::new(Buffers::default());
        let recorder = match &builder.record {
            Some(options) => Some(RecorderThread::start(create(options, &buffers)?, &buffers)?),
            None => None,
        };
        let streams = crew.streams(builder.order_window);
        let shared = Arc::new(share(&builder, placement, &streams, clock));
        let keeper = builder.energy_goal.map(|goal| {
            let model = builder.board.model.as_ref();
            let live = (&shared.board, &shared.workers[..]);
            Keeper::new(goal, model, &topology, &shared.seats, live)
        });
        let (alive, workers_ended) = crossbeam_channel::bounded(0);
        // Once it is made, a failure drops the engine, which ends whatever has started.
        let engine = Engine {
            sampler: SamplerThread::start(sampler(&shared, &board, keeper.clone()))?,
            board,
            keeper,
            recorder,
            sources: Sources::new(shared.stop.clone()),
            workers_ended,
            switch: Arc::new(PolicySwitch::new(make_policy, shared.board.workers())),
            streams,
            stamp_all: builder.deadline.is_some() || !builder.slowdowns.is_empty(),
            dispatchers: 0,
            emulated: !builder.slowdowns.is_empty(),
            shared: shared.clone(),
            builder,
        };
        engine.hire(&*crew, alive)?;
        Ok(engine)
    }
}

impl<P: Send + 'static> Engine<P> {
    /// Gives every seat its worker.
    fn hire(
        &self,
        crew: &dyn Hire<P>,
        alive: crossbeam_channel::Sender<()>,
    ) -> Result<(), StartError> {
        let (shared, builder) = (&self.shared, &self.builder);
        let running = Arc::new(AtomicU32::new(shared.seats.len() as u32));
        for (seat, state) in shared.seats.iter().zip(&shared.workers) {
            let seed = WorkerSeed {
                info: WorkerInfo { worker: seat.worker, cpu: seat.cpu, class: seat.class },
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
        seats,
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
    watched: &WatchedBoard,
    keeper: Option<Keeper>,
) -> (Sampler, Arc<Mutex<Samples>>) {
    let sampled = |(seat, state): (&Seat, &Arc<WorkerState>)| Sampled {
        cpu: seat.cpu,
        class: seat.class,
        prior_capacity: seat.capacity as f32,
        state: state.clone(),
    };
    let workers = shared.seats.iter().zip(&shared.workers).map(sampled).collect();
    let samples = Arc::default();
    let (board, clock) = (shared.board.clone(), shared.clock.clone());
    let sampler = Sampler::new(workers, board, clock, "/proc".into(), Arc::clone(&samples));
    let mut watch = watched.watch();
    let watch = Box::new(move |look: &Look| {
        keeper.iter().for_each(|keeper| keeper.look(look.now_ns));
        watch(look)
    });
    (sampler.watched_by(watch), samples)
}

fn slowdown_of(slowdowns: &[(WorkerId, Slowdown)], worker: WorkerId) -> Slowdown {
    let named = slowdowns.iter().rev().find(|(slowed, _)| *slowed == worker);
    named.map_or(Slowdown::NONE, |(_, slowdown)| *slowdown)
}
