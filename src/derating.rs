//! How much less is believed of a core that is near its thermal limit.
//!
//! A core that becomes too hot is throttled by the kernel or the firmware: its clock falls at
//! once, by a large step, with a queue in front of it. A core that is *believed* to be slower
//! before that gets fewer packets, cools down, and is not throttled. The belief is a factor on
//! its capacity:
//!
//! ```text
//! target(T) = 1                              T ≤ limit − BAND
//!             1 − (1 − FLOOR) · (T − limit + BAND) / BAND
//!             FLOOR                          T ≥ limit
//! ```
//!
//! It falls to the target at once and rises only once the temperature has fallen by
//! [`HYSTERESIS_C`] more, at most [`RISE_PER_S`] a second: a core that cools down in the moment in
//! which it is relieved shall not be given everything back in the next. Example, limit 80 °C:
//! at 77.5 °C the factor is 0.65, at 80 °C and above 0.3; from there, at 72 °C, it takes 7 s to 1.

/// How far below the limit the relief begins, in kelvin.
pub const BAND_C: f64 = 5.0;

/// How much cooler it must be before something is given back, in kelvin.
pub const HYSTERESIS_C: f64 = 2.0;

/// The least factor: a core is never given up, and its speed goes on being measured.
pub const FLOOR: f64 = 0.3;

/// How fast a factor rises, a second.
pub const RISE_PER_S: f64 = 0.1;

/// The limit that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ThermalLimit {
    /// What the machine says of itself, if anything; else none.
    #[default]
    Known,
    /// None: no core is relieved.
    Off,
    /// This many °C.
    Celsius(f64),
}

/// The factor of one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derating {
    factor: f64,
}

impl Default for Derating {
    fn default() -> Self {
        Derating { factor: 1.0 }
    }
}

impl Derating {
    /// The factor now, from [`FLOOR`] to 1.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Takes a reading into account, `elapsed_s` after the one before; returns the factor. A core
    /// whose temperature is not known, or no number, is given back slowly what it was relieved of.
    pub fn update(&mut self, temperature_c: Option<f64>, limit_c: f64, elapsed_s: f64) -> f64 {
        let temperature_c = temperature_c.filter(|c| !c.is_nan()).unwrap_or(f64::NEG_INFINITY);
        let elapsed_s = if elapsed_s.is_finite() { elapsed_s.max(0.0) } else { 0.0 };
        let now = target(temperature_c, limit_c);
        // Never above `now`, which makes the order of the two bounds the same for any reading.
        let after_cooling = target(temperature_c + HYSTERESIS_C, limit_c);
        let risen = (self.factor + RISE_PER_S * elapsed_s).min(after_cooling);
        self.factor = self.factor.max(risen).min(now);
        self.factor
    }
}

fn target(temperature_c: f64, limit_c: f64) -> f64 {
    let into_band = ((temperature_c - limit_c + BAND_C) / BAND_C).clamp(0.0, 1.0);
    if into_band.is_nan() { 1.0 } else { 1.0 - (1.0 - FLOOR) * into_band }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT_C: f64 = 80.0;

    fn after(readings: &[(f64, f64)]) -> Vec<f64> {
        let mut derating = Derating::default();
        readings.iter().map(|(c, s)| derating.update(Some(*c), LIMIT_C, *s)).collect()
    }

    #[test]
    fn the_example_of_the_head_holds() {
        let seen = after(&[(75.0, 1.0), (77.5, 1.0), (80.0, 1.0), (95.0, 1.0)]);
        let expected = [1.0, 0.65, 0.3, 0.3];
        assert!(seen.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{seen:?}");
        let mut derating = Derating { factor: FLOOR };
        let rising = (0..7).map(|_| derating.update(Some(72.0), LIMIT_C, 1.0)).collect::<Vec<_>>();
        assert!(rising[5] < 1.0 && rising[6] > 1.0 - 1e-9, "{rising:?}");
    }

    #[test]
    fn a_little_cooler_gives_nothing_back() {
        let seen = after(&[(78.0, 1.0), (77.0, 100.0), (76.5, 100.0), (75.0, 100.0)]);
        assert_eq!(seen[0], seen[1]);
        assert!(seen[2] == seen[0].max(target(78.5, LIMIT_C)) && seen[3] > seen[2], "{seen:?}");
    }

    #[test]
    fn a_sensor_that_is_gone_relieves_nobody_for_ever() {
        let mut derating = Derating::default();
        derating.update(Some(90.0), LIMIT_C, 1.0);
        for _ in 0..7 {
            derating.update(None, LIMIT_C, 1.0);
        }
        assert!((derating.factor() - 1.0).abs() < 1e-9);
    }

    fn trajectory() -> impl Strategy<Value = Vec<(f64, f64)>> {
        prop::collection::vec((20.0f64..120.0, 0.0f64..3.0), 1..60)
    }

    proptest! {
        #[test]
        fn any_trajectory_stays_within_the_bounds(
            readings in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY), 1..60)
        ) {
            let seen = after(&readings);
            prop_assert!(seen.iter().all(|factor| (FLOOR..=1.0).contains(factor)), "{seen:?}");
        }

        /// Hotter throughout is never believed to be faster, at any moment.
        #[test]
        fn a_hotter_core_is_never_believed_more_of(
            readings in trajectory(),
            hotter_c in prop::collection::vec(0.0f64..40.0, 60),
        ) {
            let hot: Vec<_> =
                readings.iter().zip(hotter_c).map(|((c, s), more)| (c + more, *s)).collect();
            let pairs = after(&readings).into_iter().zip(after(&hot));
            for (cool, hot) in pairs {
                prop_assert!(hot <= cool + 1e-12, "{hot} {cool}");
            }
        }

        /// At the limit it is at the floor whatever was before; cool for long enough it is whole.
        #[test]
        fn every_core_is_relieved_at_the_limit_and_recovers(readings in trajectory()) {
            let mut hot = readings.clone();
            hot.push((LIMIT_C, 0.25));
            prop_assert_eq!(after(&hot).last().copied(), Some(FLOOR));
            hot.extend([(LIMIT_C - BAND_C - HYSTERESIS_C, 0.25); 29]);
            let recovered = after(&hot).last().copied().unwrap_or(0.0);
            prop_assert!((recovered - 1.0).abs() < 1e-9, "{recovered}");
        }

        /// Readings within the hysteresis of each other make the factor go one way at most.
        #[test]
        fn noise_does_not_make_it_swing(
            around_c in 60.0f64..90.0,
            noise in prop::collection::vec(0.0f64..HYSTERESIS_C, 2..60),
        ) {
            let readings: Vec<_> = noise.iter().map(|noise| (around_c + noise, 0.25)).collect();
            let seen = after(&readings);
            prop_assert!(seen.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12), "{seen:?}");
        }
    }
}
