//! Laws of order on real threads: whatever the schedule, a key's packets are settled in the
//! sequence in which they were dispatched, one at a time, and none is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::{FirstOnly, hush_expected_panics};
use crate::clock::Clock;
use crate::dispatch::Overflow;
use crate::engine::*;
use crate::ids::WorkerId;
use crate::job::{Job, Key};
use crate::order::Order;
use crate::packet::Kind;
use crate::process::{Failure, Process, WorkerInfo};
use crate::random::Random;
use crate::topology::PlacementRequest;
use proptest::prelude::*;

/// What a packet of the tests asks for.
#[derive(Clone, Copy, Debug)]
struct Task {
    key: u64,
    number: u64,
    turns: u32,
    deed: Deed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    Succeed,
    Fail,
    PanicAtWork,
    PanicAtSettling,
}

/// What all workers saw together.
#[derive(Debug, Default)]
struct Seen {
    settled: AtomicU64,
    inversions: AtomicU64,
}

/// Notices inversions: its state is the last number of its key.
#[derive(Clone)]
struct Witness(Arc<Seen>);

#[derive(Default)]
struct Last {
    number: Option<u64>,
}

impl Process<Task> for Witness {
    type Out = Task;
    type State = Last;

    fn work(&mut self, task: &Task, _: &WorkerInfo) -> Result<Task, Failure> {
        (0..task.turns).for_each(|_| std::hint::spin_loop());
        match task.deed {
            Deed::Fail => Err(Failure("asked to fail".into())),
            Deed::PanicAtWork => std::panic::panic_any("asked to panic"),
            _ => Ok(*task),
        }
    }

    fn settle(&mut self, last: &mut Last, task: &mut Task) {
        if last.number >= Some(task.number) {
            self.0.inversions.fetch_add(1, Ordering::Relaxed);
        }
        last.number = Some(task.number);
        if task.deed == Deed::PanicAtSettling {
            std::panic::panic_any("asked to panic");
        }
        self.0.settled.fetch_add(1, Ordering::Relaxed);
    }
}

/// Packets of `keys` keys, the first of which has every third one; some fail, some panic.
fn tasks(random: &mut Random, keys: u64, packets: u64, trouble: bool) -> Vec<Task> {
    let mut next = vec![0u64; keys as usize];
    let task = |_| {
        let hot = random.below(3) == 0;
        let key = if hot { 0 } else { u64::from(random.below(keys as u32)) };
        next[key as usize] += 1;
        let deed = match random.below(40) {
            0 if trouble => Deed::PanicAtWork,
            1 if trouble => Deed::PanicAtSettling,
            2 | 3 if trouble => Deed::Fail,
            _ => Deed::Succeed,
        };
        let turns = [0, 3, 30, 300][random.below(4) as usize];
        Task { key, number: next[key as usize], turns, deed }
    };
    (0..packets).map(task).collect()
}

