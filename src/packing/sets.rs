//! Which workers could do it: sets of workers, and the cheapest of those that hold.
//!
//! The workers stand in the order of their frugality, watts for the same work, and a set is a
//! beginning of that order. That alone would never leave out slow and frugal cores on which a
//! single packet takes too long; so the same is tried once more without the slowest, then without
//! the two slowest kinds, and so on.

use std::collections::BTreeMap;

use super::WorkerView;
use super::tail::{Cores, Demand};
use crate::sorting;

/// What a set has to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// What comes.
    pub demand: Demand,
    /// No packet shall be done later than this after it came…
    pub limit_ns: f64,
    /// …but for this part of them.
    pub late: f64,
    /// The part of their time that the cores may be busy.
    pub load: f64,
    /// The part of its watts that an active core costs while it has nothing to do.
    pub idle_active: f64,
}

impl Bar {
    /// The same for `factor` times the packets.
    pub fn with_more(self, factor: f64) -> Bar {
        let demand = Demand { rate: self.demand.rate * factor, ..self.demand };
        Bar { demand, ..self }
    }

    fn holds(&self, cores: &Cores) -> bool {
        // Within rounding: a load of just the bound is within it.
        cores.load(&self.demand) <= self.load + 1e-9
            && cores.late(&self.demand, self.limit_ns) <= self.late
    }
}

/// The workers from the most frugal to the least; among equals first whole cores, then those that
/// are active already.
///
/// Workers of equal watts are of one class and are ranked by its mean capacity, not each by its
/// own: measured capacities differ from look to look.
pub fn by_frugality(workers: &[WorkerView]) -> Vec<usize> {
    let watts_for_work = |of: &WorkerView| {
        let class = || workers.iter().filter(|other| other.watts == of.watts);
        let capacity: f64 = class().map(|worker| worker.capacity).sum();
        of.watts * class().count() as f64 / capacity.max(f64::MIN_POSITIVE)
    };
    let cost: Vec<f64> = workers.iter().map(watts_for_work).collect();
    let mut order: Vec<usize> = (0..workers.len()).collect();
    let equals = |at: usize| (workers[at].core != at, !workers[at].active, at);
    sorting::sort_by(&mut order, |a, b| {
        cost[*a].total_cmp(&cost[*b]).then(equals(*a).cmp(&equals(*b)))
    });
    order
}

/// What the workers marked in `active` would draw above idle, and whether they hold `bar`. Those
/// that died do not count.
pub fn judge(workers: &[WorkerView], active: &[bool], bar: &Bar) -> (f64, bool) {
    let mut tried = Tried::default();
    let marked = workers.iter().zip(active).filter(|(worker, active)| **active && worker.alive);
    marked.for_each(|(worker, _)| tried.add(worker));
    (tried.watts(bar), bar.holds(&tried.cores))
}

/// The set with the least watts of those that hold `bar`, a mark a worker; of equals the smallest.
/// `None` where not even all together hold it.
pub fn cheapest(workers: &[WorkerView], order: &[usize], bar: &Bar) -> Option<Vec<bool>> {
    let mut best: Option<(f64, Vec<usize>)> = None;
    for least in slowest(workers) {
        let fits = |at: &&usize| workers[**at].alive && workers[**at].capacity >= least;
        let order: Vec<usize> = order.iter().filter(fits).copied().collect();
        let mut tried = Tried::default();
        for (at, worker) in order.iter().enumerate() {
            tried.add(&workers[*worker]);
            if !bar.holds(&tried.cores) {
                continue;
            }
            let watts = tried.watts(bar);
            // Better by more than rounding; a longer beginning of the same order only draws more.
            if best.as_ref().is_none_or(|(known, _)| watts < known * (1.0 - 1e-9)) {
                best = Some((watts, order[..=at].to_vec()));
            }
            break;
        }
    }
    best.map(|(_, chosen)| {
        let mut active = vec![false; workers.len()];
        chosen.into_iter().for_each(|worker| active[worker] = true);
        active
    })
}

/// The capacities below which workers may be left out, at most this many.
const KINDS_MAX: usize = 16;

/// The slowest that a set may have: nobody left out first, at last all but the fastest.
fn slowest(workers: &[WorkerView]) -> Vec<f64> {
    let alive = workers.iter().filter(|worker| worker.alive);
    let mut capacities: Vec<f64> = alive.map(|worker| worker.capacity).collect();
    sorting::sort_by(&mut capacities, f64::total_cmp);
    // Those within a tenth are of one kind.
    let mut kinds: Vec<f64> = Vec::new();
    for capacity in capacities {
        if kinds.last().is_none_or(|last| capacity > last * 1.1) && kinds.len() < KINDS_MAX {
            kinds.push(capacity);
        }
    }
    kinds
}

/// A set that is put together.
#[derive(Default)]
struct Tried {
    cores: Cores,
    /// Of each core its watts, and how many of the workers are on it.
    shared: BTreeMap<usize, (f64, u32)>,
}

impl Tried {
    fn add(&mut self, worker: &WorkerView) {
        self.cores.add(worker.capacity);
        let (watts, workers) = self.shared.entry(worker.core).or_default();
        (*watts, *workers) = (watts.max(worker.watts), *workers + 1);
    }

    /// The work goes to the workers in proportion to their capacity, so all are busy for the same
    /// part of their time, and a core for the sum over its workers; for the rest of it an active
    /// core is not quite asleep. As [`super::Draws`] counts it.
    fn watts(&self, bar: &Bar) -> f64 {
        let each = self.cores.load(&bar.demand);
        let core = |(watts, workers): &(f64, u32)| {
            let busy = (each * f64::from(*workers)).min(1.0);
            watts * (busy + bar.idle_active * (1.0 - busy))
        };
        self.shared.values().map(core).sum()
    }
}
