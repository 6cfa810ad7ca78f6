//! Laws of a worker stepped by hand, on a manual clock.

use super::*;
use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::inbox::{LanePlan, Stamp};
use crate::job::Job;
use crate::process::Failure;

const SUCCESS_NS: u64 = 100;

/// Succeeds after [`SUCCESS_NS`], or fails at once.
fn work(clock: Clock) -> impl FnMut(&bool, &WorkerInfo) -> Result<(), Failure> {
    move |succeed, _| {
        if *succeed {
            clock.advance(SUCCESS_NS);
            Ok(())
        } else {
            Err(Failure("at once".into()))
        }
    }
}

fn message(succeed: bool) -> Message<bool> {
    let body = Body::One(Job::new(0, succeed));
    Message {
        body,
        lane: 0,
        stamp: Stamp { enqueued_ns: 0, first: 0, count: 1, weight: 1 },
        extras: None,
    }
}

/// A worker that fails at once would look idle and draw all the traffic. Instead each failure
/// counts as in flight for as long as a success takes, one after the other.
#[test]
fn a_failing_worker_does_not_attract_traffic() {
    let board = Arc::new(LoadBoard::new([1.0]));
    let inboxes = Arc::new(Inboxes::new(&board, 100, LanePlan::default()));
    let clock = Clock::manual();
    let settling = Settling {
        sticky: Arc::default(),
        ordered: Arc::new(crate::streams::OrderedTable::new(1)),
        states: None,
    };
    let desk = Desk { inbox: inboxes.of(WorkerId(0)), settling: &settling };
    let mut worker = Worker::new(Parts {
        info: WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform },
        inboxes: inboxes.clone(),
        board,
        state: Arc::default(),
        settling: Arc::new(Settling {
            sticky: Arc::default(),
            ordered: settling.ordered.clone(),
            states: None,
        }),
        make_process: Box::new({
            let clock = clock.clone();
            move || work(clock.clone())
        }),
        sink: drop,
        records: None,
        clock: clock.clone(),
        slowdown: Slowdown::NONE,
        steal: false,
        deadline_ns: None,
        typical: Arc::default(),
        halt: Arc::default(),
        running: Arc::default(),
    });
    for succeed in [true, false, false, false] {
        desk.inbox.claim(1).map(|room| room.send(message(succeed))).unwrap();
    }
    while let Some(message) = desk.inbox.take() {
        worker.run_message(&desk, message);
    }
    worker.flush(&desk);
    assert_eq!(worker.parts.state.counts.failed.get(), 3);
    let mut in_flight = Vec::new();
    for _ in 0..4 {
        worker.release_owed(&desk);
        in_flight.push(desk.inbox.in_flight());
        clock.advance(SUCCESS_NS);
    }
    assert_eq!(in_flight, [3, 2, 1, 0]);
}

#[test]
fn an_emulated_worker_takes_longer_by_its_factor() {
    let clock = Clock::start();
    let slow = Slowdown::new(0.25).unwrap();
    let ended_ns = slow.stretch(&clock, 0, 1_000_000);
    assert!(ended_ns >= 4_000_000);
    assert_eq!(Slowdown::NONE.stretch(&clock, 0, 77), 77);
    assert!(
        [0.0, -1.0, 1e-300, 0.0099, 1.1, f64::NAN].iter().all(|bad| Slowdown::new(*bad).is_none())
    );
}
