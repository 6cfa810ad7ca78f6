//! A damaged bearing: short rings, repeated as often as a ball passes the pit.
//!
//! Every impact rings the housing at its resonance and dies away within a few milliseconds.
//! The ring is computed once; making a block only adds it at each impact. Balls slip a
//! little, so the gaps between impacts scatter by 1 %, as on real machines (R. B. Randall and
//! J. Antoni, "Rolling element bearing diagnostics", MSSP 25, 2011).

use std::f64::consts::TAU;

use super::noise::NoiseBank;
use crate::random::Random;

/// The housing's resonance, and how fast a ring dies away.
const RESONANCE_HZ: f64 = 3_200.0;
const DECAY_S: f64 = 0.8e-3;

/// A ring is cut off after so many decay times, at 0.1 % of its height.
const RING_DECAYS: f64 = 7.0;

/// Deviation of a gap and of an impact's height, relative to their means.
const SLIP: f64 = 0.01;
const HEIGHT_SCATTER: f64 = 0.1;

/// The impacts of one pit, running on from block to block.
pub(super) struct Impacts {
    ring: Box<[f32]>,
    /// What rings on from the last block into the next.
    tail: Box<[f32]>,
    gap_samples: f64,
    /// Where the next impact is, in samples from the start of the next block.
    next: f64,
}

impl Impacts {
    /// Impacts `rate_hz` times a second, `height` (in the samples' unit) high.
    pub fn new(height: f64, rate_hz: f64, sample_rate_hz: f64, random: &mut Random) -> Self {
        let resonance_hz = RESONANCE_HZ.min(sample_rate_hz / 4.0);
        let length = libm::ceil(RING_DECAYS * DECAY_S * sample_rate_hz) as u32;
        let ring = (0..length).map(|i| {
            let seconds = f64::from(i) / sample_rate_hz;
            let decayed = height * libm::exp(-seconds / DECAY_S);
            (decayed * libm::cos(TAU * resonance_hz * seconds)) as f32
        });
        let gap_samples = sample_rate_hz / rate_hz;
        Impacts {
            ring: ring.collect(),
            tail: vec![0.0; length as usize].into(),
            gap_samples,
            next: random.unit() * gap_samples,
        }
    }

    /// Adds the impacts of the next block to `samples`.
    pub fn onto(&mut self, samples: &mut [f32], random: &mut Random, noise: &NoiseBank) {
        self.ring_on(samples);
        while self.next < samples.len() as f64 {
            let height = (1.0 + HEIGHT_SCATTER * noise.one(random)) as f32;
            self.strike(samples, self.next as usize, height);
            let gap = self.gap_samples * (1.0 + SLIP * noise.one(random));
            // At least a sample, or a slow sampler would not see the end of it.
            self.next += gap.max(1.0);
        }
        self.next -= samples.len() as f64;
    }

    /// Adds what rings on from before, and keeps what outlasts this block.
    fn ring_on(&mut self, samples: &mut [f32]) {
        add(samples, &self.tail, 1.0);
        let used = samples.len().min(self.tail.len());
        self.tail.copy_within(used.., 0);
        let left = self.tail.len() - used;
        self.tail[left..].fill(0.0);
    }

    fn strike(&mut self, samples: &mut [f32], at: usize, height: f32) {
        let within = self.ring.len().min(samples.len() - at);
        let (now, later) = self.ring.split_at(within);
        add(&mut samples[at..], now, height);
        add(&mut self.tail, later, height);
    }
}

fn add(to: &mut [f32], from: &[f32], scale: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn impacts(rate_hz: f64) -> Impacts {
        Impacts::new(5.0, rate_hz, 12_800.0, &mut Random::new(1))
    }

    fn signal(lengths: &[usize]) -> Vec<f32> {
        let (mut impacts, mut random) = (impacts(90.0), Random::new(2));
        let noise = NoiseBank::new(Random::new(3));
        let mut signal = Vec::new();
        for length in lengths {
            let start = signal.len();
            signal.resize(start + length, 0.0);
            impacts.onto(&mut signal[start..], &mut random, &noise);
        }
        signal
    }

    proptest! {
        /// A ring that is cut by the end of a block goes on in the next, however short.
        #[test]
        fn blocks_of_any_length_join_without_a_seam(
            lengths in prop::collection::vec(prop_oneof![0usize..30, 0usize..3_000], 1..12),
        ) {
            let whole = signal(&[lengths.iter().sum()]);
            let parts = signal(&lengths);
            for (at, (whole, part)) in whole.iter().zip(&parts).enumerate() {
                prop_assert!((whole - part).abs() < 1e-5, "sample {at}: {whole} {part}");
            }
        }
    }

    #[test]
    fn impacts_come_as_often_as_asked() {
        let (mut impacts, mut random) = (impacts(90.0), Random::new(2));
        let noise = NoiseBank::new(Random::new(3));
        let mut samples = vec![0.0; 12_800 * 50];
        impacts.onto(&mut samples, &mut random, &noise);
        // A strike is what follows eight quiet samples.
        let is_quiet = |samples: &[f32]| samples.iter().all(|sample| sample.abs() < 0.05);
        let struck = samples.windows(9).filter(|x| is_quiet(&x[..8]) && x[8] > 3.0).count();
        // The deviation of 4,500 gaps of 1 % is 0.7 impacts.
        assert!(struck.abs_diff(4_500) <= 5, "{struck}");
    }

    #[test]
    fn even_absurd_rates_come_to_an_end() {
        let noise = NoiseBank::new(Random::new(3));
        let mut impacts = Impacts::new(1.0, 1e9, 100.0, &mut Random::new(1));
        let mut samples = vec![0.0; 1_000];
        impacts.onto(&mut samples, &mut Random::new(2), &noise);
        assert!(samples.iter().all(|sample| sample.is_finite()));
    }
}
