//! Invented runs for the tests of this module.

use crate::sorting;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::ledger::Ledger;
use crate::record::{COLUMNS, SCHEMA_VERSION};
use crate::stats::{Latency, Timeline};
use crate::summary::{
    ClassFigures, EnergyFigures, LatencyFigures, Machine, Summary, ThermalFigures, ThrottleSign,
    WorkerFigures, ZoneFigures,
};

/// Equal cores.
pub(super) fn uniform(workers: u32) -> Summary {
    run(&vec![Class::Uniform; workers as usize], 10.0)
}

/// Cores of up to three classes.
pub(super) fn hybrid(performance: usize, middle: usize, efficiency: usize) -> Summary {
    let mut classes = vec![Class::Performance; performance];
    classes.extend(vec![Class::Middle(0); middle]);
    classes.extend(vec![Class::Efficiency; efficiency]);
    run(&classes, 10.0)
}

/// A run that no packet came to.
pub(super) fn without_packets() -> Summary {
    let mut summary = hybrid(1, 0, 1);
    summary.ledger = Ledger::default();
    summary.latency_ns = LatencyFigures::default();
    summary.throughput_packets_per_s = 0.0;
    summary.duration_s = 0.2;
    summary.core_utilization = Timeline::new(2, 0.5);
    for worker in &mut summary.workers {
        (worker.packets, worker.share, worker.utilization) = (0, 0.0, 0.0);
        (worker.wait_ns, worker.service_ns) = Default::default();
    }
    for class in &mut summary.classes {
        (class.packets, class.share, class.service_mean_ns) = (0, 0.0, 0.0);
        (class.wait_ns, class.wait_bars) = Default::default();
    }
    summary
}

/// The same run on a board whose energy is modelled, that became warm and lost its voltage once.
pub(super) fn on_a_board(mut summary: Summary) -> Summary {
    let modelled = |joules: f64, packets: u64| EnergyFigures {
        joules,
        joules_per_packet: (packets > 0).then(|| joules / packets as f64),
        watts_mean: joules / summary.duration_s,
        source: "model (rk3588)".into(),
        uncertainty: 0.5,
        ..EnergyFigures::default()
    };
    let watts = |class: &ClassFigures| 0.72 * speed(class.name) * class.workers.len() as f64;
    let joules = |class: &ClassFigures| 0.6 * watts(class) * summary.duration_s;
    let added: f64 = summary.classes.iter().map(joules).sum();
    let shared_j = 1.855 * summary.duration_s;
    let whole = EnergyFigures {
        covers: "the board".into(),
        shared_joules: Some(shared_j),
        ..modelled(added + shared_j, summary.ledger.processed)
    };
    let of_classes: Vec<_> =
        summary.classes.iter().map(|class| modelled(joules(class), class.packets)).collect();
    summary.energy = Some(whole);
    for (class, energy) in summary.classes.iter_mut().zip(of_classes) {
        class.energy = Some(energy);
    }
    summary.thermal = Some(warm(summary.duration_s));
    summary
}

fn warm(duration_s: f64) -> ThermalFigures {
    let steps = duration_s.clamp(2.0, 200.0) as usize;
    let zone = |name: &str, throttles_c: Option<f64>| ZoneFigures {
        name: name.into(),
        celsius_max: Some(if throttles_c.is_some() { 74.6 } else { 58.0 }),
        throttles_c,
        ..ZoneFigures::default()
    };
    let rising = |from: f32, to: f32| {
        let at = |step: usize| from + (to - from) * (step as f32 / steps as f32).sqrt();
        (0..steps).map(at).collect::<Vec<_>>()
    };
    let timeline = |rows: Vec<Vec<f32>>| {
        let mut timeline = Timeline::new(rows.len(), duration_s / steps as f64);
        timeline.rows = rows;
        timeline
    };
    ThermalFigures {
        zones: vec![zone("soc-thermal", Some(75.0)), zone("gpu-thermal", None)],
        over_time: timeline(vec![rising(45.0, 74.6), rising(40.0, 58.0)]),
        limit_c: Some(73.0),
        limit_source: "throttled at 75 °C (soc-thermal), less 2 °C".into(),
        relieved_s: duration_s / 4.0,
        least_factor: 0.62,
        signs_are_told: true,
        signs_during: vec![ThrottleSign::Undervoltage],
        throttled_over_time: timeline(vec![
            (0..steps).map(|step| f32::from(step * 5 / steps == 3)).collect(),
        ]),
        ..ThermalFigures::default()
    }
}

fn class(name: Class, classes: &[Class], workers: &[WorkerFigures]) -> ClassFigures {
    let members = || classes.iter().enumerate().filter(|(_, of)| **of == name);
    let ids: Vec<u32> = members().map(|(index, _)| index as u32).collect();
    let sum = members().map(|(index, _)| workers[index].packets).sum::<u64>();
    let packets: u64 = workers.iter().map(|worker| worker.packets).sum();
    ClassFigures {
        name,
        cpus: ids.iter().copied().map(CpuId).collect(),
        workers: ids.iter().copied().map(WorkerId).collect(),
        packets: sum,
        share: sum as f64 / packets as f64,
        failed: 0,
        service_mean_ns: 180e3 / speed(name),
        utilization: 0.6,
        wait_ns: waits(name, sum).summary(),
        wait_bars: waits(name, sum).bars(),
        energy: None,
    }
}

