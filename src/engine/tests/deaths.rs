//! Laws of what panics where it must not, and of workers that die.

use super::*;
use crate::job::Key;
use crate::loads::Loads;
use crate::order::{Order, OrderRule};
use crate::policy::{Ask, Policy};
use crate::process::Process;
use crate::random::Random;
use crate::source::{SourceError, Turn};
use crossbeam_channel::{Receiver, bounded};

/// Panics when it is dropped, without the hook's report: it is asked for.
struct Bomb(bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 {
            std::panic::resume_unwind(Box::new(()));
        }
    }
}

fn in_order(order: Order, n: u32) -> Builder<Bomb> {
    Engine::builder().placement(workers(n)).order(OrderRule::all(order))
}

/// A payload, a process or a panic that panics when it is dropped: the work on it has ended, and
/// so it costs nothing more.
#[test]
fn a_destructor_that_panics_costs_no_worker() {
    hush_expected_panics();
    for order in Order::ALL {
        let work = |_: WorkerInfo| {
            let process = Bomb(true);
            move |bomb: &Bomb, _: &WorkerInfo| match (&process, bomb.0) {
                (_, true) => std::panic::resume_unwind(Box::new(Bomb(true))),
                _ => Ok(()),
            }
        };
        let mut engine = in_order(order, 1).process_into(work, |_| drop).start().unwrap();
        let mut dispatcher = engine.dispatcher();
        for round in 0..4 {
            assert!(dispatcher.dispatch(Job::new(1, Bomb(round % 2 == 0))).is_ok());
            let mut jobs = [false, true, false].map(|bomb| Job::new(1, Bomb(bomb))).into();
            assert_eq!(dispatcher.dispatch_batch(&mut jobs).accepted, 3);
        }
        let closing = engine.finish(Duration::from_secs(60));
        let ledger = closing.last.ledger;
        assert_eq!((closing.ended, ledger.processed, ledger.failed), (Ended::Complete, 10, 6));
    }
}

/// Makes work that does nothing. Worker 1 waits for its cue and cannot make its own, the first
/// time that it tries.
fn dies_on(cue: Receiver<()>) -> impl Fn(WorkerInfo) -> Count + Clone + Send + 'static {
    let tries = Arc::new(AtomicU64::new(0));
    move |info: WorkerInfo| {
        if info.worker == WorkerId(1) && tries.fetch_add(1, Ordering::Relaxed) == 0 {
            let _ = cue.recv();
            std::panic::panic_any("asked to panic");
        }
        Count
    }
}

/// Fails where a number is not above the one before it of its key.
#[derive(Clone)]
struct Count;

impl Process<u64> for Count {
    type Out = (u64, bool);
    type State = u64;

    fn work(&mut self, number: &u64, _: &WorkerInfo) -> Result<(u64, bool), Failure> {
        Ok((*number, true))
    }

    fn settle(&mut self, last: &mut u64, (number, in_order): &mut (u64, bool)) {
        *in_order = *number > *last;
        *last = *number;
    }
}

/// Two workers in turn, little room in the window.
fn in_turn(order: Order, window: u32, steal: bool) -> Builder<u64> {
    Engine::builder()
        .placement(workers(2))
        .policy("round-robin", None)
        .order(OrderRule::all(order))
        .order_window(window)
        .steal(steal)
}

/// What lay at a worker that died is done by another one, and whoever waits for the window of its
/// stream goes on.
#[test]
fn the_tickets_of_a_dead_worker_hold_nobody_up() {
    hush_expected_panics();
    let (cue, waits) = bounded::<()>(0);
    let inversions = Arc::new(AtomicU64::new(0));
    let seen = inversions.clone();
    let sink = move |_: WorkerInfo| {
        let seen = seen.clone();
        move |(_, in_order): (u64, bool)| {
            seen.fetch_add(u64::from(!in_order), Ordering::Relaxed);
        }
    };
    let mut engine =
        in_turn(Order::Ordered, 4, false).process_into(dies_on(waits), sink).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    (1..5).for_each(|n| dispatcher.dispatch(Job::new(7, n)).unwrap());
    drop(cue);
    for n in 5..200 {
        dispatcher.dispatch(Job::new(7, n)).unwrap();
        assert!(engine.ledger().closes());
    }
    let closing = engine.finish(Duration::from_secs(60));
    let ledger = closing.last.ledger;
    assert_eq!((closing.ended, ledger.received), (Ended::Complete, 199));
    assert_eq!((ledger.processed, inversions.load(Ordering::Relaxed)), (199, 0));
}

