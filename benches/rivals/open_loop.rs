//! Packets at random times of their own, whether the workers keep up or not.
//!
//! Problem: a thread that sends as fast as it may send waits with the workers, and a delay is
//! then measured only where it does not hurt. Choice: a Poisson schedule, drawn from a seed,
//! the same for every side; each packet carries the time at which it *should* be sent, and its
//! wait counts from there, however late it was. Consequence: the bringing thread has to wait
//! for times a few microseconds away, closer than the system can wake it. It waits awake, and
//! yields at every look, so that a worker that needs the CPU gets it. What that costs is
//! measured and taken off: it is no side's own.

use std::time::Duration;

use edge_dispatch::clock::{Clock, thread_cpu_ns};
use edge_dispatch::random::Random;

use crate::packet::{Packet, Packets};
use crate::side::Run;

/// Closer than this the thread stays awake: a sleep ends some fifty microseconds late.
const AWAKE_WITHIN_NS: u64 = 100_000;

/// The seed's stream for arrivals; the work has its own.
const ARRIVALS: u64 = 1;

/// Sends all `packets` by the schedule of `run`; returns the CPU time spent waiting.
pub fn send_by_schedule(
    run: &Run,
    clock: &Clock,
    packets: &mut Packets,
    mut send: impl FnMut(Packet),
) -> u64 {
    let mut random = Random::stream(run.seed, ARRIVALS);
    let mut due_ns = clock.now_ns() as f64;
    let mut waiting = Waiting::new(clock.clone());
    while packets.left() > 0 {
        due_ns += random.exponential() * run.gap_ns;
        waiting.wait_until(due_ns as u64);
        send(packets.stamped(due_ns as u64));
    }
    waiting.cpu_ns
}

struct Waiting {
    clock: Clock,
    cpu_ns: u64,
    /// Of the two readings around a wait one half each lies outside it.
    reading_costs_ns: u64,
}

impl Waiting {
    fn new(clock: Clock) -> Self {
        let reading_costs_ns = (0..16).map(|_| {
            let before_ns = thread_cpu_ns();
            thread_cpu_ns() - before_ns
        });
        Waiting { clock, cpu_ns: 0, reading_costs_ns: reading_costs_ns.min().unwrap_or(0) }
    }

    fn wait_until(&mut self, due_ns: u64) {
        if self.clock.now_ns() >= due_ns {
            return;
        }
        let before_ns = thread_cpu_ns();
        loop {
            let left_ns = due_ns.saturating_sub(self.clock.now_ns());
            match left_ns {
                0 => break,
                1..AWAKE_WITHIN_NS => std::thread::yield_now(),
                _ => std::thread::park_timeout(Duration::from_nanos(left_ns - AWAKE_WITHIN_NS)),
            }
        }
        self.cpu_ns += thread_cpu_ns() - before_ns + self.reading_costs_ns;
    }
}
