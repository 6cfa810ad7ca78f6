//! Running totals of constant size: latencies, and quantities over time.
//!
//! Everything that pictures and summaries show comes from here, never from kept rows, so
//! that an hour-long run costs no more memory than a short one.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest time told apart, one hour; longer ones count as this.
const LATENCY_MAX_NS: u64 = 3_600_000_000_000;

/// A distribution of times, each kept within one part in a hundred.
#[derive(Clone, Debug)]
pub struct Latency {
    histogram: Histogram<u64>,
    sum_ns: u128,
    max_ns: u64,
    samples: u64,
}

impl Default for Latency {
    fn default() -> Self {
        let histogram = match Histogram::new(2) {
            Ok(histogram) => histogram,
            Err(error) => unreachable!("two significant digits are allowed: {error}"),
        };
        Latency { histogram, sum_ns: 0, max_ns: 0, samples: 0 }
    }
}

/// The figures of a [`Latency`] that tables and files show, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LatencySummary {
    /// Half of the samples are at most this.
    pub p50: u64,
    /// 90 % of the samples are at most this.
    pub p90: u64,
    /// 99 % of the samples are at most this.
    pub p99: u64,
    /// 99.9 % of the samples are at most this.
    pub p999: u64,
    /// The largest sample.
    pub max: u64,
    /// The mean of the samples, each with the number of packets that it stands for.
    pub mean: f64,
    /// How many packets were measured. Where that is fewer than all, the others are stood for by
    /// their neighbours, and `max` is that of the samples.
    pub samples: u64,
}

impl Latency {
    /// Adds a sample of `time_ns` that stands for `weight` packets.
    pub fn record(&mut self, time_ns: u64, weight: u64) {
        // Resizes itself up to the clamp, so nothing can be refused.
        let _ = self.histogram.record_n(time_ns.clamp(1, LATENCY_MAX_NS), weight);
        self.sum_ns += u128::from(time_ns) * u128::from(weight);
        self.max_ns = self.max_ns.max(time_ns);
        self.samples += 1;
    }

    /// Adds all samples of `other`.
    pub fn add(&mut self, other: &Latency) {
        // Resizes itself; both have the same precision, so nothing can be refused.
        let _ = self.histogram.add(&other.histogram);
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
        self.samples += other.samples;
    }

    /// The `quantile` (0 to 1) of what came since `earlier`, an older copy of this same
    /// distribution; `None` when nothing came.
    pub fn quantile_since(&self, earlier: &Latency, quantile: f64) -> Option<u64> {
        let mut recent = self.histogram.clone();
        recent.subtract(&earlier.histogram).ok()?;
        (!recent.is_empty()).then(|| recent.value_at_quantile(quantile))
    }

    /// The `quantile` (0 to 1); `None` when there is nothing.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        (self.weight() > 0).then(|| self.histogram.value_at_quantile(quantile).min(self.max_ns))
    }

    /// How many packets took longer than `time_ns`, to within one part in a hundred of it.
    pub fn above(&self, time_ns: u64) -> u64 {
        let buckets = self.histogram.iter_recorded();
        let above = buckets.filter(|bucket| bucket.value_iterated_to() > time_ns);
        above.map(|bucket| bucket.count_at_value()).sum()
    }

    /// The sum of the squares of all times, each times its weight, in ns²; to within one part in
    /// fifty.
    pub fn squares(&self) -> f64 {
        let square = |bucket: f64, count: u64| bucket * bucket * count as f64;
        let buckets = self.histogram.iter_recorded();
        buckets.map(|each| square(each.value_iterated_to() as f64, each.count_at_value())).sum()
    }

    /// How many packets were measured.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// How many packets the samples stand for.
    pub fn weight(&self) -> u64 {
        self.histogram.len()
    }

    /// The sum of all samples, each times its weight.
    pub fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// The figures for tables and files.
    pub fn summary(&self) -> LatencySummary {
        let weight = self.weight();
        if weight == 0 {
            return LatencySummary::default();
        }
        // A bucket reports its upper edge, which may lie above the largest sample in it.
        let at = |quantile| self.histogram.value_at_quantile(quantile).min(self.max_ns);
        LatencySummary {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: self.max_ns,
            mean: self.sum_ns as f64 / weight as f64,
            samples: self.samples,
        }
    }

    /// The distribution as `[upper edge in ns, samples]`, four bars a factor of ten, empty
    /// ones left out: what a picture draws.
    pub fn bars(&self) -> Vec<(u64, u64)> {
        let step = 10f64.powf(0.25);
        let mut bars = Vec::new();
        for bucket in self.histogram.iter_log(10, step) {
            if bucket.count_since_last_iteration() > 0 {
                bars.push((bucket.value_iterated_to(), bucket.count_since_last_iteration()));
            }
        }
        bars
    }
}