/// A worker that dies when all others have ended voids what lay there, and releases what waited
/// for it.
#[test]
fn the_last_to_end_releases_what_waits_even_if_it_dies() {
    hush_expected_panics();
    let (cue, waits) = bounded::<()>(0);
    let cue = std::sync::Mutex::new(Some(cue));
    let sink = move |info: WorkerInfo| {
        // Worker 0 has the only end: when it has ended, the other one dies.
        let is_first = info.worker == WorkerId(0);
        let bell = if is_first { cue.lock().unwrap().take() } else { None };
        move |_| {
            let _ = &bell;
        }
    };
    let mut engine =
        in_turn(Order::Ordered, 8, false).process_into(dies_on(waits), sink).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    (1..7).for_each(|n| dispatcher.dispatch(Job::new(7, n)).unwrap());
    let closing = engine.finish(Duration::from_secs(60));
    let ledger = closing.last.ledger;
    assert_eq!((ledger.processed, ledger.abandoned), (3, 3), "{ledger}");
    assert_eq!((closing.ended, ledger.closes()), (Ended::WorkerDied, true));
}

/// It has nothing in flight, and would look the best of all.
#[test]
fn a_dead_worker_is_not_chosen_while_others_live() {
    hush_expected_panics();
    let (cue, waits) = bounded::<()>(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assignments.csv");
    let options = crate::recorder::RecordOptions {
        path: path.clone(),
        limit_bytes: crate::recorder::LIMIT_MIN,
        names: crate::names::SensorNames::default(),
    };
    let mut engine = in_turn(Order::Ordered, 4, false)
        .policy("randomized-least-connection", None)
        .record(options)
        .process_into(dies_on(waits), |_| drop)
        .start()
        .unwrap();
    drop(cue);
    let inboxes = engine.shared.inboxes.clone();
    while !inboxes.is_dead(WorkerId(1)) {
        std::thread::yield_now();
    }
    let mut dispatcher = engine.dispatcher();
    (1..200).for_each(|n| dispatcher.dispatch(Job::new(7, n)).unwrap());
    assert_eq!(engine.finish(Duration::from_secs(60)).last.ledger.processed, 199);
    let rows = csv::Reader::from_path(path).unwrap().into_deserialize::<crate::record::Row>();
    let chosen: Vec<_> = rows.filter_map(|row| row.unwrap().chosen).collect();
    assert!(chosen.len() == 199 && chosen.iter().all(|worker| *worker == 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A worker dies at any moment, in any order, under any overflow: the account closes at every
    /// reading, nothing stays in flight, and only what nobody else could have is abandoned.
    #[test]
    fn a_death_costs_only_what_nobody_else_may_have(
        order in prop::sample::select(&[Order::Sticky, Order::Ordered]),
        overflow in prop::sample::select(&Overflow::ALL),
        window in 1u32..10,
        steal: bool,
        bound in 1u32..20,
        batches in prop::collection::vec(1u64..12, 1..40),
        dies_after in 0usize..10,
    ) {
        hush_expected_panics();
        // Under `block` a full inbox or window waits for it.
        let dies_after = if overflow == Overflow::Block { 0 } else { dies_after };
        let (cue, waits) = bounded::<()>(0);
        let mut cue = Some(cue);
        let mut engine = in_turn(order, window, steal)
            .inbox_bound(bound)
            .overflow(overflow)
            .process_into(dies_on(waits), |_| |(_, in_order): (u64, bool)| assert!(in_order))
            .start()
            .unwrap();
        let (mut dispatcher, mut next) = (engine.dispatcher(), 0);
        for (at, size) in batches.into_iter().enumerate() {
            cue.take_if(|_| at >= dies_after);
            let mut jobs = (0..size).map(|n| Job::new((next + n) % 5, next + n + 1)).collect();
            next += size;
            dispatcher.dispatch_batch(&mut jobs);
            let reading = engine.ledger();
            prop_assert!(reading.closes(), "{reading}");
        }
        drop(cue);
        let (inboxes, sticky) = (engine.shared.inboxes.clone(), engine.streams.sticky.clone());
        let closing = engine.finish(Duration::from_secs(60));
        let ledger = closing.last.ledger;
        prop_assert!(ledger.closes() && ledger.received == next, "{ledger}");
        prop_assert_eq!((inboxes.in_flight(), ledger.failed), (0, 0));
        prop_assert!((0..5).all(|key| sticky.at(Key(key)).is_none()));
        let died = ledger.abandoned > 0;
        prop_assert_eq!(closing.ended, if died { Ended::WorkerDied } else { Ended::Complete });
    }
}

/// To make room is to drop what waits, and its destructor is the user's.
#[test]
fn what_is_evicted_may_panic_when_it_is_dropped() {
    for order in Order::ALL {
        let (begin, begun) = bounded::<()>(1);
        let (release, held) = bounded::<()>(0);
        let work = move |_: &Bomb, _: &WorkerInfo| {
            let _ = begin.try_send(());
            let _ = held.recv();
            Ok(())
        };
        let builder = in_order(order, 1).overflow(Overflow::DropOldest).inbox_bound(40);
        let mut engine = builder.process(work).start().unwrap();
        let mut dispatcher = engine.dispatcher();
        assert!(dispatcher.dispatch(Job::new(9, Bomb(true))).is_ok());
        // That one is in hand, and what comes now lies in the lanes.
        begun.recv_timeout(Duration::from_secs(60)).unwrap();
        for _ in 0..10 {
            let mut jobs = (0..30).map(|key| Job::new(key, Bomb(true))).collect();
            assert_eq!(dispatcher.dispatch_batch(&mut jobs).refused, 0);
        }
        drop(release);
        let inboxes = engine.shared.inboxes.clone();
        let closing = engine.finish(Duration::from_secs(60));
        let ledger = closing.last.ledger;
        assert_eq!((closing.ended, inboxes.in_flight()), (Ended::Complete, 0));
        // Others on the core make the inbox smaller, down to two places.
        let (processed, evicted) = (ledger.processed, ledger.dropped.evicted);
        assert!(processed + evicted == 301 && (2..=40).contains(&processed), "{ledger}");
    }
}

/// A source whose batch meets a policy that panics has ended, and says how many packets it had
/// in hand.
#[test]
fn what_a_panicking_policy_leaves_with_a_source_is_told() {
    hush_expected_panics();
    struct Never;
    impl Policy for Never {
        fn choose(&mut self, _: &Ask, _: &Loads, _: &mut Random) -> WorkerId {
            std::panic::panic_any("asked to panic")
        }
        fn name(&self) -> &'static str {
            "never"
        }
        fn choices(&self, _: u32) -> u32 {
            1
        }
    }
    struct Three;
    impl Source<u64> for Three {
        fn name(&self) -> &str {
            "three"
        }
        fn bring(&mut self, _: &Clock, jobs: &mut Vec<Job<u64>>) -> Result<Turn, SourceError> {
            jobs.extend((0..3).map(|key| Job::new(key, key)));
            Ok(Turn::Again)
        }
    }
    for order in [Order::Sticky, Order::Ordered] {
        let builder = in_turn(order, 4, false).own_policy(|| Never);
        let mut engine = builder.process(Count).start().unwrap();
        engine.attach(Box::new(Three)).unwrap();
        engine.source_ends().recv_timeout(Duration::from_secs(60)).unwrap();
        let closing = engine.finish(Duration::from_secs(60));
        let error = closing.last.sources[0].error.clone().unwrap();
        assert!(error.ends_with("not dispatched: 3"), "{error}");
        assert_eq!((closing.ended, closing.last.ledger.received), (Ended::Complete, 0));
    }
}
