//! The closing table for a terminal.

use std::fmt::Write as _;

use super::grid::{Grid, Side};
use super::{board, goal, remarks, units};
use crate::ids::CpuId;
use crate::sorting;
use crate::stats::LatencySummary;
use crate::summary::{ClassFigures, Summary, WorkerFigures};

/// The run in plain text, aligned for a fixed-width font, every line ended.
///
/// The title; a line a worker; a line a class; the ledger; what the work found and the sources
/// cost; what else is to be known. Times are in the unit that fits, shares in percent, `–` stands for what
/// was not measured.
pub fn table(summary: &Summary) -> String {
    let parts = [
        title(summary),
        workers(summary),
        classes(summary),
        units::apart(&summary.ledger.to_string()) + "\n",
        goal::goal(summary),
        beside(summary),
        notes(summary),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn title(summary: &Summary) -> String {
    let mut text = remarks::machine(summary);
    let platform = remarks::one_line(&summary.machine.platform);
    if !platform.is_empty() {
        let _ = write!(text, " ({platform})");
    }
    let (policy, figures) = (remarks::policy(summary), remarks::figures(summary));
    let _ = writeln!(text, "\n{policy} · {figures}");
    let losses = remarks::losses(summary).into_iter();
    let others = remarks::remarks(summary).into_iter().chain(remarks::equal_cores(summary));
    for remark in losses.chain(others) {
        let _ = writeln!(text, "note: {remark}");
    }
    text
}

fn workers(summary: &Summary) -> String {
    use Side::{Left, Right};
    let mut grid = Grid::new(&[
        ("worker", Right),
        ("CPU", Right),
        ("class", Left),
        ("packets", Right),
        ("share", Right),
        ("capacity", Right),
        ("service mean", Right),
        ("wait p50", Right),
        ("wait p99", Right),
        ("utilization", Right),
        ("foreign", Right),
        ("failed", Right),
    ]);
    summary.workers.iter().for_each(|worker| grid.row(worker_cells(worker)));
    grid.render()
}

fn worker_cells(worker: &WorkerFigures) -> Vec<String> {
    // Rows alone do not tell the capacity; 0 stands for that.
    let known = worker.capacity.is_finite() && worker.capacity > 0.0;
    vec![
        worker.worker.to_string(),
        worker.cpu.to_string(),
        worker.class.to_string(),
        units::count(worker.packets),
        units::percent(worker.share),
        if known { format!("{:.2}", worker.capacity) } else { "–".into() },
        measured(&worker.service_ns, worker.service_ns.mean),
        measured(&worker.wait_ns, worker.wait_ns.p50 as f64),
        measured(&worker.wait_ns, worker.wait_ns.p99 as f64),
        units::percent(worker.utilization),
        units::percent(worker.foreign_load),
        units::count(worker.failed),
    ]
}

fn classes(summary: &Summary) -> String {
    use Side::{Left, Right};
    let mut grid = Grid::new(&[
        ("class", Left),
        ("CPUs", Left),
        ("workers", Right),
        ("packets", Right),
        ("share", Right),
        ("service mean", Right),
        ("wait p50", Right),
        ("wait p99", Right),
        ("utilization", Right),
        ("energy by model", Right),
        ("per packet", Right),
        ("failed", Right),
    ]);
    summary.classes.iter().for_each(|class| grid.row(class_cells(class)));
    grid.render()
}

fn class_cells(class: &ClassFigures) -> Vec<String> {
    let (energy, unknown) = (class.energy.as_ref(), || "–".to_owned());
    let mean = if class.packets > 0 { units::time(class.service_mean_ns) } else { "–".into() };
    vec![
        class.name.to_string(),
        ranges(&class.cpus),
        class.workers.len().to_string(),
        units::count(class.packets),
        units::percent(class.share),
        mean,
        measured(&class.wait_ns, class.wait_ns.p50 as f64),
        measured(&class.wait_ns, class.wait_ns.p99 as f64),
        units::percent(class.utilization),
        energy.map_or_else(unknown, |energy| units::energy(energy.joules)),
        energy.and_then(|energy| energy.joules_per_packet).map_or_else(unknown, units::energy),
        units::count(class.failed),
    ]
}

fn measured(latency: &LatencySummary, ns: f64) -> String {
    if latency.samples > 0 { units::time(ns) } else { "–".into() }
}

/// CPU numbers as the kernel writes them: `0-3,8`.
fn ranges(cpus: &[CpuId]) -> String {
    let mut numbers: Vec<u32> = cpus.iter().map(|cpu| cpu.0).collect();
    sorting::sort(&mut numbers);
    numbers.dedup();
    let runs = numbers.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    let texts = runs.map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    });
    texts.collect::<Vec<_>>().join(",")
}

