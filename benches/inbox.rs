//! What does the inbox protocol cost beside the bare channel that it runs on?
//!
//! `cargo bench --bench inbox`: claim, send, take and release, packet by packet and in batches
//! of 32 (released one by one, as a worker does), first in one thread (128 packets in, 128
//! out), then from one thread to another. The limit is a bounded crossbeam channel with the
//! same parcels in it, in the same round: what it cannot do (count packets instead of
//! messages, tell what still runs, close for good) is what the difference pays for.
//!
//! What this cannot show: several dispatchers at one inbox, the delay of one packet through an
//! idle worker (the threads here are mostly awake), and, on fewer than two free CPUs, anything
//! across threads but the scheduler.

mod rounds;

use std::hint::black_box;
use std::sync::Arc;

use edge_dispatch::ids::WorkerId;
use edge_dispatch::inbox::{Inboxes, Message, Next, NoRoom, Parcel};
use edge_dispatch::job::Job;
use edge_dispatch::loads::LoadBoard;
use edge_dispatch::record::Assignment;
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

fn parcel() -> Parcel<u64> {
    let assignment =
        Assignment { chosen: WorkerId(0), in_flight: 0, foreign_load: 0.0, enqueued_ns: 0 };
    Parcel { job: Job::new(1, 2), assignment }
}

fn message(packets: u32) -> Message<u64> {
    match packets {
        1 => Message::One(parcel()),
        _ => Message::Many((0..packets).map(|_| parcel()).collect()),
    }
}

fn inboxes() -> Arc<Inboxes<u64>> {
    Arc::new(Inboxes::new(&Arc::new(LoadBoard::new([1.0])), BOUND))
}

fn work(message: Message<u64>, mut after_each: impl FnMut()) {
    message.for_each(|parcel| {
        black_box(parcel);
        after_each();
    });
}

fn here(packets: u64, batch: u32) -> Took {
    let inboxes = inboxes();
    let inbox = &inboxes.each[0];
    time(|| {
        for _ in 0..packets / u64::from(BURST) {
            for _ in 0..BURST / batch {
                match inbox.claim(batch) {
                    Ok(room) => room.send(message(batch)),
                    Err(why) => unreachable!("a burst fits: {why:?}"),
                }
            }
            while let Some(message) = inbox.take() {
                work(message, || inbox.release(1));
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
                work(message, || ());
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
                let mut tries = 0;
                loop {
                    match inbox.next(&mut tries) {
                        Next::Message(message) => work(message, || inbox.release(1)),
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
                        room.send(message(packets));
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
            scope.spawn(|| receiver.iter().for_each(|message| work(message, || ())));
            for _ in 0..packets / u64::from(batch) {
                sender.send(message(batch)).expect("the receiver lives");
            }
            drop(sender);
        });
    })
}
