//! The sampler: looks at the machine a few times a second, and corrects what dispatchers
//! believe of the workers.
//!
//! Live in-flight counts lead the choice; what is sampled only corrects it, because a sample
//! is as old as the sampling interval and everybody who follows it follows it to the same
//! core. So the sampler changes two figures of each worker, slowly: its *capacity*, from
//! the measured CPU time of packets, and the *foreign load* of its core.

mod capacity;
mod foreign;
mod keeper;
mod machine;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::class::Class;
use crate::clock::Clock;
use crate::ids::{CpuId, WorkerId};
use crate::loads::LoadBoard;
use crate::stats::Timeline;
use crate::topology::Seat;
use crate::totals::WorkerState;

use capacity::{CapacityEstimator, Done};
use foreign::ForeignLoad;
pub use keeper::{Keeper, KeeperParts};
use machine::{MachineReader, thread_cpu_ns};
use watch::Watcher;

pub use watch::Watch;

/// How often the sampler looks. sysinfo needs at least 200 ms between two looks.
pub const INTERVAL: Duration = Duration::from_millis(250);

/// The shortest time between two looks, in nanoseconds: sysinfo says nothing new below it.
const SHORTEST_NS: u64 = 200_000_000;

/// When capacity alone is looked at before the first whole look, in nanoseconds: with a wrong prior a
/// slow worker's inbox fills in the first moments, and it takes long to work that off.
const EARLY_NS: [u64; 5] = [10_000_000, 25_000_000, 50_000_000, 100_000_000, 150_000_000];

/// One worker, as the sampler needs to know it.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// The CPU it runs on.
    pub cpu: CpuId,
    /// That CPU's class.
    pub class: Class,
    /// What is believed of its speed before anything was measured (0 to 1).
    pub prior_capacity: f32,
    /// What it shows of itself.
    pub state: Arc<WorkerState>,
}

/// What was seen so far; a row a worker.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Utilization of each worker's core over time (0 to 1).
    pub core_utilization: Timeline,
    /// Mean foreign load of each worker's core (0 to 1).
    pub foreign_load: Vec<f64>,
    /// Mean frequency of each worker's core, where the machine tells.
    pub mean_mhz: Vec<Option<f64>>,
}

/// Looks until `stop` is set; unpark the thread to stop it at once.
pub fn run(sampler: &mut Sampler, stop: &AtomicBool) {
    let started_ns = sampler.clock.now_ns();
    for early_ns in EARLY_NS {
        wait_until(started_ns + early_ns, &sampler.clock, stop);
        sampler.look_at_capacity();
    }
    let mut due_ns = next_look_ns(started_ns, started_ns);
    // Relaxed: a flag that is looked at again and again.
    while !stop.load(Ordering::Relaxed) {
        wait_until(due_ns, &sampler.clock, stop);
        sampler.look();
        due_ns = next_look_ns(due_ns, sampler.clock.now_ns());
    }
}

fn wait_until(due_ns: u64, clock: &Clock, stop: &AtomicBool) {
    while clock.now_ns() < due_ns && !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_nanos(due_ns.saturating_sub(clock.now_ns())));
    }
}

/// When to look after a look that was due at `due_ns` and done at `now_ns`: an interval after it
/// was due, but never so soon that the look would be skipped. What was missed while the machine
/// stood still is not caught up with.
fn next_look_ns(due_ns: u64, now_ns: u64) -> u64 {
    (due_ns + INTERVAL.as_nanos() as u64).max(now_ns + SHORTEST_NS)
}

/// Everything the sampler keeps between two looks.
pub struct Sampler {
    workers: Vec<Sampled>,
    board: Arc<LoadBoard>,
    clock: Clock,
    machine: MachineReader,
    capacity: CapacityEstimator,
    foreign: Vec<ForeignLoad>,
    before: Vec<Look>,
    own_cpu_ns: Vec<u64>,
    looked_ns: u64,
    samples: Arc<Mutex<Samples>>,
    mhz_sums: Vec<(f64, u32)>,
    keeper: Keeper,
    watcher: Watcher,
}

/// One worker's running figures at one look.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    done: Done,
    cpu_ns: u64,
}

impl Sampler {
    /// A sampler that writes to `board` and `samples`, and takes its first look now.
    pub fn new(
        workers: Vec<Sampled>,
        board: Arc<LoadBoard>,
        clock: Clock,
        proc_root: PathBuf,
        samples: Arc<Mutex<Samples>>,
        keeper: Keeper,
    ) -> Self {
        let priors = workers.iter().map(|worker| (worker.class, f64::from(worker.prior_capacity)));
        let capacity = CapacityEstimator::new(priors.collect());
        let rows = workers.len();
        *samples.lock().unwrap_or_else(PoisonError::into_inner) = Samples {
            core_utilization: Timeline::new(rows, INTERVAL.as_secs_f64()),
            foreign_load: vec![0.0; rows],
            mean_mhz: vec![None; rows],
        };
        Sampler {
            board,
            looked_ns: clock.now_ns(),
            clock,
            machine: MachineReader::new(proc_root),
            capacity,
            foreign: vec![ForeignLoad::default(); rows],
            before: vec![Look::default(); rows],
            own_cpu_ns: vec![0; rows],
            samples,
            mhz_sums: vec![(0.0, 0); rows],
            watcher: Watcher::default(),
            workers,
            keeper,
        }
    }

