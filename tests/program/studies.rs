//! `compare`, `experiment` and `report`: studies made, repeated, interrupted and gone on with.

use std::path::Path;

use rustix::process::Signal;

use super::bad_files::limited;
use super::place::Place;
use super::started::{Started, eventually};

const TINY: &str = r#"
name = "tiny"
title = "A tiny study"
packets = 1000
repeats = 2
policies = ["randomized-least-connection:2", "round-robin", "q-learning"]

[[setting]]
name = "load {x}"
speeds = "1x2,0.5x2"
sweep = "load"
values = [0.5, 0.7]
"#;

/// So many runs that no machine is done with them while a test lasts.
const ENDLESS: &str = r#"
name = "endless"
title = "A study without end"
packets = 1000
repeats = 1000
policies = ["random", "round-robin", "q-learning"]

[[setting]]
name = "{x} workers"
sweep = "workers"
values = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
]
"#;

/// All files of a study but the one that says when and where it was made.
fn files(place: &Place, folder: &str) -> Vec<(String, Vec<u8>)> {
    let names = place.names(folder).into_iter().filter(|name| name != "manifest.toml");
    let read = |name: String| {
        let bytes = std::fs::read(place.path(folder).join(&name)).unwrap();
        (name, bytes)
    };
    names.map(read).collect()
}

/// A place with the plan `tiny.toml` and its study `whole`.
fn with_a_study() -> Place {
    let place = Place::new();
    place.write("tiny.toml", TINY);
    place.run("compare tiny.toml --out whole").exits(0);
    place
}

fn runs(path: &Path) -> Vec<u8> {
    std::fs::read(path.join("runs.jsonl")).unwrap_or_default()
}

#[test]
fn a_study_leaves_its_files_and_prints_the_ranking() {
    let place = Place::new();
    place.write("tiny.toml", TINY);
    let said = place.run("compare tiny.toml --out deep/below/study").exits(0);
    let said = said.complains(&["Ctrl+C stops after the run at hand", "12 of 12 runs"]);
    let said = said.prints(&["A tiny study (simulated)", "load 0.5: mean and p99", "best"]);
    said.prints(&["q-learning", "deep/below/study: comparison_results.json, request_logs.csv"]);
    let folder = place.path("deep/below/study");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let results: serde_json::Value =
        serde_json::from_str(&text("comparison_results.json")).unwrap();
    assert_eq!(results["cells"].as_array().unwrap().len(), 6);
    assert_eq!((&results["name"], &results["repeats"]), (&"tiny".into(), &2.into()));
    let logs = text("request_logs.csv");
    assert!(logs.starts_with("setting,policy,repeat,packet,worker,class,due_units,"), "{logs}");
    assert!(logs.lines().count() > 6 * 100, "some packets of each cell");
    assert_eq!(text("runs.jsonl").lines().count(), 12);
    let manifest = text("manifest.toml");
    for fact in ["[manifest]", "machine = ", "made = ", "commit = ", "packets = 1000"] {
        assert!(manifest.contains(fact), "{fact} is not in:\n{manifest}");
    }
}

#[test]
fn a_study_made_again_is_the_same_to_the_byte() {
    let place = with_a_study();
    place.run("compare whole/manifest.toml --out again").exits(0);
    let first = files(&place, "whole");
    assert!(first.len() >= 3);
    assert!(first == files(&place, "again"));
}

#[test]
fn a_folder_that_is_there_is_refused_and_stays_as_it_is() {
    let place = with_a_study();
    place.write("file", "no folder");
    place.write("empty/.keep", "");
    let before = files(&place, "whole");
    for out in ["whole", "empty", "file", "file/below"] {
        let said = place.run(&format!("compare tiny.toml --out {out}")).exits(73);
        said.complains(&[out]);
    }
    let said = place.run("compare tiny.toml --seed 5 --out whole").exits(73);
    said.complains(&["whole: is there already", "--resume"]);
    assert_eq!(files(&place, "whole"), before);
    assert_eq!(std::fs::read(place.path("file")).unwrap(), b"no folder");
}

