//! Bare rings, one for each worker, filled and emptied 32 packets at a time: near the limit of
//! what can be handed from one thread to others.
//!
//! A ring has one sender, knows nothing of load, and nobody is woken: both ends spin for a
//! moment, then yield, then look again every fifty microseconds.

use std::time::Duration;

use crossbeam_utils::Backoff;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::crew::{Crew, Hand};
use crate::packet::{BATCH, Packet, Packets};
use crate::side::{BOUND, Measured, Run, Shape, Side};

/// Between two looks of a thread that waits for long.
const LOOK_EVERY: Duration = Duration::from_micros(50);

/// See the head of this file.
pub struct Rings;

impl Side for Rings {
    fn name(&self) -> &'static str {
        "rtrb"
    }

    fn takes(&self, shape: Shape) -> bool {
        shape == Shape::Batch
    }

    fn run(&self, run: &Run) -> Measured {
        let crew = Crew::new(run);
        let timed = std::thread::scope(|scope| {
            let mut producers = Vec::new();
            for worker in 0..run.workers() {
                let (producer, consumer) = RingBuffer::new(BOUND);
                producers.push(producer);
                let crew = &crew;
                scope.spawn(move || serve(consumer, crew.pinned_hand(worker)));
            }
            // Takes the producers: when it returns, the workers end.
            crew.time(run, move |packets| bring(&mut producers, packets))
        });
        crew.measured(run, timed)
    }
}

/// Batches to the rings in turn, leaving out those that are full.
fn bring(producers: &mut [Producer<Packet>], packets: &mut Packets) {
    let mut turn = 0;
    let mut full = 0;
    let backoff = Backoff::new();
    while packets.left() > 0 {
        let count = BATCH.min(packets.left() as usize);
        match producers[turn].write_chunk_uninit(count) {
            Ok(chunk) => {
                chunk.fill_from_iter(packets.take(count));
                full = 0;
                backoff.reset();
            }
            Err(_) => full += 1,
        }
        turn = (turn + 1) % producers.len();
        if full == producers.len() {
            full = 0;
            wait(&backoff);
        }
    }
}

fn serve(mut consumer: Consumer<Packet>, mut hand: Hand) {
    let backoff = Backoff::new();
    loop {
        // Before the look: what was pushed before the end is seen after it.
        let ended = consumer.is_abandoned();
        let there = consumer.slots().min(BATCH);
        match consumer.read_chunk(there) {
            Ok(chunk) if there > 0 => {
                let (first, second) = chunk.as_slices();
                first.iter().chain(second).for_each(|packet| hand.work(&packet.payload));
                chunk.commit_all();
                backoff.reset();
            }
            _ if ended => return,
            _ => wait(&backoff),
        }
    }
}

fn wait(backoff: &Backoff) {
    if backoff.is_completed() {
        std::thread::park_timeout(LOOK_EVERY);
    } else {
        backoff.snooze();
    }
}
