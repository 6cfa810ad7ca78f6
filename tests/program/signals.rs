//! How a run is ended from outside.
//!
//! Packets come over UDP, in a datagram whose last line is bad: once that is complained of, the
//! packets before it are on their way, and no clock is needed.

use std::time::Duration;

use edge_dispatch::clock::Clock;
use rustix::process::Signal;

use super::place::{Place, books_balance};
use super::started::{Started, eventually};

/// A run that has been given six packets of `work` on two workers.
fn with_six_packets(place: &Place, work: &str) -> Started {
    let line = format!("run --source udp://127.0.0.1:0 --workers 2 {work}");
    let mut started = place.start(&line);
    let client = started.client();
    started.logs("running");
    client.send(b"load a=1,b=2,c=3\nload a=4,b=5,c=6\nbad");
    started.logs("lines rejected");
    started
}

fn all_files(place: &Place) -> bool {
    place.names("results") == ["assignments.csv", "results_graph.png", "summary.json"]
}

#[test]
fn a_first_signal_ends_the_run_in_order() {
    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM")] {
        let place = Place::new();
        let started = with_six_packets(&place, "--work spin:50ms");
        started.signal(signal);
        started.end().exits(0).complains(&[name]);
        assert!(all_files(&place));
        let summary = place.summary("results");
        books_balance(&summary, &place.rows("results"));
        assert_eq!(summary.ledger.processed, 6, "every accepted packet is finished");
    }
}

#[test]
fn the_terminal_going_away_does_not_end_the_run() {
    let place = Place::new();
    let mut started = with_six_packets(&place, "--work spin:1ms");
    started.signal(Signal::HUP);
    started.logs("SIGHUP");
    assert!(started.runs());
    started.signal(Signal::INT);
    started.end().exits(0);
    assert!(all_files(&place));
}

#[test]
fn two_signals_at_once_are_one_request() {
    // Again, where the machine let so much time pass between the two that they are two requests.
    assert!((0..20).any(|_| two_signals_are_one_request()));
}

/// Whether the two came so close together that they are one.
fn two_signals_are_one_request() -> bool {
    let place = Place::new();
    let mut started = with_six_packets(&place, "--work spin:200ms");
    let clock = Clock::start();
    started.signal(Signal::INT);
    // Sent without this, the two could be one already to the system.
    started.logs("SIGINT: sources stop");
    started.signal(Signal::INT);
    if clock.now_ns() >= 400_000_000 {
        return false;
    }
    started.end().exits(0);
    assert!(all_files(&place));
    assert_eq!(place.summary("results").ledger.processed, 6);
    true
}

#[test]
fn what_the_drain_limit_leaves_over_is_counted_and_said() {
    let place = Place::new();
    let started = with_six_packets(&place, "--work spin:60s --drain-limit 2s");
    started.signal(Signal::TERM);
    started.end().exits(75).complains(&["6 packets", "--drain-limit"]).prints(&["abandoned 6"]);
    assert!(all_files(&place));
    let summary = place.summary("results");
    books_balance(&summary, &place.rows("results"));
    assert_eq!((summary.ledger.abandoned, summary.ended.as_str()), (6, "abandoned"));
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let place = Place::new();
    let mut started = with_six_packets(&place, "--work spin:30s --drain-limit 60s");
    started.signal(Signal::INT);
    started.logs("SIGINT: sources stop");
    started.insists(Signal::TERM, "SIGTERM again");
    started.end().exits(130);
    let summary = place.summary("results");
    books_balance(&summary, &place.rows("results"));
    assert_eq!((summary.ledger.abandoned, summary.ended.as_str()), (6, "aborted"));
}

/// Short packets: the halted workers have ended long before anybody looks at them.
#[test]
fn a_second_signal_is_told_apart_from_a_drain_limit_when_the_packets_are_short() {
    let place = Place::new();
    let packets: String = (0..30_000).map(|n| format!("{n},s,load,{n},0.5\n")).collect();
    place.write("saved.csv", format!("offset_ns,sensor,kind,sequence,values\n{packets}"));
    let line = "run --source replay:saved.csv --speed max --work spin:1ms --inbox-bound 30000";
    let mut started = place.start(&format!("{line} --workers 1 --drain-limit 60s"));
    started.logs("running");
    // Rows are written about every second: by then there is more to do than can be done.
    let rows = place.path("results/assignments.csv");
    eventually("rows are written", || std::fs::metadata(&rows).is_ok_and(|it| it.len() > 1_000));
    started.signal(Signal::INT);
    started.logs("SIGINT: ");
    started.insists(Signal::INT, "SIGINT again");
    let said = started.end().exits(130);
    assert!(!said.stderr.contains("drain-limit"), "{}", said.stderr);
    let summary = place.summary("results");
    books_balance(&summary, &place.rows("results"));
    assert!(summary.ledger.abandoned > 0);
    assert_eq!(summary.ended, "aborted");
}

/// The end of a `--duration`, or of all sources, is no signal: one Ctrl+C while the rest is
/// being finished is the first.
#[test]
fn the_first_signal_of_a_run_that_ended_by_itself_is_no_second() {
    let place = Place::new();
    let packets: String = (0..8).map(|n| format!("{n},s,load,{n},0.5\n")).collect();
    place.write("saved.csv", format!("offset_ns,sensor,kind,sequence,values\n{packets}"));
    let mut started =
        place.start("run --source replay:saved.csv --speed max --workers 1 --work spin:200ms");
    started.logs("running");
    // The sources' end is noticed at once; then half a second and more.
    std::thread::sleep(Duration::from_millis(900));
    started.signal(Signal::INT);
    started.end().exits(0);
    assert_eq!(place.summary("results").ledger.processed, 8);
}
