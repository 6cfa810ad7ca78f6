//! One replication, event by event.
//!
//! Events at the same moment come in this order: packets that are done, faults, the board,
//! arrivals. Three streams of random numbers (arrivals, work and keys, the rule) are independent of each
//! other, so two rules with one seed get the very same packets.

use std::collections::VecDeque;

use super::aim::{Aimed, Keeper};
use super::crowd::{Crowd, Finished, SimJob};
use super::faults::{FaultKind, Faults};
use super::learned::LearnedSpeeds;
use super::measure::Measure;
use super::race::NEVER;
use super::setup::Setup;
use super::troubles::{Change, Troubles, changes};
use super::view::{SimView, UNIT_NS};
use crate::arrival::Schedule;
use crate::feedback::Done;
use crate::ids::WorkerId;
use crate::job::Key;
use crate::ledger::Ledger;
use crate::packet::Kind;
use crate::policy::{Ask, Policy};
use crate::random::Random;

/// More packets in flight than this and a replication ends: it will not settle any more.
const IN_FLIGHT_MAX: usize = 4_000_000;

/// Utilization is sampled this often where counts are live: 100 ms for tasks of 2 ms.
const UTILIZATION_WINDOW: f64 = 50.0;

/// The account does not close: a mistake in the simulator, with what makes it happen again.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("seed {seed}, at {at} units: {what}")]
pub struct Broken {
    /// The seed.
    pub seed: u64,
    /// When.
    pub at: f64,
    /// What does not hold.
    pub what: String,
}

/// A replication that has ended.
pub struct Ran {
    /// What was measured.
    pub measure: Measure,
    /// The closed account.
    pub ledger: Ledger,
    /// The part of the time that each worker was busy.
    pub utilization: Vec<f64>,
    /// From the beginning to the last event, in units.
    pub span: f64,
    /// What packing and energy came to, where they are looked at.
    pub aimed: Option<Aimed>,
}

/// See the head of this file.
pub struct World<'a> {
    setup: &'a Setup,
    seed: u64,
    policy: Box<dyn Policy>,
    view: SimView,
    crowd: Crowd,
    schedule: Schedule,
    packets: Random,
    rule: Random,
    measure: Measure,
    fastest: f64,
    wants_feedback: bool,
    arrives_ns: u64,
    now_ns: u64,
    made: u64,
    ledger: Ledger,
    /// Packets for which there was nobody.
    door: VecDeque<SimJob>,
    changes: VecDeque<Change>,
    troubles: Vec<Troubles>,
    /// Whether the rule sees counts live, and not from the board.
    live: bool,
    /// The time between two writings of the board.
    window_ns: u64,
    board_ns: u64,
    board_busy_ns: Vec<u64>,
    learned: LearnedSpeeds,
    keeper: Option<Keeper<'a>>,
    checks: bool,
}

impl<'a> World<'a> {
    /// Replication number `replication` of `setup`, under `policy`.
    pub fn new(setup: &'a Setup, replication: u32, policy: Box<dyn Policy>) -> Self {
        let stream = |which: u64| Random::stream(setup.seed, u64::from(replication) * 8 + which);
        let speeds = setup.speeds.each();
        let fastest = speeds.iter().copied().fold(0.0, f64::max);
        let mut schedule = Schedule::new(setup.arrivals, stream(0));
        schedule.set_rate(setup.load * setup.speeds.sum() * 1e9 / UNIT_NS, 0);
        let workers = speeds.len();
        World {
            setup,
            seed: setup.seed,
            wants_feedback: policy.wants_feedback(),
            policy,
            view: SimView::new(setup.capacities()),
            crowd: Crowd::new(speeds),
            arrives_ns: schedule.due_ns(),
            schedule,
            packets: stream(1),
            rule: stream(2),
            measure: Measure::new(setup.packets, setup.warmup, workers, setup.log_rows),
            fastest,
            now_ns: 0,
            made: 0,
            ledger: Ledger::default(),
            door: VecDeque::new(),
            changes: changes(&setup.faults),
            troubles: vec![Troubles::default(); workers],
            live: setup.stale.is_none(),
            window_ns: (setup.stale.unwrap_or(UTILIZATION_WINDOW) * UNIT_NS) as u64,
            board_ns: 0,
            board_busy_ns: vec![0; workers],
            learned: LearnedSpeeds::new(workers),
            keeper: setup.aim.as_ref().map(Keeper::new),
            checks: !setup.faults.each().is_empty(),
        }
    }

    /// Runs it to its end: all packets have come and are done.
    ///
    /// # Errors
    /// [`Broken`], where faults are simulated and the account does not close.
    pub fn run(mut self) -> Result<Ran, Broken> {
        while self.step() {
            if self.checks {
                self.check()?;
            }
        }
        self.check()?;
        let settles = self.crowd.in_flight() + self.door.len() == 0;
        if !settles && self.checks {
            return Err(self.broken("packets are left and nothing will happen any more".into()));
        }
        let span_ns = self.now_ns.max(1);
        let busy = |worker| self.crowd.busy_ns(worker, self.now_ns) as f64 / span_ns as f64;
        let utilization = (0..self.setup.speeds.each().len()).map(busy).collect();
        let span = span_ns as f64 / UNIT_NS;
        let keeper = self.keeper.as_ref();
        let aimed = keeper.map(|keeper| keeper.end(span_ns, self.view.board(), &self.crowd));
        Ok(Ran { measure: self.measure, ledger: self.ledger, utilization, span, aimed })
    }

