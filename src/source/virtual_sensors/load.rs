//! A load in percent: mostly low, with bursts.

use super::between;
use super::noise::NoiseBank;
use crate::random::Random;

/// A burst begins with one reading in 50 and ends with one in 12, so a fifth of all readings
/// lie in one.
const READINGS_TO_BURST: u32 = 50;
const READINGS_IN_BURST: u32 = 12;

/// How busy something is.
pub(super) struct Load {
    idle_percent: f64,
    busy_percent: f64,
    bursting: bool,
    level_percent: f64,
}

impl Load {
    /// Something that idles at 5–25 % and is busy at 70–98 %.
    pub fn new(random: &mut Random) -> Self {
        let idle_percent = between(random, 5.0, 25.0);
        Load {
            idle_percent,
            busy_percent: between(random, 70.0, 98.0),
            bursting: false,
            level_percent: idle_percent,
        }
    }

    /// The next reading, within 0–100.
    pub fn next(&mut self, random: &mut Random, noise: &NoiseBank) -> f64 {
        let lasts = if self.bursting { READINGS_IN_BURST } else { READINGS_TO_BURST };
        if random.below(lasts) == 0 {
            self.bursting = !self.bursting;
        }
        let target = if self.bursting { self.busy_percent } else { self.idle_percent };
        self.level_percent += 0.4 * (target - self.level_percent);
        (self.level_percent + 2.0 * noise.one(random)).clamp(0.0, 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_percentage_with_bursts() {
        let noise = NoiseBank::new(Random::new(1));
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let mut sensor = Load::new(&mut random);
            let readings: Vec<f64> =
                (0..20_000).map(|_| sensor.next(&mut random, &noise)).collect();
            assert!(readings.iter().all(|percent| (0.0..=100.0).contains(percent)));
            let high = readings.iter().filter(|percent| **percent > 50.0).count();
            assert!((2_000..6_000).contains(&high), "seed {seed}: {high}");
        }
    }
}