/// Whether what is seen in equal slices of a run went on growing: every slice of the last quarter is
/// above every one of the second, and by a third on average. What grows evenly is 2.3 times as
/// large there; what has settled is as large, however much it swings.
pub fn grows(slices: &[f64]) -> bool {
    let quarter = slices.len() / 4;
    let (second, last) = (&slices[quarter..2 * quarter], &slices[3 * quarter..]);
    let most_before = second.iter().copied().fold(0.0, f64::max);
    let least_after = last.iter().copied().fold(f64::INFINITY, f64::min);
    let mean = |slices: &[f64]| slices.iter().sum::<f64>() / slices.len().max(1) as f64;
    least_after > most_before && mean(last) > mean(second) * 4.0 / 3.0
}

/// The most steps a [`Timeline`] has.
pub const TIMELINE_STEPS_MAX: usize = 240;

/// Averages of some quantity over equal steps of time, for several rows at once.
///
/// When the steps are used up, neighbours are merged and the step is doubled: the whole run
/// is always covered, by between 120 and 240 steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The length of a step in seconds.
    pub step_s: f64,
    /// A row for each quantity, a value for each step, oldest first.
    pub rows: Vec<Vec<f32>>,
    #[serde(skip)]
    partial: Partial,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Partial {
    sums: Vec<f64>,
    covered_s: f64,
}

impl Timeline {
    /// An empty timeline of `rows` quantities with steps of `step_s` seconds.
    pub fn new(rows: usize, step_s: f64) -> Self {
        let partial = Partial { sums: vec![0.0; rows], covered_s: 0.0 };
        Timeline { step_s, rows: vec![Vec::new(); rows], partial }
    }

    /// Adds `for_s` seconds during which row `i` had the mean value `values[i]`: to as many steps
    /// as they cover. A length that is no positive number is no time.
    pub fn add(&mut self, values: &[f32], for_s: f64) {
        let mut left_s = if for_s.is_finite() { for_s } else { 0.0 };
        while left_s > 0.0 {
            let part_s = left_s.min(self.step_s - self.partial.covered_s);
            for (sum, value) in self.partial.sums.iter_mut().zip(values) {
                *sum += f64::from(*value) * part_s;
            }
            self.partial.covered_s += part_s;
            left_s -= part_s;
            // All but a rounding error: the next step would begin with nothing.
            if self.partial.covered_s >= self.step_s * (1.0 - 1e-9) {
                self.close_step();
            }
        }
    }

