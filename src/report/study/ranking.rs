//! The ranking of each setting as a table.

use super::summary::{grid, plain};
use super::verdict;
use crate::report::{figures, units};
use crate::study::{Cell, Ranked, Study, rank};

/// The head of the verdicts.
pub(super) const COMPARED: &str = "compared with the best";

const HEADS: [&str; 13] = [
    "place",
    "policy",
    "mean",
    "p50",
    "p95",
    "p99",
    "deviation",
    "variation",
    "throughput",
    "success",
    "errors",
    "fairness",
    COMPARED,
];

/// A setting with its ranking.
pub(super) fn text(study: &Study, setting: usize) -> String {
    let ranked = rank(study, setting);
    let of = &study.settings[setting];
    let mut text = format!("### {}\n\n{}\n\n", plain(&of.name), plain(&of.text));
    if ranked.is_empty() {
        return text + "Nothing was measured here.\n\n";
    }
    text += &grid(&HEADS.map(Into::into), ranked.iter().map(|of| row(&ranked, of)));
    text + "\n"
}

fn row(ranked: &[Ranked], of: &Ranked) -> Vec<String> {
    let cell = of.cell;
    let mut row = vec![of.place.to_string(), plain(&cell.policy)];
    row.extend([cell.mean, cell.p50, cell.p95, cell.p99].map(figures::with_interval));
    row.extend([
        figures::short(cell.deviation),
        figures::short(cell.coefficient_of_variation()),
        figures::with_interval(cell.throughput),
    ]);
    row.extend(fates(cell));
    row.push(if cell.utilization.is_empty() { "–".into() } else { fairness(cell) });
    row.push(verdict::full(ranked, of));
    row
}

/// Success and errors. No packet lost is said otherwise than one in a million.
fn fates(cell: &Cell) -> [String; 2] {
    match (cell.packets, cell.lost) {
        (0, _) => ["–".into(), "–".into()],
        (_, 0) => ["100 %".into(), "0".into()],
        (packets, lost) => {
            let (success, error) = (100.0 * cell.success(), lost as f64 / packets as f64);
            let success =
                if error < 1e-3 { format!("{success:.4} %") } else { format!("{success:.2} %") };
            [success, format!("{} % ({})", figures::short(100.0 * error), units::count(lost))]
        }
    }
}

fn fairness(cell: &Cell) -> String {
    format!("{:.3}", cell.fairness())
}
