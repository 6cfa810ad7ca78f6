//! A vibration in m/s²: blocks of a shaft's lines and noise, with a bearing's knocking where
//! it is damaged. Signal time runs on from block to block, whatever the pace of the packets.

use std::f64::consts::TAU;

use super::between;
use super::impacts::Impacts;
use super::noise::{NoiseBank, STRETCH_MAX};
use super::shaft::{Line, Shaft};
use crate::bearing::Geometry;
use crate::packet::Block;
use crate::random::Random;

/// How high an impact is, in deviations of the noise and in amplitudes of the shaft's line: a
/// machine that shakes more strikes harder.
const IMPACT_OVER_NOISE: f64 = 12.0;
const IMPACT_OVER_SHAFT: f64 = 4.0;

/// One accelerometer on the housing of a 6205.
pub(super) struct Vibration {
    block_samples: usize,
    sample_rate_hz: f32,
    noise_m_s2: f32,
    shaft: Shaft,
    impacts: Option<Impacts>,
}

impl Vibration {
    /// A machine with a shaft at 24–30 turns a second, 0.4–16 mm/s RMS at that frequency (all
    /// four zones of ISO 10816-1 occur in a fleet), and weaker second and third harmonics.
    pub fn new(
        random: &mut Random,
        block_samples: usize,
        sample_rate_hz: f32,
        damaged: bool,
    ) -> Self {
        let rate_hz = f64::from(sample_rate_hz);
        let shaft_hz = between(random, 24.0, 30.0);
        // Evenly in the logarithm: 0.4 × 40^u mm/s.
        let velocity_mm_s = 0.4 * libm::exp(random.unit() * libm::log(40.0));
        let amplitude = velocity_mm_s * 1e-3 * std::f64::consts::SQRT_2 * TAU * shaft_hz;
        let mut line = |least, most| Line {
            amplitude: amplitude * between(random, least, most),
            phase: TAU * random.unit(),
        };
        let lines = [line(1.0, 1.0), line(0.2, 0.5), line(0.1, 0.3)];
        let shaft = Shaft::new(shaft_hz, rate_hz, lines);
        let noise_m_s2 = between(random, 0.2, 0.6);
        let impacts = damaged.then(|| {
            let outer_race_hz = Geometry::DEEP_GROOVE_6205.at(shaft.hz(rate_hz)).bpfo;
            let height = IMPACT_OVER_NOISE * noise_m_s2 + IMPACT_OVER_SHAFT * amplitude;
            Impacts::new(height, outer_race_hz, rate_hz, random)
        });
        let noise_m_s2 = noise_m_s2 as f32;
        Vibration { block_samples, sample_rate_hz, noise_m_s2, shaft, impacts }
    }

    /// The next block.
    pub fn next(&mut self, random: &mut Random, noise: &NoiseBank) -> Block {
        let mut samples = Vec::with_capacity(self.block_samples);
        while samples.len() < self.block_samples {
            let length = STRETCH_MAX.min(self.block_samples - samples.len());
            let noise = noise.stretch(random, length);
            self.shaft.append(noise, self.noise_m_s2, &mut samples);
        }
        if let Some(impacts) = &mut self.impacts {
            impacts.onto(&mut samples, random, noise);
        }
        Block { samples: samples.into(), sample_rate_hz: self.sample_rate_hz }
    }
}
