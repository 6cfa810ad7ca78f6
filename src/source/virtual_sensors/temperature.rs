//! A temperature in °C: a slow swing, a little noise, rarely a step.

use std::f64::consts::TAU;

use super::between;
use super::noise::NoiseBank;
use crate::random::Random;

/// A step comes once in so many readings, on average.
const READINGS_PER_STEP: u32 = 2_000;

/// One thermometer on a machine's housing.
pub(super) struct Temperature {
    base_c: f64,
    swing_c: f64,
    /// Where in its swing it is, in turns, and how far a reading takes it.
    turns: f64,
    turns_per_reading: f64,
    /// What the last step added, and what is felt of it so far.
    step_c: f64,
    felt_c: f64,
}

impl Temperature {
    /// A thermometer around 35–70 °C that swings by 1–5 °C once in 300–900 readings.
    pub fn new(random: &mut Random) -> Self {
        Temperature {
            base_c: between(random, 35.0, 70.0),
            swing_c: between(random, 1.0, 5.0),
            turns: random.unit(),
            turns_per_reading: 1.0 / between(random, 300.0, 900.0),
            step_c: 0.0,
            felt_c: 0.0,
        }
    }

    /// The next reading. A step moves it to a new level, up to 20 °C off the base; the
    /// housing follows within some 20 readings.
    pub fn next(&mut self, random: &mut Random, noise: &NoiseBank) -> f64 {
        if random.below(READINGS_PER_STEP) == 0 {
            self.step_c = between(random, -10.0, 20.0);
        }
        self.felt_c += 0.1 * (self.step_c - self.felt_c);
        self.turns = (self.turns + self.turns_per_reading).fract();
        let swing_c = self.swing_c * libm::sin(TAU * self.turns);
        self.base_c + swing_c + self.felt_c + 0.1 * noise.one(random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_where_housings_are_and_moves_slowly() {
        let noise = NoiseBank::new(Random::new(1));
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let mut sensor = Temperature::new(&mut random);
            let readings: Vec<f64> =
                (0..20_000).map(|_| sensor.next(&mut random, &noise)).collect();
            assert!(readings.iter().all(|c| (15.0..100.0).contains(c)), "seed {seed}");
            let jump = readings.windows(2).map(|pair| (pair[1] - pair[0]).abs());
            assert!(jump.fold(0.0, f64::max) < 5.0, "seed {seed}");
        }
    }
}
