//! The policy is exchanged while packets flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::engine::Engine;
use crate::job::{Job, Key};
use crate::order::{Order, OrderRule};
use crate::policy::NAMES;
use crate::process::{Failure, Process, WorkerInfo};
use crate::random::Random;
use crate::topology::PlacementRequest;

/// Work that notices when a key's packets come out of order.
#[derive(Clone)]
struct InOrder(Arc<AtomicU64>);

impl Process<u64> for InOrder {
    type Out = u64;
    type State = u64;

    fn work(&mut self, number: &u64, _: &WorkerInfo) -> Result<u64, Failure> {
        Ok(*number)
    }

    fn settle(&mut self, next: &mut u64, number: &mut u64) {
        if *number != *next {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        *next = *number + 1;
    }
}

/// Dispatches `packets` in all, singly and in batches, from two threads, with a switch after each
/// hundredth.
fn switch_a_hundred_times(order: Order, packets: u64) {
    const KEYS: u64 = 50;
    let inversions = Arc::new(AtomicU64::new(0));
    let mut engine = Engine::builder()
        .placement(PlacementRequest { workers: Some(3), ..PlacementRequest::default() })
        .order(OrderRule::all(order))
        .seed(5)
        .process(InOrder(inversions.clone()))
        .start()
        .unwrap();
    let (policy, sent) = (engine.policy(), AtomicU64::new(0));
    let dispatchers = [engine.dispatcher(), engine.dispatcher()];
    std::thread::scope(|scope| {
        for (thread, mut dispatcher) in dispatchers.into_iter().enumerate() {
            let (policy, sent) = (policy.clone(), &sent);
            scope.spawn(move || {
                let mut random = Random::new(thread as u64);
                let (mut next, mut batch) = ([0u64; KEYS as usize], Vec::new());
                for number in 0..packets / 2 {
                    let at = random.below(KEYS as u32) as usize;
                    let job =
                        Job { key: Key(at as u64 + thread as u64 * KEYS), ..Job::new(0, next[at]) };
                    next[at] += 1;
                    if number % 3 == 0 && batch.is_empty() {
                        dispatcher.dispatch(job).unwrap();
                    } else {
                        batch.push(job);
                        if batch.len() == 17 {
                            assert_eq!(dispatcher.dispatch_batch(&mut batch).refused, 0);
                        }
                    }
                    let done = sent.fetch_add(1, Ordering::Relaxed) + 1;
                    if done.is_multiple_of(packets / 100) {
                        let name = NAMES[(done / (packets / 100)) as usize % NAMES.len()];
                        policy.switch(name, None).unwrap();
                    }
                }
                assert_eq!(dispatcher.dispatch_batch(&mut batch).refused, 0);
            });
        }
    });
    let closing = engine.finish(Duration::from_secs(60));
    let ledger = &closing.last.ledger;
    assert_eq!((ledger.received, ledger.processed, ledger.abandoned), (packets, packets, 0));
    assert_eq!(inversions.load(Ordering::Relaxed), 0, "{order}");
    let switched = &closing.last.switched;
    assert_eq!(switched.len(), 100);
    assert!(switched.windows(2).all(|pair| pair[0].to == pair[1].from));
    assert_eq!(closing.last.policy, switched[99].to);
}

#[test]
fn a_hundred_switches_lose_nothing_and_invert_nothing() {
    switch_a_hundred_times(Order::Sticky, 60_000);
    switch_a_hundred_times(Order::Ordered, 60_000);
}

/// In release: `cargo test --release --lib in_a_million -- --ignored`.
#[test]
#[ignore = "a million packets; in release"]
fn a_hundred_switches_in_a_million_packets_lose_nothing() {
    switch_a_hundred_times(Order::Sticky, 1_000_000);
    switch_a_hundred_times(Order::Ordered, 1_000_000);
}

/// A rule that wants to know is told, whatever the order, and failures too.
#[test]
fn what_came_of_choices_comes_back() {
    for order in [Order::Parallel, Order::Sticky, Order::Ordered] {
        let odd_fails = |number: &u64, _: &WorkerInfo| match number % 2 {
            0 => Ok(*number),
            _ => Err(Failure("odd".into())),
        };
        let heard = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let tally = heard.clone();
        let mut engine = Engine::builder()
            .placement(PlacementRequest { workers: Some(2), ..PlacementRequest::default() })
            .order(OrderRule::all(order))
            .own_policy(move || super::listener::Listener::new(tally.clone()))
            .process(odd_fails)
            .start()
            .unwrap();
        let mut dispatcher = engine.dispatcher();
        for number in 0..400 {
            dispatcher.dispatch(Job::new(number % 7, number)).unwrap();
            while number == 399 && heard[0].load(Ordering::Relaxed) < 300 {
                // Until all but the last few have come back.
                dispatcher.dispatch_batch(&mut Vec::new());
                std::thread::yield_now();
            }
        }
        assert!(heard[1].load(Ordering::Relaxed) >= 100, "{order}: failures are told");
        engine.drain(Duration::from_secs(60)).unwrap();
    }
}
