//! A reader of stdout that goes away (`| head`), and a stdout that takes nothing.

use std::fs::File;
use std::process::Stdio;

use super::place::Place;

/// Runs a line with a stdout whose reader is gone already; the code and stderr.
fn without_reader(place: &Place, line: &str) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    into(place, line, writer.into())
}

fn into(place: &Place, line: &str, stdout: Stdio) -> (Option<i32>, String) {
    let args: Vec<&str> = line.split_whitespace().collect();
    let output = place.program(&args).stdout(stdout).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    place.write("good.toml", "workers = 1\n");
    place.run("run --duration 1s --rate 200").exits(0);
    for line in [
        "--help",
        "--version",
        "topology",
        "topology --json",
        "completions zsh",
        "validate --config good.toml",
        "plot results/assignments.csv",
        "run --duration 200ms --rate 200 --results again",
    ] {
        let (code, stderr) = without_reader(&place, line);
        assert_eq!(code, Some(0), "{line}: {stderr}");
        assert!(!stderr.contains("panicked"), "{line}: {stderr}");
    }
    assert_eq!(place.names("again"), place.names("results"));
}

/// `/dev/full` takes no byte, as a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_table_that_cannot_be_printed_is_said_and_the_files_are_whole() {
    let place = Place::new();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let (code, stderr) = into(&place, "run --duration 200ms --rate 200", full());
    assert_eq!(code, Some(74), "{stderr}");
    assert!(stderr.contains("stdout"), "{stderr}");
    assert_eq!(place.names("results").len(), 4);
    let (code, stderr) = into(&place, "topology", full());
    assert!(code == Some(74) && stderr.contains("stdout"), "{stderr}");
}
