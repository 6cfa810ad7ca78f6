//! What holds for the report of any study.

use std::collections::BTreeMap;

use super::*;
use crate::interval::Interval;
use crate::study::{Cell, Mode, samples};

const BESIDE: Beside = Beside { repeat: "edge-dispatch compare plan.toml", files: &[] };

/// The files that are written for `study`, by name.
fn written(study: &Study) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let files = write_study(dir.path(), study, BESIDE).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), files.len(), "nothing beside them");
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

fn report(study: &Study) -> String {
    String::from_utf8(written(study).remove("summary_report.md").unwrap()).unwrap()
}

#[test]
fn the_report_names_every_policy_setting_picture_and_verdict() {
    let study = samples::study();
    let files = written(&study);
    let text = String::from_utf8(files["summary_report.md"].clone()).unwrap();
    for part in [
        "# An invented study",
        "**shortest-expected-delay** is best or cannot be told from the best in 2 of 2 settings.",
        "- **load 0.8**: shortest-expected-delay has the shortest mean, 2.81 ± 0.24",
        "| 3 | round-robin | 3.61 ± 0.31 |",
        "2.21 ± 0.19 longer (157 %)",
        "| best |",
        "- invented for a test",
        "There is no `scaling.png`",
        "edge-dispatch compare plan.toml",
        "mean service times",
        "performance × 2: share",
        "| *capacity* | 64.5 % |",
        "| 3 | efficiency | 20.0 / 70 |",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".png")) {
        assert!(text.contains(&format!("({name})")), "{name}");
        assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n", "{name}");
    }
    assert!(study.policies().iter().all(|policy| text.contains(policy)));
    assert!(!text.contains("NaN") && !text.contains("inf"));
}

#[test]
fn the_same_study_gives_the_same_bytes() {
    let study = samples::study();
    assert!(written(&study) == written(&study));
}

#[test]
fn results_hold_a_row_a_cell_and_a_name_a_column() {
    let mut study = samples::study();
    study.mode = Mode::Live;
    study.cells[5].unstable = true;
    let bytes = written(&study).remove("results.csv").unwrap();
    let mut csv = csv::Reader::from_reader(&bytes[..]);
    let heads = csv.headers().unwrap().clone();
    let at = |head: &str| heads.iter().position(|each| each == head).unwrap();
    let rows: Vec<csv::StringRecord> = csv.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), study.cells.len());
    assert_eq!(&rows[1][at("policy")], "round-robin");
    assert_eq!(rows[1][at("mean_ms")].parse(), Ok(study.cells[1].mean.mean));
    assert_eq!(&rows[0][at("longer_than_best_ms")], "0");
    assert_eq!(&rows[1][at("utilization_efficiency")], "0.7");
    assert_eq!((&rows[5][at("verdict")], &rows[5][at("unstable")]), ("unstable", "true"));
}

#[test]
fn a_study_without_cells_says_so() {
    let mut study = samples::study();
    study.cells.clear();
    let files = written(&study);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["results.csv", "summary_report.md"]);
    assert!(report(&study).contains("Nothing was measured"));
    study.settings.clear();
    assert!(report(&study).contains("Nothing was measured"));
}

#[test]
fn one_repeat_one_policy_and_none_stable_are_said() {
    let mut study = samples::study();
    let all = study.cells.clone();
    study.repeats = 1;
    study.cells.iter_mut().for_each(|cell| cell.means.truncate(1));
    assert!(report(&study).contains("One repeat tells no difference"));
    study.repeats = 3;
    study.cells = vec![samples::cell(0, "random", &[1.0, 2.0, 3.0])];
    assert!(report(&study).contains("nothing to compare"));
    study.cells = all.into_iter().map(|cell| Cell { unstable: true, ..cell }).collect();
    let text = report(&study);
    assert!(text.contains("Every policy is unstable in every setting."), "{text}");
    assert!(text.contains("unstable: queues went on growing"));
}

#[test]
fn losses_and_extremes_are_told_with_sensible_digits() {
    let mut study = samples::study();
    study.cells[0].lost = 3;
    study.cells[1].lost = 6_000;
    study.cells[2].packets = 0;
    study.cells[3].mean = Interval { mean: 1e9, ci95: 2e7 };
    study.cells[4].mean = Interval { mean: 1e-6, ci95: 0.0 };
    let text = report(&study);
    for part in
        ["99.9950 % | 0.00500 % (3)", "90.00 % | 10.0 % (6,000)", "| – | – |", "1.00e9 ± 2.0e7"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// A plan's texts come from outside: they must not become a table's columns or a heading.
#[test]
fn texts_from_outside_stay_texts() {
    let mut study = samples::study();
    study.title = "a | b\n# c <script>".into();
    study.settings[0].name = "`x` |\ty".into();
    let text = report(&study);
    assert!(text.starts_with("# a \\| b \\# c \\<script\\>\n"), "{text}");
    assert!(text.contains("### \\`x\\` \\| y\n"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = write_study(Path::new("no/such/place"), &samples::study(), BESIDE).unwrap_err();
    assert!(matches!(error, ReportError::CannotCreate { .. }), "{error}");
}
