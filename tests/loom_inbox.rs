//! Every interleaving of the inbox protocol, up to loom's bounds.
//!
//! The two files of the protocol, `in_flight.rs` and `inbox/protocol.rs`, are compiled here
//! once more, over loom's atomics, locks and threads, and over a queue made of loom's mutex
//! that keeps the channel's contract (first in, first out, never refuses). What is checked is
//! *our* protocol of counting, parking, waiting for room and closing. crossbeam's channel
//! itself is not checked here: it does not run under loom.

#![allow(dead_code)] // The protocol's whole surface is compiled, each test uses a part.

mod sync {
    pub use loom::sync::atomic::{AtomicU32, Ordering};
    pub use loom::sync::{Arc, Condvar, Mutex};
    pub use loom::thread::{Thread, current, park};

    use loom::sync::MutexGuard;

    pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().expect("loom ends the run at a panic")
    }

    pub fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        condvar.wait(guard).expect("loom ends the run at a panic")
    }

    pub fn pause(_in_place: Option<u32>) {
        loom::thread::yield_now();
    }

    pub fn back_off(_tries: u32) {
        loom::thread::yield_now();
    }
}

#[path = "../src/in_flight.rs"]
mod in_flight;
#[path = "../src/inbox/protocol.rs"]
mod protocol;

use std::collections::VecDeque;

use in_flight::InFlight;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use protocol::{Gate, Inbox, Next, NoRoom, Patience, Queue, Row};

/// The channel's contract, on loom's mutex. Each message is one packet, so the inbox's bound is
/// the queue's: a protocol that admits more is caught where it does.
struct LoomQueue {
    messages: loom::sync::Mutex<VecDeque<u32>>,
    bound: usize,
}

impl Queue<u32> for LoomQueue {
    type Back = ();

    fn push(&self, message: u32) {
        let mut messages = sync::lock(&self.messages);
        messages.push_back(message);
        assert!(messages.len() <= self.bound, "the bound holds");
    }

    fn pop(&self) -> Option<u32> {
        sync::lock(&self.messages).pop_front()
    }
}

struct Owned(InFlight);

impl Row for Owned {
    fn in_flight(&self) -> &InFlight {
        &self.0
    }

    fn speed(&self) -> f32 {
        1.0
    }
}

type TestInbox = Inbox<LoomQueue, Owned>;

fn inbox(bound: u32) -> (Arc<TestInbox>, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let queue =
        LoomQueue { messages: loom::sync::Mutex::new(VecDeque::new()), bound: bound as usize };
    (Arc::new(Inbox::new(queue, Owned(InFlight::default()), bound, gate.clone())), gate)
}

/// A message of one packet, unless closed; waits for room.
fn send(inbox: &TestInbox, gate: &Gate, message: u32) -> bool {
    loop {
        match inbox.claim(1) {
            Ok(room) => {
                room.send(message);
                return true;
            }
            Err(NoRoom::Closed) => return false,
            Err(NoRoom::Full) => gate.wait_for_room(std::iter::once(inbox.fullness())),
        }
    }
}

/// Works until finished; returns the sum of what it got.
fn work(inbox: &TestInbox) -> u32 {
    inbox.seat();
    let (mut sum, mut patience) = (0, Patience::default());
    loop {
        match inbox.next(&mut patience) {
            Next::Message(message) => {
                sum += message;
                inbox.release(1);
            }
            Next::Idle => {}
            Next::Finished => return sum,
        }
    }
}

fn check(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.max_branches = 20_000;
    model.check(body);
}

/// A sleeping worker is woken for what is sent and for the close: no word is lost, and all
/// that was accepted is worked on before it ends.
#[test]
fn what_is_accepted_is_worked_on_and_the_worker_ends() {
    check(3, || {
        let (inbox, gate) = inbox(4);
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || work(&inbox))
        };
        assert!(send(&inbox, &gate, 1));
        assert!(send(&inbox, &gate, 2));
        inbox.close();
        assert_eq!(worker.join().expect("no panic"), 3);
        assert!(inbox.is_finished());
    });
}

/// Two dispatchers against a close: each packet is either refused or worked on.
#[test]
fn a_close_splits_packets_into_refused_and_worked_on() {
    check(2, || {
        let (inbox, gate) = inbox(4);
        let accepted = Arc::new(AtomicU32::new(0));
        let sender = {
            let (inbox, gate, accepted) = (inbox.clone(), gate.clone(), accepted.clone());
            thread::spawn(move || {
                if send(&inbox, &gate, 1) {
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || work(&inbox))
        };
        inbox.close();
        assert!(!send(&inbox, &gate, 8));
        sender.join().expect("no panic");
        assert_eq!(worker.join().expect("no panic"), accepted.load(Ordering::Relaxed));
    });
}

/// A full inbox of one place: who waits for room is told, every time.
#[test]
fn who_waits_for_room_is_told() {
    check(3, || {
        let (inbox, gate) = inbox(1);
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || work(&inbox))
        };
        for message in [1, 2, 4] {
            assert!(send(&inbox, &gate, message));
        }
        inbox.close();
        assert_eq!(worker.join().expect("no panic"), 7);
    });
}