/// What the work found, what the sources cost, how warm it became.
fn beside(summary: &Summary) -> String {
    let mut text = String::new();
    let found = summary.findings.iter();
    let found: Vec<_> = found.map(|(name, n)| format!("{name} {}", units::count(*n))).collect();
    if !found.is_empty() {
        let _ = writeln!(text, "findings: {}", found.join(", "));
    }
    if !summary.estimated {
        let _ = writeln!(text, "sources: {:.2} s of CPU time", summary.source_cpu_s);
    }
    let stolen: u64 = summary.workers.iter().map(|worker| worker.stolen).sum();
    if stolen > 0 {
        let stolen = units::counted(stolen, "packet");
        let _ = writeln!(text, "stolen: {stolen} taken by idle workers from loaded ones");
    }
    let finished: u64 = summary.workers.iter().map(|worker| worker.packets).sum();
    let measured = summary.latency_ns.service.samples;
    if !summary.estimated && measured < finished {
        let (measured, finished) = (units::count(measured), units::count(finished));
        let _ = writeln!(text, "times: of {measured} of {finished} packets, which stand for all");
    }
    if let Some(celsius) = summary.temperature_c_max {
        let _ = writeln!(text, "hottest: {celsius:.1} °C");
    }
    let energy = [board::energy_line(summary), board::split_line(summary)];
    for line in energy.into_iter().flatten().chain(board::thermal_lines(summary)) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn notes(summary: &Summary) -> String {
    let mut text = String::new();
    if !summary.files.is_empty() {
        let files: Vec<_> = summary.files.values().map(|file| remarks::one_line(file)).collect();
        let _ = writeln!(text, "files: {}", files.join(", "));
    }
    let said = remarks::remarks(summary);
    for note in summary.machine.notes.iter().filter(|note| !said.contains(note)) {
        let _ = writeln!(text, "note: {}", remarks::one_line(note));
    }
    text += &thinned(summary);
    if summary.rows_not_recorded > 0 {
        let count = units::count(summary.rows_not_recorded);
        let _ = writeln!(
            text,
            "rows not recorded: {count} (disk full, file gone, or recorder too slow)"
        );
    }
    text
}

/// Says so where the rows are fewer than the packets: they are not to be counted as packets.
fn thinned(summary: &Summary) -> String {
    let (rows, received) = (summary.recorded_rows, summary.ledger.received);
    if summary.estimated || rows == 0 || rows.saturating_add(summary.rows_not_recorded) >= received
    {
        return String::new();
    }
    let (rows, packets) = (units::counted(rows, "row"), units::counted(received, "packet"));
    format!("note: assignments.csv is thinned: {rows} stand for {packets}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn the_table_holds_every_worker_class_and_the_ledger() {
        let mut summary = samples::hybrid(4, 0, 4);
        summary.findings.insert("zone-c".into(), 1234);
        summary.machine.notes.push("cpu 9 is offline".into());
        summary.rows_not_recorded = 77;
        summary.recorded_rows = 1_500;
        summary.ledger.dropped.evicted = 4_000;
        summary.ledger.received += 4_000;
        let text = table(&summary);
        for worker in &summary.workers {
            let line = format!("{}  {}", worker.worker, worker.class);
            assert!(text.contains(&units::count(worker.packets)), "{line}\n{text}");
            assert!(text.contains(&units::time(worker.service_ns.mean)), "{line}\n{text}");
        }
        for part in [
            "Intel Core i5-13400",
            "randomized least connection, 8 choices",
            "performance  0-3",
            "efficiency   4-7",
            &units::apart(&summary.ledger.to_string()),
            "note: 4,000 of",
            "note: assignments.csv is thinned: 1,500 rows stand for",
            "findings: zone-c 1,234",
            "sources: 0.40 s of CPU time",
            "note: cpu 9 is offline",
            "rows not recorded: 77",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn every_line_of_a_block_is_as_wide_as_its_head() {
        for workers in [1, 2, 256] {
            let text = workers_block(workers);
            let width = text.lines().next().unwrap().chars().count();
            assert_eq!(text.lines().count() as u32, workers + 1);
            assert!(text.lines().all(|line| line.chars().count() == width), "{text}");
        }
    }

    fn workers_block(count: u32) -> String {
        workers(&samples::uniform(count))
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let text = table(&samples::without_packets());
        assert!(text.contains('–') && !text.contains("NaN"), "{text}");
    }

    #[test]
    fn cpu_lists_read_as_the_kernel_writes_them() {
        let cpus: Vec<_> = [8, 0, 1, 2, 3, u32::MAX].map(CpuId).into();
        assert_eq!(ranges(&cpus), format!("0-3,8,{}", u32::MAX));
        assert_eq!(ranges(&[]), "");
    }
}