    /// The number of steps that are complete.
    pub fn steps(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    fn close_step(&mut self) {
        for (row, sum) in self.rows.iter_mut().zip(&mut self.partial.sums) {
            row.push((*sum / self.partial.covered_s) as f32);
            *sum = 0.0;
        }
        self.partial.covered_s = 0.0;
        if self.steps() >= TIMELINE_STEPS_MAX {
            self.step_s *= 2.0;
            for row in &mut self.rows {
                *row = row
                    .chunks(2)
                    .map(|pair| pair.iter().sum::<f32>() / pair.len() as f32)
                    .collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_mean_are_those_of_the_samples() {
        let mut latency = Latency::default();
        (1..=1000).for_each(|time_ns| latency.record(time_ns * 1000, 1));
        let summary = latency.summary();
        let near = |value: u64, expected: f64| (value as f64 / expected - 1.0).abs() < 0.01;
        assert!(near(summary.p50, 500e3) && near(summary.p90, 900e3) && near(summary.p99, 990e3));
        assert_eq!((summary.max, summary.mean, summary.samples), (1_000_000, 500_500.0, 1000));
    }

    #[test]
    fn what_grows_is_told_from_what_swings() {
        let slices = |of: fn(f64) -> f64| (0..100).map(|at| of(f64::from(at))).collect::<Vec<_>>();
        assert!(grows(&slices(|at| at)) && grows(&slices(|at| at * at)));
        assert!(!grows(&slices(|_| 5.0)) && !grows(&slices(|at| 300.0 + 200.0 * (at / 7.0).sin())));
        assert!(!grows(&slices(|at| 100.0 - at)) && !grows(&[]));
    }

    #[test]
    fn an_empty_distribution_has_no_figures() {
        assert_eq!(Latency::default().summary(), LatencySummary::default());
        assert!(Latency::default().bars().is_empty());
    }

    #[test]
    fn times_beyond_the_range_still_count() {
        let mut latency = Latency::default();
        latency.record(0, 1);
        latency.record(u64::MAX, 2);
        assert_eq!((latency.samples(), latency.weight()), (2, 3));
        assert_eq!(latency.summary().max, u64::MAX);
    }

    #[test]
    fn bars_hold_every_sample_once() {
        let mut latency = Latency::default();
        (0..500u64).for_each(|i| latency.record(i * i * 37, 1 + i % 3));
        assert_eq!(latency.bars().iter().map(|(_, count)| count).sum::<u64>(), latency.weight());
        assert!(latency.bars().is_sorted());
    }

    #[test]
    fn what_came_since_is_told_from_what_was_there() {
        let mut latency = Latency::default();
        latency.record(1_000, 100);
        let earlier = latency.clone();
        assert_eq!(latency.quantile_since(&earlier, 0.5), None);
        latency.record(1_000_000, 1);
        let recent = latency.quantile_since(&earlier, 0.5).unwrap();
        assert!((990_000..=1_010_000).contains(&recent));
    }

    /// A look that came late covers several steps, and each has its own length of it.
    #[test]
    fn a_late_look_fills_the_steps_it_covers_and_the_time_stays_true() {
        let mut timeline = Timeline::new(1, 0.25);
        timeline.add(&[1.0], 0.1);
        timeline.add(&[0.0], 4.0);
        timeline.add(&[1.0], 0.15);
        assert_eq!(timeline.steps(), 17);
        let busy = |seconds: f32| seconds / 0.25;
        let expected = [busy(0.1), 0.0, busy(0.15)];
        let seen = [timeline.rows[0][0], timeline.rows[0][8], timeline.rows[0][16]];
        assert!(seen.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{seen:?}");
        for no_time in [f64::NAN, f64::INFINITY, -1.0] {
            timeline.add(&[1.0], no_time);
        }
        assert_eq!(timeline.steps(), 17);
        timeline.add(&[0.0], 1e12);
        let covered = timeline.steps() as f64 * timeline.step_s;
        assert!((covered - 1e12).abs() <= timeline.step_s, "{covered}");
        assert!(timeline.steps() < TIMELINE_STEPS_MAX);
    }

    #[test]
    fn a_timeline_covers_any_length_with_bounded_steps() {
        let mut timeline = Timeline::new(2, 0.5);
        for i in 0..10_000 {
            timeline.add(&[1.0, (i % 2) as f32], 0.25);
        }
        assert!((TIMELINE_STEPS_MAX / 2..TIMELINE_STEPS_MAX).contains(&timeline.steps()));
        let covered = timeline.steps() as f64 * timeline.step_s;
        assert!((covered - 2500.0).abs() <= timeline.step_s, "{covered}");
        assert!(timeline.rows[0].iter().all(|value| *value == 1.0));
        assert!(timeline.rows[1].iter().all(|value| (*value - 0.5).abs() < 1e-6));
    }
}