/// Two dispatchers and one place: the bound holds, nobody waits for ever.
#[test]
fn the_bound_holds_between_dispatchers() {
    check(2, || {
        let (inbox, gate) = inbox(1);
        let sender = {
            let (inbox, gate) = (inbox.clone(), gate.clone());
            thread::spawn(move || assert!(send(&inbox, &gate, 1)))
        };
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || work(&inbox))
        };
        assert!(send(&inbox, &gate, 2));
        sender.join().expect("no panic");
        inbox.close();
        assert_eq!(worker.join().expect("no panic"), 3);
    });
}

/// A dispatcher that evicts the oldest while the worker takes it: one of them has it.
#[test]
fn an_evicted_message_is_not_worked_on() {
    check(3, || {
        let (inbox, gate) = inbox(2);
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || work(&inbox))
        };
        assert!(send(&inbox, &gate, 1));
        assert!(send(&inbox, &gate, 2));
        let evicted: u32 = inbox.take().unwrap_or(0);
        if evicted > 0 {
            inbox.release(1);
        }
        inbox.close();
        assert_eq!(worker.join().expect("no panic") + evicted, 3);
    });
}

/// Room that was claimed and not used is given back, and whoever waited for it is told.
#[test]
fn unused_room_is_given_back() {
    check(3, || {
        let (inbox, gate) = inbox(1);
        // Two, so that one's claim can find the other's in its way and be taken back last.
        let others = [(), ()].map(|()| {
            let inbox = inbox.clone();
            thread::spawn(move || drop(inbox.claim(1)))
        });
        assert!(send(&inbox, &gate, 1));
        for other in others {
            other.join().expect("no panic");
        }
        assert_eq!(inbox.in_flight(), 1);
        assert_eq!(inbox.take(), Some(1));
        inbox.release(1);
        assert_eq!(inbox.in_flight(), 0);
    });
}

/// Works until finished, and takes from `other` before it sleeps, as an idle worker does.
fn work_and_steal(inbox: &TestInbox, other: &TestInbox) -> u32 {
    inbox.seat();
    let (mut sum, mut patience) = (0, Patience::default());
    loop {
        if let Some(message) = inbox.take() {
            sum += message;
            inbox.release(1);
        } else if let Some(message) = other.take() {
            // Counted here before it is uncounted there: it is in flight somewhere all the time.
            inbox.force(1);
            other.release(1);
            sum += message;
            inbox.release(1);
        } else if inbox.idle(&mut patience) == protocol::Idle::Finished {
            return sum;
        }
    }
}

/// A thief and its victim: each message is worked on once, and both come to their end.
#[test]
fn a_stolen_message_is_worked_on_once() {
    check(2, || {
        let ((victim, gate), (thief, _)) = (inbox(2), inbox(2));
        let robbed = {
            let victim = victim.clone();
            thread::spawn(move || work(&victim))
        };
        let robber = {
            let (victim, thief) = (victim.clone(), thief.clone());
            thread::spawn(move || work_and_steal(&thief, &victim))
        };
        assert!(send(&victim, &gate, 1));
        assert!(send(&victim, &gate, 2));
        victim.close();
        thief.close();
        let sum = robbed.join().expect("no panic") + robber.join().expect("no panic");
        assert_eq!((sum, victim.in_flight(), thief.in_flight()), (3, 0, 0));
    });
}

/// A worker that is roused to steal, while a packet of its own comes: it is woken for the one or
/// the other, and never sleeps over either.
#[test]
fn a_roused_worker_does_not_sleep_over_its_own_packet() {
    check(3, || {
        let (inbox, gate) = inbox(2);
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || work(&inbox))
        };
        let rouser = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.rouse())
        };
        assert!(send(&inbox, &gate, 5));
        rouser.join().expect("no panic");
        inbox.close();
        assert_eq!(worker.join().expect("no panic"), 5);
    });
}

/// What is sent whatever the bound comes through, or comes back: its worker may have ended.
#[test]
fn what_is_forced_comes_through_or_comes_back() {
    check(3, || {
        let (inbox, gate) = inbox(2);
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || work(&inbox))
        };
        assert!(send(&inbox, &gate, 1));
        let closer = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.close())
        };
        let back = inbox.send_forced(1, 2).err().unwrap_or(0);
        closer.join().expect("no panic");
        assert_eq!(worker.join().expect("no panic") + back, 3);
        assert!(inbox.is_finished());
    });
}
