//! Laws of the whole engine, on real threads.

mod board;
mod deaths;
mod listener;
mod order;
mod parking;
mod switching;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::dispatch::Overflow;
use crate::ids::WorkerId;
use crate::job::Job;
use crate::loads::Loads;
use crate::policy::{Ask, Policy};
use crate::process::{Failure, WorkerInfo};
use crate::random::Random;
use crate::topology::PlacementRequest;
use crate::worker::Slowdown;
use proptest::prelude::*;

/// What the work of the tests does with a packet.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Succeed,
    Fail,
    Panic,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![6 => Just(Deed::Succeed), 1 => Just(Deed::Fail), 1 => Just(Deed::Panic)]
}

fn act(deed: &Deed, _: &WorkerInfo) -> Result<(), Failure> {
    match deed {
        Deed::Succeed => Ok(()),
        Deed::Fail => Err(Failure("asked to fail".into())),
        Deed::Panic => std::panic::panic_any("asked to panic"),
    }
}

/// A rule that looks at nothing at all: everything goes to the first worker.
struct FirstOnly;

impl Policy for FirstOnly {
    fn choose(&mut self, _: &Ask, _: &Loads, _: &mut Random) -> WorkerId {
        WorkerId(0)
    }
    fn name(&self) -> &'static str {
        "first-only"
    }
    fn choices(&self, _: u32) -> u32 {
        1
    }
}

fn workers(workers: u32) -> PlacementRequest {
    PlacementRequest { workers: Some(workers), ..PlacementRequest::default() }
}

