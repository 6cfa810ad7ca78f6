//! Laws of a worker stepped by hand, on a manual clock.

use std::sync::Arc;

use super::*;
use crate::class::Class;
use crate::clock::Clock;
use crate::ids::{CpuId, WorkerId};
use crate::inbox::{Extras, LaneKind, LanePlan, Stamp};
use crate::job::{Job, Key};
use crate::loads::LoadBoard;
use crate::order::{Order, Ticket};
use crate::priority::Priority;
use crate::process::{Failure, WorkerInfo};
use crate::streams::{OrderedTable, Tickets};
use crate::topology::Seats;

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

/// Worker 0 of some, stepped by hand: what it is made of.
fn parts(
    workers: usize,
    order: Order,
    clock: &Clock,
) -> Parts<bool, impl Process<bool, Out = ()> + use<>, fn(())> {
    let board = Arc::new(LoadBoard::new(vec![1.0; workers]));
    let plan = LanePlan::new([LaneKind { priority: Priority::Normal, order }]);
    Parts {
        info: WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform },
        inboxes: Arc::new(Inboxes::new(&board, 100, plan)),
        board,
        seats: Arc::new(Seats::new(Vec::new())),
        seats_seen: 0,
        state: Arc::default(),
        settling: Arc::new(Settling {
            sticky: Arc::default(),
            ordered: Arc::new(OrderedTable::new(8)),
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
    }
}

/// A worker that fails at once would look idle and draw all the traffic. Instead each failure
/// counts as in flight for as long as a success takes, one after the other.
#[test]
fn a_failing_worker_does_not_attract_traffic() {
    let clock = Clock::manual();
    let mut parts = parts(1, Order::Parallel, &clock);
    let (inboxes, settling, state) =
        (parts.inboxes.clone(), parts.settling.clone(), parts.state.clone());
    let desk = Desk::new(WorkerId(0), &inboxes, &settling, &state);
    let process = (parts.make_process)();
    let mut worker = Worker::new(parts, process);
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

/// Packets with tickets in one message.
fn batch(tickets: &[Ticket]) -> Message<bool> {
    let extras = Extras { tickets: tickets.to_vec(), ..Extras::default() };
    let body = Body::Many(tickets.iter().map(|_| Job::new(3, true)).collect());
    Message { body, extras: Some(Box::new(extras)), ..message(true) }
}

fn finished() -> Finished<()> {
    Finished { key: Key(3), out: Some(()), record: None }
}

/// A worker that dies with a message half done and others in hand: its places are given up to the
/// last, others get what they may have, and nobody waits for a ticket that will never end.
#[test]
fn what_a_dying_worker_has_in_hand_is_laid_down() {
    let clock = Clock::manual();
    let mut parts = parts(2, Order::Ordered, &clock);
    let (inboxes, settling, state) =
        (parts.inboxes.clone(), parts.settling.clone(), parts.state.clone());
    let desk = Desk::new(WorkerId(0), &inboxes, &settling, &state);
    let process = (parts.make_process)();
    let mut worker = Worker::new(parts, process);
    let tickets = [(); 8].map(|()| settling.ordered.draw(Key(3)).unwrap());
    for message in [batch(&tickets[..3]), batch(&tickets[3..5]), batch(&tickets[5..7])] {
        desk.inbox.claim(message.places()).map(|room| room.send(message)).unwrap();
    }
    let first = worker.next(&desk).unwrap();
    assert_eq!((first.places(), desk.inbox.in_flight()), (3, 7));
    worker.held += first.places();
    let at_work = AtWork { desk: &desk, tickets: &tickets[..3], done: 1 };
    let Body::Many(mut jobs) = first.body else { unreachable!() };
    let mut facts = Facts {
        at: 0,
        order: Order::Ordered,
        stamp: first.stamp,
        extras: first.extras.as_deref(),
        previous_ns: None,
    };
    worker.run_packet(&desk, jobs.remove(0), &mut facts);
    inboxes.bury(WorkerId(0));
    drop(at_work);
    worker.lay_down(&desk);
    desk.bury(WorkerId(0), || false);
    let living = inboxes.of(WorkerId(1));
    assert_eq!((desk.inbox.in_flight(), living.in_flight()), (0, 4));
    assert_eq!((state.counts.processed.get(), state.counts.abandoned.get()), (1, 0));
    let mut released = 0;
    assert!(!settling.ordered.finish(tickets[7], finished(), |_| unreachable!()));
    while let Some(message) = living.take() {
        for (_, _, ticket) in message.into_packets() {
            let ticket = ticket.unwrap();
            assert!(!settling.ordered.finish(ticket, finished(), |_| released += 1));
        }
    }
    assert_eq!(released, 5);
}

/// Nobody is left to have it: it is accounted for, and its stream is free.
#[test]
fn what_nobody_else_may_have_is_abandoned() {
    for (order, workers) in [(Order::Sticky, 2), (Order::Ordered, 1), (Order::Parallel, 1)] {
        let parts = parts(workers, order, &Clock::manual());
        let desk = Desk::new(WorkerId(0), &parts.inboxes, &parts.settling, &parts.state);
        let ticket = parts.settling.ordered.draw(Key(3)).unwrap();
        parts.settling.sticky.settle(Key(0), WorkerId(0));
        let message = if order == Order::Ordered { batch(&[ticket]) } else { message(true) };
        desk.inbox.claim(1).map(|room| room.send(message)).unwrap();
        desk.bury(WorkerId(0), || false);
        assert_eq!((desk.inbox.in_flight(), parts.state.counts.abandoned.get()), (0, 1));
        assert!(order != Order::Sticky || parts.settling.sticky.at(Key(0)).is_none());
        let (next, mut released) = (parts.settling.ordered.draw(Key(3)).unwrap(), 0);
        assert!(!parts.settling.ordered.finish(next, finished(), |_| released += 1));
        assert_eq!(released, u32::from(order == Order::Ordered), "the ticket before it is void");
    }
}

/// A nudge finds another inbox, also out of that of a worker that died.
#[test]
fn a_nudge_outlives_the_worker_it_was_sent_to() {
    for order in Order::ALL {
        let parts = parts(2, order, &Clock::manual());
        let desk = Desk::new(WorkerId(0), &parts.inboxes, &parts.settling, &parts.state);
        let ticket = parts.settling.ordered.draw(Key(3)).unwrap();
        let nudged = || match parts.inboxes.of(WorkerId(1)).take().map(|message| message.body) {
            Some(Body::Nudge(ticket)) => Some(ticket),
            _ => None,
        };
        parts.inboxes.nudge(ticket);
        assert_eq!(desk.inbox.in_flight(), 1, "it went to the first of two empty ones");
        desk.bury(WorkerId(0), || false);
        assert_eq!((desk.inbox.in_flight(), nudged()), (0, Some(ticket)));
        parts.inboxes.nudge(ticket);
        assert_eq!((desk.inbox.in_flight(), nudged()), (0, Some(ticket)));
    }
}

#[test]
fn an_emulated_worker_takes_longer_by_its_factor() {
    let clock = Clock::start();
    let slow = Slowdown::new(0.25).unwrap();
    let ended_ns = slow.stretch(&clock, 0, 1_000_000);
    assert!(ended_ns >= 4_000_000);
    assert_eq!(Slowdown::NONE.stretch(&clock, 0, 77), 77);
    let later = slow.beginning_at(100);
    assert_eq!((later.stretch(&clock, 99, 177), later.factor_at_start()), (177, 1.0));
    assert!(
        [0.0, -1.0, 1e-300, 0.0099, 1.1, f64::NAN].iter().all(|bad| Slowdown::new(*bad).is_none())
    );
}
