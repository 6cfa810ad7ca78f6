//! The strongest lines of a spectrum.

/// The most peaks that a report lists.
pub const PEAKS_MAX: usize = 5;

/// Peaks below this share of the strongest one's power are left out: they may be the side
/// lobes of its window (Hann: -31 dB).
const POWER_SHARE_MIN: f32 = 1e-3;

/// One line of a spectrum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peak {
    /// Where it lies, in Hz.
    pub frequency_hz: f32,
    /// Amplitude of the sine that would make it, in the samples' unit.
    pub amplitude: f32,
}

/// Up to [`PEAKS_MAX`] peaks, strongest first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peaks {
    list: [Peak; PEAKS_MAX],
    count: usize,
}

impl Peaks {
    /// The peaks, strongest first.
    pub fn as_slice(&self) -> &[Peak] {
        &self.list[..self.count]
    }

    fn push(&mut self, peak: Peak) {
        if let Some(place) = self.list.get_mut(self.count) {
            *place = peak;
            self.count += 1;
        }
    }
}

/// The strongest local maxima of `power`, a one-sided power spectrum without its window's
/// corrections. A bin is `bin_hz` wide; a sine on a bin with the power p there has the
/// amplitude √p × `amplitude_scale`.
///
/// Frequency and amplitude come from a parabola through the logarithms of a maximum and its
/// two neighbours. Between bins, under a Hann window, the frequency is then right within
/// 0.02 bins and the amplitude within 5 %.
pub(super) fn peaks(power: &[f32], bin_hz: f32, amplitude_scale: f32) -> Peaks {
    let mut found = Peaks::default();
    let strongest = strongest_bins(power);
    let least = power.get(strongest[0]).map_or(0.0, |power| power * POWER_SHARE_MIN);
    for bin in strongest.into_iter().filter(|bin| *bin > 0 && power[*bin] >= least) {
        let [left, top, right] = [power[bin - 1], power[bin], power[bin + 1]].map(log);
        let (from_left, to_right) = (top - left, top - right);
        let curvature = from_left + to_right;
        // Powers that differ by their last bits have equal logarithms: a plateau, whose
        // middle will do.
        let shift = if curvature > 0.0 { 0.5 * (from_left - to_right) / curvature } else { 0.0 };
        let log_power = top + 0.25 * (from_left - to_right) * shift;
        found.push(Peak {
            frequency_hz: (bin as f32 + shift) * bin_hz,
            amplitude: (0.5 * log_power).exp() * amplitude_scale,
        });
    }
    found
}

/// A logarithm that stays finite: no bin is lower than the smallest normal number.
fn log(power: f32) -> f32 {
    power.max(f32::MIN_POSITIVE).ln()
}

/// The bins of the highest local maxima, highest first; 0 where there are fewer.
fn strongest_bins(power: &[f32]) -> [usize; PEAKS_MAX] {
    // Power above, bin below: positive floats have the order of their bits, so that one
    // comparison of integers sorts both.
    let mut highest = [0u64; PEAKS_MAX];
    let mut least = 0.0;
    for (at, window) in power.windows(3).enumerate() {
        let [left, top, right] = [window[0], window[1], window[2]];
        // One branch for all three: noise makes each of them unpredictable, together they
        // mostly say no.
        if (top > least) & (top > left) & (top >= right) {
            let mut key = u64::from(top.to_bits()) << 32 | (at as u64 + 1);
            for place in &mut highest {
                (*place, key) = (key.max(*place), key.min(*place));
            }
            least = f32::from_bits((highest[PEAKS_MAX - 1] >> 32) as u32);
        }
    }
    highest.map(|key| (key & 0xFFFF_FFFF) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_strongest_come_first_and_five_are_enough() {
        let mut power = vec![1.0; 64];
        for (nth, bin) in [9, 20, 31, 40, 44, 50, 60].into_iter().enumerate() {
            power[bin] = 100.0 + nth as f32;
        }
        let bins: Vec<f32> =
            peaks(&power, 1.0, 1.0).as_slice().iter().map(|peak| peak.frequency_hz).collect();
        assert_eq!(bins, [60.0, 50.0, 44.0, 40.0, 31.0]);
    }

    #[test]
    fn a_flat_or_short_spectrum_has_no_peaks() {
        for power in [&[][..], &[1.0], &[1.0, 2.0], &[1.0, 1.0, 1.0], &[0.0; 9]] {
            assert!(peaks(power, 1.0, 1.0).as_slice().is_empty(), "{power:?}");
        }
    }

    #[test]
    fn a_plateau_has_its_peak_in_the_middle() {
        let top = f32::from_bits(1e4f32.to_bits() + 1);
        let peak = peaks(&[1e4, top, 1e4], 1.0, 1.0).as_slice()[0];
        assert_eq!(peak.frequency_hz, 1.0);
        assert!((peak.amplitude - 100.0).abs() < 1e-3);
    }

    #[test]
    fn side_lobes_are_left_out() {
        let power = [0.0, 1.0, 0.1, 0.0, 9e-4, 0.0, 2e-3, 0.0];
        assert_eq!(peaks(&power, 1.0, 1.0).as_slice().len(), 2);
    }

    proptest! {
        #[test]
        fn peaks_are_local_maxima_in_falling_order(
            power in prop::collection::vec(prop_oneof![0.0f32..1.0, Just(0.0), Just(1e30)], 0..200),
        ) {
            let peaks = peaks(&power, 1.0, 1.0);
            let mut last = f32::INFINITY;
            for peak in peaks.as_slice() {
                let bin = peak.frequency_hz.round() as usize;
                prop_assert!(peak.amplitude.is_finite() && peak.frequency_hz.is_finite());
                let beside = power.len().min(bin + 2);
                let near = power[bin - 1..beside].iter().copied().fold(0.0, f32::max);
                prop_assert!(near > 0.0 && near <= last);
                last = near;
            }
        }
    }
}