/// Lets it save one run more than `before`, and stops it.
fn stop_after_a_run(place: &Place, started: Started, before: &[u8]) -> Vec<u8> {
    let folder = place.path("study");
    eventually("a run is saved", || runs(&folder)[before.len()..].contains(&b'\n'));
    started.signal(Signal::INT);
    let said = started.end().exits(75);
    said.complains(&[
        "SIGINT: stopping after the run at hand",
        "of 150000 runs saved",
        "go on with: edge-dispatch compare --resume study",
    ]);
    runs(&folder)
}

#[test]
fn a_study_is_stopped_by_a_signal_and_goes_on_where_it_was() {
    let place = Place::new();
    place.write("endless.toml", ENDLESS);
    let mut started = place.start("compare endless.toml --out study");
    started.logs("Ctrl+C stops after the run at hand");
    let first = stop_after_a_run(&place, started, b"");
    assert!(first.ends_with(b"}\n"), "whole lines only");
    assert_eq!(place.names("study"), ["manifest.toml", "runs.jsonl"]);

    let mut started = place.start("compare --resume study");
    started.logs("of 150000 runs are there already");
    let said = place.run("compare --resume study").exits(73);
    said.complains(&["study: another edge-dispatch is making this study"]);
    let second = stop_after_a_run(&place, started, &first);
    assert!(second.starts_with(&first) && second.ends_with(b"}\n"));
    let said = place.run("report study").exits(0);
    said.prints(&["of 150000 runs are there: the study is not finished"]);
}

/// As a power cut leaves it: no line yet, or a last one that is torn.
#[test]
fn a_study_that_is_gone_on_with_ends_as_if_nothing_had_been() {
    let place = with_a_study();
    let whole = files(&place, "whole");
    let manifest = std::fs::read(place.path("whole/manifest.toml")).unwrap();
    let lines = runs(&place.path("whole"));
    let ends: Vec<usize> = (0..lines.len()).filter(|at| lines[*at] == b'\n').collect();
    for (folder, bytes) in [("none", 0), ("torn", ends[6] + 100)] {
        place.write(&format!("{folder}/manifest.toml"), &manifest);
        place.write(&format!("{folder}/runs.jsonl"), &lines[..bytes]);
        place.run(&format!("compare --resume {folder}")).exits(0);
        assert!(files(&place, folder) == whole, "{folder}");
    }
    let said = place.run("compare tiny.toml --resume whole").exits(0);
    said.complains(&["12 of 12 runs are there already"]);
    assert!(files(&place, "whole") == whole);
}

#[test]
fn a_full_disk_stops_a_study_that_can_be_gone_on_with() {
    let place = with_a_study();
    let said = limited(&place, "ulimit -f 60", "compare tiny.toml --out full").exits(74);
    said.complains(&["full/runs.jsonl: cannot save a run: File too large"]);
    let lines = runs(&place.path("full"));
    assert!(!lines.is_empty() && runs(&place.path("whole")).starts_with(&lines));
    place.run("compare --resume full").exits(0);
    assert!(files(&place, "full") == files(&place, "whole"));
    // Room for the runs, and not for what is made of them.
    let room = runs(&place.path("whole")).len();
    place.write("late/manifest.toml", std::fs::read(place.path("whole/manifest.toml")).unwrap());
    place.write("late/runs.jsonl", &runs(&place.path("whole"))[..room]);
    let said = limited(&place, "ulimit -f 20", "report late").exits(74);
    said.complains(&["cannot write late/", "File too large"]);
    assert_eq!(place.names("late"), ["manifest.toml", "runs.jsonl"], "nothing half-written");
}

