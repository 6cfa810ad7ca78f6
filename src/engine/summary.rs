//! A closed run as a [`Summary`].

use std::collections::BTreeMap;

use super::board;
use super::{Closing, Snapshot, WorkerSnapshot};
use crate::class::Class;
use crate::dispatch::Switched;
use crate::ledger::{Dropped, Ledger};
use crate::packing::{Goal, LATE};
use crate::record::SCHEMA_VERSION;
use crate::sorting;
use crate::stats::Latency;
use crate::summary::{
    ClassFigures, GoalFigures, LatencyFigures, Machine, PolicySwitched, Seating, Summary,
    ThermalFigures, WorkerFigures, WorkerMoved,
};
use crate::topology::Move;

/// What the engine itself does not know of a run.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The machine.
    pub machine: Machine,
    /// Every setting in force, as text.
    pub settings: BTreeMap<String, String>,
    /// When the run began, in milliseconds since 1970.
    pub started_unix_ms: u64,
    /// What the work found, by name.
    pub findings: BTreeMap<String, u64>,
    /// The files of the run.
    pub files: BTreeMap<String, String>,
}

fn switch(switched: &Switched) -> PolicySwitched {
    let Switched { at_ns, from, to } = *switched;
    PolicySwitched { at_s: at_ns as f64 / 1e9, from: from.to_owned(), to: to.to_owned() }
}

fn moved(moved: &Move) -> WorkerMoved {
    let Move { at_ns, worker, from, to } = *moved;
    WorkerMoved { at_s: at_ns as f64 / 1e9, worker, from, to }
}

impl Closing {
    /// All figures of the run, from its exact running totals.
    pub fn summary(&self, about: About) -> Summary {
        let last = &self.last;
        let duration_s = last.now_ns as f64 / 1e9;
        let finished: u64 = last.workers.iter().map(|worker| worker.packets).sum();
        let recorded = self.recorded.as_ref();
        Summary {
            schema_version: SCHEMA_VERSION,
            machine: self.with_board_notes(about.machine),
            settings: about.settings,
            policy: last.policy.to_owned(),
            choices: last.choices,
            policy_switches: last.switched.iter().map(switch).collect(),
            seed: last.seed,
            ended: self.ended.as_str().to_owned(),
            started_unix_ms: about.started_unix_ms,
            duration_s,
            throughput_packets_per_s: finished as f64 / duration_s.max(1e-9),
            ledger: last.ledger.clone(),
            recorded_rows: recorded.map_or(0, |recorded| recorded.rows),
            rows_not_recorded: recorded.map_or(0, |recorded| recorded.not_recorded),
            states_forgotten: last.states_forgotten,
            latency_ns: latencies(&last.workers),
            workers: self.worker_figures(finished, duration_s),
            seating: Seating {
                moves: last.moves.iter().map(moved).collect(),
                moves_total: last.moves_total,
                between_classes: last.energy.between_classes,
                pins_restored: last.pins_restored,
            },
            classes: class_figures(last, finished, duration_s),
            core_utilization: last.samples.core_utilization.clone(),
            temperature_c_max: last.thermal.as_ref().and_then(hottest_c),
            energy: Some(board::whole(&last.energy, finished, duration_s)),
            goal: self.goal_figures(duration_s),
            thermal: last.thermal.clone(),
            source_cpu_s: last.sources.iter().map(|source| source.cpu_ns as f64 / 1e9).sum(),
            findings: about.findings,
            files: about.files,
            estimated: false,
        }
    }

    fn goal_figures(&self, duration_s: f64) -> Option<GoalFigures> {
        let (packed, workers) = (self.last.packed.as_ref()?, &self.last.workers);
        let each = |of: fn(&WorkerSnapshot) -> f64| workers.iter().map(of).collect::<Vec<f64>>();
        let busy_s = each(|worker| worker.totals.busy_ns as f64 / 1e9);
        let capacities = each(|worker| f64::from(worker.measured_capacity));
        let active_s = packed.report.active_ns.iter().map(|ns| *ns as f64 / 1e9);
        let active_s: Vec<f64> = active_s.collect();
        let total = merged(workers.iter().map(|worker| &worker.totals.total));
        let slo_ns = u64::try_from(packed.goal.latency_slo.as_nanos()).unwrap_or(u64::MAX);
        let (draws, p99_ns) = (&packed.draws, total.summary().p99);
        let lost = lost(&self.last.ledger);
        Some(GoalFigures {
            policy_goal: Goal::Energy.to_string(),
            latency_slo_ns: slo_ns,
            p99_ns,
            // Of those done in time and those never done, 99 of 100 must be the former.
            slo_held: p99_ns <= slo_ns && (lost == 0.0 || all_late(&total, slo_ns, lost) <= LATE),
            lost,
            workers_active_mean: packed.report.active_mean(),
            parked: packed.report.parked,
            woken: packed.report.woken,
            joules_model: draws.joules(duration_s, &busy_s, &active_s),
            joules_all_active_model: draws.joules_spread(duration_s, &busy_s, &capacities),
            uncertainty: packed.uncertainty,
            source: packed.source.clone(),
        })
    }

