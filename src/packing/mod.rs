//! Packing: the work on the fewest and most frugal cores that hold a target, the rest parked.
//!
//! Problem: spread over all cores, a little work keeps every one of them from sleeping, and does
//! on a fast core what a slow one would do for less. Choice: a few times a second look at what
//! came and how long it took, work out which workers hold the target for 99 of 100 packets, and
//! mark the others on the load board ([`crate::parking`]). Consequence: between two looks nothing
//! is decided here; a burst is for the dispatchers, who wake one worker after the other as soon as
//! the best active one would be late.
//!
//! The engine and the simulator call the very same [`Packing::look`]. No clock, no thread.
//!
//! | file | what |
//! |---|---|
//! | `tail` | the part of the packets that is expected to be late |
//! | `sets` | sets of workers, and the cheapest that holds |
//! | `packer` | when to change: at once for more, after several looks for fewer |
//! | `goal` | what is aimed at |
//! | `draws` | the energy of what was done, by the model |

mod draws;
mod goal;
mod packer;
mod sets;
mod tail;

pub use draws::Draws;
pub use goal::{Goal, UnknownGoal};
pub use packer::{LATE, Pack, Packer, Window, WorkerView};
pub use tail::{Cores, Demand};

use crate::ids::WorkerId;
use crate::loads::LoadBoard;

/// How often to look, in nanoseconds.
pub const LOOK_NS: u64 = 250_000_000;

/// The target where nobody names one, in nanoseconds: 20 ms.
pub const TARGET_NS: u64 = 20_000_000;

/// The part of its watts at work that an active core costs while it has nothing to do, where
/// nobody says otherwise.
///
/// An assumption. The only measured anchor is the Rock 5B's: idle with all clocks held high it
/// draws 0.73 W more than with all low, which is 0.21 of what its eight cores add at work; a
/// parked core, and one whose governor lets it go at once, costs none of that. Half of it.
pub const IDLE_ACTIVE: f64 = 0.1;

/// What does not change of a worker but by a change of its seat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Watts of its core at work, above idle.
    pub watts: f64,
    /// Its core, named by the first worker on it: another one where it shares that core (SMT, or
    /// the same CPU).
    pub core: usize,
}

/// What a worker has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Packets whose time is in the sums.
    pub done: u64,
    /// The sum of their service times.
    pub busy_ns: f64,
    /// The sum of the squares of these times, in ns².
    pub squares: f64,
    /// Whether it is away for now.
    pub gone: bool,
}

/// What has happened so far, all workers together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// When it is read.
    pub now_ns: u64,
    /// Packets that came.
    pub arrived: u64,
    /// Packets whose time from arrival to end is known.
    pub done: u64,
    /// Those of them that took longer than the target.
    pub late: u64,
    /// One entry a worker.
    pub workers: Vec<Work>,
}

/// What packing came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackingReport {
    /// How long it was looked after.
    pub span_ns: u64,
    /// How long each worker was active. One that was woken between two looks counts for all of
    /// the time between them.
    pub active_ns: Vec<u64>,
    /// How many times workers were parked.
    pub parked: u64,
    /// How many times a dispatcher woke one between two looks.
    pub woken: u64,
}

impl PackingReport {
    /// How many workers were active, on average.
    pub fn active_mean(&self) -> f64 {
        self.active_ns.iter().sum::<u64>() as f64 / self.span_ns.max(1) as f64
    }
}

/// Everything that is kept between two looks.
#[derive(Clone, Debug)]
pub struct Packing {
    packer: Packer,
    members: Vec<Member>,
    before: Reading,
    woken: u64,
    active: Vec<bool>,
    report: PackingReport,
}

impl Packing {
    /// Holds `target_ns` for 99 of 100 packets with these workers, all of them active at first.
    pub fn new(members: Vec<Member>, target_ns: u64, idle_active: f64) -> Self {
        let workers = members.len();
        Packing {
            packer: Packer::new(target_ns, idle_active),
            before: Reading { workers: vec![Work::default(); workers], ..Reading::default() },
            woken: 0,
            active: vec![true; workers],
            report: PackingReport { active_ns: vec![0; workers], ..PackingReport::default() },
            members,
        }
    }