    /// The next event; false when there is none.
    fn step(&mut self) -> bool {
        let done_ns = self.crowd.next_ns();
        let change_ns = self.changes.front().map_or(NEVER, |change| change.at_ns);
        let look_ns = self.keeper.as_ref().map_or(NEVER, Keeper::next_ns);
        let next_ns = done_ns.min(change_ns).min(self.board_ns).min(look_ns).min(self.arrives_ns);
        let over = self.made == self.setup.packets && self.is_empty() && self.changes.is_empty();
        if over || next_ns == NEVER || self.crowd.in_flight() > IN_FLIGHT_MAX {
            return false;
        }
        self.now_ns = next_ns;
        if done_ns == next_ns {
            if let Some(finished) = self.crowd.pop() {
                self.finish(&finished);
            }
        } else if change_ns == next_ns {
            if let Some(change) = self.changes.pop_front() {
                self.change(change);
            }
        } else if self.board_ns == next_ns {
            self.write_board();
        } else if look_ns == next_ns {
            self.look_at_energy();
        } else {
            self.arrive();
        }
        true
    }

    fn look_at_energy(&mut self) {
        let (now_ns, troubles) = (self.now_ns, &self.troubles);
        if let Some(keeper) = &mut self.keeper {
            keeper.look(now_ns, self.view.board(), |worker| troubles[worker].is_away());
        }
    }

    fn is_empty(&self) -> bool {
        self.crowd.in_flight() == 0 && self.door.is_empty()
    }

    fn arrive(&mut self) {
        self.measure.arrived(self.made, self.crowd.in_flight() + self.door.len());
        let job = SimJob {
            number: self.made,
            arrived_ns: self.now_ns,
            work_ns: self.setup.service.draw(&mut self.packets) * UNIT_NS,
            key: self.packets.below(self.setup.sensors),
        };
        self.made += 1;
        self.ledger.received += 1;
        self.keeper.iter_mut().for_each(Keeper::arrived);
        self.dispatch(job);
        self.schedule.advance();
        let more = self.made < self.setup.packets;
        self.arrives_ns = if more { self.schedule.due_ns() } else { NEVER };
    }

    fn dispatch(&mut self, job: SimJob) {
        let ask = Ask {
            now_ns: self.now_ns,
            ticket: job.number,
            known_work_ns: Some((job.work_ns / self.fastest) as u64),
            ..Ask::new(Key(u64::from(job.key)), Kind::Other)
        };
        let chosen = self.view.choose(&mut *self.policy, &ask, &mut self.rule).index();
        match self.somebody(chosen) {
            Some(worker) => {
                self.crowd.push(worker, job, self.now_ns);
                self.show(worker);
            }
            None => self.door.push_back(job),
        }
    }

    /// The chosen worker, or where it is away the one with the least expected delay of those
    /// that are there, an active one if there is one, as dispatchers do.
    fn somebody(&self, chosen: usize) -> Option<usize> {
        if !self.checks || !self.troubles[chosen].is_away() {
            return Some(chosen);
        }
        let speeds = self.setup.speeds.each();
        let delay = |worker: usize| (self.crowd.in_flight_at(worker) + 1) as f64 / speeds[worker];
        let there = (0..speeds.len()).filter(|worker| !self.troubles[*worker].is_away());
        let parked = |worker: usize| self.view.board().parking().is_parked(WorkerId(worker as u32));
        let better = |a: &usize, b: &usize| {
            parked(*a).cmp(&parked(*b)).then(delay(*a).total_cmp(&delay(*b)))
        };
        there.min_by(better)
    }

    fn finish(&mut self, finished: &Finished) {
        self.ledger.processed += 1;
        self.measure.done(finished);
        self.keeper.iter_mut().for_each(|keeper| keeper.done(finished));
        self.show(finished.worker);
        if self.setup.learn_capacity {
            self.learned.hear(finished, self.view.board());
        }
        if self.wants_feedback {
            self.tell(finished, false);
        }
    }

    fn tell(&mut self, finished: &Finished, failed: bool) {
        let Finished { job, worker, started_ns, done_ns } = *finished;
        let done = Done {
            ticket: job.number,
            worker: WorkerId(worker as u32),
            kind: Kind::Other,
            finished_ns: done_ns,
            wait_ns: started_ns - job.arrived_ns,
            service_ns: done_ns - started_ns,
            failed,
        };
        self.view.tell(&mut *self.policy, &[done]);
    }

    /// Shows the rule how `worker` stands, if it sees that live.
    fn show(&self, worker: usize) {
        if self.live {
            let (id, in_flight) = (WorkerId(worker as u32), self.crowd.in_flight_at(worker));
            self.view.board().in_flight(id).set(in_flight as u32);
        }
    }