/// The panics are asked for: their reports would hide those that are not.
fn hush_expected_panics() {
    std::panic::set_hook(Box::new(|info| {
        if info.payload().downcast_ref() != Some(&"asked to panic") {
            eprintln!("{info}");
        }
    }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Random packets from two threads, singly and in batches, some failing, some panicking,
    /// under every overflow behaviour: every reading on the way closes and stays within the
    /// bounds, and in the end the ledger, the inboxes' own counts and the sinks agree.
    #[test]
    fn the_ledger_closes(
        deeds in prop::collection::vec(deed(), 1..800),
        batch in 1usize..40,
        bound in 1u32..40,
        n in 1u32..5,
        overflow in prop::sample::select(&Overflow::ALL),
        steal: bool,
    ) {
        hush_expected_panics();
        let into_sinks = Arc::new(AtomicU64::new(0));
        let seen = into_sinks.clone();
        let mut engine = Engine::builder()
            .placement(workers(n))
            .inbox_bound(bound)
            .overflow(overflow)
            .steal(steal)
            .process_into(|_| act, move |_| {
                let seen = seen.clone();
                move |()| { seen.fetch_add(1, Ordering::Relaxed); }
            })
            .start()
            .unwrap();
        let (mut singly, mut batches) = (engine.dispatcher(), engine.dispatcher());
        let copy = deeds.clone();
        let one_by_one = std::thread::spawn(move || {
            copy.into_iter().map(|deed| singly.dispatch(Job::new(1, deed)).is_ok()).filter(|ok| *ok).count()
        });
        let mut accepted = 0;
        for chunk in deeds.chunks(batch) {
            let mut jobs: Vec<_> = chunk.iter().map(|deed| Job::new(2, *deed)).collect();
            accepted += batches.dispatch_batch(&mut jobs).accepted;
            let reading = engine.ledger();
            prop_assert!(reading.closes(), "{reading}");
            let bound = if steal { 2 * bound } else { bound };
            prop_assert!(reading.in_flight <= u64::from(bound * n), "{reading}");
        }
        accepted += one_by_one.join().unwrap();
        let inboxes = engine.shared.inboxes.clone();
        let ledger = engine.drain(Duration::from_secs(60)).unwrap();
        prop_assert!(ledger.closes());
        prop_assert_eq!(ledger.received, 2 * deeds.len() as u64);
        prop_assert_eq!((ledger.in_flight, ledger.abandoned, inboxes.in_flight()), (0, 0, 0));
        prop_assert_eq!(ledger.processed, into_sinks.load(Ordering::Relaxed));
        prop_assert_eq!(ledger.processed + ledger.failed + ledger.dropped.evicted, accepted as u64);
        if overflow == Overflow::Block {
            prop_assert_eq!(ledger.dropped.total(), 0);
        }
    }
}

#[test]
fn drain_loses_nothing() {
    let mut engine = Engine::builder().placement(workers(3)).process(act).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    for _ in 0..2_000 {
        let mut jobs: Vec<_> = (0..16).map(|key| Job::new(key, Deed::Succeed)).collect();
        dispatcher.dispatch_batch(&mut jobs);
    }
    let ledger = engine.drain(Duration::from_secs(60)).unwrap();
    assert_eq!((ledger.received, ledger.processed), (32_000, 32_000));
    assert!(dispatcher.dispatch(Job::new(0, Deed::Succeed)).is_err(), "closed for good");
}

/// A packet that never ends: the limit passes, and what is left is abandoned, not lost.
#[test]
fn what_a_drain_leaves_is_abandoned() {
    let (release, held) = crossbeam_channel::bounded::<()>(0);
    let stuck = move |_: &u32, _: &WorkerInfo| {
        let _ = held.recv();
        Ok(())
    };
    let mut engine = Engine::builder().placement(workers(1)).process(stuck).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    (0..7).for_each(|n| dispatcher.dispatch(Job::new(0, n)).unwrap());
    let closing = engine.finish(Duration::from_millis(1));
    drop(release);
    assert_eq!(closing.ended, Ended::Abandoned);
    let ledger = closing.last.ledger;
    assert!(ledger.closes());
    assert_eq!((ledger.received, ledger.abandoned, ledger.in_flight), (7, 7, 0));
}

#[test]
fn emulated_classes_are_named_and_fewer_workers_are_refused_their_slowdown() {
    let slow = Slowdown::new(0.4).unwrap();
    let engine = Engine::builder()
        .placement(workers(2))
        .slow_down(WorkerId(1), slow)
        .process(act)
        .start()
        .unwrap();
    let snapshot = engine.snapshot();
    let classes: Vec<String> =
        snapshot.workers.iter().map(|worker| worker.seat.class.to_string()).collect();
    assert_eq!(classes, ["performance", "efficiency"]);
    assert!(snapshot.emulated);
    let error = Engine::builder()
        .placement(workers(2))
        .slow_down(WorkerId(2), slow)
        .process(act)
        .start()
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.to_string(), "worker 2 cannot be slowed down: there are workers 0 to 1");
}

#[test]
fn a_panic_costs_one_packet() {
    hush_expected_panics();
    let mut engine = Engine::builder().placement(workers(1)).process(act).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    for deed in [Deed::Succeed, Deed::Panic, Deed::Succeed, Deed::Panic, Deed::Succeed] {
        dispatcher.dispatch(Job::new(0, deed)).unwrap();
    }
    let ledger = engine.drain(Duration::from_secs(60)).unwrap();
    assert_eq!((ledger.processed, ledger.failed), (3, 2));
}

/// A sink that panics costs the packet whose result it got; a process that cannot be made again
/// goes on as it is.
#[test]
fn a_panicking_sink_and_a_panicking_maker_cost_one_packet_each() {
    hush_expected_panics();
    let made = Arc::new(AtomicU64::new(0));
    let maker = move |_: WorkerInfo| {
        if made.fetch_add(1, Ordering::Relaxed) > 0 {
            std::panic::panic_any("asked to panic");
        }
        |n: &u64, _: &WorkerInfo| Ok(*n)
    };
    let sink = |_: WorkerInfo| {
        |n: u64| {
            if n == 3 {
                std::panic::panic_any("asked to panic");
            }
        }
    };
    let mut engine =
        Engine::builder().placement(workers(1)).process_into(maker, sink).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    (0..6).for_each(|n| dispatcher.dispatch(Job::new(0, n)).unwrap());
    let ledger = engine.drain(Duration::from_secs(60)).unwrap();
    assert_eq!((ledger.processed, ledger.failed), (5, 1));
}

/// An engine that is dropped ends its threads and completes its record.
#[test]
fn a_dropped_engine_completes_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assignments.csv");
    let options = crate::recorder::RecordOptions {
        path: path.clone(),
        limit_bytes: 1 << 20,
        names: crate::names::SensorNames::default(),
    };
    let mut engine =
        Engine::builder().placement(workers(1)).record(options).process(act).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    (0..5).for_each(|_| dispatcher.dispatch(Job::new(0, Deed::Succeed)).unwrap());
    drop(engine);
    let rows = csv::Reader::from_path(path).unwrap().into_deserialize::<crate::record::Row>();
    assert_eq!(rows.map(|row| row.unwrap().weight).sum::<u64>(), 5);
}

