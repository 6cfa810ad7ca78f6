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
//! each a ratio of sums that forget (the worker's within a second where it has enough packets,
//! the references within three), solved in turn, one step a look. The scale that the two equations leave open is
//! fixed by the priors, so a worker without samples keeps its prior and can still be compared.
//!
//! `cpu[w][k]` is that of measured packets alone (see `worker/cpu_sample.rs`), and `done[w][k]`
//! counts them: a thread's whole CPU time contains waking up, of which an idle worker does
//! more for each packet, and it would look slow for being idle.
//!
//! Workers of one class within a tenth of the fastest among them are given the same figure,
//! their mean, and so on with the rest: otherwise noise in the third digit would break every tie the same way, and at low load
//! the luckiest core would get everything.

use crate::class::Class;
use crate::packet::Kind;
use crate::sorting;
use crate::totals::KindTotals;

const KINDS: usize = Kind::ALL.len();

/// Successful work by kind: `samples` and `samples_cpu_ns` count here.
pub type Done = [KindTotals; KINDS];

/// How much of the sums is left after one look: a worker's, and a reference's.
const KEEP_WORKER: f64 = 0.7;
const KEEP_REFERENCE: f64 = 0.9;

/// Kinds whose work is shorter than this are never compared: reading the CPU clock costs some
/// hundred nanoseconds itself, and would be what is compared. Workers that do nothing longer
/// keep what was believed of them.
const MEASURABLE_NS: f64 = 1_000.0;

/// A worker is believed as measured from so many measured packets on, and forgets none while it
/// has less than four times as many: on a trickle of packets it learns slowly, but it learns.
const PACKETS_MIN: f64 = 24.0;

/// Workers of a class within this of the fastest among them are taken for equal.
const EQUAL_WITHIN: f64 = 0.1;

/// What one worker did between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step([Measured; KINDS]);

/// Packets of one kind whose CPU time was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Measured {
    packets: f64,
    cpu_ns: f64,
}