/// A run of `duration_s` on workers of these classes, faster ones doing more.
pub(super) fn run(classes: &[Class], duration_s: f64) -> Summary {
    let mut kinds: Vec<Class> = classes.to_vec();
    sorting::sort(&mut kinds);
    kinds.dedup();
    let each = |(index, class): (usize, &Class)| worker(index as u32, *class, duration_s);
    let mut workers: Vec<_> = classes.iter().enumerate().map(each).collect();
    let packets: u64 = workers.iter().map(|worker| worker.packets).sum();
    workers.iter_mut().for_each(|worker| worker.share = worker.packets as f64 / packets as f64);
    let class = |name| class(name, classes, &workers);
    let all = classes.iter().fold(Latency::default(), |mut all, class| {
        all.add(&waits(*class, 1000));
        all
    });
    Summary {
        schema_version: SCHEMA_VERSION,
        machine: Machine {
            model: "Intel Core i5-13400".into(),
            platform: "Linux, x86_64".into(),
            hybrid: kinds.len() > 1,
            ..Machine::default()
        },
        settings: BTreeMap::new(),
        policy: "randomized least connection".into(),
        choices: classes.len() as u32,
        policy_switches: Vec::new(),
        seed: 7,
        ended: "complete".into(),
        started_unix_ms: 1_700_000_000_000,
        duration_s,
        throughput_packets_per_s: packets as f64 / duration_s,
        ledger: Ledger { received: packets, processed: packets, ..Ledger::default() },
        recorded_rows: packets,
        rows_not_recorded: 0,
        states_forgotten: 0,
        latency_ns: LatencyFigures { wait: all.summary(), ..Default::default() },
        classes: kinds.iter().map(|name| class(*name)).collect(),
        workers,
        seating: Default::default(),
        core_utilization: utilization(classes, duration_s),
        source_cpu_s: 0.4,
        temperature_c_max: None,
        energy: None,
        goal: None,
        thermal: None,
        findings: BTreeMap::new(),
        files: BTreeMap::new(),
        estimated: false,
    }
}

fn speed(class: Class) -> f64 {
    match class {
        Class::Uniform | Class::Performance => 1.0,
        Class::Middle(_) => 0.7,
        Class::Efficiency => 0.45,
    }
}

fn worker(index: u32, class: Class, duration_s: f64) -> WorkerFigures {
    let per_s = 3300.0 * speed(class) * (1.0 + 0.03 * f64::from(index * 7 % 5));
    let mut service = Latency::default();
    service.record((180e3 / speed(class)) as u64 + u64::from(index), 100);
    WorkerFigures {
        worker: WorkerId(index),
        cpu: CpuId(index),
        pinned: true,
        class,
        packets: (per_s * duration_s) as u64,
        share: 0.0,
        failed: u64::from(index % 3),
        stolen: 0,
        capacity: speed(class),
        foreign_load: 0.02,
        mhz_mean: None,
        utilization: 0.6,
        wait_ns: waits(class, 1000).summary(),
        service_ns: service.summary(),
    }
}

/// A hump around 60 µs over the speed, with a tail.
fn waits(class: Class, packets: u64) -> Latency {
    let mut latency = Latency::default();
    let middle = 60e3 / speed(class);
    for step in -20..=30i32 {
        let weight = (-f64::from(step * step) / 60.0).exp() + if step > 0 { 0.004 } else { 0.0 };
        let count = (packets as f64 * weight / 16.0) as u64;
        latency.record((middle * 1.2f64.powi(step)) as u64, count);
    }
    latency
}

fn utilization(classes: &[Class], duration_s: f64) -> Timeline {
    let mut timeline = Timeline::new(classes.len(), 0.5);
    let steps = (duration_s / 0.5).min(200.0) as usize;
    timeline.step_s = duration_s / steps as f64;
    for (index, row) in timeline.rows.iter_mut().enumerate() {
        let wave = |step: usize| (step as f32 / 4.0 + index as f32).sin();
        row.extend((0..steps).map(|step| (0.6 + 0.3 * wave(step)).clamp(0.0, 1.0)));
    }
    timeline
}

/// Rows of a file in which worker `worker` ran packets of the given weights.
pub(super) fn csv(rows: &[(u32, Class, u64)]) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for (index, (worker, class, weight)) in rows.iter().enumerate() {
        let at = index as u64 * 1_000_000;
        let (start, end) = (at + 20_000, at + 620_000);
        let _ = writeln!(
            text,
            "{index},\"s,{worker}\",load,{worker},{worker},{worker},{class},1,0.125,\
             {at},{start},{end},processed,{weight}"
        );
    }
    text
}
