//! What a reader must know before believing a figure: said in the table and in the picture.

use std::collections::BTreeSet;

use super::{board, units};
use crate::class::Class;
use crate::ids::WorkerId;
use crate::ledger::{DropReason, Ledger};
use crate::summary::{Summary, WorkerMoved};

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

/// Length, packets finished, throughput, which is the second over the first, and mean power. What was not
/// finished is said by [`losses`].
pub(super) fn figures(summary: &Summary) -> String {
    let Ledger { processed, failed, .. } = summary.ledger;
    let power = board::power(summary).map(|power| format!(" · {power}"));
    format!(
        "{} · {} · {} packets/s{}",
        units::length(summary.duration_s),
        units::counted(processed.saturating_add(failed), "packet"),
        units::rate(summary.throughput_packets_per_s),
        power.unwrap_or_default()
    )
}

/// A sentence where packets were received and their work did not succeed:
/// `135,222 of 159,906 packets were dropped (evicted), 12 failed`.
pub(super) fn losses(summary: &Summary) -> Option<String> {
    let ledger = &summary.ledger;
    let were = |n: u64| if n == 1 { "was" } else { "were" };
    let (dropped, abandoned) = (ledger.dropped.total(), ledger.abandoned);
    let fates = [
        (dropped, format!("{} dropped ({})", were(dropped), reasons(ledger))),
        (ledger.failed, "failed".to_owned()),
        (abandoned, format!("{} abandoned", were(abandoned))),
    ];
    let mut said = String::new();
    for (n, fate) in fates.into_iter().filter(|(n, _)| *n > 0) {
        let n = units::count(n);
        said += &if said.is_empty() {
            format!("{n} of {} {fate}", units::counted(ledger.received, "packet"))
        } else {
            format!(", {n} {fate}")
        };
    }
    (!said.is_empty()).then_some(said)
}

