//! Which workers are needed: decided at each look, by what the looks before have shown.
//!
//! More workers are taken at once when those that are active do not hold the target any more by
//! the formula of [`super::tail`]; fewer only after several looks in a row have found that fewer
//! would do, with a tenth and a half more packets than came. So a load that swings around a border
//! does not flap.
//!
//! Workers that dispatchers woke in between are guests: the next look parks them again. Where that
//! happens at several looks in a row they stay, and if it was soon after others were parked, it takes
//! twice as many looks until fewer are tried again.
//!
//! What is really late corrects the formula: the target that it aims at is divided by a factor,
//! which grows while more than half of the allowed part is late and shrinks slowly afterwards.

use super::sets::{Bar, by_frugality, cheapest, judge};
use super::tail::Demand;
use crate::ids::WorkerId;

/// The part of the packets that may be later than the target: a 99th percentile.
pub const LATE: f64 = 0.01;

/// What is aimed at: half of it is left for what no formula foresees.
const LATE_AIM: f64 = LATE / 2.0;

/// Active cores are busy for no more than this part of their time: room for a burst.
const LOAD_MAX: f64 = 0.85;

/// So many packets more must fit when fewer workers are tried.
const ROOM: f64 = 1.15;

/// Looks whose busiest counts as the load.
const LOOKS: usize = 4;

/// Looks in a row that must find that fewer will do, at first and at most.
const PATIENCE: (u32, u32) = (4, 64);

/// Guests who come again and again within so many times the patience have come soon after fewer were
/// decided on; after twice that all is forgotten.
const SOON: u32 = 8;

/// Fewer watts by less than this part are not worth a change.
const WORTH: f64 = 0.02;

/// How far the target may be divided by the correction, by which factor a look raises it, and what
/// a look leaves of it.
const CORRECTION: (f64, f64, f64) = (8.0, 1.15, 0.995);

/// What a look leaves of the counts of late packets: they reach back for about twenty looks.
const FADES: f64 = 0.95;

/// Packets that must be counted before the correction goes by them.
const COUNTED: f64 = 200.0;

/// Deviations above the mean of a normal distribution that 1 % lie above.
const DEVIATIONS: f64 = 2.326;

/// Looks in a row with workers woken before them, after which these stay.
const RESTLESS: u32 = 3;

/// In delays of an idle worker: a worker with nothing to do is never so late that another one is
/// woken, one with a packet is, where the target is that short.
const WAKE_IDLE: f64 = 1.5;

/// A worker as the packer sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkerView {
    /// Its speed, what others take of its core left out (above 0, 1 is the fastest).
    pub capacity: f64,
    /// Watts of its core at work, above idle.
    pub watts: f64,
    /// Its core, named by the first worker on it: another one where it shares that core.
    pub core: usize,
    /// Whether it still works.
    pub alive: bool,
    /// Whether it is not parked.
    pub active: bool,
}

/// What happened since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// How long that was.
    pub elapsed_ns: u64,
    /// Packets that came.
    pub arrived: u64,
    /// Packets that were done, and those of them that took longer than the target.
    pub done: u64,
    /// See `done`.
    pub late: u64,
    /// Mean work of a packet, in nanoseconds on a worker of capacity 1; 0 where none was done.
    pub work_ns: f64,
    /// Squared coefficient of variation of that work.
    pub scv: f64,
    /// Workers that were woken.
    pub woken: u64,
}

/// What a look decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    /// A mark a worker: whether it is active from now on. At least one is.
    pub active: Vec<bool>,
    /// Whom to wake first.
    pub order: Vec<WorkerId>,
    /// The expected delay from which on somebody is woken, in mean service times of the fastest.
    pub wake_at: f32,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Packer {
    target_ns: f64,
    idle_active: f64,
    /// Packets per nanosecond in the last looks.
    rates: [f64; LOOKS],
    looks: usize,
    work_ns: f64,
    scv: f64,
    done: f64,
    late: f64,
    correction: f64,
    /// Who is needed, guests left out; `None` before the first look.
    decided: Option<Vec<bool>>,
    calm: u32,
    restless: u32,
    patience: u32,
    /// Looks since fewer were decided on.
    since_fewer: u32,
}

impl Packer {
    /// Holds `target_ns` for 99 of 100 packets. An active core that has nothing to do costs the
    /// part `idle_active` of its watts (0 to 1).
    pub fn new(target_ns: u64, idle_active: f64) -> Self {
        Packer {
            target_ns: target_ns as f64,
            idle_active,
            rates: [0.0; LOOKS],
            looks: 0,
            work_ns: 0.0,
            scv: 1.0,
            done: 0.0,
            late: 0.0,
            correction: 1.0,
            decided: None,
            calm: 0,
            restless: 0,
            patience: PATIENCE.0,
            since_fewer: u32::MAX,
        }
    }

