//! The figures of a simulation.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::aim::EnergyFigures;
use super::measure::{Logged, Mean, Measure, SLICES, nothing};
use super::setup::Setup;
use super::view::UNIT_NS;
use super::world::Ran;
use crate::interval::Interval;
use crate::learning::QReport;
use crate::policy::QTable;

/// What a simulation shows. Times are in units: mean service times on a worker of speed 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The rule.
    pub policy: String,
    /// How many workers there were.
    pub workers: u32,
    /// The speed of each.
    pub speeds: Vec<f64>,
    /// The load asked for.
    pub load: f64,
    /// The work of a packet.
    pub service: String,
    /// How packets followed each other.
    pub arrivals: String,
    /// The age of what the rule saw.
    pub stale: Option<f64>,
    /// The seed.
    pub seed: u64,
    /// Packets of each replication.
    pub packets: u64,
    /// How many replications.
    pub replications: u32,
    /// Mean sojourn.
    pub mean: f64,
    /// Half-width of its 95 % interval: over replications, or over batches of the only one.
    pub mean_ci95: f64,
    /// Standard deviation of the sojourn.
    pub deviation: f64,
    /// The sojourn within which half of the packets are done.
    pub p50: f64,
    /// 95 %.
    pub p95: f64,
    /// 99 %.
    pub p99: f64,
    /// Half-width of the 95 % interval of `p99` over replications; 0 for one.
    pub p99_ci95: f64,
    /// 99.9 %.
    pub p999: f64,
    /// The part of the packets that had to wait.
    pub waited: f64,
    /// Half-width of its 95 % interval over replications; 0 for one.
    pub waited_ci95: f64,
    /// Most packets in flight at any time.
    pub max_in_flight: u64,
    /// The part of the packets that each worker had.
    pub share: Vec<f64>,
    /// The part of the time that each worker was busy.
    pub utilization: Vec<f64>,
    /// Packets done per unit of time, from the beginning to the last event.
    pub throughput: f64,
    /// Packets that failed, by crashes; all replications.
    pub failed: u64,
    /// Whether the queues went on growing instead of settling, in most replications.
    pub unstable: bool,
    /// Energy and packing, where they were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergyFigures>,
    /// The mean of each replication, for comparisons in pairs.
    #[serde(skip)]
    pub means: Vec<f64>,
    /// The 99th percentile of each replication.
    #[serde(skip)]
    pub p99s: Vec<f64>,
    /// Mean sojourn over time, warm-up included: a value for each of [`SLICES`] slices.
    #[serde(skip)]
    pub over_time: Vec<f64>,
    /// Quantiles for pictures: the part of the packets, and the sojourn.
    #[serde(skip)]
    pub quantiles: Vec<(f64, f64)>,
    /// Packets of the first replication one by one.
    #[serde(skip)]
    pub log: Vec<Logged>,
    /// How the rule learned, in the first replication.
    #[serde(skip)]
    pub learning: Option<QReport>,
    /// What it had learned then.
    #[serde(skip)]
    pub q_table: Option<QTable>,
}

/// What one replication brings.
pub struct Part {
    pub ran: Ran,
    pub learning: Option<(QReport, Option<QTable>)>,
    /// The sojourn within which 99 % of its packets are done.
    pub p99: f64,
}

impl Part {
    /// Its sojourns; it keeps the 99th percentile alone.
    pub fn take_sojourns(&mut self) -> Histogram<u64> {
        self.p99 = quantile(&self.ran.measure.sojourns, 0.99);
        std::mem::replace(&mut self.ran.measure.sojourns, nothing())
    }
}

/// Quantiles that pictures show.
const SHOWN: [f64; 22] = [
    0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99,
    0.995, 0.998, 0.999, 0.9995, 0.9999,
];

fn quantile(sojourns: &Histogram<u64>, quantile: f64) -> f64 {
    // A bucket reports its upper edge; its lower one is the value of what lies there alone, as
    // with deterministic work.
    let value_ns = sojourns.value_at_quantile(quantile);
    sojourns.lowest_equivalent(value_ns) as f64 / UNIT_NS
}

fn mean_of_rows(rows: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
    let mut sums: Vec<f64> = Vec::new();
    let mut count = 0.0;
    for row in rows {
        sums.resize(row.len(), 0.0);
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        count += 1.0;
    }
    sums.iter().map(|sum| sum / count).collect()
}

fn shares(measure: &Measure) -> Vec<f64> {
    let measured = measure.measured.max(1) as f64;
    measure.done.iter().map(|done| *done as f64 / measured).collect()
}

