//! The laws of playing a recording.

use super::*;
use crate::packet::{Kind, Payload};
use crate::source::row::HEADER;
use std::io::Write;

fn open(body: &[u8], pace: &str) -> (Replay, SensorNames) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[HEADER.as_bytes(), b"\n", body].concat()).unwrap();
    let names = SensorNames::default();
    let options = ReplayOptions { pace: pace.parse().unwrap(), ..ReplayOptions::default() };
    (Replay::open(file.path(), names.clone(), options).unwrap(), names)
}

/// Plays to the end on a clock that jumps to each moment asked for: every packet's
/// sequence with the moment it was brought. One nanosecond earlier nothing comes.
fn play(replay: &mut Replay) -> Vec<(u64, u64)> {
    let clock = Clock::manual();
    clock.advance(1_000);
    let (mut brought, mut out) = (Vec::new(), Vec::new());
    for _ in 0..1_000 {
        let turn = replay.bring(&clock, &mut out).unwrap();
        brought.extend(out.drain(..).map(|job| (clock.now_ns(), job.sequence)));
        match turn {
            Turn::Again => {}
            Turn::NotBefore(ns) => {
                clock.advance(ns - 1 - clock.now_ns());
                assert_eq!(replay.bring(&clock, &mut out).unwrap(), turn);
                assert!(out.is_empty());
                clock.advance(1);
            }
            Turn::Ended => return brought,
        }
    }
    panic!("no end after {brought:?}");
}

const FOUR: &[u8] = b"500,a,load,0,1\n700,b,other,1,2\n600,a,load,2,3\n900,a,load,3,4\n";

#[test]
fn packets_come_when_their_offsets_say() {
    for (pace, moments) in [
        ("1", [1_000, 1_200, 1_200, 1_400]),
        ("2", [1_000, 1_100, 1_100, 1_200]),
        ("0.5", [1_000, 1_400, 1_400, 1_800]),
        ("max", [1_000; 4]),
    ] {
        let expected: Vec<_> = moments.into_iter().zip(0..).collect();
        assert_eq!(play(&mut open(FOUR, pace).0), expected, "{pace}");
    }
}

#[test]
fn a_late_turn_brings_all_that_is_due_in_bounded_turns() {
    let body: String = (0..100).map(|i| format!("{i},a,load,{i},1\n")).collect();
    let (mut replay, _) = open(body.as_bytes(), "1");
    let (clock, mut out) = (Clock::manual(), Vec::new());
    clock.advance(1_000_000);
    replay.bring(&clock, &mut out).unwrap();
    clock.advance(1_000_000);
    let mut before = out.len();
    while replay.bring(&clock, &mut out).unwrap() != Turn::Ended {
        assert!(out.len() - before <= TURN_MAX);
        before = out.len();
    }
    assert_eq!(out.len(), 100);
}

#[test]
fn bad_rows_are_counted_and_the_good_beside_them_come() {
    let body = b"0,a,load,0,1\nbad\n0,a,load,x,1\n\n0,a,heat,1,1\n0,a,load,1,NaN\n\
        0,a,load,1,\n0,\xff,load,1,1\r\n0,a,load,1,2\r\n0,a,load,2,3.1";
    let (mut replay, _) = open(body, "max");
    let bad_rows = replay.bad_rows();
    assert_eq!(play(&mut replay), [(1_000, 0), (1_000, 1)]);
    let reasons =
        ["columns", "bad-number", "unknown-kind", "not-finite", "no-values", "not-utf8", "torn"];
    let expected = reasons.map(|reason| (reason.to_owned(), 1)).into();
    assert_eq!(replay.input().lines_rejected, expected);
    assert_eq!(bad_rows.count(), 7);
}

#[test]
fn an_endless_row_is_one_bad_row() {
    let body = [&b"0,a,load,0,"[..], &b"1;".repeat(5_000_000), b"1\n0,a,load,7,2\n"].concat();
    let (mut replay, _) = open(&body, "max");
    assert_eq!(play(&mut replay), [(1_000, 7)]);
    assert_eq!(replay.input().lines_rejected, [("oversized".into(), 1)].into());
}

#[test]
fn names_kinds_and_blocks_are_the_files() {
    let (mut replay, names) = open(b"0,\"a,b\",vibration,9,1;2\n", "max");
    let mut out = Vec::new();
    assert_eq!(replay.bring(&Clock::manual(), &mut out).unwrap(), Turn::Ended);
    let packet = &out[0].payload;
    assert_eq!(names.name(packet.sensor).as_deref(), Some("a,b"));
    assert_eq!((packet.kind, packet.sequence), (Kind::Vibration, 9));
    let Payload::Block(block) = &packet.payload else { panic!("two values are a block") };
    assert_eq!((&*block.samples, block.sample_rate_hz), (&[1.0, 2.0][..], 12_800.0));
}

#[test]
fn what_is_no_recording_is_refused_before_it_starts() {
    let dir = tempfile::tempdir().unwrap();
    let open = |content: &[u8]| {
        let path = dir.path().join("file");
        std::fs::write(&path, content).unwrap();
        Replay::open(&path, SensorNames::default(), ReplayOptions::default())
    };
    assert!(matches!(open(b""), Err(ReplayError::Empty { .. })));
    assert!(
        matches!(open(b"time,value\n1,2\n"), Err(ReplayError::Header { found, .. }) if found == "time,value")
    );
    assert!(matches!(open(b"\xff\0\n"), Err(ReplayError::Header { .. })));
    assert!(matches!(open(HEADER.as_bytes()), Err(ReplayError::Header { .. })));
    assert!(open(format!("\u{feff}{HEADER}\r\n").as_bytes()).is_ok());
    let at = |path: &Path| Replay::open(path, SensorNames::default(), ReplayOptions::default());
    assert!(matches!(at(&dir.path().join("none")), Err(ReplayError::Missing { .. })));
    assert!(matches!(at(dir.path()), Err(ReplayError::NotAFile { .. })));
}
