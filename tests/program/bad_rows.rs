//! Recordings that are none, or that are damaged.

use super::place::{Place, books_balance};

const HEADER: &str = "offset_ns,sensor,kind,sequence,values\n";

#[test]
fn what_is_no_recording_is_refused_before_the_start() {
    let cases: [(&str, Option<&[u8]>, i32, &str); 7] = [
        ("none.csv", None, 66, "no such file"),
        ("empty.csv", Some(b""), 65, "is empty"),
        ("other.csv", Some(b"a,b,c\n1,2,3\n"), 65, "--save-packets"),
        ("swapped.csv", Some(b"sensor,offset_ns,kind,sequence,values\n"), 65, "offset_ns,sensor"),
        ("binary.csv", Some(&[0xFF; 5000]), 65, "--save-packets"),
        ("endless.csv", Some(&[b'x'; 100_000]), 65, "offset_ns,sensor"),
        (".", None, 66, "directory"),
    ];
    for (name, bytes, code, expected) in cases {
        let place = Place::new();
        if let Some(bytes) = bytes {
            place.write(name, bytes);
        }
        let said = place.run(&format!("run --source replay:{name}")).exits(code);
        let said = said.complains(&[name, expected]);
        assert!(said.stderr.len() < 500, "a message, no dump: {}", said.stderr);
        assert!(!place.path("results").exists(), "{name}");
    }
}

/// Opening a pipe waits for a writer, and no signal would end that.
#[test]
fn what_is_no_file_is_refused_without_opening_it() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap();
    assert!(made.success());
    for name in ["pipe", "/dev/zero"] {
        let said = place.run(&format!("run --source replay:{name}")).exits(66);
        said.complains(&[name, "a pipe or a device", "--save-packets"]);
    }
}

#[test]
fn bad_rows_are_counted_with_number_and_reason_and_the_run_goes_on() {
    let place = Place::new();
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend(b"0,a,load,0,0.5\nrubbish\n1,a,load,1,0.5\n2,a,pressure,2,0.5\n");
    bytes.extend(b"3,a,load,2,\xFF\n\n4,a,load,3,x\n5,a,load,4,0.5\n6,a,lo");
    place.write("bad.csv", bytes);
    let said = place.run("run --source replay:bad.csv --speed max").exits(65);
    said.complains(&[
        "row 3 is left out",
        "row 5 is left out",
        "row 6 is left out",
        "row 8 is left out",
        "row 10 is left out",
        "bad rows in the replay: 5",
    ])
    .prints(&["columns 1", "not-utf8 1", "torn 1", "unknown-kind 1"]);
    let (summary, rows) = (place.summary("results"), place.rows("results"));
    books_balance(&summary, &rows);
    assert_eq!((summary.ledger.processed, summary.ledger.input.rejected()), (3, 5));
}

#[test]
fn thousands_of_bad_rows_are_counted_and_not_all_logged() {
    let place = Place::new();
    place.write("bad.csv", format!("{HEADER}{}", "rubbish\n".repeat(5_000)));
    let said = place.run("run --source replay:bad.csv --speed max").exits(65);
    assert!(said.stderr.lines().count() < 30, "{}", said.stderr);
    said.complains(&["bad rows in the replay: 5000"]);
    let summary = place.summary("results");
    assert_eq!((summary.ledger.received, summary.ledger.input.rejected()), (0, 5_000));
}

/// The drain limit passed and rows were bad: the first of the two decides the exit code, both
/// are said.
#[test]
fn two_faults_are_both_said_and_the_first_is_the_exit_code() {
    let place = Place::new();
    place.write("bad.csv", format!("{HEADER}0,a,load,0,1\nrubbish\n"));
    let line = "run --source replay:bad.csv --work spin:30s --drain-limit 100ms";
    place.run(line).exits(75).complains(&["drain limit", "bad rows in the replay: 1"]);
}
