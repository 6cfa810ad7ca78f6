//! Folders that cannot be written, disks that fill up, files that go away.

use std::process::Command;

use rustix::process::Signal;

use super::place::{Place, Said, end};

#[test]
fn a_results_folder_that_cannot_be_is_said_before_the_start() {
    let place = Place::new();
    place.write("file", "no folder");
    for folder in ["file", "file/below", "file/far/below"] {
        let said = place.run(&format!("run --results {folder}")).exits(73);
        let said = said.complains(&[folder, "--results DIR"]);
        assert!(!said.stderr.contains("running"), "{}", said.stderr);
    }
    place.write("taken/assignments.csv/file", "a folder where the rows should be");
    let said = place.run("run --results taken").exits(73);
    said.complains(&["taken/assignments.csv", "--results DIR"]);
}

/// Whatever keeps a run from starting keeps the files of the run before.
#[test]
fn a_run_that_does_not_start_leaves_the_earlier_files_alone() {
    let place = Place::new();
    place.run("run --duration 200ms --rate 500").exits(0);
    let before = ["assignments.csv", "summary.json", "results_graph.png"]
        .map(|name| std::fs::read(place.path("results").join(name)).unwrap());
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (line, code) in [
        ("run --source replay:none.csv".to_owned(), 66),
        ("run --source replay:results/assignments.csv".to_owned(), 65),
        ("run --save-packets none/saved.csv".to_owned(), 73),
        ("run --save-packets results/assignments.csv".to_owned(), 64),
        ("run --save-packets ./results/summary.json".to_owned(), 64),
        (format!("run --source udp://127.0.0.1:{port}"), 73),
    ] {
        place.run(&line).exits(code);
        let after = ["assignments.csv", "summary.json", "results_graph.png"]
            .map(|name| std::fs::read(place.path("results").join(name)).unwrap());
        assert!(before == after, "{line}");
    }
}

/// A run whose files may have 100 KiB: the limit of a process stands in for a disk, since it
/// needs no privileges.
fn with_a_full_disk(place: &Place, line: &str) -> Said {
    // Blocks of 512 bytes, says POSIX; bash has blocks of 1024.
    limited(place, "ulimit -f 200", line)
}

/// A run under a limit of the shell's.
pub fn limited(place: &Place, limit: &str, line: &str) -> Said {
    let program = env!("CARGO_BIN_EXE_edge-dispatch");
    let script = format!("{limit}; exec \"$0\" \"$@\"");
    let mut args = vec!["-c", &script, program];
    args.extend(line.split_whitespace());
    end(place.at_home(Command::new("sh"), &args))
}

/// The system's own words, once, and no picture among the files.
#[test]
fn a_picture_for_a_full_disk_is_said_plainly_and_not_listed() {
    let place = Place::new();
    // Room for what a machine with many CPUs and sensors says of itself, not for a picture.
    let line = "run --duration 200ms --rate 500 --record off --workers 2";
    let said = limited(&place, "ulimit -f 200", line).exits(74);
    let said = said.complains(&["cannot write results/results_graph.png: File too large"]);
    assert!(!said.stderr.contains("Error"), "no debug text: {}", said.stderr);
    let files = said.stdout.lines().find(|line| line.starts_with("files: "));
    assert_eq!(files, Some("files: results/alarms.csv, results/summary.json"));
    let files = place.summary("results").files;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["alarms", "summary"]);
    place.write("rows.csv", ROWS);
    let said = limited(&place, "ulimit -f 100", "plot rows.csv").exits(74);
    said.complains(&["cannot write results_graph.png: File too large (os error 27)"]);
}

const ROWS: &str = "sequence,sensor,kind,chosen,worker,cpu,class,in_flight,foreign_load,enqueued_ns,\
                    started_ns,finished_ns,outcome,weight\n\
                    0,s,load,0,0,0,uniform,0,0.00,0,5000,90000,processed,1\n";

/// Another folder would not help.
#[test]
fn too_few_open_files_are_said_with_their_own_remedy() {
    let place = Place::new();
    let line = "run --duration 200ms --rate 500";
    // How many are open when the folder is tried, and when the rows are made, is the program's
    // business: some of these.
    let files = || {
        ["assignments.csv", "summary.json"]
            .map(|name| std::fs::read(place.path("results").join(name)).unwrap())
    };
    place.run(line).exits(0);
    let limited = |n: u32| {
        let before = files();
        let said = limited(&place, &format!("ulimit -n {n}"), line);
        assert!(said.code != 73 || files() == before, "an earlier run's files stay");
        said
    };
    let said: Vec<Said> = (4..16).map(limited).collect();
    for what in ["the results folder;", "cannot create this file;"] {
        let said = said.iter().find(|said| said.stderr.contains(what)).expect(what);
        assert!(said.code == 73 && said.stderr.contains("ulimit -n"), "{}", said.stderr);
        assert!(!said.stderr.contains("--results DIR"), "{}", said.stderr);
    }
}

