//! A bank of Gaussian noise, drawn once and read at random places.
//!
//! A normally distributed number costs a logarithm, a root and a cosine: some 50 ns, ten
//! times what the analysis spends on a sample. So 16,384 of them are drawn once for the whole
//! fleet (64 KiB: it stays in a core's second-level cache), and a block takes a stretch of
//! them from a random place. Two stretches overlap now and then; nothing downstream compares
//! the noise of two blocks.

use crate::random::Random;

/// Numbers in the bank.
const BANK: usize = 1 << 14;

/// The longest stretch that is read at a time.
pub(super) const STRETCH_MAX: usize = 1_024;

/// Numbers of mean 0 and deviation 1.
pub(super) struct NoiseBank(Box<[f32]>);

impl NoiseBank {
    /// A bank drawn from `random`.
    pub fn new(mut random: Random) -> Self {
        NoiseBank((0..BANK).map(|_| random.normal() as f32).collect())
    }

    /// `length` numbers, at most [`STRETCH_MAX`], from a place that `random` says.
    pub fn stretch(&self, random: &mut Random, length: usize) -> &[f32] {
        let at = random.below((BANK - STRETCH_MAX + 1) as u32) as usize;
        &self.0[at..at + length]
    }

    /// One number, from a place that `random` says.
    pub fn one(&self, random: &mut Random) -> f64 {
        f64::from(self.0[random.below(BANK as u32) as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bank_is_gaussian() {
        let bank = NoiseBank::new(Random::new(3)).0;
        let moment =
            |power| bank.iter().map(|x| f64::from(*x).powi(power)).sum::<f64>() / bank.len() as f64;
        // Deviations: 1, √2, √96 over the root of 16,384; four of each.
        assert!(moment(1).abs() < 0.032);
        assert!((moment(2) - 1.0).abs() < 0.045);
        assert!((moment(4) - 3.0).abs() < 0.31);
    }

    #[test]
    fn any_place_may_be_read() {
        let bank = NoiseBank::new(Random::new(3));
        let mut random = Random::new(4);
        for length in (0..=STRETCH_MAX).rev() {
            assert_eq!(bank.stretch(&mut random, length).len(), length);
        }
    }
}
