//! What a sensor usually reads: moving mean and deviation, rate of change, anomaly score.
//!
//! Problem: limits say what is too much for every sensor of a kind; what is odd for this one,
//! only its own past can say. Choice: exponentially weighted mean and variance, two numbers
//! a sensor. With `d = x − mean` and the weight `a` of a new value,
//!
//! ```text
//! mean ← mean + a d          variance ← (1 − a) (variance + a d²)
//! ```
//!
//! (D. H. D. West, *Updating mean and variance estimates: an improved method*, CACM 22(9),
//! 1979; T. Finch, *Incremental calculation of weighted mean and variance*, 2009.) The n-th
//! value weighs `a = 1/n` until n reaches [`MEMORY`], so that up to there the two are the
//! plain mean and (population) deviation; from then on `a = 1/64`, and half of a value is
//! forgotten after 44 more. Worked: 2 and 4 make the mean 3 and the deviation 1.
//!
//! Consequence: what lasts becomes usual. A step is odd for some ten values and a ramp has a
//! score of about 1. Limits: no daily or weekly rhythm is known. Tried and left: cutting
//! values off at 6 deviations before they enter. One outlier then spoils less, but after a
//! step of a still signal the mean is wrong for a hundred values.

/// The values that the mean is about, in number.
const MEMORY: u32 = 64;

/// The values before the first score. The value after 8 of normal noise scores above 6 once in
/// nine hundred times, the one after 16 once in twenty thousand (Student's distribution).
const SCORED_FROM: u32 = 16;

/// The least deviation that counts, as a part of the mean: the resolution of common sensors.
/// A still signal that moves by less than six of these is not odd.
const DEVIATION_MIN_OF_MEAN: f64 = 1e-3;

/// Values beyond this are taken for not finite: their squares would be.
const VALUE_MAX: f64 = 1e150;

/// The highest score; what is odder than this is not told apart.
pub const SCORE_MAX: f64 = 1_000.0;

/// A value beside the past of its sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendReport {
    /// The moving mean before this value, in its unit; of the first value, the value.
    pub mean: f64,
    /// The moving standard deviation before this value, in its unit, 0 or more.
    pub deviation: f64,
    /// The change since the value before, in units per second by the senders' stamps; 0 for
    /// the first, and unchanged where a stamp is not later than the one before. A value
    /// without a stamp has its change per packet, whatever time went by.
    pub rate: f64,
    /// How many deviations the value lies from the mean: 0 to [`SCORE_MAX`]; 0 for the first
    /// 16 values of a sensor.
    pub score: f64,
}

/// The past of one sensor's values, in constant size.
#[derive(Clone, Debug, Default)]
pub struct Trend {
    values: u32,
    mean: f64,
    variance: f64,
    last: f64,
    stamped_unix_ns: Option<i64>,
    rate: f64,
}

impl Trend {
    /// Reports on `value` and remembers it. A deviation below `deviation_min` (in the unit of
    /// the value), or below a thousandth of the mean, counts as that in the score.
    ///
    /// `None` for a value that is infinite, not a number or beyond 1e150; nothing of it is
    /// remembered.
    pub fn take(
        &mut self,
        value: f64,
        stamped_unix_ns: Option<i64>,
        deviation_min: f64,
    ) -> Option<TrendReport> {
        // A NaN is not within anything.
        if !(-VALUE_MAX..=VALUE_MAX).contains(&value) {
            return None;
        }
        if self.values == 0 {
            (self.mean, self.last) = (value, value);
        }
        self.rate = self.rate_to(value, stamped_unix_ns);
        let deviation = self.variance.sqrt();
        let score = self.score(value, deviation.max(deviation_min));
        let report = TrendReport { mean: self.mean, deviation, rate: self.rate, score };
        self.remember(value);
        (self.last, self.stamped_unix_ns) = (value, stamped_unix_ns);
        Some(report)
    }

