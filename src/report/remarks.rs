//! What a reader must know before believing a figure: said in the table and in the picture.

use std::collections::BTreeSet;

use super::units;
use crate::class::Class;
use crate::ids::WorkerId;
use crate::summary::Summary;

/// Where the run took place, on one line without control characters.
pub(super) fn machine(summary: &Summary) -> String {
    let model = one_line(&summary.machine.model);
    if model.is_empty() { "unknown machine".into() } else { model }
}

/// The rule with its choices: `randomized least connection, 8 choices`.
pub(super) fn policy(summary: &Summary) -> String {
    let policy = one_line(&summary.policy);
    let policy = if summary.estimated { format!("policy {policy}") } else { policy };
    match summary.choices {
        0 => policy,
        1 => policy + ", 1 choice",
        choices => format!("{policy}, {choices} choices"),
    }
}

/// Length, packets and throughput.
pub(super) fn figures(summary: &Summary) -> String {
    format!(
        "{} · {} packets · {} packets/s",
        units::length(summary.duration_s),
        units::count(summary.ledger.received),
        units::rate(summary.throughput_packets_per_s)
    )
}

/// A sentence where all cores are equal, so that nobody looks for classes.
pub(super) fn equal_cores(summary: &Summary) -> Option<String> {
    let equal = summary.workers.iter().all(|worker| worker.class == Class::Uniform);
    (equal && !summary.workers.is_empty()).then(|| "all cores are equal: one class".into())
}

/// A sentence for each thing that is not as one would think; most runs have none.
pub(super) fn remarks(summary: &Summary) -> Vec<String> {
    let found =
        [estimated(summary), emulated(summary), shared(summary), loose(summary), ended(summary)];
    found.into_iter().flatten().collect()
}

/// Whether several workers of this run sit on one CPU.
pub(super) fn shares_cpus(summary: &Summary) -> bool {
    cpus(summary) < summary.workers.len()
}

/// `text` with every run of blanks and control characters as one blank.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn estimated(summary: &Summary) -> Option<String> {
    let rows = units::count(summary.recorded_rows);
    summary.estimated.then(|| format!("estimated from {rows} recorded rows alone"))
}

fn emulated(summary: &Summary) -> Option<String> {
    summary.machine.emulated.then(|| "classes are emulated, not the machine's own".into())
}

fn shared(summary: &Summary) -> Option<String> {
    let (workers, cpus) = (summary.workers.len(), cpus(summary));
    let noun = if cpus == 1 { "CPU" } else { "CPUs" };
    shares_cpus(summary).then(|| format!("{workers} workers share {cpus} {noun} in turn"))
}

/// Rows do not say whether a pin was in force, so an estimate does not either.
fn loose(summary: &Summary) -> Option<String> {
    let loose: Vec<_> = summary
        .workers
        .iter()
        .filter(|worker| !worker.pinned)
        .map(|worker| worker.worker)
        .collect();
    if summary.estimated || loose.is_empty() {
        return None;
    }
    if loose.len() == summary.workers.len() {
        return Some("no worker's pin is in force".into());
    }
    Some(format!("pin not in force: {}", named(&loose)))
}

fn ended(summary: &Summary) -> Option<String> {
    match summary.ended.as_str() {
        "abandoned" => Some("drain limit passed, packets abandoned".into()),
        "aborted" => Some("stopped at once by a second signal".into()),
        _ => None,
    }
}

fn named(workers: &[WorkerId]) -> String {
    let first: Vec<_> = workers.iter().take(4).map(ToString::to_string).collect();
    let more = workers.len() - first.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("worker {}{rest}", first.join(", "))
}

fn cpus(summary: &Summary) -> usize {
    summary.workers.iter().map(|worker| worker.cpu).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CpuId;
    use crate::report::samples;

    #[test]
    fn an_ordinary_hybrid_run_needs_no_remark() {
        assert_eq!(remarks(&samples::hybrid(4, 0, 4)), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_as_it_seems_is_said() {
        let mut summary = samples::uniform(8);
        assert_eq!(remarks(&summary), Vec::<String>::new());
        assert_eq!(equal_cores(&summary).unwrap(), "all cores are equal: one class");
        assert_eq!(equal_cores(&samples::hybrid(1, 0, 1)), None);
        for worker in &mut summary.workers {
            worker.cpu = CpuId(worker.worker.0 % 2);
        }
        summary.workers[3].pinned = false;
        summary.ended = "aborted".into();
        let all = remarks(&summary).join("; ");
        for part in ["8 workers share 2 CPUs in turn", "not in force: worker 3", "second signal"] {
            assert!(all.contains(part), "{all}");
        }
        summary.workers.iter_mut().for_each(|worker| worker.pinned = false);
        summary.machine.emulated = true;
        let all = remarks(&summary).join("; ");
        assert!(all.contains("no worker's pin") && all.contains("emulated"), "{all}");
        summary.estimated = true;
        let all = remarks(&summary).join("; ");
        assert!(all.contains("estimated from") && !all.contains("pin"), "{all}");
    }

    #[test]
    fn names_from_outside_stay_on_one_line() {
        assert_eq!(one_line(" Pi\t5\u{1b}[31m\n rev\0 1.0 "), "Pi 5 [31m rev 1.0");
    }
}