    /// The same workers on other seats, from now on; as many as before.
    pub fn reseat(&mut self, members: Vec<Member>) {
        debug_assert_eq!(members.len(), self.members.len(), "a worker has come or gone");
        self.members = members;
    }

    /// The workers as they are now.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// A look: counts, decides, and marks the workers on `board`.
    pub fn look(&mut self, reading: Reading, board: &LoadBoard) {
        if reading.now_ns <= self.before.now_ns {
            return;
        }
        self.count(reading.now_ns, board);
        let views = self.views(&reading, board);
        let window = self.window(&reading, board);
        let pack = self.packer.look(&window, &views);
        let parks = |(now, view): (&bool, &WorkerView)| view.active && !now;
        self.report.parked +=
            pack.active.iter().zip(&views).filter(|pair| parks(*pair)).count() as u64;
        board.parking().set(&pack.active, &pack.order, pack.wake_at);
        (self.before, self.active) = (reading, pack.active);
    }

    /// What it came to by `now_ns`; the time since the last look counts as that look left it.
    pub fn report(&self, now_ns: u64, board: &LoadBoard) -> PackingReport {
        let mut end = self.clone();
        end.count(now_ns, board);
        PackingReport { woken: board.parking().woken(), ..end.report }
    }

    fn count(&mut self, now_ns: u64, board: &LoadBoard) {
        let elapsed_ns = now_ns.saturating_sub(self.before.now_ns);
        self.report.span_ns += elapsed_ns;
        for (at, active_ns) in self.report.active_ns.iter_mut().enumerate() {
            let parked = board.parking().is_parked(WorkerId(at as u32));
            if self.active[at] || !parked {
                *active_ns += elapsed_ns;
            }
        }
    }

    fn views(&self, reading: &Reading, board: &LoadBoard) -> Vec<WorkerView> {
        let view = |(at, member): (usize, &Member)| {
            let worker = WorkerId(at as u32);
            let (capacity, foreign_load) = board.speed(worker);
            WorkerView {
                capacity: f64::from(capacity * (1.0 - foreign_load)),
                watts: member.watts,
                core: member.core,
                alive: !board.is_retired(worker) && !reading.workers[at].gone,
                active: !board.parking().is_parked(worker),
            }
        };
        self.members.iter().enumerate().map(view).collect()
    }

    fn window(&mut self, now: &Reading, board: &LoadBoard) -> Window {
        let before = &self.before;
        let woken = board.parking().woken();
        // A core that is spared because it is hot is chosen less, and works as fast as before.
        let speeds = (0..board.workers()).map(WorkerId).map(|worker| {
            f64::from(board.measured_capacity(worker) * (1.0 - board.speed(worker).1))
        });
        let (mut done, mut work, mut squares) = (0, 0.0, 0.0);
        for ((now, before), speed) in now.workers.iter().zip(&before.workers).zip(speeds) {
            // In nanoseconds of a worker of capacity 1.
            done += now.done.saturating_sub(before.done);
            work += (now.busy_ns - before.busy_ns).max(0.0) * speed;
            squares += (now.squares - before.squares).max(0.0) * speed * speed;
        }
        let mean = work / done.max(1) as f64;
        let second = squares / done.max(1) as f64;
        Window {
            elapsed_ns: now.now_ns - before.now_ns,
            arrived: now.arrived.saturating_sub(before.arrived),
            done: now.done.saturating_sub(before.done),
            late: now.late.saturating_sub(before.late),
            work_ns: mean,
            scv: if mean > 0.0 { (second / (mean * mean) - 1.0).max(0.0) } else { 0.0 },
            woken: woken - std::mem::replace(&mut self.woken, woken),
        }
    }
}

#[cfg(test)]
mod tests;