    /// Decides who is active from now on.
    pub fn look(&mut self, window: &Window, workers: &[WorkerView]) -> Pack {
        self.hear(window, workers);
        let order = by_frugality(workers);
        let active = self.decide(window, workers, &order);
        self.decided = Some(active.clone());
        let slowest = workers.iter().zip(&active).filter(|(_, active)| **active);
        let slowest = slowest.map(|(worker, _)| worker.capacity).fold(1.0, f64::min);
        Pack {
            active,
            order: order.into_iter().map(|worker| WorkerId(worker as u32)).collect(),
            wake_at: self.wake_at(slowest) as f32,
        }
    }

    /// The expected delay d from which on 1 % of the packets would be later than the target: d and
    /// 2.326 deviations of as many services as that takes, d + 2.326 √(d · v · s) = target, with a
    /// service of mean s and squared coefficient of variation v at the slowest active worker. In
    /// mean service times of the fastest; a target of 20 of them, exponential, at speed 1: 11.8.
    fn wake_at(&self, slowest: f64) -> f64 {
        let target = self.target_ns / self.correction / self.work_ns.max(1.0);
        let spread = DEVIATIONS * libm::sqrt(self.scv / slowest);
        let root = (libm::sqrt(spread * spread + 4.0 * target) - spread) / 2.0;
        (root * root).max(WAKE_IDLE / slowest)
    }

    fn hear(&mut self, window: &Window, workers: &[WorkerView]) {
        self.rates[self.looks % LOOKS] = window.arrived as f64 / window.elapsed_ns.max(1) as f64;
        self.looks += 1;
        if window.done > 0 && window.work_ns > 0.0 {
            // Few packets say little of what is typical.
            let weight = (window.done as f64 / (window.done as f64 + 50.0)).clamp(0.05, 0.5);
            let weight = if self.work_ns == 0.0 { 1.0 } else { weight };
            self.work_ns += (window.work_ns - self.work_ns) * weight;
            self.scv += (window.scv - self.scv) * weight;
        }
        self.done = self.done * FADES + window.done as f64;
        self.late = self.late * FADES + window.late as f64;
        let all = workers.iter().all(|worker| worker.active);
        let (most, up, down) = CORRECTION;
        if self.done >= COUNTED && self.late > LATE_AIM * self.done && !all {
            self.correction = (self.correction * up).min(most);
        } else {
            self.correction = (self.correction * down).max(1.0);
        }
    }

    fn decide(&mut self, window: &Window, workers: &[WorkerView], order: &[usize]) -> Vec<bool> {
        if self.work_ns == 0.0 {
            // Nobody knows yet what a packet costs.
            return vec![true; workers.len()];
        }
        let bar = self.bar();
        let current = self.current(window, workers);
        let (watts, holds) = judge(workers, &current, &bar);
        let wanted = cheapest(workers, order, &bar.with_more(ROOM));
        if !holds {
            self.calm = 0;
            // Where not even all of them will hold it, all of them come nearest.
            return wanted
                .map_or_else(|| vec![true; workers.len()], |set| with_the_dead(set, workers));
        }
        let Some(wanted) = wanted else { return current };
        // Under the same demand, so that the two can be compared.
        let (wanted_watts, _) = judge(workers, &wanted, &bar);
        if wanted_watts >= watts * (1.0 - WORTH) || window.woken > 0 {
            self.calm = 0;
            return current;
        }
        self.calm += 1;
        if self.calm < self.patience {
            return current;
        }
        (self.calm, self.since_fewer) = (0, 0);
        with_the_dead(wanted, workers)
    }

    /// Who is to be active as far as was decided; guests among them who came again and again.
    fn current(&mut self, window: &Window, workers: &[WorkerView]) -> Vec<bool> {
        self.since_fewer = self.since_fewer.saturating_add(1);
        self.restless = if window.woken > 0 { self.restless + 1 } else { 0 };
        if self.since_fewer > 2 * SOON * self.patience {
            self.patience = PATIENCE.0;
        }
        let as_they_are = || workers.iter().map(|worker| worker.active).collect();
        if self.restless >= RESTLESS {
            if self.since_fewer <= SOON * self.patience {
                self.patience = (2 * self.patience).min(PATIENCE.1);
            }
            (self.restless, self.decided) = (0, None);
        }
        let decided = self.decided.take().filter(|decided| decided.len() == workers.len());
        with_the_dead(decided.unwrap_or_else(as_they_are), workers)
    }

    fn bar(&self) -> Bar {
        let rate = self.rates.iter().copied().fold(0.0, f64::max);
        Bar {
            demand: Demand { rate, work_ns: self.work_ns, scv: self.scv },
            limit_ns: self.target_ns / self.correction,
            late: LATE_AIM,
            load: LOAD_MAX,
            idle_active: self.idle_active,
        }
    }
}

/// Who died is not parked: it would be woken in vain.
fn with_the_dead(mut active: Vec<bool>, workers: &[WorkerView]) -> Vec<bool> {
    active.iter_mut().zip(workers).for_each(|(active, worker)| *active |= !worker.alive);
    active
}
