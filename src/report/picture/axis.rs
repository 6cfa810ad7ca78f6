//! Round numbers for axes, and how far apart labels must be.

/// Round values from 0 to the first at or above `max`, about `parts` of them.
///
/// Steps are 1, 2 or 5 times a power of ten; `whole` keeps them at 1 and above.
pub(super) fn ticks(max: f64, parts: u32, whole: bool) -> Vec<f64> {
    let step = step(max, parts, whole);
    let count = (max / step - 1e-9).ceil().clamp(1.0, 100.0) as u32;
    (0..=count).map(|tick| f64::from(tick) * step).collect()
}

fn step(max: f64, parts: u32, whole: bool) -> f64 {
    // The positive and finite part of what a file may say.
    let wanted = max.clamp(f64::MIN_POSITIVE * 1e30, 1e30) / f64::from(parts.max(1));
    let power = 10f64.powf(wanted.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|s| *s >= wanted * 0.999);
    let step = step.unwrap_or(10.0 * power);
    if whole { step.max(1.0) } else { step }
}

/// Every how-manyth label of `count` may be written when each needs `label` pixels of `space`:
/// 1, 2, 4, 8, …
pub(super) fn every(count: usize, label: i32, space: i32) -> usize {
    let fits =
        |every: usize| count.div_ceil(every) as f64 * f64::from(label) <= f64::from(space.max(1));
    let mut every = 1;
    while every < count && !fits(every) {
        every *= 2;
    }
    every
}

/// The unit for a time axis up to `seconds`: seconds in one of it, and its sign.
pub(super) fn time_unit(seconds: f64) -> (f64, &'static str) {
    match seconds {
        _ if seconds < 0.5 => (1e-3, "ms"),
        _ if seconds <= 300.0 => (1.0, "s"),
        _ if seconds <= 18_000.0 => (60.0, "min"),
        _ => (3600.0, "h"),
    }
}

/// A tick's text: no more digits than the value has.
pub(super) fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(9.3, 5, false), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(3.0, 5, true), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(ticks(130_000.0, 4, true), [0.0, 50e3, 100e3, 150e3]);
        assert_eq!(
            ["0", "0.5", "20"],
            [plain(0.0), plain(0.5), plain(20.0)].each_ref().map(|s| &**s)
        );
    }

    #[test]
    fn labels_are_thinned_until_they_fit() {
        assert_eq!((every(16, 40, 900), every(64, 40, 900), every(256, 40, 900)), (1, 4, 16));
        assert_eq!((every(0, 40, 900), every(5, 40, 0)), (1, 8));
    }

    proptest! {
        #[test]
        fn ticks_cover_any_value_with_a_bounded_number(max in any::<f64>(), parts in 1u32..12) {
            let ticks = ticks(max, parts, false);
            prop_assert!((2..=101).contains(&ticks.len()));
            if max.is_finite() && max > 1e-200 && max < 1e29 {
                prop_assert!(*ticks.last().unwrap() >= max * 0.999_999);
                prop_assert!(ticks.len() <= parts as usize + 2);
            }
        }
    }
}
