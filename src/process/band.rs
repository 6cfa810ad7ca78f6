//! Weights that turn the power spectrum of acceleration into mean-square velocity in a band.
//!
//! A sine of acceleration amplitude A at f Hz has the velocity amplitude A/(2πf). Summed over
//! a spectrum, every bin is therefore divided by (2πf)². Two things spoil the plain sum:
//!
//! - Without a window a line between two bins leaks into all others, and the low ones are
//!   multiplied most: a 105 Hz line would read several times too high. So the block is
//!   windowed (Hann).
//! - Hann spreads a line that lies on a bin over three, 1/6 : 2/3 : 1/6 of its power, and the
//!   lower neighbour weighs more: at 12.5 Hz a bin, a 25 Hz line would read 28 % too high.
//!
//! So the weights w are chosen such that a line on a bin k reads exactly right. With u the
//! weights in units of 1/(2π × width of a bin)²:
//!
//! ```text
//! u[k-1]/6 + 2 u[k]/3 + u[k+1]/6 = 1/k²    for k = 2, 3, …;   u[1] = 0.6
//! ```
//!
//! The first weight is free, because no weight reads bin 1 right: it holds one period of its
//! line, and what of it arrives depends on the phase. To demand that a line on bin 1 read
//! right (u[1] = 1.45) costs lines between bins 2 and 3 up to 40 %, which is where the shafts
//! of mains-fed motors lie when 1,024 samples are taken at 12.8 kHz. With 0.6, a line from
//! bin 2 on reads right within 2 %, from bin 5 on within 0.1 %, wherever it lies and at any
//! phase; below bin 2 it reads too low, by up to 22 % at bin 1.5. The tests of `vibration.rs`
//! hold it to that.
//!
//! At the edges of the band the weights are cut off one bin outside, so that a line on the
//! band's last bin is still read whole. A line outside counts in part up to two bins away.

use std::f64::consts::TAU;
use std::ops::Range;

/// The band over which ISO 10816-1 judges velocity, in Hz.
pub(super) const BAND_HZ: (f64, f64) = (10.0, 1_000.0);

/// The weight of bin 1, as explained at the head of this file.
const FIRST: f64 = 0.6;

/// The system of equations is solved so many bins past the band, where its end has faded:
/// an error shrinks by 2 - √3 = 0.27 from bin to bin.
const FADE_BINS: usize = 16;

/// Bins whose centre lies in [`BAND_HZ`], without 0 Hz and half the rate, at which a line
/// reads differently by its phase. `bin_hz` must be positive.
pub(super) fn band_bins(samples: usize, bin_hz: f64) -> Range<usize> {
    // Casts from f64 saturate, so absurd rates give an empty range.
    let first = ((BAND_HZ.0 / bin_hz).ceil() as usize).max(1);
    let last = ((BAND_HZ.1 / bin_hz).floor() as usize).min(samples.saturating_sub(1) / 2);
    first..last.saturating_add(1).max(first)
}

/// The weights of bins 1, 2, 3, …; those beyond the end are 0. Unit: s².
pub(super) fn velocity_weights(samples: usize, bin_hz: f64) -> Vec<f64> {
    let band = band_bins(samples, bin_hz);
    if band.is_empty() {
        return Vec::new();
    }
    let unit = (TAU * bin_hz).powi(-2);
    let weighted = band.start - 1..=band.end.min(samples.saturating_sub(1) / 2);
    let weigh = |(weight, bin)| if weighted.contains(&bin) { weight * unit } else { 0.0 };
    inverse_squares(band.end + FADE_BINS).into_iter().zip(1..=*weighted.end()).map(weigh).collect()
}

/// The first `count` of the u at the head of this file, by Thomas' algorithm for tridiagonal
/// systems (the diagonal dominates, so no pivots are needed).
fn inverse_squares(count: usize) -> Vec<f64> {
    const OFF: f64 = 1.0 / 6.0;
    const DIAGONAL: f64 = 2.0 / 3.0;
    // Row 1 says u[1] = FIRST; each row leaves u[k] = solved - factor × u[k+1].
    let mut rows = vec![(FIRST, 0.0)];
    for k in 2..=count {
        let (solved, factor) = rows[k - 2];
        let pivot = DIAGONAL - OFF * factor;
        rows.push(((1.0 / (k as f64).powi(2) - OFF * solved) / pivot, OFF / pivot));
    }
    let mut next = 0.0;
    let mut weights: Vec<f64> = Vec::with_capacity(count);
    for (solved, factor) in rows.into_iter().rev() {
        next = solved - factor * next;
        weights.push(next);
    }
    weights.reverse();
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_on_a_bin_of_the_band_reads_exactly_right() {
        for bin_hz in [0.37, 1.25, 12.5, 100.0] {
            let samples = (12_800.0 / bin_hz) as usize;
            let weights = velocity_weights(samples, bin_hz);
            let weight =
                |bin: usize| bin.checked_sub(1).and_then(|at| weights.get(at)).unwrap_or(&0.0);
            for bin in band_bins(samples, bin_hz).skip_while(|bin| *bin < 2) {
                let read = weight(bin - 1) / 6.0 + weight(bin) * 2.0 / 3.0 + weight(bin + 1) / 6.0;
                let exact = (TAU * bin_hz * bin as f64).powi(-2);
                assert!((read / exact - 1.0).abs() < 1e-9, "bin {bin} of {bin_hz} Hz: {read}");
            }
        }
    }

    #[test]
    fn two_bins_outside_nothing_is_weighed() {
        let weights = velocity_weights(10_240, 1.25);
        let band = band_bins(10_240, 1.25);
        assert!(weights[..band.start - 2].iter().all(|weight| *weight == 0.0));
        assert!(weights[band.start - 2] > 0.0);
        assert_eq!(weights.len(), band.end);
    }

    #[test]
    fn the_band_is_the_standards() {
        assert_eq!(band_bins(1_024, 12.5), 1..81);
        assert_eq!(band_bins(10_000, 1.0), 10..1_001);
        assert_eq!(band_bins(1_000, 1.0), 10..500);
    }

    #[test]
    fn absurd_rates_have_no_band() {
        for (samples, bin_hz) in [(0, 1.0), (1_024, 1e-30), (1_024, 1e30), (1_024, 5e-324)] {
            assert!(band_bins(samples, bin_hz).is_empty());
            assert!(velocity_weights(samples, bin_hz).is_empty());
        }
    }
}
