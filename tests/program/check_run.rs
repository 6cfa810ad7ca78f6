//! The script that checks a run's files against each other, on good ones and on none.

use std::path::Path;
use std::process::Command;

use super::place::{Place, Said, end};

/// `None` where there is no python3: the tests need a Rust toolchain and nothing else.
fn check(place: &Place, folder: &str) -> Option<Said> {
    Command::new("python3").arg("--version").output().ok()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check-run");
    let args = [script.as_os_str(), folder.as_ref()];
    Some(end(place.at_home(Command::new("python3"), &args)))
}

#[test]
fn a_run_is_checked_as_far_as_it_has_files() {
    let place = Place::new();
    place.run("run --duration 1s --rate 500 --results all").exits(0);
    place.run("run --duration 1s --rate 500 --record off --results off").exits(0);
    if let Some(said) = check(&place, "all") {
        said.exits(0).prints(&["rows: ", "weights: ", "picture: 1920 x 1200"]);
    }
    if let Some(said) = check(&place, "off") {
        said.exits(0).prints(&["rows: none", "picture: 1920 x 1200"]);
    }
    // As a second signal leaves it.
    let summary = std::fs::read_to_string(place.path("all/summary.json")).unwrap();
    place.write("all/summary.json", summary.replace("\"complete\"", "\"aborted\""));
    std::fs::remove_file(place.path("all/results_graph.png")).unwrap();
    if let Some(said) = check(&place, "all") {
        said.exits(0).prints(&["picture: none"]);
    }
}

#[test]
fn what_is_no_finished_run_is_told_in_one_line() {
    let place = Place::new();
    place.run("run --duration 1s --rate 500").exits(0);
    for (file, bytes) in [
        ("results_graph.png", &b"no picture"[..]),
        ("assignments.csv", b"a,b\n1,2\n"),
        ("assignments.csv", b"\xFF\n"),
        ("summary.json", b"[]"),
        ("summary.json", b"{"),
    ] {
        place.write(&format!("results/{file}"), bytes);
        let Some(said) = check(&place, "results") else { return };
        let said = said.exits(1).complains(&[file]);
        assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    }
    for folder in ["none", "results/summary.json"] {
        let Some(said) = check(&place, folder) else { return };
        let said = said.exits(1).complains(&[folder, "--results folder"]);
        assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    }
}
