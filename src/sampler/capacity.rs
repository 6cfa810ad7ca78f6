//! Capacity, measured: how fast each worker is relative to the fastest.
//!
//! Problem: workers draw different kinds of packets, so a mean service time says more about
//! luck than about speed; and wall time counts the time in which somebody else had the core,
//! which foreign load counts already. Choice: a reference time for each kind, shared by all
//! workers, and the worker's own CPU time:
//!
//! ```text
//! capacity[w]  = Σ_k done[w][k] · reference[k]  /  cpu[w]
//! reference[k] = Σ_w capacity[w] · cpu[w][k]  /  Σ_w done[w][k]
//! ```
//!
//! each a ratio of sums that forget (the worker's within a second, the references within
//! three), solved in turn, one step a look. The scale that the two equations leave open is
//! fixed by the priors, so a worker without samples keeps its prior and can still be compared.
//!
//! CPU time of a worker's thread contains waking up and looking at its inbox, of which an idle
//! worker does more for each packet; it would look slow for being idle. So `cpu[w]` is the
//! lesser of the thread's CPU time and the time it was at work. Which kind it went to is
//! taken from the wall time of each kind, which preemption stretches alike.
//!
//! Workers of one class that agree within a tenth are given the same figure, their mean:
//! otherwise noise in the third digit would break every tie the same way, and at low load
//! the luckiest core would get everything.

use crate::class::Class;
use crate::packet::Kind;
use crate::totals::KindTotals;

const KINDS: usize = Kind::ALL.len();

/// Successful work by kind.
pub type Done = [KindTotals; KINDS];

/// How much of the sums is left after one look: a worker's, and a reference's.
const KEEP_WORKER: f64 = 0.7;
const KEEP_REFERENCE: f64 = 0.9;

/// A worker with fewer packets than this in its sums keeps what was believed before.
const PACKETS_MIN: f64 = 24.0;

/// Workers of a class within this of their mean are taken for equal.
const EQUAL_WITHIN: f64 = 0.1;

/// What one worker did between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Packets and busy time by kind.
    pub done: Done,
    /// CPU time of the worker's thread.
    pub cpu_ns: u64,
}

impl Step {
    /// The difference of two looks.
    pub fn between(done: Done, later: Done, cpu_ns: u64, later_cpu_ns: u64) -> Self {
        let mut step = Step { done: later, cpu_ns: later_cpu_ns.saturating_sub(cpu_ns) };
        for (kind, before) in step.done.iter_mut().zip(done) {
            kind.packets = kind.packets.saturating_sub(before.packets);
            kind.busy_ns = kind.busy_ns.saturating_sub(before.busy_ns);
        }
        step
    }

    /// The worker's own CPU time at work, by kind.
    fn cpu_by_kind(&self) -> [f64; KINDS] {
        let busy_ns: u64 = self.done.iter().map(|kind| kind.busy_ns).sum();
        let own = self.cpu_ns.min(busy_ns) as f64 / busy_ns.max(1) as f64;
        self.done.map(|kind| kind.busy_ns as f64 * own)
    }
}

/// A ratio of two sums that forget.
#[derive(Clone, Copy, Debug, Default)]
struct Ratio {
    above: f64,
    below: f64,
}

impl Ratio {
    fn add(&mut self, keep: f64, above: f64, below: f64) {
        self.above = self.above * keep + above;
        self.below = self.below * keep + below;
    }

    fn value(&self) -> Option<f64> {
        (self.below > 0.0 && self.above > 0.0).then(|| self.above / self.below)
    }
}

/// The running estimate for all workers of an engine.
#[derive(Debug)]
pub struct CapacityEstimator {
    workers: Vec<Worker>,
    /// Time of each kind on a worker of capacity 1, in ns.
    references: [Ratio; KINDS],
    believed: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Worker {
    class: Class,
    prior: f64,
    measured: Ratio,
    packets: f64,
}

impl Worker {
    fn estimate(&self) -> Option<f64> {
        self.measured.value().filter(|_| self.packets >= PACKETS_MIN)
    }
}

impl CapacityEstimator {
    /// An estimator that believes the priors (class and capacity of each worker).
    pub fn new(priors: Vec<(Class, f64)>) -> Self {
        let believed = priors.iter().map(|(_, prior)| *prior).collect();
        let worker =
            |(class, prior)| Worker { class, prior, measured: Ratio::default(), packets: 0.0 };
        let workers = priors.into_iter().map(worker).collect();
        CapacityEstimator { workers, references: Default::default(), believed }
    }

    /// The capacity of worker `index` (0 to 1].
    pub fn capacity(&self, index: usize) -> f64 {
        self.believed[index]
    }

    /// Takes one look's work of every worker into account.
    pub fn update(&mut self, steps: &[Step]) {
        self.update_references(steps);
        for (worker, step) in self.workers.iter_mut().zip(steps) {
            let worth = step.done.iter().zip(&self.references).map(|(kind, reference)| {
                kind.packets as f64 * reference.value().unwrap_or_default()
            });
            let cpu: f64 = step.cpu_by_kind().iter().sum();
            worker.measured.add(KEEP_WORKER, worth.sum(), cpu);
            let packets: u64 = step.done.iter().map(|kind| kind.packets).sum();
            worker.packets =
                worker.packets.min(4.0 * PACKETS_MIN) * KEEP_WORKER.max(0.9) + packets as f64;
        }
        self.fix_scale();
        self.believe();
    }