    fn rate_to(&self, value: f64, stamped_unix_ns: Option<i64>) -> f64 {
        let change = value - self.last;
        match (self.stamped_unix_ns, stamped_unix_ns) {
            (_, None) => change,
            (None, Some(_)) => 0.0,
            (Some(before), Some(now)) if now > before => {
                change / (now.saturating_sub(before) as f64 / 1e9)
            }
            (Some(_), Some(_)) => self.rate,
        }
    }

    fn score(&self, value: f64, deviation: f64) -> f64 {
        let distance = (value - self.mean).abs();
        if self.values < SCORED_FROM || distance == 0.0 {
            return 0.0;
        }
        let deviation = deviation.max(DEVIATION_MIN_OF_MEAN * self.mean.abs());
        // A still signal at 0 divides by 0: the most there is.
        (distance / deviation).min(SCORE_MAX)
    }

    fn remember(&mut self, value: f64) {
        self.values = (self.values + 1).min(MEMORY);
        let weight = 1.0 / f64::from(self.values);
        let distance = value - self.mean;
        let step = weight * distance;
        self.mean += step;
        self.variance = (1.0 - weight) * (self.variance + distance * step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;

    fn any_odd() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(f64::MAX),
            Just(-1.1e150),
        ]
    }

    fn is_sane(report: &TrendReport) -> bool {
        let TrendReport { mean, deviation, rate, score } = *report;
        mean.is_finite()
            && (0.0..f64::MAX).contains(&deviation)
            && rate.is_finite()
            && (0.0..=SCORE_MAX).contains(&score)
    }

    proptest! {
        #[test]
        fn up_to_the_memory_mean_and_deviation_are_the_plain_ones(
            offset in -1e6f64..1e6,
            values in prop::collection::vec(-100.0f64..100.0, 2..=MEMORY as usize + 1),
        ) {
            let values: Vec<f64> = values.into_iter().map(|value| value + offset).collect();
            let mut trend = Trend::default();
            for (at, value) in values.iter().enumerate() {
                let report = trend.take(*value, None, 0.0).unwrap();
                let before = &values[..at.max(1)];
                let n = before.len() as f64;
                let mean = before.iter().sum::<f64>() / n;
                let squares: f64 = before.iter().map(|x| (x - mean) * (x - mean)).sum();
                prop_assert!((report.mean - mean).abs() < 1e-8, "{at}: {report:?}");
                prop_assert!((report.deviation - (squares / n).sqrt()).abs() < 1e-6, "{at}");
                let score = (value - mean).abs() / report.deviation.max(1e-3 * mean.abs());
                let expected = if at < 16 || *value == mean { 0.0 } else { score.min(SCORE_MAX) };
                prop_assert!((report.score - expected).abs() <= 1e-4 * expected + 1e-3, "{at}");
            }
        }

        /// Beyond the memory each value weighs 63/64 of the one after it.
        #[test]
        fn beyond_the_memory_the_past_fades(
            values in prop::collection::vec(-100.0f64..100.0, 65..400),
        ) {
            let mut trend = Trend::default();
            let reports: Vec<TrendReport> =
                values.iter().map(|value| trend.take(*value, None, 0.0).unwrap()).collect();
            let fade = 63.0 / 64.0;
            let plain = &values[..64];
            let mut mean = plain.iter().sum::<f64>() / 64.0;
            let mut square = plain.iter().map(|x| x * x).sum::<f64>() / 64.0;
            for (value, report) in values[64..].iter().zip(&reports[64..]) {
                prop_assert!((report.mean - mean).abs() < 1e-9);
                prop_assert!((report.deviation.powi(2) - (square - mean * mean)).abs() < 1e-6);
                mean = fade * mean + value / 64.0;
                square = fade * square + value * value / 64.0;
            }
        }

        #[test]
        fn a_constant_signal_has_no_deviation_and_no_score(
            value in prop_oneof![Just(0.0), -1e150f64..1e150, -1.0f64..1.0],
            n in 1usize..300,
        ) {
            let mut trend = Trend::default();
            for _ in 0..n {
                let report = trend.take(value, None, 0.0).unwrap();
                prop_assert_eq!((report.mean, report.deviation), (value, 0.0));
                prop_assert_eq!((report.rate, report.score), (0.0, 0.0));
            }
            // And then anything else is odd, but not infinitely.
            prop_assert!(is_sane(&trend.take(value / 2.0 + 1.0, None, 0.0).unwrap()));
        }

        /// What is odd in itself leaves no trace, wherever it comes.
        #[test]
        fn what_is_not_finite_is_not_remembered(
            values in prop::collection::vec(prop_oneof![-1e150f64..1e150, -9.0f64..9.0], 1..100),
            odd in any_odd(),
            at in 0usize..100,
            stamp in any::<i64>(),
        ) {
            let (mut plain, mut mixed) = (Trend::default(), Trend::default());
            for (i, value) in values.into_iter().enumerate() {
                if i == at {
                    prop_assert_eq!(mixed.take(odd, Some(stamp), 0.0), None);
                }
                let report = plain.take(value, None, 0.0);
                prop_assert_eq!(mixed.take(value, None, 0.0), report);
                prop_assert!(report.as_ref().is_some_and(is_sane), "{report:?}");
            }
        }

        /// Whatever the stamps and the values, every figure stays finite.
        #[test]
        fn no_value_and_no_stamp_is_too_odd(
            packets in prop::collection::vec(
                (any::<f64>(), prop::option::of(prop_oneof![any::<i64>(), 0i64..9])), 0..200,
            ),
        ) {
            let mut trend = Trend::default();
            for (value, stamp) in packets {
                let report = trend.take(value, stamp, 0.0);
                prop_assert!(report.as_ref().is_none_or(is_sane), "{report:?}");
            }
        }
    }