    fn with_board_notes(&self, mut machine: Machine) -> Machine {
        machine.notes.extend(self.last.board_notes.iter().cloned());
        machine
    }

    fn worker_figures(&self, finished: u64, duration_s: f64) -> Vec<WorkerFigures> {
        let samples = &self.last.samples;
        let figures = |(index, worker): (usize, &WorkerSnapshot)| WorkerFigures {
            worker: worker.seat.worker,
            cpu: worker.seat.cpu,
            pinned: worker.pinned,
            class: worker.seat.class,
            packets: worker.packets,
            share: share(worker.packets, finished),
            failed: worker.failed,
            stolen: worker.stolen,
            capacity: hundredths(worker.capacity),
            foreign_load: samples.foreign_load.get(index).copied().unwrap_or(0.0),
            mhz_mean: samples.mean_mhz.get(index).copied().flatten(),
            utilization: utilization(worker, duration_s),
            wait_ns: worker.totals.wait.summary(),
            service_ns: worker.totals.service.summary(),
        };
        self.last.workers.iter().enumerate().map(figures).collect()
    }
}

/// Of the readings that a working sensor can give; others were left out as they were read.
fn hottest_c(thermal: &ThermalFigures) -> Option<f64> {
    thermal.zones.iter().filter_map(|zone| zone.celsius_max).max_by(f64::total_cmp)
}

fn latencies(workers: &[WorkerSnapshot]) -> LatencyFigures {
    let all = |of: fn(&WorkerSnapshot) -> &Latency| merged(workers.iter().map(of)).summary();
    LatencyFigures {
        wait: all(|worker| &worker.totals.wait),
        service: all(|worker| &worker.totals.service),
        total: all(|worker| &worker.totals.total),
    }
}

/// The part of the packets that came and were never worked on. Those refused at a closing door
/// came too late for anybody.
fn lost(ledger: &Ledger) -> f64 {
    let Dropped { inbox_full, evicted, order_window, expired, .. } = ledger.dropped;
    let lost = inbox_full + evicted + order_window + expired + ledger.abandoned;
    share(lost, lost + ledger.processed + ledger.failed)
}

/// The part of all packets that was done later than `slo_ns`, or never as the part `lost` of them.
fn all_late(done: &Latency, slo_ns: u64, lost: f64) -> f64 {
    lost + (1.0 - lost) * share(done.above(slo_ns), done.weight())
}

fn class_figures(last: &Snapshot, finished: u64, duration_s: f64) -> Vec<ClassFigures> {
    let mut by_class: BTreeMap<Class, Vec<&WorkerSnapshot>> = BTreeMap::new();
    for worker in &last.workers {
        by_class.entry(worker.seat.class).or_default().push(worker);
    }
    // The last worker of a class may have moved away: its joules stay there.
    for (class, _) in last.energy.by_class.iter().filter(|(_, joules)| *joules > 0.0) {
        by_class.entry(*class).or_default();
    }
    let one = |(name, workers): (Class, Vec<&WorkerSnapshot>)| {
        let wait = merged(workers.iter().map(|worker| &worker.totals.wait));
        let service = merged(workers.iter().map(|worker| &worker.totals.service)).summary();
        let packets = workers.iter().map(|worker| worker.packets).sum();
        let busy: f64 = workers.iter().map(|worker| utilization(worker, duration_s)).sum();
        let mut cpus: Vec<_> = workers.iter().map(|worker| worker.seat.cpu).collect();
        sorting::sort(&mut cpus);
        cpus.dedup();
        ClassFigures {
            name,
            cpus,
            workers: workers.iter().map(|worker| worker.seat.worker).collect(),
            packets,
            share: share(packets, finished),
            failed: workers.iter().map(|worker| worker.failed).sum(),
            service_mean_ns: service.mean,
            utilization: busy / workers.len().max(1) as f64,
            wait_ns: wait.summary(),
            wait_bars: wait.bars(),
            energy: board::of_class(&last.energy, name, packets, duration_s),
        }
    };
    by_class.into_iter().map(one).collect()
}

fn merged<'a>(latencies: impl Iterator<Item = &'a Latency>) -> Latency {
    let mut all = Latency::default();
    latencies.for_each(|latency| all.add(latency));
    all
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn utilization(worker: &WorkerSnapshot, duration_s: f64) -> f64 {
    (worker.totals.busy_ns as f64 / 1e9 / duration_s.max(1e-9)).min(1.0)
}

/// As a tidy decimal: an f32 of 0.4 is 0.4000000059… as an f64.
fn hundredths(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}
