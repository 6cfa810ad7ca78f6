//! A summary from the rows alone, where `summary.json` is lost.

use std::collections::BTreeMap;

use super::rows::{Rows, WorkerRows};
use super::units;
use crate::class::Class;
use crate::ids::WorkerId;
use crate::record::SCHEMA_VERSION;
use crate::sorting;
use crate::stats::Latency;
use crate::summary::{ClassFigures, LatencyFigures, Machine, Summary, WorkerFigures};

/// Works out what the rows can tell and marks it [`Summary::estimated`].
///
/// Each row's weight is given to the row's own worker and outcome; when every row has weight 1
/// the counts are exact, which a note says. The length of the run is taken as the last stamp
/// in nanoseconds since its beginning; utilization is service time only, for rows do not know
/// of foreign work. What rows cannot tell is marked: policy and machine `unknown (from rows)`,
/// choices, seed, capacity and start 0, no worker pinned.
pub fn estimate(rows: &Rows) -> Summary {
    let duration_s = rows.last_ns as f64 / 1e9;
    let finished = rows.ledger.processed.saturating_add(rows.ledger.failed);
    let order: Vec<usize> = rows.workers.values().map(|worker| worker.busy_row).collect();
    let workers: Vec<_> =
        rows.workers.iter().map(|(id, worker)| worker_figures(*id, worker, rows)).collect();
    Summary {
        schema_version: SCHEMA_VERSION,
        machine: machine(rows, &workers),
        settings: BTreeMap::new(),
        policy: "unknown (from rows)".into(),
        choices: 0,
        policy_switches: Vec::new(),
        seed: 0,
        ended: "unknown (from rows)".into(),
        started_unix_ms: 0,
        duration_s,
        throughput_packets_per_s: ratio(finished as f64, duration_s),
        ledger: rows.ledger.clone(),
        recorded_rows: rows.rows,
        rows_not_recorded: 0,
        states_forgotten: 0,
        latency_ns: LatencyFigures {
            wait: rows.wait.summary(),
            service: rows.service.summary(),
            total: rows.total.summary(),
        },
        classes: classes(rows, &workers),
        workers,
        seating: Default::default(),
        core_utilization: rows.busy.timeline(&order, rows.last_ns),
        source_cpu_s: 0.0,
        temperature_c_max: None,
        energy: None,
        goal: None,
        thermal: None,
        findings: BTreeMap::new(),
        files: BTreeMap::new(),
        estimated: true,
    }
}

fn machine(rows: &Rows, workers: &[WorkerFigures]) -> Machine {
    let mut notes = rows.left_out();
    notes.push(if rows.is_exact() {
        "every packet has its row: counts and times are exact, utilization is service time".into()
    } else {
        let packets = units::counted(rows.packets(), "packet");
        let (stand, each) =
            if rows.rows == 1 { ("stands", "") } else { ("stand", ", each for its own worker") };
        format!("{} {stand} for {packets}{each}", units::counted(rows.rows, "row"))
    });
    Machine {
        model: "unknown machine (from rows)".into(),
        hybrid: workers.iter().any(|worker| worker.class != Class::Uniform),
        notes,
        ..Machine::default()
    }
}

fn worker_figures(id: u32, worker: &WorkerRows, rows: &Rows) -> WorkerFigures {
    WorkerFigures {
        worker: WorkerId(id),
        cpu: worker.cpu,
        pinned: false,
        class: worker.class,
        packets: worker.packets,
        share: ratio(worker.packets as f64, finished(rows)),
        failed: worker.failed,
        // A row whose chosen worker is another may have been taken, or had found no room there.
        stolen: 0,
        capacity: 0.0,
        foreign_load: ratio(worker.foreign.0, worker.foreign.1),
        mhz_mean: None,
        utilization: ratio(worker.service.sum_ns() as f64, rows.last_ns as f64).min(1.0),
        wait_ns: worker.wait.summary(),
        service_ns: worker.service.summary(),
    }
}

fn classes(rows: &Rows, workers: &[WorkerFigures]) -> Vec<ClassFigures> {
    let mut members: BTreeMap<Class, Vec<(&WorkerFigures, &WorkerRows)>> = BTreeMap::new();
    for member in workers.iter().zip(rows.workers.values()) {
        members.entry(member.0.class).or_default().push(member);
    }
    members.into_iter().map(|(name, members)| class_figures(name, &members, rows)).collect()
}