fn job(task: &Task) -> Job<Task> {
    // Kinds by key, so that an engine may have several ways at once.
    let kind = Kind::ALL[(task.key % 4) as usize];
    Job { key: Key(task.key), kind, sequence: task.number, payload: *task }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Random loads, moves, failures, panics, refusals, evictions and expiries, singly and in
    /// batches, in either mode or both at once beside each other, while workers are parked and woken:
    /// no inversion in any stream, the ledger closes, and what was processed is what was settled.
    #[test]
    fn streams_stay_in_order(
        rule in prop::sample::select(vec![
            OrderRule::all(Order::Sticky),
            OrderRule::all(Order::Ordered),
            OrderRule::all(Order::Sticky).with(Kind::Vibration, Order::Ordered),
        ]),
        overflow in prop::sample::select(&Overflow::ALL),
        policy in prop::sample::select(&crate::policy::NAMES),
        workers in 1u32..5,
        bound in 1u32..40,
        window in 1u32..20,
        batch in 1usize..40,
        keys in 1u64..30,
        deadline in prop::option::of(Just(Duration::from_micros(200))),
        parks: bool,
        seed: u64,
    ) {
        hush_expected_panics();
        let seen = Arc::new(Seen::default());
        let witness = Witness(seen.clone());
        let builder = Engine::builder()
            .placement(PlacementRequest { workers: Some(workers), ..PlacementRequest::default() })
            .policy(policy, None)
            .seed(seed)
            .inbox_bound(bound)
            .overflow(overflow)
            .order(rule)
            .order_window(window);
        let builder = if let Some(deadline) = deadline { builder.deadline(deadline) } else { builder };
        let mut engine = builder.process(witness).start().unwrap();
        let mut dispatcher = engine.dispatcher();
        let tasks = tasks(&mut Random::new(seed), keys, 1_500, true);
        let mut marks = Random::new(seed ^ 1);
        for (at, chunk) in tasks.chunks(batch).enumerate() {
            if parks {
                let active: Vec<bool> = (0..workers).map(|_| marks.below(2) == 0).collect();
                engine.shared.board.parking().set(&active, &[], 2.0);
            }
            if at % 3 == 0 {
                chunk.iter().for_each(|task| drop(dispatcher.dispatch(job(task))));
            } else {
                dispatcher.dispatch_batch(&mut chunk.iter().map(job).collect());
            }
            let reading = engine.ledger();
            prop_assert!(reading.closes(), "{reading}");
        }
        let inboxes = engine.shared.inboxes.clone();
        let ledger = engine.drain(Duration::from_secs(60)).unwrap();
        prop_assert!(ledger.closes() && ledger.received == tasks.len() as u64, "{ledger}");
        prop_assert_eq!((inboxes.in_flight(), ledger.abandoned), (0, 0));
        prop_assert_eq!(seen.inversions.load(Ordering::Relaxed), 0);
        prop_assert_eq!(ledger.processed, seen.settled.load(Ordering::Relaxed));
        if overflow == Overflow::Block && deadline.is_none() {
            prop_assert_eq!(ledger.dropped.total(), 0, "{}", ledger);
        }
    }
}

/// Ten million packets, in either mode, from one bringing thread; a release check, since it takes
/// minutes in a debug build: `cargo test --release --lib ten_million -- --ignored`.
#[test]
#[ignore = "takes minutes in a debug build"]
fn ten_million_packets_stay_in_order() {
    for order in [Order::Sticky, Order::Ordered] {
        let seen = Arc::new(Seen::default());
        let mut engine = Engine::builder()
            .placement(PlacementRequest { workers: Some(4), ..PlacementRequest::default() })
            .order(OrderRule::all(order))
            .seed(7)
            .process(Witness(seen.clone()))
            .start()
            .unwrap();
        let mut dispatcher = engine.dispatcher();
        let mut random = Random::new(7);
        let mut next = [0u64; 64];
        for _ in 0..10_000_000 / 32 {
            let task = |_| {
                let key = if random.below(5) == 0 { 0 } else { random.below(64) };
                next[key as usize] += 1;
                let number = next[key as usize];
                let turns = random.below(4);
                job(&Task { key: u64::from(key), number, turns, deed: Deed::Succeed })
            };
            dispatcher.dispatch_batch(&mut (0..32).map(task).collect());
        }
        let ledger = engine.drain(Duration::from_secs(60)).unwrap();
        assert_eq!((ledger.received, ledger.processed), (10_000_000, 10_000_000));
        assert_eq!(seen.settled.load(Ordering::Relaxed), 10_000_000);
        assert_eq!(seen.inversions.load(Ordering::Relaxed), 0, "{order}");
    }
}

/// Work that remembers is refused where packets may be worked on in any order.
#[test]
fn state_in_parallel_order_is_refused() {
    let start = |rule| Engine::builder().order(rule).process(Witness(Arc::default())).start();
    let mixed = OrderRule::all(Order::Ordered).with(Kind::Load, Order::Parallel);
    for rule in [OrderRule::default(), mixed] {
        let error = start(rule).err().map(|error| error.to_string()).unwrap();
        assert!(error.contains("sticky or ordered"), "{error}");
    }
    assert!(start(OrderRule::all(Order::Sticky)).is_ok());
}

