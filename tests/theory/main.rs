//! The simulator against theory: every figure of `tests/reference/queueing.csv` that it can
//! express, and other values of the same models, which are worked out here.
//!
//! `cargo test` runs what is quick: the closed forms and the small chains against the rows, and a
//! handful of simulations. `scripts/check-theory` runs all of it and prints the table;
//! `docs/theory.md` tells what came out.
//!
//! | file | what |
//! |---|---|
//! | `reference` | the rows |
//! | `scene`, `rules` | what is simulated; rules that only this check needs |
//! | `express` | from a row to a scene and a figure of it, or why there is none |
//! | `forms`, `waits`, `chains` | closed forms, waiting behind equal work, chains solved by numbers |
//! | `beyond` | other values of the same models |
//! | `runs` | how long a scene is simulated, and its figures with their intervals |
//! | `verdict`, `table` | what agrees; how it is shown |

mod beyond;
mod chains;
mod express;
mod forms;
mod reference;
mod rules;
mod runs;
mod scene;
mod table;
mod verdict;
mod waits;

use express::{Check, Expressed};
use reference::Row;
use runs::Effort;

/// Rows for `cargo test`: a few seconds without optimization, one or two of each model.
const QUICK_ROWS: [&str; 12] = [
    "P0037", "P0046", "P0105", "P0144", "P0160", "P0172", "P0181", "P0199", "P0200", "P0203",
    "P0247", "P0328",
];

fn rows() -> Vec<Row> {
    reference::rows(include_str!("../reference/queueing.csv"))
}

/// The rows that can be expressed, and why the others cannot.
fn expressed() -> (Vec<Check>, Vec<(String, String)>) {
    let (mut checks, mut reasons) = (Vec::new(), Vec::new());
    for row in rows() {
        match express::express(&row) {
            Expressed::As(subject, figure) => checks.push(Check::of(&row, subject, figure)),
            Expressed::Not(reason) => reasons.push((row.id, reason.to_owned())),
        }
    }
    (checks, reasons)
}

#[test]
fn every_row_is_expressed_or_has_a_reason() {
    let (checks, reasons) = expressed();
    assert_eq!(checks.len() + reasons.len(), 713);
    assert!(checks.len() > 600, "only {} rows are expressed", checks.len());
}

#[test]
fn some_rows_of_each_model_agree() {
    let (mut checks, _) = expressed();
    checks.retain(|check| QUICK_ROWS.contains(&check.id.as_str()));
    assert_eq!(checks.len(), QUICK_ROWS.len());
    let verdicts = verdict::all(&checks, Effort::Least);
    let failed = verdicts.iter().filter(|verdict| !verdict.passes()).count();
    assert_eq!(failed, 0, "\n{}", table::of(&verdicts));
}

/// The long one. `THEORY_QUICK=1` simulates less of everything; `THEORY_ONLY=P0181,P0190` only
/// these.
#[test]
#[ignore = "ten minutes with optimization: scripts/check-theory"]
fn the_simulator_agrees_with_theory() {
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let effort = if set("THEORY_QUICK").is_empty() { Effort::Full } else { Effort::Quick };
    let (mut checks, reasons) = expressed();
    checks.extend(beyond::checks());
    let only = set("THEORY_ONLY");
    checks.retain(|check| only.is_empty() || only.split(',').any(|id| check.id.starts_with(id)));
    assert!(!checks.is_empty(), "nothing is called {only}");
    let verdicts = verdict::all(&checks, effort);
    println!("{}", table::of(&verdicts));
    println!("{}", table::by_model(&verdicts));
    println!("{}", table::of_reasons(&reasons));
    println!("{}", table::sum(&verdicts, reasons.len()));
    let failed = verdicts.iter().filter(|verdict| !verdict.passes()).count();
    assert_eq!(failed, 0, "the simulator does not agree with theory");
}