    fn update_references(&mut self, steps: &[Step]) {
        let mut sums = [(0.0, 0.0); KINDS];
        for (worker, step) in self.workers.iter().zip(steps) {
            let capacity = worker.estimate().unwrap_or(worker.prior);
            for (kind, cpu) in step.cpu_by_kind().into_iter().enumerate() {
                sums[kind].0 += capacity * cpu;
                sums[kind].1 += step.done[kind].packets as f64;
            }
        }
        for (reference, (cpu, packets)) in self.references.iter_mut().zip(sums) {
            reference.add(KEEP_REFERENCE, cpu, packets);
        }
    }

    /// The measured workers' capacities shall add up to what their priors do.
    fn fix_scale(&mut self) {
        let measured = || self.workers.iter().filter_map(|w| Some((w.estimate()?, w.prior)));
        let (estimates, priors) = measured()
            .fold((0.0, 0.0), |sums, (estimate, prior)| (sums.0 + estimate, sums.1 + prior));
        if estimates > 0.0 && priors > 0.0 {
            let scale = priors / estimates;
            self.workers.iter_mut().for_each(|worker| worker.measured.above *= scale);
            self.references.iter_mut().for_each(|reference| reference.above *= scale);
        }
    }

    fn believe(&mut self) {
        let raw: Vec<f64> =
            self.workers.iter().map(|worker| worker.estimate().unwrap_or(worker.prior)).collect();
        let level = |index: usize| {
            let peers: Vec<f64> = (0..raw.len())
                .filter(|peer| self.workers[*peer].class == self.workers[index].class)
                .map(|peer| raw[peer])
                .filter(|value| (value / raw[index] - 1.0).abs() <= EQUAL_WITHIN)
                .collect();
            peers.iter().sum::<f64>() / peers.len() as f64
        };
        let levelled: Vec<f64> = (0..raw.len()).map(level).collect();
        let fastest = levelled.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        self.believed = levelled.iter().map(|value| round(value / fastest)).collect();
    }
}

/// In steps of a hundredth, never 0.
fn round(capacity: f64) -> f64 {
    ((capacity * 100.0).round() / 100.0).max(0.01)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;

    /// What a worker of this speed does with these packets, with `preempted` of its wall time
    /// taken by others.
    fn step(speed: f64, packets: [u64; KINDS], preempted: f64) -> Step {
        let cost_ns = [400.0, 20_000.0, 500.0, 300.0];
        let mut step = Step::default();
        for kind in 0..KINDS {
            let cpu = packets[kind] as f64 * cost_ns[kind] / speed;
            step.done[kind].packets = packets[kind];
            step.done[kind].busy_ns = (cpu / (1.0 - preempted)) as u64;
            step.cpu_ns += cpu as u64;
        }
        step
    }

    proptest! {
        /// A worker is found as fast as it is, whatever mix of kinds it draws and however
        /// much of its wall time others take.
        #[test]
        fn speed_is_found_whatever_the_mix_of_kinds(
            seed: u64,
            slow in 0.1f64..1.0,
            preempted in 0.0f64..0.8,
        ) {
            let mut random = Random::new(seed);
            let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); 3]);
            let speeds = [1.0, slow, 1.0];
            for _ in 0..60 {
                let mut mix = || [(); KINDS].map(|()| 20 + u64::from(random.below(400)));
                let steps = [
                    step(speeds[0], mix(), 0.0),
                    step(speeds[1], mix(), 0.0),
                    step(speeds[2], mix(), preempted),
                ];
                estimator.update(&steps);
            }
            let seen: Vec<f64> = (0..3).map(|index| estimator.capacity(index)).collect();
            for (seen, speed) in seen.iter().zip(speeds) {
                prop_assert!((seen / speed - 1.0).abs() < 0.12, "{seen:?} for {speeds:?}");
            }
        }
    }

    #[test]
    fn a_throttled_core_is_believed_within_two_seconds() {
        let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); 2]);
        let packets = [100, 100, 100, 100];
        for _ in 0..40 {
            estimator.update(&[step(1.0, packets, 0.0), step(1.0, packets, 0.0)]);
        }
        assert_eq!((estimator.capacity(0), estimator.capacity(1)), (1.0, 1.0));
        for _ in 0..8 {
            estimator.update(&[step(1.0, packets, 0.0), step(0.5, packets, 0.0)]);
        }
        assert!((estimator.capacity(1) - 0.5).abs() < 0.05, "{}", estimator.capacity(1));
    }

    #[test]
    fn a_worker_without_samples_keeps_its_prior() {
        let priors = vec![(Class::Performance, 1.0), (Class::Efficiency, 0.5)];
        let mut estimator = CapacityEstimator::new(priors);
        estimator.update(&[step(1.0, [500; KINDS], 0.0), Step::default()]);
        assert_eq!((estimator.capacity(0), estimator.capacity(1)), (1.0, 0.5));
        estimator.update(&[Step::default(), Step::default()]);
        assert_eq!((estimator.capacity(0), estimator.capacity(1)), (1.0, 0.5));
    }

    #[test]
    fn equal_cores_stay_equal_in_spite_of_noise() {
        let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); 4]);
        for look in 0..50u64 {
            let noisy = |worker: u64| 1.0 + 0.03 * ((look * 7 + worker * 3) % 5) as f64 / 5.0;
            let steps = [0, 1, 2, 3].map(|worker| step(noisy(worker), [200; KINDS], 0.0));
            estimator.update(&steps);
        }
        assert!((0..4).all(|index| estimator.capacity(index) == 1.0));
    }
}