impl Outcome {
    /// The figures of `parts`, the replications of `setup` in order.
    /// `sojourns` are those of all.
    pub fn of(setup: &Setup, mut parts: Vec<Part>, sojourns: &Histogram<u64>) -> Outcome {
        let (mean, deviation) = moments(&parts);
        let means =
            each(&parts, |part| part.ran.measure.sum / part.ran.measure.measured.max(1) as f64);
        let p99s = each(&parts, |part| part.p99);
        let waited = each(&parts, |part| {
            part.ran.measure.waited as f64 / part.ran.measure.measured.max(1) as f64
        });
        let waited = Interval::of(&waited);
        let (learning, q_table) = match parts.first_mut().and_then(|part| part.learning.take()) {
            Some((report, table)) => (Some(report), table),
            None => (None, None),
        };
        let log = parts.first_mut().map(|part| std::mem::take(&mut part.ran.measure.log));
        let p99 = quantile(sojourns, 0.99);
        Outcome {
            policy: setup.policy.clone(),
            workers: setup.speeds.workers(),
            speeds: setup.speeds.each().to_vec(),
            load: setup.load,
            service: setup.service.to_string(),
            arrivals: setup.arrivals.to_string(),
            stale: setup.stale,
            seed: setup.seed,
            packets: setup.packets,
            replications: setup.replications,
            mean,
            mean_ci95: spread(&parts, &means),
            deviation,
            p50: quantile(sojourns, 0.5),
            p95: quantile(sojourns, 0.95),
            p99,
            p99_ci95: Interval::of(&p99s).ci95,
            p999: quantile(sojourns, 0.999),
            waited: waited.mean,
            waited_ci95: waited.ci95,
            max_in_flight: parts.iter().map(Part::max_in_flight).max().unwrap_or(0),
            share: mean_of_rows(parts.iter().map(|part| shares(&part.ran.measure))),
            utilization: mean_of_rows(parts.iter().map(|part| part.ran.utilization.clone())),
            throughput: Interval::of(&each(&parts, |part| {
                part.ran.ledger.processed as f64 / part.ran.span
            }))
            .mean,
            failed: parts.iter().map(|part| part.ran.ledger.failed).sum(),
            unstable: is_unstable(&parts),
            energy: energy(setup, &parts, p99),
            means,
            p99s,
            over_time: mean_of_rows(parts.iter().map(over_time)),
            quantiles: SHOWN.map(|part| (part, quantile(sojourns, part))).to_vec(),
            log: log.unwrap_or_default(),
            learning,
            q_table,
        }
    }
}

impl Part {
    fn max_in_flight(&self) -> u64 {
        self.ran.measure.max_in_flight
    }
}

fn energy(setup: &Setup, parts: &[Part], p99: f64) -> Option<EnergyFigures> {
    let aimed: Vec<_> = parts.iter().filter_map(|part| part.ran.aimed.as_ref()).collect();
    setup.aim.as_ref().map(|aim| EnergyFigures::of(aim, &aimed, p99))
}

fn each(parts: &[Part], figure: impl Fn(&Part) -> f64) -> Vec<f64> {
    parts.iter().map(figure).collect()
}

/// Mean and standard deviation of all sojourns.
fn moments(parts: &[Part]) -> (f64, f64) {
    let n = parts.iter().map(|part| part.ran.measure.measured).sum::<u64>().max(1) as f64;
    let mean = parts.iter().map(|part| part.ran.measure.sum).sum::<f64>() / n;
    let squares = parts.iter().map(|part| part.ran.measure.squares).sum::<f64>() / n;
    (mean, libm::sqrt((squares - mean * mean).max(0.0)))
}

/// How sure the mean is: over replications, or over batches of the only one.
fn spread(parts: &[Part], means: &[f64]) -> f64 {
    match parts {
        [only] => {
            Interval::of(&only.ran.measure.batches.iter().map(Mean::get).collect::<Vec<_>>()).ci95
        }
        _ => Interval::of(means).ci95,
    }
}

fn over_time(part: &Part) -> Vec<f64> {
    (0..SLICES).map(|at| part.ran.measure.slices[at].get()).collect()
}

fn is_unstable(parts: &[Part]) -> bool {
    let growing = parts.iter().filter(|part| part.ran.measure.grows()).count();
    2 * growing > parts.len() || parts.iter().any(|part| part.ran.ledger.in_flight > 0)
}
