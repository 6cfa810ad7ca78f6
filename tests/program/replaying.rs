//! Packets saved by one run and played by another.

use std::collections::BTreeSet;

use super::place::{Place, books_balance};

#[test]
fn what_one_run_saves_another_plays_whole_and_ends_by_itself() {
    let place = Place::new();
    let line = "run --duration 1s --rate 2000 --save-packets saved.csv --results A";
    place.run(line).exits(0).prints(&["packets saved in saved.csv"]);
    place.run("run --source replay:saved.csv --speed max --results B").exits(0);
    let (first, again) = (place.summary("A"), place.summary("B"));
    books_balance(&again, &place.rows("B"));
    assert!(first.ledger.received > 0);
    assert_eq!(first.ledger.received, again.ledger.received);
    // The same packets, in whatever order they ended.
    let packets = |folder| -> BTreeSet<(String, u64)> {
        place.rows(folder).into_iter().map(|row| (row.sensor, row.sequence)).collect()
    };
    assert_eq!(packets("A"), packets("B"));
    // The work is the same, and so is what it finds.
    assert_eq!(first.findings, again.findings);
}

#[test]
fn a_recording_may_not_be_saved_onto_itself() {
    let place = Place::new();
    let text = "offset_ns,sensor,kind,sequence,values\n0,s,load,0,1\n";
    place.write("saved.csv", text);
    std::os::unix::fs::symlink("saved.csv", place.path("link.csv")).unwrap();
    for to in ["saved.csv", "./saved.csv", "link.csv"] {
        let line = format!("run --source replay:saved.csv --save-packets {to}");
        place.run(&line).exits(64).complains(&["save-packets", to, "another file"]);
        assert_eq!(std::fs::read_to_string(place.path("saved.csv")).unwrap(), text);
    }
}

/// Neither the configuration nor, by whatever name, a file of the results.
#[test]
fn packets_are_not_saved_over_the_runs_own_files() {
    let place = Place::new();
    place.write("cfg.toml", "rate = 500\nduration = \"100ms\"\n");
    std::fs::create_dir(place.path("real")).unwrap();
    std::os::unix::fs::symlink("real", place.path("link")).unwrap();
    for (line, why) in [
        ("--config cfg.toml --save-packets cfg.toml", "is the configuration"),
        ("--config cfg.toml --save-packets none/../cfg.toml", "is the configuration"),
        ("--results out/dd --save-packets out/dd/../dd/assignments.csv", "a file of the results"),
        ("--results real/r --save-packets link/r/summary.json", "a file of the results"),
    ] {
        let said = place.run(&format!("run --duration 100ms {line}")).exits(64);
        said.complains(&["--save-packets", why]);
    }
    assert!(std::fs::read_to_string(place.path("cfg.toml")).unwrap().starts_with("rate = 500"));
    assert!(!place.path("out").exists());
}

#[test]
fn a_save_limit_is_kept_and_said() {
    let place = Place::new();
    let line = "run --duration 1s --rate 2000 --save-packets saved.csv --save-limit 64KiB";
    place.run(line).exits(0).prints(&["not saved", "save-limit"]);
    assert!(std::fs::metadata(place.path("saved.csv")).unwrap().len() <= 64 * 1024);
    place.run("run --source replay:saved.csv --speed max").exits(0);
}