    /// Corrects the capacities alone: the machine's own figures are not there yet.
    fn look_at_capacity(&mut self) {
        let mut steps = Vec::with_capacity(self.workers.len());
        for (worker, before) in self.workers.iter().zip(&mut self.before) {
            let done = worker.state.totals().done;
            steps.push(capacity::Step::between(&before.done, &done));
            before.done = done;
        }
        self.capacity.update(&steps);
        for index in 0..self.workers.len() {
            let worker = WorkerId(index as u32);
            let (_, foreign_load) = self.board.speed(worker);
            self.board.set_speed(worker, self.believed(index), foreign_load);
        }
    }

    /// One look: reads the machine and the workers, corrects the board, adds to the samples.
    pub fn look(&mut self) {
        let now_ns = self.clock.now_ns();
        let elapsed_ns = now_ns.saturating_sub(self.looked_ns);
        if elapsed_ns < SHORTEST_NS {
            return;
        }
        self.looked_ns = now_ns;
        let moved = self.keeper.look(now_ns);
        moved.iter().for_each(|seat| self.reseat(seat));
        let is_new = |worker: WorkerId| moved.iter().any(|seat| seat.worker == worker);
        self.machine.refresh();
        let mut steps = self.step_workers();
        // What they did since the last look they did elsewhere.
        moved.iter().for_each(|seat| steps[seat.worker.index()] = capacity::Step::default());
        let utilization = self.core_utilization();
        self.let_watch(now_ns, elapsed_ns);
        self.capacity.update(&steps);
        for (index, utilization) in utilization.iter().enumerate() {
            let own = self.own_cpu_ns[index] as f32 / elapsed_ns as f32;
            let worker = WorkerId(index as u32);
            self.board.set_utilization(worker, *utilization);
            let foreign =
                if is_new(worker) { 0.0 } else { self.foreign[index].update(*utilization, own) };
            self.board.set_relief(worker, self.watcher.factor(index));
            self.board.set_speed(worker, self.believed(index), foreign);
        }
        self.keep(&utilization, elapsed_ns as f64 / 1e9);
    }

    /// A worker sits on another CPU: what was measured of it says nothing of that one.
    fn reseat(&mut self, seat: &Seat) {
        let index = seat.worker.index();
        let prior = seat.capacity;
        let worker = &mut self.workers[index];
        (worker.cpu, worker.class, worker.prior_capacity) = (seat.cpu, seat.class, prior as f32);
        self.capacity.reseat(index, seat.class, prior);
        self.foreign[index].forget();
        self.board.set_speed(seat.worker, prior as f32, 0.0);
    }

    /// What each worker did since the look before.
    fn step_workers(&mut self) -> Vec<capacity::Step> {
        let mut steps = Vec::with_capacity(self.workers.len());
        for (index, worker) in self.workers.iter().enumerate() {
            let (done, busy_ns) = {
                let totals = worker.state.totals();
                (totals.done, totals.busy_ns)
            };
            let id = worker.state.thread_id();
            let cpu_ns = id.and_then(|id| thread_cpu_ns(self.machine.proc_root(), id));
            // A kernel without schedstat: the worker's own account of its time must do.
            let now = Look { done, cpu_ns: cpu_ns.unwrap_or(busy_ns) };
            let before = std::mem::replace(&mut self.before[index], now);
            self.own_cpu_ns[index] = now.cpu_ns.saturating_sub(before.cpu_ns);
            steps.push(capacity::Step::between(&before.done, &now.done));
        }
        steps
    }

    fn core_utilization(&self) -> Vec<f32> {
        self.workers.iter().map(|worker| self.machine.utilization(worker.cpu)).collect()
    }

    fn keep(&mut self, utilization: &[f32], elapsed_s: f64) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.core_utilization.add(utilization, elapsed_s);
        for (index, worker) in self.workers.iter().enumerate() {
            samples.foreign_load[index] = self.foreign[index].mean();
            if let Some(mhz) = self.machine.mhz(worker.cpu) {
                let (sum, count) = &mut self.mhz_sums[index];
                (*sum, *count) = (*sum + mhz, *count + 1);
                samples.mean_mhz[index] = Some(*sum / f64::from(*count));
            }
        }
    }
}

#[cfg(test)]
mod tests;
