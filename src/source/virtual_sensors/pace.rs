//! The pace of a fleet: what is asked of it, and by how much it fell short.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A handle on the pace of a running fleet; clones are one pace.
///
/// Whoever runs the source sets it, the sources follow within [`crate::source::PATIENCE_MS`].
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rate_bits: AtomicU64,
    behind: AtomicU64,
}

impl Pace {
    /// A pace of `rate_packets_per_s` for the whole fleet; at 0 ([`Pace::default`]) it stands
    /// still.
    pub fn new(rate_packets_per_s: f64) -> Self {
        let pace = Pace::default();
        pace.set_rate(rate_packets_per_s);
        pace
    }

    /// Packets per second of the whole fleet.
    pub fn rate_packets_per_s(&self) -> f64 {
        // Relaxed here and below: each number stands for itself, nothing is published
        // through it.
        f64::from_bits(self.0.rate_bits.load(Ordering::Relaxed))
    }

    /// Changes the rate. Anything but a positive finite number halts the fleet.
    pub fn set_rate(&self, packets_per_s: f64) {
        let valid = packets_per_s.is_finite() && packets_per_s > 0.0;
        let rate = if valid { packets_per_s } else { 0.0 };
        self.0.rate_bits.store(rate.to_bits(), Ordering::Relaxed);
    }

    /// Packets that were asked for and never made, because the sources were more than 100 ms
    /// behind; 0 where the pace was kept.
    pub fn behind(&self) -> u64 {
        self.0.behind.load(Ordering::Relaxed)
    }

    pub(super) fn fell_behind(&self, packets: u64) {
        self.0.behind.fetch_add(packets, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_one_pace() {
        let pace = Pace::new(10.0);
        pace.clone().set_rate(20.0);
        pace.clone().fell_behind(3);
        assert_eq!((pace.rate_packets_per_s(), pace.behind()), (20.0, 3));
    }

    #[test]
    fn what_is_no_rate_halts() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Pace::new(rate).rate_packets_per_s(), 0.0);
        }
    }
}
