//! Workers are parked while packets flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::FirstOnly;
use crate::dispatch::Overflow;
use crate::engine::*;
use crate::ids::WorkerId;
use crate::job::Job;
use crate::order::{Order, OrderRule};
use crate::policy::NAMES;
use crate::process::WorkerInfo;
use crate::topology::PlacementRequest;

fn four_workers() -> Builder<u64> {
    Engine::builder()
        .placement(PlacementRequest { workers: Some(4), ..PlacementRequest::default() })
        .seed(3)
}

/// Dispatches so many packets, singly and in batches.
fn dispatch(engine: &mut Engine<u64>, packets: u64) {
    let (mut dispatcher, mut batch) = (engine.dispatcher(), Vec::new());
    for number in 0..packets {
        if number % 3 == 0 {
            dispatcher.dispatch(Job::new(number % 17, number)).unwrap();
        } else {
            batch.push(Job::new(number % 17, number));
        }
        if batch.len() == 8 {
            dispatcher.dispatch_batch(&mut batch);
        }
    }
    dispatcher.dispatch_batch(&mut batch);
}

fn packets(engine: Engine<u64>, expected: u64) -> Vec<u64> {
    let closing = engine.finish(Duration::from_secs(60));
    let ledger = &closing.last.ledger;
    assert!(ledger.closes() && ledger.processed == expected, "{ledger}");
    closing.last.workers.iter().map(|worker| worker.packets).collect()
}

/// Under every policy, in every order: no packet reaches a parked worker, by choice or by theft.
#[test]
fn a_parked_worker_gets_nothing() {
    for (at, policy) in NAMES.into_iter().enumerate() {
        let order = [Order::Parallel, Order::Sticky, Order::Ordered][at % 3];
        let builder = four_workers().policy(policy, None).order(OrderRule::all(order));
        // Room for all: what has none may go anywhere.
        let builder = builder.inbox_bound(8_000);
        let mut engine = builder.process(|n: &u64, _: &WorkerInfo| Ok(*n)).start().unwrap();
        let parking = engine.shared.board.parking();
        parking.set(&[false, true, false, true], &[], f32::INFINITY);
        dispatch(&mut engine, 400);
        let packets = packets(engine, 400);
        assert_eq!((packets[0], packets[2]), (0, 0), "{policy} {order}: {packets:?}");
    }
}

#[test]
fn a_rule_that_knows_nothing_of_parking_is_followed_to_an_active_worker() {
    for order in [Order::Parallel, Order::Sticky] {
        let builder = four_workers().own_policy(|| FirstOnly).order(OrderRule::all(order));
        let builder = builder.steal(false).inbox_bound(8_000);
        let mut engine = builder.process(|n: &u64, _: &WorkerInfo| Ok(*n)).start().unwrap();
        engine.shared.board.parking().set(&[false, true, true, false], &[], f32::INFINITY);
        dispatch(&mut engine, 300);
        let packets = packets(engine, 300);
        assert_eq!((packets[0], packets[3]), (0, 0), "{order}: {packets:?}");
    }
}

/// What lies at a worker when it is parked is finished there, and nothing follows.
#[test]
fn what_lies_at_a_worker_that_is_parked_is_finished() {
    let gate = Arc::new(AtomicU64::new(0));
    let held = gate.clone();
    let mut engine = four_workers()
        .policy("round-robin", None)
        .steal(false)
        .inbox_bound(8_000)
        .process(move |n: &u64, _: &WorkerInfo| {
            while held.load(Ordering::Acquire) == 0 {
                std::thread::yield_now();
            }
            Ok(*n)
        })
        .start()
        .unwrap();
    dispatch(&mut engine, 200);
    let before = engine.shared.board.in_flight(WorkerId(0)).count();
    assert!(before > 40, "{before}");
    engine.shared.board.parking().set(&[false, true, true, true], &[], f32::INFINITY);
    dispatch(&mut engine, 200);
    assert_eq!(engine.shared.board.in_flight(WorkerId(0)).count(), before);
    gate.store(1, Ordering::Release);
    assert_eq!(packets(engine, 400)[0], u64::from(before));
}

/// Everything that is done is done in an instant of the target; four of five are refused.
#[test]
fn a_target_is_not_held_where_packets_are_dropped() {
    let gate = Arc::new(AtomicU64::new(0));
    let held = gate.clone();
    let goal = EnergyGoal { latency_slo: Duration::from_secs(3600), ..EnergyGoal::default() };
    let builder = four_workers().energy_goal(goal).inbox_bound(5).overflow(Overflow::DropNewest);
    let work = move |n: &u64, _: &WorkerInfo| {
        while held.load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
        Ok(*n)
    };
    let mut engine = builder.process(work).start().unwrap();
    let mut dispatcher = engine.dispatcher();
    for number in 0..100 {
        let _ = dispatcher.dispatch(Job::new(number, number));
    }
    gate.store(1, Ordering::Release);
    drop(dispatcher);
    let closing = engine.finish(Duration::from_secs(60));
    let (ledger, figures) = (closing.last.ledger.clone(), closing.summary(About::default()));
    let figures = figures.goal.unwrap();
    let dropped = ledger.dropped.inbox_full;
    assert!(dropped > 10 && ledger.processed + dropped == 100, "{ledger}");
    assert!(!figures.slo_held && figures.p99_ns < 3_600_000_000_000, "{figures:?}");
    assert!((figures.lost - dropped as f64 / 100.0).abs() < 1e-9, "{figures:?}");
}

#[test]
fn a_goal_that_nobody_can_aim_at_is_told_at_the_start() {
    let fine = EnergyGoal::default();
    let slo = |latency_slo| EnergyGoal { latency_slo, ..fine };
    let part = |idle_active| EnergyGoal { idle_active, ..fine };
    for (goal, what) in [
        (slo(Duration::ZERO), "latency_slo of 0ns"),
        (slo(Duration::MAX), "1 ms to 1 h"),
        (part(f64::NAN), "idle_active of NaN"),
        (part(-0.1), "idle_active of -0.1"),
        (part(f64::INFINITY), "0 to 1"),
    ] {
        let ready = four_workers().energy_goal(goal).process(|n: &u64, _: &WorkerInfo| Ok(*n));
        let Err(error) = ready.start() else { panic!("{goal:?} has started") };
        assert!(matches!(error, StartError::WrongGoal { .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

/// The whole engine under the goal: the account closes and the summary tells what came of it.
#[test]
fn a_run_under_the_goal_of_energy_says_what_it_came_to() {
    let goal = EnergyGoal { latency_slo: Duration::from_secs(3600), ..EnergyGoal::default() };
    let builder = four_workers().energy_goal(goal);
    let mut engine = builder.process(|n: &u64, _: &WorkerInfo| Ok(*n)).start().unwrap();
    dispatch(&mut engine, 500);
    let closing = engine.finish(Duration::from_secs(60));
    assert_eq!(closing.last.ledger.processed, 500);
    let figures = closing.summary(About::default()).goal.unwrap();
    assert!(figures.slo_held && figures.p99_ns > 0, "{figures:?}");
    assert!((1.0..=4.0).contains(&figures.workers_active_mean), "{figures:?}");
    assert!(figures.joules_model > 0.0 && figures.source.starts_with("model"), "{figures:?}");
}
