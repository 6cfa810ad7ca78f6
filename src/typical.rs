//! What a success typically costs, by kind: shared by all workers, a coarse moving average.
//!
//! It tells failures that were quicker than any success from those that were not, so a factor
//! matters and a quarter does not: steps of less than 1/64 are not taken, and successes within a
//! quarter of the figure do not move it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::packet::Kind;

/// Moving averages of the service times of successes.
#[derive(Debug, Default)]
pub struct Typical([AtomicU64; Kind::ALL.len()]);

impl Typical {
    /// Takes one success into account, with a weight of 1/16.
    ///
    /// Workers may overwrite each other's step; a lost one in a moving average is noise, and
    /// an exchange a packet would be a shared cache line a packet.
    pub fn learn(&self, kind: Kind, service_ns: u64) {
        let cell = &self.0[kind.index()];
        // Relaxed: the figure is all there is.
        let before = cell.load(Ordering::Relaxed);
        let after = if before == 0 { service_ns } else { before - before / 16 + service_ns / 16 };
        // Most steps move it by little: a store only when it moved by more than 1/64 keeps
        // the line shared.
        if before.abs_diff(after) > before / 64 {
            cell.store(after, Ordering::Relaxed);
        }
    }

    /// The typical service time of `kind`; the longest of the other kinds while there was no
    /// success of this one, 0 while there was none at all.
    pub fn get_ns(&self, kind: Kind) -> u64 {
        let own = self.0[kind.index()].load(Ordering::Relaxed);
        let any = || self.0.iter().map(|cell| cell.load(Ordering::Relaxed)).max();
        if own > 0 { own } else { any().unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_service_times_and_lends_them_to_kinds_without() {
        let typical = Typical::default();
        assert_eq!(typical.get_ns(Kind::Load), 0);
        for _ in 0..200 {
            typical.learn(Kind::Vibration, 8_000);
        }
        assert_eq!(typical.get_ns(Kind::Load), 8_000);
        for _ in 0..200 {
            typical.learn(Kind::Vibration, 16_000);
        }
        assert!((12_000..=16_000).contains(&typical.get_ns(Kind::Vibration)));
    }
}
