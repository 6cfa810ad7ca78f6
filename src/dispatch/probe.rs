//! Which packets are measured.
//!
//! Reading the clock costs as much as moving a packet, so not every packet is stamped. While
//! packets come slowly all are measured; on a dense stream about every sixteenth single packet,
//! and one packet, at a random place, of each message of a batch. A measured packet stands for
//! those since the one before, so that means and percentiles are those of all packets. Where
//! every packet is recorded, or has a deadline, every packet is stamped.

use crate::clock::Clock;
use crate::inbox::Stamp;

/// Packets that come further apart than this are all measured: measuring is then less than half
/// a percent of the time between them.
const ALL_ABOVE_NS: u64 = 20_000;

/// On a dense stream of single packets every so many-th is measured.
const GAP: u32 = 16;

/// Packets that come closer than this together may share a reading of the loads: it is then less
/// than two microseconds old, and counts the packets since. After the last of a dense stream up to
/// three may still have that of before, however long they are in coming.
const SHARE_BELOW_NS: u64 = 500;

/// So many share one.
const SHARED: u32 = 4;

/// One dispatcher's decision.
#[derive(Debug)]
pub struct Probe {
    every: bool,
    gap: u32,
    since: u32,
    now_ns: u64,
    batches: u32,
    shares: bool,
}

impl Probe {
    /// Measures some packets; all of them if `every`.
    pub fn new(every: bool) -> Self {
        Probe { every, gap: 1, since: 0, now_ns: 0, batches: 0, shares: false }
    }

    /// Measures all packets from now on, or some.
    pub fn measure_every(&mut self, every: bool) {
        self.every = every;
        self.gap = 1;
    }

    /// The time as last read: for a single packet at most sixteen packets old.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// The stamp of the next packet, dispatched by itself.
    pub fn single(&mut self, clock: &Clock) -> Stamp {
        self.since += 1;
        if self.since < self.gap {
            return Stamp::default();
        }
        let now_ns = clock.now_ns();
        let elapsed_ns = now_ns.saturating_sub(self.now_ns);
        let dense = elapsed_ns < ALL_ABOVE_NS * u64::from(self.since);
        self.shares = elapsed_ns < SHARE_BELOW_NS * u64::from(self.since);
        let stamp = Stamp { enqueued_ns: now_ns, first: 0, count: 1, weight: self.since };
        self.gap = if dense && !self.every { GAP } else { 1 };
        (self.since, self.now_ns) = (0, now_ns);
        stamp
    }

    /// Whether the packet just stamped needs a new reading of the loads.
    pub fn wants_reading(&self) -> bool {
        !self.shares || self.since.is_multiple_of(SHARED)
    }

    /// Reads the clock for a batch of `packets`; true if they come slowly enough for all to be
    /// measured.
    pub fn batch(&mut self, clock: &Clock, packets: usize) -> bool {
        let now_ns = clock.now_ns();
        let dense = now_ns.saturating_sub(self.now_ns) < ALL_ABOVE_NS * packets as u64;
        self.now_ns = now_ns;
        self.every || !dense
    }

    /// The stamp of one message of that batch.
    pub fn message(&mut self, packets: u32, all: bool) -> Stamp {
        if all {
            return Stamp { enqueued_ns: self.now_ns, first: 0, count: packets, weight: 1 };
        }
        // Places all over the message in turn (a Weyl sequence): the first waits least.
        self.batches = self.batches.wrapping_add(0x9E37_79B9);
        let first = ((u64::from(self.batches) * u64::from(packets)) >> 32) as u32;
        Stamp { enqueued_ns: self.now_ns, first, count: 1, weight: packets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights of a dense and of a slow stream of single packets.
    fn weights(gap_ns: u64, packets: u32, every: bool) -> Vec<u32> {
        let clock = Clock::manual();
        let mut probe = Probe::new(every);
        let stamps = (0..packets).map(|_| {
            clock.advance(gap_ns);
            probe.single(&clock)
        });
        stamps.filter(|stamp| stamp.count > 0).map(|stamp| stamp.weight).collect()
    }

    #[test]
    fn the_weights_are_the_packets() {
        for (gap_ns, measured) in [(100, 65), (100_000, 1_000)] {
            let weights = weights(gap_ns, 1_000, false);
            assert!(weights.len().abs_diff(measured) < 4, "{}", weights.len());
            assert!(1_000 - weights.iter().sum::<u32>() < GAP);
        }
        assert_eq!(weights(100, 1_000, true), [1; 1_000]);
    }

    #[test]
    fn only_a_very_dense_stream_shares_readings() {
        for (gap_ns, readings) in [(100, 25), (5_000, 100)] {
            let clock = Clock::manual();
            let mut probe = Probe::new(false);
            let wanted = (0..100).filter(|_| {
                clock.advance(gap_ns);
                probe.single(&clock);
                probe.wants_reading()
            });
            let wanted = wanted.count();
            assert!(wanted.abs_diff(readings) <= 2, "{wanted} at {gap_ns} ns");
        }
    }

    #[test]
    fn every_place_of_a_message_has_its_turn() {
        let clock = Clock::manual();
        let mut probe = Probe::new(false);
        let mut seen = [0; 7];
        for _ in 0..700 {
            assert!(!probe.batch(&clock, 7));
            let stamp = probe.message(7, false);
            assert_eq!((stamp.count, stamp.weight), (1, 7));
            seen[stamp.first as usize] += 1;
        }
        assert!(seen.iter().all(|count| (90..=110).contains(count)), "{seen:?}");
        assert_eq!(probe.message(7, true).weight, 1);
    }
}
