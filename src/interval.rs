//! How sure a mean is: 95 % intervals from independent samples.

use serde::{Deserialize, Serialize};

/// A mean with the half-width of its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The mean of the samples.
    pub mean: f64,
    /// Half of the width of the interval; 0 for fewer than two samples, which tell nothing of it.
    pub ci95: f64,
}

impl Interval {
    /// Of independent samples, by Student's distribution: `t · s / √n`.
    ///
    /// Example: 1, 2, 3 have mean 2, deviation 1 and 4.303 · 1 / √3 = 2.484.
    pub fn of(samples: &[f64]) -> Interval {
        let n = samples.len() as f64;
        if samples.is_empty() {
            return Interval::default();
        }
        let mean = samples.iter().sum::<f64>() / n;
        if samples.len() < 2 {
            return Interval { mean, ci95: 0.0 };
        }
        let squares: f64 = samples.iter().map(|sample| (sample - mean) * (sample - mean)).sum();
        let deviation = libm::sqrt(squares / (n - 1.0));
        Interval { mean, ci95: student_95(samples.len() - 1) * deviation / libm::sqrt(n) }
    }

    /// Of the differences of samples that belong together in pairs, first less second. The extra
    /// samples of the longer list are left out.
    pub fn of_differences(first: &[f64], second: &[f64]) -> Interval {
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        Interval::of(&differences)
    }

    /// Whether it leaves open on which side of 0 the truth is. With fewer than two samples it
    /// always does.
    pub fn has_zero(&self) -> bool {
        self.ci95 == 0.0 || self.mean.abs() <= self.ci95
    }
}

/// The 97.5 % point of Student's distribution: from a table up to 30 degrees of freedom, by Cornish
/// and Fisher's expansion above (Abramowitz and Stegun 26.7.5; right to 1e-4 there).
pub fn student_95(degrees: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    const NORMAL: f64 = 1.959_963_985;
    match degrees {
        0 => f64::INFINITY,
        1..=30 => TABLE[degrees - 1],
        _ => {
            let (z, n) = (NORMAL, degrees as f64);
            let z3 = z * z * z;
            let z5 = z3 * z * z;
            z + (z3 + z) / (4.0 * n) + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_worked_example_holds() {
        let interval = Interval::of(&[1.0, 2.0, 3.0]);
        assert_eq!(interval.mean, 2.0);
        assert!((interval.ci95 - 2.4843).abs() < 1e-3, "{interval:?}");
        assert_eq!(Interval::of(&[7.0]), Interval { mean: 7.0, ci95: 0.0 });
        assert!(Interval::of(&[7.0]).has_zero());
        assert!((student_95(60) - 2.0003).abs() < 1e-3);
    }

    /// 95 of 100 intervals hold the truth.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let mut random = Random::new(21);
        let held = |n: usize, random: &mut Random| {
            let samples: Vec<f64> = (0..n).map(|_| random.normal()).collect();
            Interval::of(&samples).has_zero()
        };
        for n in [3, 10, 40] {
            let hits = (0..4_000).filter(|_| held(n, &mut random)).count();
            // Binomial with deviation 13.8; five of them.
            assert!(hits.abs_diff(3_800) < 69, "n = {n}: {hits}");
        }
    }
}
