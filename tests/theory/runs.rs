//! How long a scene is simulated, and its figures with their intervals.
//!
//! A first look with seeds of its own says how much the figures of a scene vary; from that comes
//! how many packets the measured simulation has, so that intervals are as narrow as wanted.
//! The two share no random number: a length chosen by what was seen would make the interval
//! look narrower than it is. Nothing hangs on a clock, so the figures are the same everywhere.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use edge_dispatch::interval::Interval;
use edge_dispatch::sim::{Outcome, Replications, Setup, simulate};

use super::express::Figure;
use super::scene::Scene;

/// How much is simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effort {
    /// Seconds without optimization.
    Least,
    /// About a minute.
    Quick,
    /// As much as the wanted intervals need.
    Full,
}

/// Replications of a scene. With 20, three half-widths of a 95 % interval are 6.3 standard errors,
/// which one honest figure of 200,000 passes.
const REPLICATIONS: u64 = 20;

/// Packets that a replication measures: a first look, and the most.
const LOOK: f64 = 40_000.0;
const MOST: f64 = 2_000_000.0;

/// A scene and how narrow the intervals of some of its figures should be, as a part of each.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub scene: Scene,
    pub widths: Vec<(Figure, f64)>,
}

impl Wanted {
    /// How many times narrower than it was `looked` at an interval should be.
    fn ratio(&self, looked: &Figures) -> f64 {
        let ratio = |(figure, width): &(Figure, f64)| {
            let found = looked.interval(*figure);
            if found.mean == 0.0 { 0.0 } else { found.ci95 / found.mean / width }
        };
        self.widths.iter().map(ratio).fold(0.0, f64::max)
    }
}

/// The figures of one replication.
#[derive(Clone, Debug)]
struct Sample {
    mean: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    waited: f64,
    first_half: f64,
    unstable: f64,
}

/// The figures of all replications.
#[derive(Clone, Debug)]
pub struct Figures {
    samples: Vec<Sample>,
    pub packets: u64,
}

impl Figures {
    pub fn interval(&self, figure: Figure) -> Interval {
        let one = |sample: &Sample| match figure {
            Figure::Mean => sample.mean,
            Figure::P50 => sample.p50,
            Figure::P95 => sample.p95,
            Figure::P99 => sample.p99,
            Figure::Waited => sample.waited,
            Figure::FirstHalf => sample.first_half,
            Figure::Unstable => sample.unstable,
        };
        Interval::of(&self.samples.iter().map(one).collect::<Vec<f64>>())
    }
}

/// Simulates all of `wanted`, in order.
pub fn all(wanted: &[Wanted], effort: Effort) -> Vec<Figures> {
    // Without optimization a replication costs its histogram more than its packets.
    let (part, replications) = match effort {
        Effort::Least => (0.1, REPLICATIONS / 2),
        Effort::Quick => (0.4, REPLICATIONS),
        Effort::Full => (1.0, REPLICATIONS),
    };
    let first = wanted.iter().map(|wanted| {
        let spans = wanted.scene.spans() * wanted.scene.rate();
        let measured = part * (LOOK / wanted.scene.cost().sqrt()).max(spans);
        (wanted.scene.clone(), measured as u64)
    });
    let first: Vec<(Scene, u64)> = first.collect();
    let looked = simulate_all(&first, 1_000..1_000 + replications);
    if effort != Effort::Full {
        return looked;
    }
    let sized = wanted.iter().zip(first.iter().zip(&looked)).map(|(wanted, (first, looked))| {
        let ratio = wanted.ratio(looked);
        let (least, most) = (first.1 as f64, MOST / wanted.scene.cost());
        let measured = (least * ratio * ratio).clamp(least, most.max(least));
        (wanted.scene.clone(), measured as u64)
    });
    simulate_all(&sized.collect::<Vec<_>>(), 1..1 + replications)
}

/// Scenes and how many packets each replication measures; a replication for each of `seeds`.
fn simulate_all(scenes: &[(Scene, u64)], seeds: Range<u64>) -> Vec<Figures> {
    let next = AtomicUsize::new(0);
    let samples: Mutex<Vec<(usize, Sample)>> = Mutex::default();
    let each: Vec<u64> = seeds.collect();
    let work = || {
        loop {
            // Relaxed: only hands out numbers.
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((scene, measured)) = scenes.get(number / each.len()) else { return };
            let sample = one(scene, *measured, each[number % each.len()]);
            samples.lock().unwrap().push((number, sample));
        }
    };
    let threads = Replications::default().threads;
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut samples = samples.into_inner().unwrap();
    samples.sort_by_key(|(number, _)| *number);
    let figures = |(part, (scene, measured)): (&[(usize, Sample)], &(Scene, u64))| Figures {
        samples: part.iter().map(|(_, sample)| sample.clone()).collect(),
        packets: (warm(scene) + measured) * part.len() as u64,
    };
    samples.chunks(each.len()).zip(scenes).map(figures).collect()
}

/// Packets until the beginning is forgotten.
fn warm(scene: &Scene) -> u64 {
    (scene.settles() * scene.rate()) as u64
}

fn one(scene: &Scene, measured: u64, seed: u64) -> Sample {
    let warm = warm(scene);
    let packets = (warm + measured).max(warm * 10 / 9);
    let warmup = warm as f64 / packets as f64;
    let setup = Setup { packets, warmup, ..scene.setup(seed) };
    let how = Replications { threads: 1, ..Replications::default() };
    let outcome = simulate(&setup, how).unwrap_or_else(|error| panic!("{scene:?}: {error}"));
    sample(&outcome)
}

fn sample(outcome: &Outcome) -> Sample {
    Sample {
        mean: outcome.mean,
        p50: outcome.p50,
        p95: outcome.p95,
        p99: outcome.p99,
        waited: outcome.waited,
        first_half: outcome.share[..outcome.share.len().div_ceil(2)].iter().sum(),
        unstable: f64::from(u8::from(outcome.unstable)),
    }
}
