//! Mean, extremes and central moments of a block, in two passes that the compiler vectorizes.
//!
//! Samples are summed in 16 lanes of `f32`: a single running sum could not be reordered into
//! vector instructions. Every 4,096 samples the lanes are emptied into a `f64`, so that a
//! long block loses no precision.

const LANES: usize = 16;

/// Samples that lanes take up before they are emptied: 256 each.
const STRETCH: usize = 4_096;

/// Mean and extremes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub mean: f32,
    pub lowest: f32,
    pub highest: f32,
}

/// Mean and extremes of `samples`; `None` if there is none, or if one is so large, infinite
/// or not a number that their sum is not finite.
pub(super) fn level(samples: &[f32]) -> Option<Level> {
    let first = *samples.first()?;
    let mut lowest = [first; LANES];
    let mut highest = [first; LANES];
    let mut total = 0.0f64;
    for stretch in samples.chunks(STRETCH) {
        let mut sums = [0.0f32; LANES];
        let (rows, rest) = stretch.as_chunks::<LANES>();
        for row in rows {
            for lane in 0..LANES {
                sums[lane] += row[lane];
                lowest[lane] = lower(lowest[lane], row[lane]);
                highest[lane] = higher(highest[lane], row[lane]);
            }
        }
        for (lane, sample) in rest.iter().enumerate() {
            sums[lane] += sample;
            lowest[lane] = lower(lowest[lane], *sample);
            highest[lane] = higher(highest[lane], *sample);
        }
        total += sum(&sums);
    }
    let mean = (total / samples.len() as f64) as f32;
    let lowest = lowest.into_iter().fold(first, lower);
    let highest = highest.into_iter().fold(first, higher);
    mean.is_finite().then_some(Level { mean, lowest, highest })
}

/// Sums of the second and fourth powers of the samples, and of nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Powers {
    pub second: f64,
    pub fourth: f64,
}

/// Writes `(sample - mean) × scale × window` into `windowed`, and returns the power sums of
/// `(sample - mean) × scale`. The three slices have one length.
pub(super) fn centre(
    samples: &[f32],
    mean: f32,
    scale: f32,
    window: &[f32],
    windowed: &mut [f32],
) -> Powers {
    let mut powers = Powers::default();
    let stretches = samples.chunks(STRETCH).zip(window.chunks(STRETCH));
    for ((samples, window), windowed) in stretches.zip(windowed.chunks_mut(STRETCH)) {
        let mut second = [0.0f32; LANES];
        let mut fourth = [0.0f32; LANES];
        let mut take = |lane: usize, sample: f32| {
            let centred = (sample - mean) * scale;
            let square = centred * centred;
            second[lane] += square;
            fourth[lane] += square * square;
            centred
        };
        let (rows, rest) = samples.as_chunks::<LANES>();
        let (window_rows, window_rest) = window.as_chunks::<LANES>();
        let (out_rows, out_rest) = windowed.as_chunks_mut::<LANES>();
        for ((row, window), out) in rows.iter().zip(window_rows).zip(out_rows) {
            for lane in 0..LANES {
                out[lane] = take(lane, row[lane]) * window[lane];
            }
        }
        for (lane, sample) in rest.iter().enumerate() {
            out_rest[lane] = take(lane, *sample) * window_rest[lane];
        }
        powers.second += sum(&second);
        powers.fourth += sum(&fourth);
    }
    powers
}

fn sum(lanes: &[f32; LANES]) -> f64 {
    lanes.iter().map(|lane| f64::from(*lane)).sum()
}

// `f32::min` must pass over NaN and costs three instructions; these cost one. A NaN shows in
// the sum.
fn lower(a: f32, b: f32) -> f32 {
    if b < a { b } else { a }
}

fn higher(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// At any length, around the lanes and stretches too, the lanes sum what a plain
        /// loop sums.
        #[test]
        fn lanes_sum_what_a_plain_loop_sums(
            samples in prop_oneof![
                prop::collection::vec(-90.0f32..110.0, 1..80),
                prop::collection::vec(-90.0f32..110.0, 4_070..4_120),
            ],
        ) {
            let level = level(&samples).unwrap();
            let n = samples.len() as f64;
            let exact = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
            prop_assert!((f64::from(level.mean) - exact).abs() < 1e-4);
            let lowest = samples.iter().copied().fold(f32::INFINITY, f32::min);
            let highest = samples.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            prop_assert_eq!((level.lowest, level.highest), (lowest, highest));

            let window: Vec<f32> = (0..samples.len()).map(|i| i as f32).collect();
            let mut windowed = vec![0.0; samples.len()];
            let powers = centre(&samples, 10.0, 0.01, &window, &mut windowed);
            let centred = |x: &f32| (f64::from(*x) - 10.0) * 0.01;
            let second: f64 = samples.iter().map(|x| centred(x).powi(2)).sum();
            let fourth: f64 = samples.iter().map(|x| centred(x).powi(4)).sum();
            prop_assert!((powers.second - second).abs() <= 1e-5 * second + 1e-9);
            prop_assert!((powers.fourth - fourth).abs() <= 1e-5 * fourth + 1e-9);
            for (i, out) in windowed.iter().enumerate() {
                let expected = centred(&samples[i]) * i as f64;
                prop_assert!((f64::from(*out) - expected).abs() <= 1e-5 * expected.abs() + 1e-6);
            }
        }
    }

    #[test]
    fn what_is_not_finite_has_no_level() {
        assert_eq!(level(&[]), None);
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..20 {
                let mut samples = [1.0; 20];
                samples[at] = odd;
                assert_eq!(level(&samples), None);
            }
        }
    }
}