/// Why packets were dropped; with their numbers where there are several reasons.
fn reasons(ledger: &Ledger) -> String {
    let dropped = &ledger.dropped;
    let all = [
        (dropped.inbox_full, DropReason::InboxFull),
        (dropped.evicted, DropReason::Evicted),
        (dropped.closed, DropReason::Closed),
        (dropped.order_window, DropReason::OrderWindow),
        (dropped.expired, DropReason::Expired),
    ];
    let seen: Vec<_> = all.into_iter().filter(|(n, _)| *n > 0).collect();
    let with_number = seen.len() > 1;
    let text = |(n, reason): &(u64, DropReason)| match with_number {
        true => format!("{} {}", reason.as_str(), units::count(*n)),
        false => reason.as_str().to_owned(),
    };
    seen.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// A sentence where all cores are equal, so that nobody looks for classes. Rows alone do not
/// tell: a core without a row is in none of them.
pub(super) fn equal_cores(summary: &Summary) -> Option<String> {
    let equal = summary.workers.iter().all(|worker| worker.class == Class::Uniform);
    let is_known = !summary.estimated && !summary.workers.is_empty();
    (equal && is_known).then(|| "all cores are equal: one class".into())
}

/// A sentence for each thing that is not as one would think; most runs have none.
pub(super) fn remarks(summary: &Summary) -> Vec<String> {
    // The picture cuts the end off: first what all figures hang on, then what ails the board.
    let origin = [estimated(summary), emulated(summary)].into_iter().flatten();
    let others = [
        shared(summary),
        loose(summary),
        moved(summary),
        between_classes(summary),
        restored(summary),
        forgotten(summary),
        ended(summary),
    ];
    origin.chain(board::heat(summary)).chain(others.into_iter().flatten()).collect()
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

/// Who moved, by name while they are few.
fn moved(summary: &Summary) -> Option<String> {
    let seating = &summary.seating;
    let one = |moved: &WorkerMoved| {
        let WorkerMoved { at_s, worker, from, to } = moved;
        format!("worker {worker} moved from CPU {from} to CPU {to} after {at_s:.1} s")
    };
    match seating.moves_total {
        0 => None,
        1..=3 => Some(seating.moves.iter().map(one).collect::<Vec<_>>().join(", ")),
        total => {
            let moved = seating.moves.iter().map(|moved| moved.worker).collect::<BTreeSet<_>>();
            let workers = units::counted(moved.len() as u64, "worker");
            Some(format!("{workers} moved to other CPUs, {total} times in all"))
        }
    }
}

fn between_classes(summary: &Summary) -> Option<String> {
    summary.seating.between_classes.then(|| {
        "workers changed class: packets of a class are those of the workers that ended there, \
         its energy is of each moment"
            .into()
    })
}

fn restored(summary: &Summary) -> Option<String> {
    let pins = summary.seating.pins_restored;
    (pins > 0).then(|| {
        let were = if pins == 1 { "was" } else { "were" };
        format!("{} {were} changed from outside and put right", units::counted(pins, "pin"))
    })
}

fn estimated(summary: &Summary) -> Option<String> {
    let rows = units::counted(summary.recorded_rows, "recorded row");
    summary.estimated.then(|| format!("estimated from {rows} alone"))
}

fn emulated(summary: &Summary) -> Option<String> {
    summary.machine.emulated.then(|| "classes are emulated, not the machine's own".into())
}

fn shared(summary: &Summary) -> Option<String> {
    // What was said at the start may have been another number.
    let when = if summary.seating.moves_total > 0 { " at the end" } else { "" };
    shares_cpus(summary).then(|| sharing(summary.workers.len(), cpus(summary)) + when)
}

/// The sentence for workers that take turns: `8 workers share 2 CPUs in turn`.
pub(crate) fn sharing(workers: usize, cpus: usize) -> String {
    format!("{workers} workers share {} in turn", units::counted(cpus as u64, "CPU"))
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

fn forgotten(summary: &Summary) -> Option<String> {
    let states = units::counted(summary.states_forgotten, "state");
    let is_any = summary.states_forgotten > 0;
    is_any.then(|| format!("too many sensors to remember: {states} given up for others"))
}

fn ended(summary: &Summary) -> Option<String> {
    match summary.ended.as_str() {
        "abandoned" => Some("drain limit passed".into()),
        "worker-died" => Some("a worker died".into()),
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
        summary.states_forgotten = 1_234;
        let all = remarks(&summary).join("; ");
        assert!(all.contains("too many sensors to remember: 1,234 states given up"), "{all}");
        summary.ended = "worker-died".into();
        assert!(remarks(&summary).contains(&"a worker died".to_owned()));
        summary.estimated = true;
        assert_eq!(equal_cores(&summary), None, "rows alone do not tell");
        let all = remarks(&summary).join("; ");
        assert!(all.contains("estimated from") && !all.contains("pin"), "{all}");
    }

    /// The picture has one line for all remarks and cuts its end off.
    #[test]
    fn what_the_board_reported_stands_before_what_may_be_long() {
        let mut summary = samples::on_a_board(samples::hybrid(4, 0, 4));
        summary.machine.emulated = true;
        summary.ended = "worker-died".into();
        summary.seating.moves_total = 500;
        for worker in &mut summary.workers {
            (worker.cpu, worker.pinned) = (CpuId(worker.worker.0 % 2), worker.worker.0 > 5);
        }
        let all = remarks(&summary);
        assert!(all.len() > 5, "{all:?}");
        assert_eq!(all[1], "the board reported: undervoltage");
    }

    #[test]
    fn who_moved_is_named_while_they_are_few() {
        let mut summary = samples::uniform(8);
        let moved = |worker| WorkerMoved {
            at_s: 3.25,
            worker: WorkerId(worker),
            from: CpuId(worker),
            to: CpuId(0),
        };
        summary.seating.moves = vec![moved(1)];
        summary.seating.moves_total = 1;
        summary.seating.pins_restored = 2;
        assert_eq!(
            remarks(&summary),
            [
                "worker 1 moved from CPU 1 to CPU 0 after 3.2 s",
                "2 pins were changed from outside and put right"
            ]
        );
        summary.seating.moves = (1..6).map(moved).collect();
        summary.seating.moves_total = 500;
        assert_eq!(remarks(&summary)[0], "5 workers moved to other CPUs, 500 times in all");
    }

    #[test]
    fn a_change_of_class_is_said_since_packets_and_joules_are_counted_otherwise() {
        let mut summary = samples::hybrid(1, 0, 1);
        summary.seating.between_classes = true;
        let said = &remarks(&summary)[0];
        assert!(said.contains("packets of a class are those of the workers that ended there"));
    }

    /// Under overload most of what was received was not done: both figures of the heading are of
    /// what was, and the rest is said.
    #[test]
    fn the_heading_counts_what_was_finished_and_the_losses_are_said() {
        let mut summary = samples::hybrid(1, 0, 1);
        assert_eq!(losses(&summary), None);
        summary.ledger = Ledger { received: 159_906, processed: 24_684, ..Ledger::default() };
        summary.ledger.dropped.evicted = 135_222;
        summary.throughput_packets_per_s = 2_468.4;
        assert_eq!(figures(&summary), "10.0 s · 24,684 packets · 2,468 packets/s");
        let said = "135,222 of 159,906 packets were dropped (evicted)";
        assert_eq!(losses(&summary).unwrap(), said);
        summary.ledger.dropped.closed = 1_000;
        (summary.ledger.failed, summary.ledger.abandoned) = (3, 1);
        let said = "136,222 of 159,906 packets were dropped (evicted 135,222, closed 1,000), \
                    3 failed, 1 was abandoned";
        assert_eq!(losses(&summary).unwrap(), said);
    }

    #[test]
    fn names_from_outside_stay_on_one_line() {
        assert_eq!(one_line(" Pi\t5\u{1b}[31m\n rev\0 1.0 "), "Pi 5 [31m rev 1.0");
    }
}
