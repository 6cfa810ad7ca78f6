//! Programs that are asked for the energy, and how they disappoint.

use super::tree::{SECOND, Tree, look};
use crate::clock::Clock;
use crate::energy::*;
use crate::topology;

/// Looks again until the program has answered or failed for good; nobody sleeps.
fn until(board: &mut Board, topology: &topology::Topology, done: impl Fn(&Board) -> bool) {
    // The program needs real time to answer; the run's clock stands meanwhile.
    until_with(board, topology, done, |board| !board.meter.is_waiting());
}

fn until_with(
    board: &mut Board,
    topology: &topology::Topology,
    done: impl Fn(&Board) -> bool,
    goes_on: impl Fn(&Board) -> bool,
) {
    let (clock, mut now_s) = (Clock::start(), 1);
    loop {
        board.meter.read(now_s * SECOND, &mut board.notes);
        if done(board) {
            return;
        }
        if goes_on(board) {
            board.look(&look(topology, now_s, &[1.0; 4]));
            now_s += 1;
        }
        assert!(clock.now_ns() < 60 * SECOND, "no answer: {:?}", board.notes());
        std::thread::yield_now();
    }
}

#[test]
fn the_pis_power_chip_is_asked_and_its_rails_added_up() {
    let capture = include_bytes!("../../../tests/fixtures/pmic_read_adc.txt");
    let tree = Tree::board("Raspberry Pi 5 Model B Rev 1.0", 4).vcgencmd("pmic_read_adc", capture);
    let (mut board, topology) = (tree.watched(), tree.topology());
    let enough = |board: &Board| board.used(&[], 4 * SECOND).source.starts_with("vcgencmd");
    until(&mut board, &topology, enough);
    let used = board.used(&[], 4 * SECOND);
    assert!((used.joules / 4.0 - 7.239818798).abs() < 1e-6, "{}", used.joules);
    assert_eq!(board.notes(), Vec::<String>::new());
}

#[test]
fn a_program_without_an_answer_leaves_the_model() {
    let cases: [(&[u8], &str); 2] = [
        (b"error=1 error_msg=\"Command not registered\"\n", "not registered"),
        (b"\xff\0", "no rail"),
    ];
    for (answer, said) in cases {
        let tree = Tree::board("Raspberry Pi 4 Model B", 4).vcgencmd("pmic_read_adc", answer);
        given_up(&tree, said);
    }
    // A question that it does not know: the program fails.
    given_up(&Tree::board("Raspberry Pi 4 Model B", 4).vcgencmd("version", ""), "failed (exit");
}

#[test]
fn a_program_that_hangs_or_never_stops_printing_is_killed() {
    for answer in ["fifo", "/dev/zero"] {
        let tree = Tree::board("Raspberry Pi 5 Model B", 4).vcgencmd("version", "");
        let file = tree.path("bin/pmic_read_adc");
        if answer == "fifo" {
            let made = std::process::Command::new("mkfifo").arg(&file).status();
            assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every system");
        } else {
            std::os::unix::fs::symlink(answer, &file).unwrap();
        }
        // The run's clock goes on while the program does not: fifty times as fast as the real one.
        let (clock, seconds) = (Clock::start(), std::cell::Cell::new(0));
        let goes_on = |_: &Board| {
            let now = clock.now_ns() / (SECOND / 50);
            seconds.replace(now) < now
        };
        given_up_as(&tree, "did not answer in 2 s: killed", goes_on);
    }
}

fn given_up(tree: &Tree, said: &str) {
    given_up_as(tree, said, |board| !board.meter.is_waiting());
}

fn given_up_as(tree: &Tree, said: &str, goes_on: impl Fn(&Board) -> bool) {
    let (mut board, topology) = (tree.watched(), tree.topology());
    let is_given_up = |board: &Board| board.notes().iter().any(|n| n.contains("not asked again"));
    until_with(&mut board, &topology, is_given_up, goes_on);
    assert!(board.notes().iter().any(|note| note.contains(said)), "{:?}", board.notes());
    let used = board.used(&[], SECOND);
    assert!(used.source.starts_with("model (raspberry-pi-"), "{}", used.source);
}