#[test]
fn two_runs_do_not_write_into_one_folder() {
    let place = Place::new();
    let mut first = place.start("run --source udp://127.0.0.1:0");
    let client = first.client();
    first.logs("running");
    client.send(b"load a=1\nbad");
    first.logs("lines rejected");
    let second = "run --duration 100ms --rate 500";
    for folder in ["results", "./results/../results"] {
        let said = place.run(&format!("{second} --results {folder}")).exits(73);
        said.complains(&[folder, "another run writes", "--results DIR"]);
    }
    place.run(&format!("{second} --results other")).exits(0);
    first.signal(Signal::INT);
    first.end().exits(0);
    assert_eq!(place.summary("results").ledger.processed, 1);
    assert_eq!(place.rows("results").len(), 1);
    // However the first one ends, the folder is free again.
    let mut killed = place.start("run --source udp://127.0.0.1:0");
    killed.logs("running");
    drop(killed);
    place.run(second).exits(0);
    assert_eq!(
        place.names("results"),
        ["alarms.csv", "assignments.csv", "results_graph.png", "summary.json"]
    );
}

#[test]
fn a_full_disk_costs_rows_and_no_work() {
    let place = Place::new();
    let packets: String = (0..20_000).map(|n| format!("{n},s,load,{n},0.5\n")).collect();
    place.write("saved.csv", format!("offset_ns,sensor,kind,sequence,values\n{packets}"));
    let said =
        with_a_full_disk(&place, "run --source replay:saved.csv --speed max --workers 2").exits(74);
    let said = said.complains(&["results/assignments.csv: File too large", "work goes on"]);
    assert_eq!(said.stderr.matches("assignments.csv").count(), 1, "once: {}", said.stderr);
    said.prints(&["rows not recorded", "received 20,000 = processed 20,000"]);
    let (summary, rows) = (place.summary("results"), place.rows("results"));
    assert!(summary.ledger.closes());
    assert_eq!(summary.ledger.processed, 20_000);
    assert_eq!(summary.recorded_rows, rows.len() as u64, "the file ends with a whole row");
    assert!(summary.rows_not_recorded > 0 && summary.recorded_rows > 0);
    assert_eq!(summary.recorded_rows + summary.rows_not_recorded, 20_000);
    // Nothing half-written is left behind.
    let names = place.names("results");
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
}

#[test]
fn a_full_disk_for_saved_packets_is_said_and_costs_no_work() {
    let place = Place::new();
    let packets: String = (0..20_000).map(|n| format!("{n},s,load,{n},0.5\n")).collect();
    place.write("in.csv", format!("offset_ns,sensor,kind,sequence,values\n{packets}"));
    let line =
        "run --source replay:in.csv --speed max --workers 2 --record off --save-packets saved.csv";
    let said = with_a_full_disk(&place, line).exits(74);
    said.prints(&["saved in saved.csv", "not saved"]);
    let ledger = place.summary("results").ledger;
    assert!(ledger.closes() && ledger.processed == 20_000, "{ledger}");
}

#[test]
fn rows_whose_file_goes_away_are_counted_and_the_work_goes_on() {
    let place = Place::new();
    let mut started = place.start("run --source udp://127.0.0.1:0");
    let client = started.client();
    started.logs("running");
    client.send(b"load a=1");
    std::fs::remove_file(place.path("results/assignments.csv")).unwrap();
    started.logs("work goes on");
    client.send(b"load a=2\nbad");
    started.logs("lines rejected");
    started.signal(Signal::INT);
    let said = started.end().exits(74).complains(&["removed or replaced"]);
    said.prints(&["rows not recorded: 2"]);
    let summary = place.summary("results");
    assert_eq!((summary.recorded_rows, summary.rows_not_recorded), (0, 2));
    assert_eq!(summary.ledger.processed, 2);
}

#[test]
fn a_results_folder_that_goes_away_is_said_at_the_end() {
    let place = Place::new();
    let mut started = place.start("run --source udp://127.0.0.1:0");
    let client = started.client();
    started.logs("running");
    client.send(b"load a=1\nbad");
    started.logs("lines rejected");
    std::fs::remove_dir_all(place.path("results")).unwrap();
    started.logs("work goes on");
    started.signal(Signal::INT);
    let said = started.end().exits(74).complains(&["summary.json", "results_graph.png"]);
    let said = said.prints(&["received 1 = processed 1"]);
    assert!(!said.stdout.contains("files:"), "there are none: {}", said.stdout);
}

/// Nobody reads it: opening it would wait without end.
#[test]
fn packets_are_not_saved_into_a_pipe() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap();
    assert!(made.success());
    place.run("run --save-packets pipe").exits(73).complains(&["pipe", "name a file"]);
}
