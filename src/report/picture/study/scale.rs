//! The scale of an axis: even or logarithmic, with round ticks.

use crate::report::picture::axis;

/// Most ticks of a logarithmic axis.
const TICKS_MAX: usize = 12;

/// Values along an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    ticks: Vec<f64>,
}

impl Scale {
    /// From 0 to at least `max`, in even steps.
    pub(super) fn even(max: f64, parts: u32) -> Scale {
        let max = if max.is_finite() && max > 0.0 { max } else { 1.0 };
        let ticks = axis::ticks(max, parts, false);
        let high = ticks.last().copied().unwrap_or(max).max(max);
        Scale { low: 0.0, high, is_log: false, ticks }
    }

    /// From at most `low`, which is 0 or less, to at least `high`, which is 0 or more.
    pub(super) fn around_zero(low: f64, high: f64, parts: u32) -> Scale {
        let fine = |value: f64| if value.is_finite() { value.abs() } else { 1.0 };
        let most = fine(low).max(fine(high)).max(f64::MIN_POSITIVE * 1e30);
        let up: Vec<f64> = axis::ticks(most, parts, false);
        let down = up.iter().rev().map(|tick| -tick).filter(|tick| *tick < 0.0);
        let step = up.get(1).copied().unwrap_or(1.0);
        let is_needed = |tick: &f64| *tick > low - step && *tick < high + step;
        let ticks: Vec<f64> = down.chain(up.iter().copied()).filter(is_needed).collect();
        let low = ticks.first().copied().unwrap_or(-1.0).min(low);
        let high = ticks.last().copied().unwrap_or(1.0).max(high);
        Scale { low, high: if high > low { high } else { low + 1.0 }, is_log: false, ticks }
    }

    /// Exactly from 0 to 100, for parts of a whole.
    pub(super) fn percent() -> Scale {
        Scale {
            low: 0.0,
            high: 100.0,
            is_log: false,
            ticks: vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0],
        }
    }

    /// Logarithmic, over the positive ones of `values`.
    pub(super) fn log(values: impl Iterator<Item = f64>) -> Scale {
        let (min, max) = ends(values).unwrap_or((1.0, 10.0));
        let steps = steps(min, max);
        let low = steps.iter().rev().copied().find(|step| *step <= min * 1.000_001);
        let high = steps.iter().copied().find(|step| *step >= max * 0.999_999);
        let (low, high) = (low.unwrap_or(min), high.unwrap_or(max));
        // A single value that is a round one.
        let (low, high) = if high > low { (low, high) } else { (low / 2.0, high * 2.0) };
        let ticks: Vec<f64> =
            steps.into_iter().filter(|step| (low..=high).contains(step)).collect();
        let every = ticks.len().div_ceil(TICKS_MAX);
        let ticks = ticks.into_iter().step_by(every.max(1)).collect();
        Scale { low, high, is_log: true, ticks }
    }

    /// For times: logarithmic where the largest is more than `log_from` times the smallest, so that
    /// even steps would squash the small ones; else even from 0. Without any value, 0 to 1.
    pub(super) fn times(values: impl Iterator<Item = f64> + Clone, log_from: f64) -> Scale {
        match ends(values.clone()) {
            Some((min, max)) if max > log_from * min => Scale::log(values),
            Some((_, max)) => Scale::even(max, 5),
            None => Scale::even(1.0, 5),
        }
    }

    /// With a tick at each of `values`, and a little room at both ends.
    pub(super) fn with_ticks_at(mut self, values: &[f64]) -> Scale {
        self.ticks = values.to_vec();
        if let Some((min, max)) = ends(values.iter().copied()) {
            if self.is_log {
                let room = libm::pow(max / min, 0.04).max(1.05);
                (self.low, self.high) = (min / room, max * room);
            } else {
                let room = 0.04 * (max - min);
                (self.low, self.high) = (min - room, max + room);
            }
        }
        self
    }

    /// Where a value lies, 0 at the low and 1 at the high end; beyond them outside.
    pub(super) fn part(&self, value: f64) -> f64 {
        let (value, low, high) = if self.is_log {
            let log = |value: f64| libm::log10(value.max(1e-300));
            (log(value), log(self.low), log(self.high))
        } else {
            (value, self.low, self.high)
        };
        let part = (value - low) / (high - low);
        if part.is_finite() { part.clamp(-1e6, 1e6) } else { 0.0 }
    }

    /// The largest value that lies within.
    pub(super) fn high(&self) -> f64 {
        self.high
    }

    /// Round values with their texts.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        self.ticks.iter().map(|tick| (*tick, label(*tick)))
    }
}

/// The smallest and the largest of what is positive and finite.
pub(super) fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let fine = values.filter(|value| value.is_finite() && *value > 0.0);
    fine.fold(None, |ends, value| {
        let (min, max) = ends.unwrap_or((value, value));
        Some((min.min(value), max.max(value)))
    })
}

/// Round values around `min` and `max`: the closer these are, the more in a decade.
fn steps(min: f64, max: f64) -> Vec<f64> {
    let (first, last) = (libm::floor(libm::log10(min)) as i32, libm::ceil(libm::log10(max)) as i32);
    let decades = libm::log10(max / min);
    let of_decade: &[f64] = match decades {
        _ if decades <= 0.7 => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
        _ if decades <= 3.3 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let decades = first - 1..=last;
    let steps = decades.flat_map(|power| {
        of_decade.iter().map(move |step| step * libm::pow(10.0, f64::from(power)))
    });
    steps.collect()
}

/// A tick in as few letters as say it.
fn label(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (0.01..99_999.5).contains(&size) {
        return axis::plain(value);
    }
    let text = format!("{value:.1e}");
    text.replace(".0e", "e")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(scale: &Scale) -> Vec<String> {
        scale.ticks().map(|(_, text)| text).collect()
    }

    #[test]
    fn scales_are_logarithmic_where_values_differ_much() {
        let scale = |values: &[f64]| Scale::times(values.iter().copied(), 20.0);
        assert_eq!(texts(&scale(&[1.4, 8.9])), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(texts(&scale(&[1.4, 38.9])), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(texts(&scale(&[1.0, 3_000.0])), ["1", "10", "100", "1000", "10000"]);
        assert_eq!(texts(&scale(&[1e-6, 1e9]))[..2], ["1e-6", "1e-4"]);
        assert_eq!(texts(&scale(&[])), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
    }

    #[test]
    fn a_tick_at_each_value_leaves_room_beside_the_ends() {
        let scale = Scale::log([8.0, 1024.0].into_iter()).with_ticks_at(&[8.0, 64.0, 1024.0]);
        assert!(scale.part(8.0) > 0.02 && scale.part(1024.0) < 0.98);
        assert_eq!(texts(&scale), ["8", "64", "1024"]);
    }

    proptest! {
        #[test]
        fn every_value_has_its_place(values in proptest::collection::vec(any::<f64>(), 0..20)) {
            for scale in [
                Scale::times(values.iter().copied(), 20.0),
                Scale::log(values.iter().copied()),
            ] {
                prop_assert!((1..=101).contains(&scale.ticks().count()));
                for value in &values {
                    prop_assert!(scale.part(*value).is_finite());
                }
            }
        }
    }
}