    #[test]
    fn a_rate_is_per_second_by_the_stamps_and_per_packet_without() {
        let mut trend = Trend::default();
        let mut rate = |value, stamp| trend.take(value, stamp, 0.0).unwrap().rate;
        assert_eq!(rate(10.0, Some(1_000_000_000)), 0.0);
        assert_eq!(rate(13.0, Some(3_000_000_000)), 1.5);
        assert_eq!(rate(14.0, Some(3_000_000_000)), 1.5, "a stamp that stands still");
        assert_eq!(rate(12.0, Some(2_000_000_000)), 1.5, "a stamp that goes back");
        assert_eq!(rate(10.0, Some(2_500_000_000)), -4.0);
        assert_eq!(rate(7.0, None), -3.0);
        assert_eq!(rate(9.0, Some(9_000_000_000)), 0.0, "no stamp to count from");
    }

    #[test]
    fn noise_scores_as_its_deviations() {
        let mut random = Random::new(11);
        let mut trend = Trend::default();
        for _ in 0..2_000 {
            let value = 20.0 + 0.5 * random.normal();
            let report = trend.take(value, None, 0.0).unwrap();
            assert!(report.score < 6.0, "{report:?}");
        }
        let report = trend.take(25.0, None, 0.0).unwrap();
        assert!((report.mean - 20.0).abs() < 0.25 && (report.deviation - 0.5).abs() < 0.2);
        assert!((report.score - 10.0).abs() < 4.0, "{report:?}");
    }

    #[test]
    fn a_still_signal_that_moves_by_its_resolution_is_not_odd() {
        let scores = |level: f64, to: f64, deviation_min| {
            let mut trend = Trend::default();
            (0..50).for_each(|_| _ = trend.take(level, None, deviation_min));
            trend.take(to, None, deviation_min).unwrap().score
        };
        assert!(scores(1_000.0, 1_005.0, 0.0) < 6.0);
        assert!(scores(1_000.0, 1_007.0, 0.0) > 6.0);
        assert!(scores(5.0, 5.1, 0.1) < 6.0);
        assert_eq!(scores(0.0, 1e-9, 0.0), SCORE_MAX);
    }
}