    /// Shows all workers as they stand now, and how busy they were since the last time.
    fn write_board(&mut self) {
        let mut busy_since = 0;
        for worker in 0..self.board_busy_ns.len() {
            let id = WorkerId(worker as u32);
            if !self.live {
                self.view.board().in_flight(id).set(self.crowd.in_flight_at(worker) as u32);
            }
            let busy_ns = self.crowd.busy_ns(worker, self.now_ns);
            let window_ns = busy_ns - self.board_busy_ns[worker];
            busy_since += window_ns;
            let utilization = window_ns as f64 / self.window_ns as f64;
            self.view.board().set_utilization(id, utilization as f32);
            self.board_busy_ns[worker] = busy_ns;
        }
        self.board_ns += self.window_ns;
        let idle = self.crowd.in_flight() == 0 && busy_since == 0;
        let next_ns = self.arrives_ns.min(self.changes.front().map_or(NEVER, |next| next.at_ns));
        if idle && next_ns != NEVER && next_ns > self.board_ns {
            // All it could show until then is that nothing happens.
            self.board_ns += (next_ns - self.board_ns) / self.window_ns * self.window_ns;
        }
    }

    fn change(&mut self, change: Change) {
        let Change { worker, kind, begins, .. } = change;
        self.troubles[worker].change(&change);
        self.apply(worker);
        if begins && matches!(kind, FaultKind::Crash | FaultKind::Offline) {
            self.clear_out(worker, kind == FaultKind::Crash);
        }
        if !begins && !self.troubles[worker].is_away() {
            std::mem::take(&mut self.door).into_iter().for_each(|job| self.dispatch(job));
        }
    }

    /// Lets `worker` work as its troubles allow, and the rule see what it may see.
    fn apply(&mut self, worker: usize) {
        let (speed, troubles) = (self.setup.speeds.each()[worker], &self.troubles[worker]);
        let (throttle, own_share) = (troubles.throttle(), troubles.own_share());
        let stands = troubles.stalls() || troubles.is_away();
        let rate = if stands { 0.0 } else { speed * throttle * own_share };
        self.crowd.set_rate(worker, rate, self.now_ns);
        if !self.setup.learn_capacity {
            let capacity = (speed * throttle / self.fastest) as f32;
            let foreign = (1.0 - own_share) as f32;
            self.view.board().set_speed(WorkerId(worker as u32), capacity, foreign);
        }
    }

    /// Dispatches again what a worker that is gone had; what it had in hand may be lost.
    fn clear_out(&mut self, worker: usize, in_hand_fails: bool) {
        let mut jobs = self.crowd.take_all(worker, self.now_ns);
        self.show(worker);
        if in_hand_fails && let Some(job) = jobs.pop_front() {
            self.ledger.failed += 1;
            if self.wants_feedback {
                let (started_ns, done_ns) = (self.now_ns, self.now_ns);
                self.tell(&Finished { job, worker, started_ns, done_ns }, true);
            }
        }
        jobs.into_iter().for_each(|job| self.dispatch(job));
    }

    fn check(&mut self) -> Result<(), Broken> {
        let at_workers = |worker| self.crowd.in_flight_at(worker) as u64;
        let workers = self.setup.speeds.each().len();
        let in_queues: u64 = (0..workers).map(at_workers).sum();
        self.ledger.in_flight = in_queues + self.door.len() as u64;
        if !self.ledger.closes() {
            return Err(self.broken(format!("the account does not close: {}", self.ledger)));
        }
        if in_queues != self.crowd.in_flight() as u64 {
            return Err(self.broken("queues and their count differ".into()));
        }
        let board = self.view.board();
        let shown = |worker| u64::from(board.in_flight(WorkerId(worker as u32)).count());
        let live = self.live;
        if let Some(worker) = (0..workers).find(|w| live && shown(*w) != at_workers(*w)) {
            return Err(self.broken(format!("the rule sees another count at worker {worker}")));
        }
        let away = |worker: &usize| self.troubles[*worker].is_away() && at_workers(*worker) > 0;
        match (0..workers).find(away) {
            Some(worker) => Err(self.broken(format!("worker {worker} is away and has packets"))),
            None => Ok(()),
        }
    }

    fn broken(&self, what: String) -> Broken {
        Broken { seed: self.seed, at: self.now_ns as f64 / UNIT_NS, what }
    }
}

/// Runs `setup` once with the faults that `fault_seed` draws, looking at the account after every
/// event.
///
/// # Errors
/// [`Broken`], with the seed that does it again.
pub fn replay_faults(setup: &Setup, fault_seed: u64) -> Result<Ledger, Broken> {
    let horizon = setup.packets as f64 / (setup.load * setup.speeds.sum());
    let mut setup = setup.clone();
    setup.faults = Faults::random(fault_seed, setup.speeds.workers(), horizon);
    let wrong = |what: String| Broken { seed: fault_seed, at: 0.0, what };
    let make = setup.maker().map_err(|error| wrong(error.to_string()))?;
    let mut world = World::new(&setup, 0, make());
    (world.seed, world.checks) = (fault_seed, true);
    world.run().map(|ran| ran.ledger)
}
