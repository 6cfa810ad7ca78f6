//! The packet that every side carries, and the work that is done on it.
//!
//! Work is counted in *iterations* of a chain of steps that each need the one before, never by
//! the clock: time for which a worker is preempted is then not work. How long an iteration
//! takes is measured once, at the start.

use std::hint::black_box;

use edge_dispatch::clock::{Clock, thread_cpu_ns};
use edge_dispatch::job::{Job, Key};
use edge_dispatch::packet::Kind;
use edge_dispatch::random::Random;

/// Value, iterations of work, stamp (0: not measured), room, a value at the far end.
pub type Payload = [u64; 5];

/// 64 bytes for everybody: the engine's key, kind and sequence travel with the rivals too.
pub type Packet = Job<Payload>;
const _: () = assert!(size_of::<Packet>() == 64);

/// Packets in a batch.
pub const BATCH: usize = 32;

/// Sensors that the packets come from, in turn.
const KEYS: u64 = 64;

/// Of the packets of a closed loop, every so many carries a stamp: reading the clock for each
/// would be most of what is measured.
const STAMP_EVERY: u64 = 64;

/// Odd constants that make the two values of a packet of its number.
const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
const LAST: u64 = 0xD1B5_4A32_D192_ED03;

/// What is done with a packet besides adding its values up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    None,
    /// A microsecond of work.
    Micro,
    /// Exponentially distributed work of ten microseconds in the mean.
    TenMicros,
    /// Ten microseconds of work, of which the last worker does three times as much: a core
    /// that is three times slower.
    Unequal,
}

impl Work {
    /// All of them, in the order of the table.
    pub const ALL: [Work; 4] = [Work::None, Work::Micro, Work::TenMicros, Work::Unequal];

    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Work::None => "none",
            Work::Micro => "1us",
            Work::TenMicros => "10us",
            Work::Unequal => "unequal",
        }
    }

    /// How many times the work of a packet the worker does.
    pub fn slowness(self, is_last_worker: bool) -> u64 {
        if self == Work::Unequal && is_last_worker { 3 } else { 1 }
    }
}

/// How fast this machine works.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// CPU time of an iteration.
    pub iteration_ns: f64,
}

impl Speed {
    /// Tries it; the least time counts, since nothing makes a processor too fast.
    pub fn measure() -> Self {
        const ITERATIONS: u64 = 1_000_000;
        let once = |seed| {
            let before_ns = thread_cpu_ns();
            black_box(grind(black_box(seed), ITERATIONS));
            thread_cpu_ns() - before_ns
        };
        let least_ns = (1..=20).map(once).min().unwrap_or(ITERATIONS);
        Speed { iteration_ns: least_ns as f64 / ITERATIONS as f64 }
    }

    fn iterations(self, work_ns: f64) -> f64 {
        work_ns / self.iteration_ns
    }
}

/// The chain. Not inlined, so that the same instructions run on every side.
#[inline(never)]
pub fn grind(mut value: u64, iterations: u64) -> u64 {
    for _ in 0..iterations {
        value = (value ^ (value >> 29)).wrapping_mul(FIRST);
    }
    value
}

/// What all packets below `number` add up to.
pub fn checksum_below(number: u64) -> u64 {
    let numbers = u128::from(number) * u128::from(number.saturating_sub(1)) / 2;
    FIRST.wrapping_add(LAST).wrapping_mul(numbers as u64)
}

/// What one packet adds to the checksum: both ends of it, so that all of it has to arrive.
pub fn values(payload: &Payload) -> u64 {
    payload[0].wrapping_add(payload[4])
}

/// Makes packets, numbered from 0.
pub struct Packets {
    number: u64,
    end: u64,
    cost: Cost,
    stamping: Option<Clock>,
}

enum Cost {
    Fixed(u64),
    Exponential { mean: f64, random: Random },
}

impl Packets {
    /// `count` packets for `work`; `stamping` is the clock of those that are measured.
    pub fn new(count: u64, work: Work, speed: Speed, seed: u64, stamping: Option<Clock>) -> Self {
        let cost = match work {
            Work::None => Cost::Fixed(0),
            Work::Micro => Cost::Fixed(speed.iterations(1e3) as u64),
            Work::Unequal => Cost::Fixed(speed.iterations(1e4) as u64),
            Work::TenMicros => {
                Cost::Exponential { mean: speed.iterations(1e4), random: Random::new(seed) }
            }
        };
        Packets { number: 0, end: count, cost, stamping }
    }

    /// Goes on with these numbers.
    pub fn go_to(&mut self, numbers: std::ops::Range<u64>) {
        (self.number, self.end) = (numbers.start, numbers.end);
    }

    /// How many are still to come.
    pub fn left(&self) -> u64 {
        self.end - self.number
    }

    /// The next packet, with this stamp.
    pub fn stamped(&mut self, stamp_ns: u64) -> Packet {
        let number = self.number;
        self.number += 1;
        let iterations = match &mut self.cost {
            Cost::Fixed(iterations) => *iterations,
            Cost::Exponential { mean, random } => (random.exponential() * *mean) as u64,
        };
        let (first, last) = (number.wrapping_mul(FIRST), number.wrapping_mul(LAST));
        let payload = [first, iterations, stamp_ns, 0, last];
        Job { key: Key(number % KEYS), kind: Kind::Other, sequence: number / KEYS, payload }
    }

    /// Whether the next packet's wait is to be measured, and by which clock.
    fn stamp_ns(&self) -> u64 {
        match &self.stamping {
            Some(clock) if self.number.is_multiple_of(STAMP_EVERY) => clock.now_ns().max(1),
            _ => 0,
        }
    }
}

impl Iterator for Packets {
    type Item = Packet;

    fn next(&mut self) -> Option<Packet> {
        if self.number == self.end {
            return None;
        }
        let stamp_ns = self.stamp_ns();
        Some(self.stamped(stamp_ns))
    }
}
