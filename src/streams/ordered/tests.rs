//! Laws of the sequences, one thread at a time.

use super::*;
use crate::random::Random;
use proptest::prelude::*;

const KEY: Key = Key(3);

proptest! {
    /// Tickets finish in any order, some are skipped by workers, some cancelled by
    /// dispatchers: results come out in sequence, every one of them, and none waits for a
    /// ticket that has ended.
    #[test]
    fn results_come_out_in_sequence(
        ends in prop::collection::vec(0u8..4, 1..60),
        seed: u64,
    ) {
        let table = OrderedTable::new(64);
        let tickets: Vec<Ticket> = ends.iter().map(|_| table.draw(KEY).unwrap()).collect();
        let mut order: Vec<usize> = (0..ends.len()).collect();
        let mut random = Random::new(seed);
        (1..order.len()).rev().for_each(|at| order.swap(at, random.below(at as u32 + 1) as usize));
        let mut out = Vec::new();
        for (done, at) in order.iter().enumerate() {
            match ends[*at] {
                0 => assert!(!table.skip(tickets[*at], |n| out.push(n))),
                1 => if table.cancel(tickets[*at]) {
                    assert!(!table.look(tickets[*at], |n| out.push(n)));
                },
                _ => assert!(!table.finish(tickets[*at], *at, |n| out.push(n))),
            }
            let ended = |at: &usize| order[..=done].contains(at);
            let first_open = (0..ends.len()).find(|at| !ended(at)).unwrap_or(ends.len());
            let due: Vec<usize> = (0..first_open).filter(|at| ends[*at] > 1).collect();
            prop_assert_eq!(&out, &due);
        }
    }
}

#[test]
fn the_window_bounds_what_waits_for_a_straggler() {
    let table = OrderedTable::new(3);
    let tickets = [(); 3].map(|()| table.draw(KEY).unwrap());
    assert_eq!(table.draw(KEY), Err(WindowFull));
    let mut out = Vec::new();
    assert!(!table.finish(tickets[1], 1, |n| out.push(n)));
    assert!(!table.finish(tickets[2], 2, |n| out.push(n)));
    assert_eq!((table.draw(KEY), &out[..]), (Err(WindowFull), &[][..]));
    assert!(!table.finish(tickets[0], 0, |n| out.push(n)));
    assert_eq!(out, [0, 1, 2]);
    assert!(table.draw(KEY).is_ok());
}

#[test]
fn a_sweep_releases_what_waits_for_nothing() {
    let table = OrderedTable::new(8);
    let tickets = [(); 4].map(|()| table.draw(KEY).unwrap());
    assert!(!table.finish(tickets[3], 3, |_| unreachable!()));
    assert!(!table.finish(tickets[1], 1, |_| unreachable!()));
    let mut out = Vec::new();
    table.sweep(|n| out.push(n));
    assert_eq!(out, [1, 3]);
}

/// Whoever released has gone, and with it the result it was at: the others come out, and
/// nobody waits at the window for ever.
#[test]
fn a_releaser_that_panics_makes_way_for_the_next() {
    let table = OrderedTable::new(4);
    let tickets = [(); 4].map(|()| table.draw(KEY).unwrap());
    assert!(!table.finish(tickets[1], 1, |_| unreachable!()));
    let panics = |_| std::panic::resume_unwind(Box::new(()));
    let finish = std::panic::AssertUnwindSafe(|| table.finish(tickets[0], 0, panics));
    assert!(std::panic::catch_unwind(finish).is_err());
    assert!(table.draw(KEY).is_ok());
    let mut out = Vec::new();
    assert!(!table.finish(tickets[3], 3, |n| out.push(n)));
    assert!(!table.finish(tickets[2], 2, |n| out.push(n)));
    assert_eq!(out, [1, 2, 3]);
}

/// A stream that always has a next result would keep its releaser from all else.
#[test]
fn a_turn_ends_and_the_rest_is_for_whoever_looks() {
    let rest = 3;
    let table = OrderedTable::new(TURN_MAX + rest);
    let tickets: Vec<_> = (0..TURN_MAX + rest).map(|_| table.draw(KEY).unwrap()).collect();
    for ticket in tickets[1..].iter().rev() {
        assert!(!table.finish(*ticket, ticket.number, |_| unreachable!()));
    }
    let mut out = Vec::new();
    assert!(table.finish(tickets[0], 0, |n| out.push(n)));
    assert_eq!(out.len() as u32, TURN_MAX);
    assert!(!table.look(tickets[0], |n| out.push(n)));
    assert_eq!(out, (0..u64::from(TURN_MAX + rest)).collect::<Vec<_>>());
}
