//! Random numbers that are the same on a Pi and on a server.
//!
//! One named generator (xoshiro256++), integers drawn as `u32`/`u64` and never `usize`, and
//! logarithms from `libm`: a seed then gives the same bytes on every machine and with every
//! version of the `rand` crate, whose own small generators may change.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// One stream of random numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Stream number `stream` of `seed`: streams of one seed are independent of each other,
    /// so a sensor draws the same numbers whichever thread serves it.
    pub fn stream(seed: u64, stream: u64) -> Self {
        // The odd constant (2^64 / golden ratio) keeps neighbouring streams apart before
        // `seed_from_u64` scrambles the sum with SplitMix64.
        Random::new(seed.rotate_left(32) ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number in `0..bound`, each equally likely.
    ///
    /// Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019):
    /// a multiplication instead of a division, and a rejection that makes it exact.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "there is no number below 0");
        let mut product = u64::from(self.bits() as u32) * u64::from(bound);
        if (product as u32) < bound {
            let reject_below = bound.wrapping_neg() % bound;
            while (product as u32) < reject_below {
                product = u64::from(self.bits() as u32) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// A number in `0.0..1.0`, with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// An exponentially distributed number of mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// A normally distributed number of mean 0 and deviation 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }
}

/// A seed from the system, for a run that was given none.
pub fn fresh_seed() -> u64 {
    // 53 bits, so that the seed survives JSON readers that know only doubles.
    rand::random::<u64>() >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    /// xoshiro256++ seeded through SplitMix64 with 0, as its authors' reference code gives it.
    #[test]
    fn the_stream_is_the_named_generators() {
        let mut random = Random::new(0);
        assert_eq!(random.bits(), 0x53175d61490b23df);
        assert_eq!(random.bits(), 0x61da6f3dc380d507);
    }

    #[test]
    fn below_is_even() {
        let mut random = Random::new(1);
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[random.below(6) as usize] += 1;
        }
        // Each count is binomial with deviation 91; five of them.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 457), "{counts:?}");
    }

    #[test]
    fn moments_are_right() {
        let mut random = Random::new(2);
        let n = 100_000;
        let exponential: f64 = (0..n).map(|_| random.exponential()).sum::<f64>() / n as f64;
        let square: f64 = (0..n).map(|_| random.normal().powi(2)).sum::<f64>() / n as f64;
        assert!((exponential - 1.0).abs() < 0.016, "{exponential}");
        assert!((square - 1.0).abs() < 0.023, "{square}");
    }

    #[test]
    fn streams_of_a_seed_differ_and_repeat() {
        let first = |seed, stream| Random::stream(seed, stream).bits();
        assert_eq!(first(7, 3), first(7, 3));
        assert_ne!(first(7, 3), first(7, 4));
        assert_ne!(first(7, 3), first(8, 3));
    }
}
