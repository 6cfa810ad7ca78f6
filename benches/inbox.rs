//! What does the inbox protocol cost beside the bare channel that it runs on?
//!
//! `cargo bench --bench inbox`: claim, send, take and release, packet by packet and in batches
//! of 32 (released together, as a worker does with short work), first in one thread (128 packets in, 128
//! out), then from one thread to another. The limit is a bounded crossbeam channel with the
//! same messages in it, in the same round: what it cannot do (count packets instead of
//! messages, tell what still runs, close for good) is what the difference pays for.
//!
//! What this cannot show: several dispatchers at one inbox, the delay of one packet through an
//! idle worker (the threads here are mostly awake), and, on fewer than two free CPUs, anything
//! across threads but the scheduler.

mod rounds;

use std::hint::black_box;
use std::sync::Arc;

use edge_dispatch::inbox::{Body, Inboxes, LanePlan, Message, Next, NoRoom, Patience, Stamp};
use edge_dispatch::job::Job;
use edge_dispatch::loads::LoadBoard;
use rounds::{Side, Took, compare, time};

const BOUND: u32 = 256;
const BURST: u32 = 128;

fn main() {
    compare(vec![
        Side::new("one thread, single, channel", "", 500_000, |n| channel_here(n, 1)),
        Side::new("one thread, single", "one thread, single, channel", 500_000, |n| here(n, 1)),
        Side::new("one thread, batch, channel", "", 3_200_000, |n| channel_here(n, 32)),
        Side::new("one thread, batch", "one thread, batch, channel", 3_200_000, |n| here(n, 32)),
        Side::new("two threads, single, channel", "", 500_000, |n| channel_across(n, 1)),
        Side::new("two threads, single", "two threads, single, channel", 500_000, |n| across(n, 1)),
        Side::new("two threads, batch, channel", "", 3_200_000, |n| channel_across(n, 32)),
        Side::new("two threads, batch", "two threads, batch, channel", 3_200_000, |n| {
            across(n, 32)
        }),
    ]);
}

fn message(packets: u32) -> Message<u64> {
    let job = || Job::new(1, 2);
    let body = match packets {
        1 => Body::One(job()),
        _ => Body::Many((0..packets).map(|_| job()).collect()),
    };
    Message { body, lane: 0, stamp: Stamp::default(), extras: None }
}

fn inboxes() -> Arc<Inboxes<u64>> {
    let board = Arc::new(LoadBoard::new([1.0]));
    Arc::new(Inboxes::new(&board, BOUND, LanePlan::default()))
}

fn work(message: Message<u64>) -> u32 {
    let places = message.places();
    match message.body {
        Body::One(job) => {
            black_box(job);
        }
        Body::Many(jobs) => jobs.into_iter().for_each(|job| {
            black_box(job);
        }),
        Body::Nudge(_) => unreachable!("nobody sends one"),
    }
    places
}

fn here(packets: u64, batch: u32) -> Took {
    let inboxes = inboxes();
    let inbox = &inboxes.each[0];
    time(|| {
        for _ in 0..packets / u64::from(BURST) {
            for _ in 0..BURST / batch {
                match inbox.claim(batch) {
                    Ok(room) => drop(room.send(message(batch))),
                    Err(why) => unreachable!("a burst fits: {why:?}"),
                }
            }
            while let Some(message) = inbox.take() {
                inbox.release(work(message));
            }
        }
    })
}

fn channel_here(packets: u64, batch: u32) -> Took {
    let (sender, receiver) = crossbeam_channel::bounded((BOUND / batch) as usize);
    time(|| {
        for _ in 0..packets / u64::from(BURST) {
            for _ in 0..BURST / batch {
                sender.send(message(batch)).expect("the receiver lives");
            }
            while let Ok(message) = receiver.try_recv() {
                work(message);
            }
        }
    })
}

fn across(packets: u64, batch: u32) -> Took {
    let inboxes = inboxes();
    let inbox = &inboxes.each[0];
    time(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                inbox.seat();
                let mut patience = Patience::default();
                loop {
                    match inbox.next(&mut patience) {
                        Next::Message(message) => inbox.release(work(message)),
                        Next::Idle => {}
                        Next::Finished => return,
                    }
                }
            });
            let mut left = packets;
            while left > 0 {
                match inbox.claim(batch) {
                    Ok(room) => {
                        left -= u64::from(room.packets()).min(left);
                        let packets = room.packets();
                        drop(room.send(message(packets)));
                    }
                    Err(NoRoom::Full) => inboxes.wait_for_room(),
                    Err(NoRoom::Closed) => unreachable!("closed by this thread alone"),
                }
            }
            inboxes.close();
        });
    })
}

fn channel_across(packets: u64, batch: u32) -> Took {
    let (sender, receiver) = crossbeam_channel::bounded((BOUND / batch) as usize);
    time(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                receiver.iter().for_each(|message| {
                    work(message);
                })
            });
            for _ in 0..packets / u64::from(batch) {
                sender.send(message(batch)).expect("the receiver lives");
            }
            drop(sender);
        });
    })
}
