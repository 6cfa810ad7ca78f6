//! The ceiling: every worker makes its packets itself and works on them. Nothing is handed
//! over, nothing waits, and no thread only brings.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use edge_dispatch::clock::{Clock, process_cpu_ns};

use crate::crew::{Crew, Hand, Timed};
use crate::packet::{BATCH, Packets, Work};
use crate::side::{Measured, Run, Shape, Side};

/// See the head of this file.
pub struct Inline;

impl Side for Inline {
    fn name(&self) -> &'static str {
        "inline"
    }

    fn takes(&self, shape: Shape) -> bool {
        shape.load().is_none()
    }

    fn run(&self, run: &Run) -> Measured {
        let crew = Crew::new(run);
        let next = AtomicU64::new(0);
        let (clock, cpu_ns) = (Clock::start(), process_cpu_ns());
        std::thread::scope(|scope| {
            for worker in 0..run.workers() {
                let (crew, next) = (&crew, &next);
                scope.spawn(move || serve(run, worker, crew.pinned_hand(worker), next));
            }
        });
        let timed = Timed { wall_ns: clock.now_ns(), cpu_ns: process_cpu_ns() - cpu_ns };
        crew.measured(run, timed)
    }
}

/// Takes the next stretch of numbers until there are no more, so that a slow worker gets few.
fn serve(run: &Run, worker: usize, mut hand: Hand, next: &AtomicU64) {
    let seed = run.seed.wrapping_add(worker as u64);
    let mut packets = Packets::new(0, run.work, run.speed, seed, None);
    let stretch = stretch(run.work);
    loop {
        // Relaxed: the number is all there is to it.
        let start = next.fetch_add(stretch, Ordering::Relaxed);
        if start >= run.packets {
            return;
        }
        packets.go_to(start..run.packets.min(start + stretch));
        match run.shape {
            Shape::Batch => in_batches(&mut packets, &mut hand),
            Shape::Single | Shape::Open { .. } => singly(&mut packets, &mut hand),
        }
    }
}

/// Without work, long enough that the shared number costs nothing; with work, short enough
/// that all workers end together.
fn stretch(work: Work) -> u64 {
    if work == Work::None { 8192 } else { BATCH as u64 }
}

/// Each packet has to be made in memory, as it would be to be handed over.
fn singly(packets: &mut Packets, hand: &mut Hand) {
    for packet in packets {
        hand.work(&black_box(&packet).payload);
    }
}

fn in_batches(packets: &mut Packets, hand: &mut Hand) {
    let mut batch = Vec::with_capacity(BATCH);
    while packets.left() > 0 {
        batch.extend(packets.take(BATCH));
        black_box(&batch).iter().for_each(|packet| hand.work(&packet.payload));
        batch.clear();
    }
}