fn class_figures(
    name: Class,
    members: &[(&WorkerFigures, &WorkerRows)],
    rows: &Rows,
) -> ClassFigures {
    let (mut wait, mut service) = (Latency::default(), Latency::default());
    for (_, worker) in members {
        wait.add(&worker.wait);
        service.add(&worker.service);
    }
    let mut cpus: Vec<_> = members.iter().map(|(figures, _)| figures.cpu).collect();
    sorting::sort(&mut cpus);
    cpus.dedup();
    let sum = |of: fn(&WorkerRows) -> u64| {
        members.iter().fold(0, |sum: u64, (_, worker)| sum.saturating_add(of(worker)))
    };
    let utilization: f64 = members.iter().map(|(figures, _)| figures.utilization).sum();
    ClassFigures {
        name,
        cpus,
        workers: members.iter().map(|(figures, _)| figures.worker).collect(),
        packets: sum(|worker| worker.packets),
        share: ratio(sum(|worker| worker.packets) as f64, finished(rows)),
        failed: sum(|worker| worker.failed),
        service_mean_ns: service.summary().mean,
        utilization: ratio(utilization, members.len() as f64),
        wait_ns: wait.summary(),
        wait_bars: wait.bars(),
        energy: None,
    }
}

/// Packets that ran, whatever came of them.
fn finished(rows: &Rows) -> f64 {
    rows.workers.values().map(|worker| worker.packets as f64).sum()
}

/// 0 where nothing is divided: JSON knows no NaN.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{read_rows, read_summary, samples, write_summary};
    use proptest::prelude::*;

    fn of(rows: &[(u32, Class, u64)]) -> Summary {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assignments.csv");
        std::fs::write(&path, samples::csv(rows)).unwrap();
        estimate(&read_rows(&path).unwrap())
    }

    fn class_of(worker: u32) -> Class {
        if worker < 2 { Class::Performance } else { Class::Efficiency }
    }

    #[test]
    fn with_weight_one_the_counts_and_times_are_the_rows_own() {
        let rows: Vec<_> = [0, 1, 2, 0, 3, 0].map(|worker| (worker, class_of(worker), 1)).into();
        let summary = of(&rows);
        assert!(summary.estimated && summary.ledger.closes());
        assert_eq!(summary.ledger.processed, 6);
        let packets: Vec<_> = summary.workers.iter().map(|worker| worker.packets).collect();
        assert_eq!(packets, [3, 1, 1, 1]);
        assert_eq!((summary.classes[0].packets, summary.classes[1].packets), (4, 2));
        assert_eq!(summary.classes[0].share, 4.0 / 6.0);
        assert_eq!(summary.classes[0].service_mean_ns, 600_000.0);
        assert_eq!(summary.latency_ns.total.max, 620_000);
        assert!((summary.workers[0].foreign_load - 0.125).abs() < 1e-9);
        assert!((summary.duration_s - 0.005_62).abs() < 1e-12);
        assert!(summary.machine.notes[0].contains("counts and times are exact"));
        assert_eq!(summary.core_utilization.rows[1], [0.0, 0.6, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn what_rows_cannot_tell_is_marked_and_the_file_can_be_read_back() {
        let summary = of(&[(0, Class::Uniform, 5)]);
        assert!(summary.policy.contains("unknown") && summary.machine.model.contains("unknown"));
        assert!(summary.machine.notes[0].contains("1 row stands for 5 packets"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.json");
        write_summary(&path, &summary).unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap().contains("null"));
        assert_eq!(read_summary(&path).unwrap().workers, summary.workers);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_weight_is_given_to_one_worker_one_class_and_one_bar(
            rows in prop::collection::vec((0u32..6, 1u64..300), 1..60),
        ) {
            let rows: Vec<_> =
                rows.into_iter().map(|(worker, weight)| (worker, class_of(worker), weight)).collect();
            let total: u64 = rows.iter().map(|(_, _, weight)| weight).sum();
            let summary = of(&rows);
            prop_assert_eq!(summary.ledger.received, total);
            prop_assert!(summary.ledger.closes());
            prop_assert_eq!(summary.workers.iter().map(|worker| worker.packets).sum::<u64>(), total);
            prop_assert_eq!(summary.classes.iter().map(|class| class.packets).sum::<u64>(), total);
            let bars = summary.classes.iter().flat_map(|class| &class.wait_bars);
            prop_assert_eq!(bars.map(|(_, count)| count).sum::<u64>(), total);
            let shares: f64 = summary.workers.iter().map(|worker| worker.share).sum();
            prop_assert!((shares - 1.0).abs() < 1e-9);
            let cells = summary.core_utilization.rows.iter().flatten();
            prop_assert!(cells.into_iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }
}