/// A worker whose thread dies before its first packet: dispatchers go elsewhere, and a run that
/// did not finish everything does not call itself complete.
#[test]
fn a_dead_worker_is_gone_round() {
    hush_expected_panics();
    let maker = |info: WorkerInfo| {
        if info.worker == WorkerId(1) {
            std::panic::panic_any("asked to panic");
        }
        |_: &u64, _: &WorkerInfo| Ok(())
    };
    let mut engine = Engine::builder()
        .placement(workers(2))
        .inbox_bound(4)
        .process_into(maker, |_| drop)
        .start()
        .unwrap();
    let mut dispatcher = engine.dispatcher();
    let sent = (0..500).filter(|n| dispatcher.dispatch(Job::new(0, *n)).is_ok()).count() as u64;
    let closing = engine.finish(Duration::from_secs(60));
    let ledger = closing.last.ledger;
    assert!(ledger.closes());
    assert_eq!(ledger.processed + ledger.abandoned, sent);
    assert!(ledger.abandoned <= 4, "{ledger}");
    assert_eq!(closing.ended == Ended::Complete, ledger.abandoned == 0);
}

/// No drain limit passed, so none is blamed.
#[test]
fn what_a_dead_worker_leaves_is_told_apart_from_what_a_limit_leaves() {
    hush_expected_panics();
    let (release, held) = crossbeam_channel::bounded::<()>(0);
    let maker = move |_: WorkerInfo| {
        if held.recv().is_err() {
            std::panic::panic_any("asked to panic");
        }
        |_: &u64, _: &WorkerInfo| Ok(())
    };
    let mut engine =
        Engine::builder().placement(workers(1)).process_into(maker, |_| drop).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    (0..3).for_each(|n| dispatcher.dispatch(Job::new(0, n)).unwrap());
    drop(release);
    let error = engine.drain(Duration::from_secs(60)).unwrap_err();
    assert_eq!((error.ended, error.ledger.abandoned), (Ended::WorkerDied, 3));
    assert_eq!(error.ended.as_str(), "worker-died");
    let said = error.to_string();
    assert!(said.contains("3, since a worker died") && !said.contains("limit"), "{said}");
}

/// Somebody goes on dispatching while the run is closed: the rows stand for what the account
/// says, no more and no less.
#[test]
fn rows_and_account_agree_while_somebody_still_dispatches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assignments.csv");
    let options = crate::recorder::RecordOptions {
        path: path.clone(),
        limit_bytes: crate::recorder::LIMIT_MIN,
        names: crate::names::SensorNames::default(),
    };
    let mut engine =
        Engine::builder().placement(workers(2)).record(options).process(act).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    let (started, begun) = crossbeam_channel::bounded(0);
    let dispatching = std::thread::spawn(move || {
        let mut refused = 0;
        for round in 0.. {
            let mut jobs: Vec<_> = (0..16).map(|key| Job::new(key, Deed::Succeed)).collect();
            refused += dispatcher.dispatch_batch(&mut jobs).refused;
            if round == 10 {
                started.send(()).unwrap();
            }
            if refused > 2_000 {
                return;
            }
        }
    });
    begun.recv().unwrap();
    let closing = engine.finish(Duration::from_secs(60));
    dispatching.join().unwrap();
    let ledger = closing.last.ledger;
    assert!(ledger.closes() && ledger.received > 0);
    let recorded = closing.recorded.unwrap();
    let rows = csv::Reader::from_path(path).unwrap().into_deserialize::<crate::record::Row>();
    let weights: Vec<u64> = rows.map(|row| row.unwrap().weight).collect();
    assert_eq!((weights.len() as u64, weights.iter().sum()), (recorded.rows, ledger.received));
}

/// A source that panics has ended, and says so.
#[test]
fn a_panicking_source_ends_and_is_reported() {
    hush_expected_panics();
    struct Broken;
    impl Source<Deed> for Broken {
        fn name(&self) -> &str {
            "broken"
        }
        fn bring(
            &mut self,
            _: &Clock,
            _: &mut Vec<Job<Deed>>,
        ) -> Result<crate::source::Turn, crate::source::SourceError> {
            std::panic::panic_any("asked to panic")
        }
    }
    let mut engine = Engine::builder().placement(workers(1)).process(act).start().unwrap();
    engine.attach(Box::new(Broken)).unwrap();
    // Whoever waits for the end of the sources is woken by it, panic or not.
    engine.source_ends().recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(engine.sources_ended());
    let closing = engine.finish(Duration::from_secs(60));
    assert_eq!(closing.ended, Ended::Complete);
    let error = closing.last.sources[0].error.clone().unwrap();
    assert!(error.contains("broken panicked"), "{error}");
}