impl Step {
    /// The difference of two looks.
    pub fn between(before: &Done, after: &Done) -> Self {
        let mut step = Step::default();
        for (kind, measured) in step.0.iter_mut().enumerate() {
            let (before, after) = (before[kind], after[kind]);
            measured.packets = after.samples.saturating_sub(before.samples) as f64;
            let cpu_ns = after.samples_cpu_ns.saturating_sub(before.samples_cpu_ns);
            measured.cpu_ns = cpu_ns as f64;
        }
        step
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

    /// Worker `index` is on another CPU from now on, of which nothing was measured.
    pub fn reseat(&mut self, index: usize, class: Class, prior: f64) {
        self.workers[index] = Worker { class, prior, measured: Ratio::default(), packets: 0.0 };
        self.believed[index] = prior;
    }

    /// Takes one look's work of every worker into account.
    pub fn update(&mut self, steps: &[Step]) {
        self.update_references(steps);
        let times = self.references.map(|reference| reference.value().unwrap_or_default());
        let counts = |kind: &usize| times[*kind] >= MEASURABLE_NS;
        for (worker, step) in self.workers.iter_mut().zip(steps) {
            let kinds = (0..KINDS).filter(counts).map(|kind| (step.0[kind], times[kind]));
            let (mut worth, mut cpu_ns, mut packets) = (0.0, 0.0, 0.0);
            for (kind, time) in kinds {
                worth += kind.packets * time;
                cpu_ns += kind.cpu_ns;
                packets += kind.packets;
            }
            let keep = if worker.packets > 4.0 * PACKETS_MIN { KEEP_WORKER } else { 1.0 };
            worker.measured.add(keep, worth, cpu_ns);
            worker.packets = worker.packets * keep + packets;
        }
        self.fix_scale();
        self.believe();
    }

    fn update_references(&mut self, steps: &[Step]) {
        let mut sums = [(0.0, 0.0); KINDS];
        for (worker, step) in self.workers.iter().zip(steps) {
            let capacity = worker.estimate().unwrap_or(worker.prior);
            for (sum, kind) in sums.iter_mut().zip(&step.0) {
                sum.0 += capacity * kind.cpu_ns;
                sum.1 += kind.packets;
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
        let levelled = self.levelled(&raw);
        let fastest = levelled.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        self.believed = levelled.iter().map(|value| round(value / fastest)).collect();
    }

    /// The figures with equals made equal: within each class, fastest first, whoever is within a
    /// tenth of the first of a group belongs to it and gets its mean.
    fn levelled(&self, raw: &[f64]) -> Vec<f64> {
        let mut order: Vec<usize> = (0..raw.len()).collect();
        sorting::sort_by(&mut order, |a, b| {
            let class = self.workers[*a].class.cmp(&self.workers[*b].class);
            class.then(raw[*b].total_cmp(&raw[*a]))
        });
        let belongs = |first: &usize, next: &usize| {
            self.workers[*first].class == self.workers[*next].class
                && raw[*next] >= raw[*first] * (1.0 - EQUAL_WITHIN)
        };
        let mut levelled = raw.to_vec();
        let mut rest = &order[..];
        while let Some(first) = rest.first() {
            let length = rest.iter().take_while(|next| belongs(first, next)).count();
            let (group, others) = rest.split_at(length.max(1));
            let mean = group.iter().map(|index| raw[*index]).sum::<f64>() / group.len() as f64;
            group.iter().for_each(|index| levelled[*index] = mean);
            rest = others;
        }
        levelled
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

    /// What a worker of this speed does with these packets.
    fn step(speed: f64, packets: [u32; KINDS]) -> Step {
        let cost_ns = [400.0, 20_000.0, 500.0, 300.0];
        let mut step = Step::default();
        for (kind, measured) in step.0.iter_mut().enumerate() {
            measured.packets = f64::from(packets[kind]);
            measured.cpu_ns = measured.packets * cost_ns[kind] / speed;
        }
        step
    }

    proptest! {
        /// A worker is found as fast as it is, whatever mix of kinds it draws.
        #[test]
        fn speed_is_found_whatever_the_mix_of_kinds(
            seed: u64,
            slow in 0.1f64..1.0,
        ) {
            let mut random = Random::new(seed);
            let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); 3]);
            let speeds = [1.0, slow, 1.0];
            for _ in 0..60 {
                let mut mix = || [(); KINDS].map(|()| 20 + random.below(400));
                estimator.update(&speeds.map(|speed| step(speed, mix())));
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
            estimator.update(&[step(1.0, packets), step(1.0, packets)]);
        }
        assert_eq!((estimator.capacity(0), estimator.capacity(1)), (1.0, 1.0));
        for _ in 0..8 {
            estimator.update(&[step(1.0, packets), step(0.5, packets)]);
        }
        assert!((estimator.capacity(1) - 0.5).abs() < 0.05, "{}", estimator.capacity(1));
    }

    #[test]
    fn what_was_measured_of_one_core_is_not_believed_of_another() {
        let mut estimator = CapacityEstimator::new(vec![(Class::Performance, 1.0); 2]);
        let packets = [100, 100, 100, 100];
        (0..40).for_each(|_| estimator.update(&[step(1.0, packets), step(0.7, packets)]));
        assert!(estimator.capacity(1) < 0.75);
        estimator.reseat(1, Class::Efficiency, 0.4);
        assert_eq!(estimator.capacity(1), 0.4);
        (0..8).for_each(|_| estimator.update(&[step(1.0, packets), step(0.5, packets)]));
        assert!((estimator.capacity(1) - 0.5).abs() < 0.06, "{}", estimator.capacity(1));
    }

    #[test]
    fn a_worker_without_samples_keeps_its_prior() {
        let priors = vec![(Class::Performance, 1.0), (Class::Efficiency, 0.5)];
        let mut estimator = CapacityEstimator::new(priors);
        estimator.update(&[step(1.0, [500; KINDS]), Step::default()]);
        assert_eq!((estimator.capacity(0), estimator.capacity(1)), (1.0, 0.5));
        estimator.update(&[Step::default(), Step::default()]);
        assert_eq!((estimator.capacity(0), estimator.capacity(1)), (1.0, 0.5));
    }

    /// Three measured packets a look, 12 a second: slowly, but it is found.
    #[test]
    fn a_trickle_of_packets_is_enough() {
        let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); 2]);
        for _ in 0..60 {
            estimator.update(&[step(1.0, [0, 3, 0, 0]), step(0.5, [0, 3, 0, 0])]);
        }
        assert!((estimator.capacity(1) - 0.5).abs() < 0.06, "{}", estimator.capacity(1));
        (0..40).for_each(|_| estimator.update(&[Step::default(); 2]));
        assert!((estimator.capacity(1) - 0.5).abs() < 0.06, "and not forgotten in silence");
    }

    /// What is shorter than reading the clock says nothing, however often it is read.
    #[test]
    fn work_too_short_to_measure_leaves_the_priors() {
        let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); 2]);
        for _ in 0..40 {
            estimator.update(&[step(1.0, [500, 0, 300, 200]), step(0.4, [500, 0, 300, 200])]);
        }
        assert_eq!((estimator.capacity(0), estimator.capacity(1)), (1.0, 1.0));
    }

    #[test]
    fn equal_cores_stay_equal_in_spite_of_noise() {
        let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); 4]);
        for look in 0..50u64 {
            let noisy = |worker: u64| 1.0 + 0.03 * ((look * 7 + worker * 3) % 5) as f64 / 5.0;
            let steps = [0, 1, 2, 3].map(|worker| step(noisy(worker), [200; KINDS]));
            estimator.update(&steps);
        }
        assert!((0..4).all(|index| estimator.capacity(index) == 1.0));
    }
}
