//! The workers of one run: what each of them did, how far they are, and when all is done.
//!
//! A worker adds up for itself and hands its tally in at its end; what others see of it while
//! it works is one count on a cache line of its own. From these counts the bringing thread
//! learns that the last packet is done, the same way on every side, and none pays for a
//! counter that all workers share.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use crossbeam_utils::CachePadded;
use edge_dispatch::clock::{Clock, process_cpu_ns};
use edge_dispatch::ids::CpuId;
use edge_dispatch::process::{Failure, Process, WorkerInfo};
use edge_dispatch::stats::Latency;
use edge_dispatch::topology::pin;

use crate::open_loop;
use crate::packet::{Packet, Packets, Payload, Work, checksum_below, grind, values};
use crate::side::{Measured, Run, Shape};

/// How long the end is waited for before packets count as lost.
const LOST_AFTER_NS: u64 = 20_000_000_000;

/// Between two looks at how far the workers are: 0.1 % of a run.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Everything the workers of one run share. Clones are the same crew.
#[derive(Clone)]
pub struct Crew {
    cpus: Arc<[CpuId]>,
    work: Work,
    clock: Clock,
    done: Arc<[CachePadded<AtomicU64>]>,
    hands: Arc<AtomicUsize>,
    tallies: (Sender<Tally>, Receiver<Tally>),
}

/// What one worker did.
#[derive(Default)]
struct Tally {
    packets: u64,
    checksum: u64,
    iterations: u64,
    waits: Latency,
}

/// A run's times, from the first push to the last packet done.
pub struct Timed {
    /// By the clock.
    pub wall_ns: u64,
    /// Of the whole process, without what the bringing thread spent waiting for the time to
    /// send.
    pub cpu_ns: u64,
}

impl Crew {
    /// A worker on every CPU.
    pub fn new(run: &Run) -> Self {
        Crew {
            cpus: run.cpus.clone(),
            work: run.work,
            clock: Clock::start(),
            done: run.cpus.iter().map(|_| CachePadded::default()).collect(),
            hands: Arc::default(),
            tallies: crossbeam_channel::unbounded(),
        }
    }

    /// The hand of a worker whose thread is pinned already.
    pub fn hand(&self, worker: usize) -> Hand {
        self.hands.fetch_add(1, Ordering::Relaxed);
        Hand {
            crew: self.clone(),
            worker,
            slowness: self.work.slowness(worker + 1 == self.cpus.len()),
            tally: Tally::default(),
        }
    }

    /// Pins the calling thread to the CPU of `worker`, as the engine does, and gives it its hand.
    pub fn pinned_hand(&self, worker: usize) -> Hand {
        pin(self.cpus[worker]);
        self.hand(worker)
    }

    /// Sends the packets of `run` one at a time, in a closed loop or by the schedule.
    pub fn send_singly(&self, run: &Run, mut send: impl FnMut(Packet)) -> Timed {
        match run.shape {
            Shape::Open { .. } => {
                let mut idle_ns = 0;
                let timed = self.time(run, |packets| {
                    idle_ns = open_loop::send_by_schedule(run, &self.clock, packets, send);
                });
                Timed { cpu_ns: timed.cpu_ns.saturating_sub(idle_ns), ..timed }
            }
            Shape::Single | Shape::Batch => self.time(run, |packets| packets.for_each(&mut send)),
        }
    }

    /// Times from the first push to the last packet done; `push` brings all packets.
    pub fn time(&self, run: &Run, push: impl FnOnce(&mut Packets)) -> Timed {
        let stamping = (run.work != Work::None).then(|| self.clock.clone());
        let mut packets = Packets::new(run.packets, run.work, run.speed, run.seed, stamping);
        let (started_ns, cpu_ns) = (self.clock.now_ns(), process_cpu_ns());
        push(&mut packets);
        self.wait_until_done(run.packets);
        let wall_ns = self.clock.now_ns() - started_ns;
        Timed { wall_ns, cpu_ns: process_cpu_ns() - cpu_ns }
    }

    fn wait_until_done(&self, packets: u64) {
        let deadline_ns = self.clock.now_ns() + LOST_AFTER_NS;
        while self.done() < packets && self.clock.now_ns() < deadline_ns {
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    fn done(&self) -> u64 {
        // Acquire: what is done comes before the clock is read for the end.
        self.done.iter().map(|done| done.load(Ordering::Acquire)).sum()
    }

    /// Collects the tallies once the workers have ended, or are told to, and checks them.
    ///
    /// # Panics
    /// If as many packets were worked on as were sent, but not the same ones.
    pub fn measured(&self, run: &Run, timed: Timed) -> Measured {
        let mut all = Tally::default();
        for _ in 0..self.hands.load(Ordering::Relaxed) {
            let tally = self.tallies.1.recv_timeout(Duration::from_nanos(LOST_AFTER_NS));
            all.add(tally.expect("a worker hands in what it did when it ends"));
        }
        let lost = run.packets as i64 - all.packets as i64;
        if lost == 0 {
            assert_eq!(all.checksum, checksum_below(run.packets), "other packets than were sent");
        }
        Measured {
            packets: run.packets,
            wall_ns: timed.wall_ns,
            cpu_ns: timed.cpu_ns,
            work_ns: all.iterations as f64 * run.speed.iteration_ns,
            waits: (all.waits.samples() > 0).then(|| all.waits.summary()),
            lost,
        }
    }
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.packets += other.packets;
        self.checksum = self.checksum.wrapping_add(other.checksum);
        self.iterations += other.iterations;
        self.waits.add(&other.waits);
    }
}

/// What a worker works with. Dropped, it hands in what was done.
pub struct Hand {
    crew: Crew,
    worker: usize,
    slowness: u64,
    tally: Tally,
}

impl Hand {
    /// Works on one packet.
    pub fn work(&mut self, payload: &Payload) {
        let [first, iterations, stamp_ns, ..] = *payload;
        if stamp_ns != 0 {
            let wait_ns = self.crew.clock.now_ns().saturating_sub(stamp_ns);
            self.tally.waits.record(wait_ns, 1);
        }
        if iterations > 0 {
            let iterations = iterations * self.slowness;
            black_box(grind(first, iterations));
            self.tally.iterations += iterations;
        }
        self.tally.checksum = self.tally.checksum.wrapping_add(values(payload));
        self.tally.packets += 1;
        // Release: pairs with the look in `Crew::done`.
        self.crew.done[self.worker].store(self.tally.packets, Ordering::Release);
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        // Nobody listens any more when the run has failed already.
        let _ = self.crew.tallies.0.send(std::mem::take(&mut self.tally));
    }
}

impl Process<Payload> for Hand {
    type Out = ();
    type State = ();

    fn work(&mut self, payload: &Payload, _: &WorkerInfo) -> Result<(), Failure> {
        Hand::work(self, payload);
        Ok(())
    }
}
