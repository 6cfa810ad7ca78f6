//! Packets saved by one run and played by another.

use std::collections::BTreeSet;

use super::place::{Place, books_balance};

#[test]
fn what_one_run_saves_another_plays_whole_and_ends_by_itself() {
    let place = Place::new();
    let line = "run --duration 400ms --rate 2000 --save-packets saved.csv --results A";
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

#[test]
fn a_save_limit_is_kept_and_said() {
    let place = Place::new();
    let line = "run --duration 300ms --rate 2000 --save-packets saved.csv --save-limit 64KiB";
    place.run(line).exits(0).prints(&["not saved", "save-limit"]);
    assert!(std::fs::metadata(place.path("saved.csv")).unwrap().len() <= 64 * 1024);
    place.run("run --source replay:saved.csv --speed max").exits(0);
}
