//! The steady lines of a turning shaft: its own frequency and two harmonics.
//!
//! A sine per sample and line would cost several times the whole analysis. An oscillator that
//! advances eight samples at a time by the recurrence y[n+8] = 2 cos(8ω) y[n] - y[n-8] still
//! cost 1 µs a block of 1,024, half of what the analysis takes. So a shaft's speed is chosen
//! such that a turn takes a whole number of samples; one turn is computed when the sensor is
//! made, and a block reads it round and round: a load and an addition a sample. The price is
//! 2 KiB a sensor at 12.8 kHz, and speeds in steps of about 0.2 %.

use std::f64::consts::TAU;

/// Lines: one, two and three times the shaft's frequency.
pub(super) const LINES: usize = 3;

/// A sine wave of a shaft.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub amplitude: f64,
    /// In radians, when the shaft's angle is 0.
    pub phase: f64,
}

/// A turning shaft, running on from block to block.
pub(super) struct Shaft {
    turn: Box<[f32]>,
    /// The next sample's place in the turn.
    at: usize,
}

impl Shaft {
    /// A shaft at about `shaft_hz`; line k has k + 1 times its frequency.
    pub fn new(shaft_hz: f64, sample_rate_hz: f64, lines: [Line; LINES]) -> Self {
        let samples = libm::round(sample_rate_hz / shaft_hz).max(1.0) as u32;
        let sample = |at: u32| {
            let angle = TAU * f64::from(at) / f64::from(samples);
            let multiples = lines.iter().zip([1.0, 2.0, 3.0]);
            let sines =
                multiples.map(|(line, k)| line.amplitude * libm::sin(k * angle + line.phase));
            sines.sum::<f64>() as f32
        };
        Shaft { turn: (0..samples).map(sample).collect(), at: 0 }
    }

    /// Turns a second, exactly.
    pub fn hz(&self, sample_rate_hz: f64) -> f64 {
        sample_rate_hz / self.turn.len() as f64
    }

    /// Appends `noise × scale + lines` to `samples`. Continues where the last call ended.
    pub fn append(&mut self, mut noise: &[f32], scale: f32, samples: &mut Vec<f32>) {
        while !noise.is_empty() {
            let turn = &self.turn[self.at..];
            let (now, later) = noise.split_at(turn.len().min(noise.len()));
            samples.extend(now.iter().zip(turn).map(|(noise, lines)| noise * scale + lines));
            self.at = (self.at + now.len()) % self.turn.len();
            noise = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the lengths of the blocks, the lines are the sines they should be, and
        /// run on from block to block.
        #[test]
        fn lines_are_sines_that_run_on(
            shaft_hz in 20.0f64..2_000.0,
            lengths in prop::collection::vec(prop_oneof![0usize..40, 1_000usize..1_050], 1..6),
        ) {
            let lines = [(2.0, 0.3), (0.7, 1.1), (0.4, 5.0)];
            let lines = lines.map(|(amplitude, phase)| Line { amplitude, phase });
            let mut shaft = Shaft::new(shaft_hz, 12_800.0, lines);
            let mut samples = Vec::new();
            for length in lengths {
                shaft.append(&vec![1.0; length], 0.5, &mut samples);
            }
            let exact_hz = shaft.hz(12_800.0);
            for (at, sample) in samples.into_iter().enumerate() {
                let angle = TAU * exact_hz * at as f64 / 12_800.0;
                let sine = |k: f64, line: Line| line.amplitude * libm::sin(line.phase + k * angle);
                let exact = 0.5 + sine(1.0, lines[0]) + sine(2.0, lines[1]) + sine(3.0, lines[2]);
                prop_assert!((f64::from(sample) - exact).abs() < 1e-5, "sample {at}");
            }
        }
    }

    #[test]
    fn the_speed_is_nearly_the_one_asked_for() {
        for shaft_hz in [24.0, 25.37, 29.9] {
            let line = Line { amplitude: 1.0, phase: 0.0 };
            let hz = Shaft::new(shaft_hz, 12_800.0, [line; LINES]).hz(12_800.0);
            assert!((hz / shaft_hz - 1.0).abs() < 0.0013, "{hz} for {shaft_hz}");
        }
    }
}
