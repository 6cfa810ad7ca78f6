//! `results.csv`: a row a cell, all its figures, nothing rounded.

use std::io;
use std::path::Path;

use crate::interval::Interval;
use crate::study::{Cell, Difference, Mode, Ranked, Setting, Study, rank};

/// Classes that have columns; studies of real machines have four at most.
const CLASSES_MAX: usize = 32;

pub(super) fn write(path: &Path, study: &Study) -> io::Result<()> {
    let mut csv = csv::Writer::from_path(path)?;
    let classes = classes(study);
    let has_energy = study.cells.iter().any(|cell| cell.energy.is_some());
    csv.write_record(heads(study.mode, &classes).into_iter().chain(energy_heads(has_energy)))?;
    for (place, setting) in study.settings.iter().enumerate() {
        let ranked = rank(study, place);
        for cell in study.cells_of(place) {
            if let Some(of) = ranked.iter().find(|of| std::ptr::eq(of.cell, cell)) {
                let energy = energy_row(has_energy, cell);
                csv.write_record(row(setting, of, &classes).into_iter().chain(energy))?;
            }
        }
    }
    csv.flush()
}

/// The names of classes, in the order in which settings name them.
fn classes(study: &Study) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for class in study.settings.iter().flat_map(|setting| &setting.classes) {
        if names.len() < CLASSES_MAX && !names.contains(&class.name.as_str()) {
            names.push(&class.name);
        }
    }
    names
}

fn heads(mode: Mode, classes: &[&str]) -> Vec<String> {
    let (time, rate) = match mode {
        Mode::Simulated => ("service_times", "per_service_time"),
        Mode::Live => ("ms", "per_s"),
    };
    let mut heads: Vec<String> =
        ["setting", "x", "load", "workers", "policy", "place", "verdict"].map(Into::into).to_vec();
    for figure in ["longer_than_best", "mean", "p50", "p95", "p99"] {
        heads.push(format!("{figure}_{time}"));
        heads.push(format!("{figure}_{time}_ci95"));
    }
    heads.push(format!("deviation_{time}"));
    heads.push("coefficient_of_variation".into());
    heads.push(format!("throughput_packets_{rate}"));
    heads.push(format!("throughput_packets_{rate}_ci95"));
    for figure in ["packets", "lost", "success", "fairness_jain", "unstable"] {
        heads.push(figure.into());
    }
    for class in classes {
        heads.push(format!("share_{class}"));
        heads.push(format!("utilization_{class}"));
    }
    heads
}

/// What is worked out by a model says so in its head.
fn energy_heads(has_energy: bool) -> Vec<String> {
    let heads = [
        "joules_per_packet_model",
        "joules_per_packet_model_ci95",
        "watts_mean_model",
        "core_watts_mean_model",
        "active_workers_mean",
        "latency_slo_service_times",
    ];
    if has_energy { heads.map(Into::into).to_vec() } else { Vec::new() }
}

fn energy_row(has_energy: bool, cell: &Cell) -> Vec<String> {
    match &cell.energy {
        _ if !has_energy => Vec::new(),
        None => vec![String::new(); energy_heads(true).len()],
        Some(energy) => [
            energy.joules_per_packet.mean,
            energy.joules_per_packet.ci95,
            energy.watts_mean.mean,
            energy.core_watts_mean.mean,
            energy.active_mean.mean,
            energy.latency_slo,
        ]
        .map(|figure| figure.to_string())
        .to_vec(),
    }
}

fn row(setting: &Setting, of: &Ranked, classes: &[&str]) -> Vec<String> {
    let cell = of.cell;
    let x = setting.x.map_or_else(String::new, |x| x.to_string());
    let (verdict, longer) = match of.difference {
        Difference::Best => ("best", Some(Interval::default())),
        Difference::Worse(by) => ("longer", Some(by)),
        Difference::None(by) => ("no difference", Some(by)),
        Difference::Unstable => ("unstable", None),
    };
    let mut row = vec![
        setting.name.clone(),
        x,
        setting.load.to_string(),
        setting.workers().to_string(),
        cell.policy.clone(),
        of.place.to_string(),
        verdict.to_owned(),
    ];
    match longer {
        Some(by) => row.extend([by.mean.to_string(), by.ci95.to_string()]),
        None => row.extend([String::new(), String::new()]),
    }
    for figure in [cell.mean, cell.p50, cell.p95, cell.p99] {
        row.extend([figure.mean.to_string(), figure.ci95.to_string()]);
    }
    row.extend([
        cell.deviation.to_string(),
        cell.coefficient_of_variation().to_string(),
        cell.throughput.mean.to_string(),
        cell.throughput.ci95.to_string(),
        cell.packets.to_string(),
        cell.lost.to_string(),
        cell.success().to_string(),
        cell.fairness().to_string(),
        cell.unstable.to_string(),
    ]);
    row.extend(classes.iter().flat_map(|name| of_class(setting, cell, name)));
    row
}

/// Share and utilization of a class; nothing where the setting has none of that name.
fn of_class(setting: &Setting, cell: &Cell, name: &str) -> [String; 2] {
    match setting.classes.iter().find(|class| class.name == name) {
        Some(class) => [
            cell.share_of(&class.workers).to_string(),
            cell.utilization_of(&class.workers).to_string(),
        ],
        None => [String::new(), String::new()],
    }
}