/// A packet that waited longer than the deadline is not worked on, and the account says so.
#[test]
fn what_is_too_old_expires() {
    let mut engine = Engine::builder()
        .placement(PlacementRequest { workers: Some(1), ..PlacementRequest::default() })
        .deadline(Duration::ZERO)
        .process(|_: &(), _: &WorkerInfo| Ok(()))
        .start()
        .unwrap();
    let mut dispatcher = engine.dispatcher();
    for _ in 0..50 {
        dispatcher.dispatch_batch(&mut (0..8).map(|key| Job::new(key, ())).collect());
    }
    let ledger = engine.drain(Duration::from_secs(60)).unwrap();
    assert!(ledger.closes() && ledger.dropped.expired > 0, "{ledger}");
    assert_eq!(ledger.processed + ledger.dropped.expired, 400);
}

/// Packets for the first of two workers alone, until `enough` of them; what each worked on and
/// took from the other.
fn all_to_the_first(
    steal: bool,
    work: impl FnMut(&u64, &WorkerInfo) -> Result<(), Failure> + Clone + Send + Sync + 'static,
    enough: impl Fn(u64) -> bool,
) -> [(u64, u64); 2] {
    let mut engine = Engine::builder()
        .placement(PlacementRequest { workers: Some(2), ..PlacementRequest::default() })
        .own_policy(|| FirstOnly)
        .steal(steal)
        // All fit, even into the least part of the bound that a busy core has.
        .inbox_bound(1_000_000)
        .process(work)
        .start()
        .unwrap();
    let mut dispatcher = engine.dispatcher();
    let mut sent = 0;
    while !enough(sent) {
        dispatcher.dispatch(Job::new(sent, sent)).unwrap();
        sent += 1;
    }
    let closing = engine.finish(Duration::from_secs(60));
    assert_eq!(closing.last.ledger.processed, sent);
    [0, 1].map(|at| (closing.last.workers[at].packets, closing.last.workers[at].stolen))
}

#[test]
fn without_stealing_all_stay_where_they_were_sent() {
    // Long enough for the other to look many times.
    let work = |_: &u64, _: &WorkerInfo| {
        let clock = Clock::start();
        while clock.now_ns() < 100_000 {
            std::hint::spin_loop();
        }
        Ok(())
    };
    let shares = all_to_the_first(false, work, |sent| sent == 300);
    assert_eq!(shares, [(300, 0), (0, 0)]);
}

/// The first worker stands still until the other has helped: it does, whenever it gets its turn.
#[test]
fn an_idle_worker_takes_from_a_loaded_one() {
    let helped = Arc::new(AtomicBool::new(false));
    let (heard, clock) = (helped.clone(), Clock::start());
    let waits = clock.clone();
    let work = move |_: &u64, info: &WorkerInfo| {
        heard.fetch_or(info.worker == WorkerId(1), Ordering::AcqRel);
        while !heard.load(Ordering::Acquire) && waits.now_ns() < 30_000_000_000 {
            std::thread::yield_now();
        }
        Ok(())
    };
    let enough = |sent| {
        // Each packet rouses the other worker, should it sleep.
        std::thread::park_timeout(Duration::from_millis(if sent < 300 { 0 } else { 1 }));
        sent >= 300 && (helped.load(Ordering::Acquire) || clock.now_ns() > 30_000_000_000)
    };
    let shares = all_to_the_first(true, work, enough);
    assert!(shares[1].0 > 0 && shares[1].0 <= shares[1].1, "{shares:?}");
}

/// Too many keys for their states: the run says how many it gave up.
#[test]
fn what_is_forgotten_is_told() {
    // The inverse of the factor of the hash: so all keys meet in the first shard of the states.
    let key = |n: u64| n.wrapping_mul(0xF1DE_83E1_9937_733D);
    let mut engine = Engine::builder()
        .placement(PlacementRequest { workers: Some(1), ..PlacementRequest::default() })
        .order(OrderRule::all(Order::Sticky))
        .process(Witness(Arc::default()))
        .start()
        .unwrap();
    let mut dispatcher = engine.dispatcher();
    for n in 0..1_030 {
        let task = Task { key: key(n), number: 1, turns: 0, deed: Deed::Succeed };
        dispatcher.dispatch(job(&task)).unwrap();
    }
    let closing = engine.finish(Duration::from_secs(60));
    assert_eq!(closing.last.ledger.processed, 1_030);
    assert_eq!(closing.last.states_forgotten, 6);
    assert_eq!(closing.summary(About::default()).states_forgotten, 6);
}