/// Whatever would make it another study, from wherever it comes.
#[test]
fn a_study_is_not_gone_on_with_by_another_plan() {
    let place = with_a_study();
    let before = files(&place, "whole");
    place.write("other.toml", TINY.replace("0.7]", "0.6]"));
    for (line, differs) in [
        ("compare other.toml --resume whole", "setting differs"),
        ("compare tiny.toml --seed 2 --resume whole", "seed differs"),
        ("compare --resume whole --seed 2", "seed differs"),
        ("compare --resume whole --packets 2000", "packets differs"),
        ("compare --resume whole --repeats 3", "repeats differs"),
        ("compare --resume whole --policies random", "policies differs"),
        ("compare --resume whole --live", "mode differs"),
        ("experiment a1 --resume whole", "differs"),
    ] {
        let said = place.run(line).exits(78);
        said.complains(&["whole: the study there follows another plan", differs, "--resume"]);
    }
    place
        .run("compare --resume none")
        .exits(66)
        .complains(&["none/manifest.toml", "name a folder"]);
    assert_eq!(files(&place, "whole"), before);
    place.write("whole/runs.jsonl", "{\"setting\":0}\n");
    let said = place.run("compare --resume whole").exits(65);
    said.complains(&["whole/runs.jsonl, line 1", "remove that line"]);
}

#[test]
fn a_plan_that_cannot_be_followed_is_told_with_line_and_key() {
    let place = Place::new();
    for (from, to, expected) in [
        ("repeats = 2", "repeats = 0", &["line 5: repeats", "1 to 1000"][..]),
        ("packets = 1000", "packets = 10", &["line 4: packets", "1000 to 1e9"]),
        ("repeats", "repaets", &["line 5", "repaets"]),
        ("round-robin", "round-robbin", &["line 6", "did you mean 'round-robin'"]),
        ("1x2,0.5x2", "1y2", &["line 10", "1x8,0.55x8"]),
        ("[0.5, 0.7]", "[0.5, 0]", &["line 12: values"]),
        ("\"tiny\"", "\"../tiny\"", &["line 2: name", "names a folder"]),
        ("title = ", "title == ", &["line 3"]),
    ] {
        assert!(TINY.contains(from), "{from}");
        place.write("plan.toml", TINY.replace(from, to));
        let said = place.run("compare plan.toml --out out").exits(78);
        said.complains(&["plan.toml: it is no plan"]).complains(expected);
    }
    place.write("plan.toml", TINY);
    let names = ["A1", "stealing"];
    place.run("compare none.toml").exits(66).complains(&["none.toml"]).complains(&names);
    place.run("experiment a3").exits(64).complains(&["a3"]).complains(&names);
    place.run("compare /dev/zero").exits(78).complains(&["/dev/zero", "bytes"]);
    let said = place.run("compare plan.toml --policies random,random --out out").exits(64);
    said.complains(&["--policies", "random stands there twice"]);
    let said = place.run("compare plan.toml --policies randm --out out").exits(64);
    said.complains(&["--policies", "did you mean 'random'"]);
    let said = place.run("compare plan.toml --packets 10 --out out").exits(64);
    said.complains(&["--packets", "1000"]);
    place.run("compare stale --live --out out").exits(78).complains(&["can be run live here"]);
    assert_eq!(place.names("."), ["plan.toml"], "said before anything starts");
}

#[test]
fn a_plan_that_is_built_in_is_made_in_small() {
    let place = Place::new();
    let said = place.run("experiment a1 --packets 1000 --repeats 2 --policies random,q-learning");
    let said = said.exits(0).prints(&["Three workers", "3 cores, one slow", "q-learning"]);
    let folder = place.names("results");
    assert!(folder.len() == 1 && folder[0].starts_with("a1-"), "{folder:?}");
    said.prints(&[&format!("results/{}: comparison_results.json", folder[0])]);
}

#[test]
fn a_report_is_made_again_of_what_is_saved() {
    let place = with_a_study();
    let before = files(&place, "whole");
    std::fs::remove_file(place.path("whole/comparison_results.json")).unwrap();
    place.run("report whole").exits(0).prints(&["whole: comparison_results.json"]);
    assert_eq!(files(&place, "whole"), before);
    place.run("report .").exits(66).complains(&["./manifest.toml", "name a folder that"]);
    place.run("report none").exits(66).complains(&["none/manifest.toml"]);
    place.write("whole/runs.jsonl", "");
    place.run("report whole").exits(65).complains(&["whole: no run is saved there yet"]);
    place.write("whole/manifest.toml", "name = 5\n");
    place.run("report whole").exits(78).complains(&["whole/manifest.toml", "line 1"]);
}
