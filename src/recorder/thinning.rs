//! Which packets get a row, so that a bounded file covers a run of any length.
//!
//! The run is told in stretches k = 0, 1, 2, … Stretch k writes every 2^k-th packet and may
//! use `limit / ((k + 1) (k + 2))` bytes; when they are used up the next begins. The shares
//! add up to the limit (1/2 + 1/6 + 1/12 + … = 1), so there is always something left, and
//! each stretch covers more packets than the one before: k doubles what a row stands for
//! while its share shrinks only with k².
//!
//! A row's weight counts itself and the packets since the row before.

/// Kept back for the closing rows.
const CLOSING_BYTES: u64 = 4096;

/// Past this a row stands for 2^40 packets: enough for any run.
const STRETCH_MAX: u32 = 40;

/// Whether a packet gets a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does, if it fits.
    Write,
    /// It is in the weight of the next row.
    Carry,
}

/// The state of the thinning.
#[derive(Debug)]
pub struct Thinning {
    limit_bytes: u64,
    stretch: u32,
    used_bytes: u64,
    since_stride: u64,
    pending: u64,
}

impl Thinning {
    /// A file of at most `limit_bytes`, of which the header took `header_bytes`.
    pub fn new(limit_bytes: u64, header_bytes: u64) -> Self {
        let limit_bytes = limit_bytes.saturating_sub(CLOSING_BYTES + header_bytes);
        Thinning { limit_bytes, stretch: 0, used_bytes: 0, since_stride: 0, pending: 0 }
    }

    /// Counts packets, of which the last is at hand.
    pub fn count(&mut self, packets: u64) -> Verdict {
        self.pending += packets;
        self.since_stride += packets;
        if self.since_stride >= 1 << self.stretch { Verdict::Write } else { Verdict::Carry }
    }

    /// Counts packets of which none is at hand: they go into the weight of the next row.
    pub fn carry(&mut self, packets: u64) {
        self.pending += packets;
    }

    /// Packets since the last row.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// Whether a row of `bytes` fits into the stretch. If not, the next stretch begins, and
    /// the packet is carried into it.
    pub fn admit(&mut self, bytes: u64) -> bool {
        let stretch = u64::from(self.stretch);
        let share = self.limit_bytes / ((stretch + 1) * (stretch + 2));
        if self.used_bytes + bytes > share {
            self.stretch = (self.stretch + 1).min(STRETCH_MAX);
            self.used_bytes = if self.stretch == STRETCH_MAX { u64::MAX / 2 } else { 0 };
            return false;
        }
        self.used_bytes += bytes;
        self.since_stride = 0;
        self.pending = 0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the limit and the length of the run: the limit holds, the weights add up,
        /// and the last row comes late enough to speak for the end.
        #[test]
        fn the_limit_holds_and_the_weights_add_up(
            limit in 1_048_576u64..4_000_000,
            packets in 0u64..2_000_000,
            row in 40u64..300,
        ) {
            let mut thinning = Thinning::new(limit, 100);
            let (mut bytes, mut weights, mut last) = (100, 0, 0);
            for packet in 1..=packets {
                if thinning.count(1) == Verdict::Write {
                    let weight = thinning.pending();
                    if thinning.admit(row) {
                        (bytes, weights, last) = (bytes + row, weights + weight, packet);
                    }
                }
            }
            prop_assert!(bytes + 200 <= limit);
            prop_assert_eq!(weights + thinning.pending(), packets);
            prop_assert!(packets < 100 || last * 3 >= packets, "last row at {last} of {packets}");
        }
    }

    #[test]
    fn a_short_run_is_recorded_packet_by_packet() {
        let mut thinning = Thinning::new(1 << 20, 100);
        for _ in 0..1000 {
            assert_eq!((thinning.count(1), thinning.pending()), (Verdict::Write, 1));
            assert!(thinning.admit(100));
        }
    }
}
