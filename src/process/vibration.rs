//! The analysis of one vibration block: level, shape, spectrum, severity.

use super::Failure;
use super::finding::VibrationReport;
use super::moments::{Level, Powers, centre, level};
use super::plan::{Plan, Plans};
use super::severity::MachineClass;
use super::spectrum::{Peaks, peaks};
use crate::packet::Block;

/// The largest acceleration that is analysed, in m/s²: far beyond any sensor, and within
/// what single precision can square.
const ACCELERATION_MAX: f32 = 1e15;

/// The smallest movement that counts as one, in m/s².
const MOVEMENT_MIN: f32 = 1e-30;

/// Analyses a block whose samples are finite.
///
/// The mean is removed first (it is the sensor's offset and gravity), and the block scaled to
/// a peak of 1, so that fourth powers neither overflow nor vanish.
pub(super) fn analyse(
    plans: &mut Plans,
    block: &Block,
    class: MachineClass,
) -> Result<VibrationReport, Failure> {
    let samples = &*block.samples;
    let plan = plans.get(samples.len(), block.sample_rate_hz)?;
    let level = level(samples).filter(is_plausible).ok_or_else(|| {
        Failure(
            format!("block with samples beyond {ACCELERATION_MAX:e} m/s²: check its unit").into(),
        )
    })?;
    let peak = (level.highest - level.mean).max(level.mean - level.lowest);
    if level.highest - level.lowest < MOVEMENT_MIN {
        return Ok(silence(class));
    }
    let powers = centre(samples, level.mean, 1.0 / peak, &plan.window, &mut plan.windowed);
    let (velocity_rms_mm_s, peaks) = transform(plan, peak)?;
    let Powers { second, fourth } = powers;
    let n = samples.len() as f64;
    Ok(VibrationReport {
        velocity_rms_mm_s,
        crest_factor: (n / second).sqrt() as f32,
        kurtosis: (n * fourth / (second * second)) as f32,
        peaks,
        zone: class.zone(velocity_rms_mm_s),
    })
}

fn is_plausible(level: &Level) -> bool {
    level.lowest >= -ACCELERATION_MAX && level.highest <= ACCELERATION_MAX
}

fn silence(class: MachineClass) -> VibrationReport {
    VibrationReport {
        velocity_rms_mm_s: 0.0,
        crest_factor: 0.0,
        kurtosis: 0.0,
        peaks: Peaks::default(),
        zone: class.zone(0.0),
    }
}

/// Velocity and peaks of the block in `plan.windowed`, which was divided by `scale`.
fn transform(plan: &mut Plan, scale: f32) -> Result<(f32, Peaks), Failure> {
    let bin_hz = plan.bin_hz as f32;
    // A sine on a bin has the magnitude A n/4 there, under a Hann window.
    let amplitude_scale = 4.0 / plan.window.len() as f32 * scale;
    plan.transform()?;
    let power = plan.power();
    let velocity_squared = dot(power.get(1..).unwrap_or_default(), &plan.velocity_weights);
    // A weight beside the band is negative; a line between bins there can read below 0.
    let velocity = velocity_squared.max(0.0).sqrt() * scale;
    Ok((velocity, peaks(power, bin_hz, amplitude_scale)))
}

/// Sum of products, as far as both reach, in 8 lanes.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let length = a.len().min(b.len());
    let (a_rows, a_rest) = a[..length].as_chunks::<8>();
    let (b_rows, b_rest) = b[..length].as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for (a, b) in a_rows.iter().zip(b_rows) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use std::f64::consts::TAU;

    fn report(samples: impl IntoIterator<Item = f64>, sample_rate_hz: f32) -> VibrationReport {
        let samples = samples.into_iter().map(|sample| sample as f32).collect();
        let block = Block { samples, sample_rate_hz };
        analyse(&mut Plans::default(), &block, MachineClass::default()).unwrap()
    }

    /// `amplitude` m/s² at `hz`, 1,024 samples at 12.8 kHz, on an offset.
    fn sine(amplitude: f64, hz: f64, phase: f64) -> impl Iterator<Item = f64> {
        (0..1_024)
            .map(move |i| 9.81 + amplitude * libm::sin(phase + TAU * hz * f64::from(i) / 12_800.0))
    }

    #[test]
    fn a_sine_has_its_velocity_crest_and_kurtosis() {
        for phase in [0.0, 0.4, 1.0, 2.5] {
            let report = report(sine(10.0, 100.0, phase), 12_800.0);
            assert!((report.velocity_rms_mm_s - 11.2540).abs() < 1e-3, "{report:?}");
            assert!((report.crest_factor - std::f32::consts::SQRT_2).abs() < 1e-3, "{report:?}");
            assert!((report.kurtosis - 1.5).abs() < 1e-3, "{report:?}");
        }
    }

    /// The lowest and the highest reading of sines between two frequencies, relative to what
    /// is right, over steps of frequency and phase.
    fn readings(from_hz: f64, to_hz: f64, samples: u32) -> (f64, f64) {
        let steps = (0..60).map(|step| from_hz + (to_hz - from_hz) * f64::from(step) / 59.0);
        let cases = steps.flat_map(|hz| [0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 2.8].map(|p| (hz, p)));
        let mut plans = Plans::default();
        cases.fold((f64::INFINITY, 0.0f64), |(lowest, highest), (hz, phase)| {
            let at = |i| 10.0 * libm::sin(phase + TAU * hz * f64::from(i) / 12_800.0);
            let samples = (0..samples).map(|i| at(i) as f32).collect();
            let block = Block { samples, sample_rate_hz: 12_800.0 };
            let report = analyse(&mut plans, &block, MachineClass::default()).unwrap();
            let exact = 10.0 / (TAU * hz) / 2f64.sqrt() * 1e3;
            let read = f64::from(report.velocity_rms_mm_s) / exact;
            (lowest.min(read), highest.max(read))
        })
    }

    #[test]
    fn a_sine_anywhere_in_the_band_reads_within_a_few_percent() {
        for (from_bin, to_bin, tolerance) in [(1.5, 2.0, 0.22), (2.0, 5.0, 0.02), (5.0, 79.0, 1e-3)]
        {
            let (lowest, highest) = readings(12.5 * from_bin, 12.5 * to_bin, 1_024);
            assert!(lowest > 1.0 - tolerance, "bins {from_bin} to {to_bin}: {lowest}");
            assert!(highest < 1.0 + tolerance, "bins {from_bin} to {to_bin}: {highest}");
        }
        let (lowest, highest) = readings(10.0, 40.0, 12_800);
        assert!(lowest > 0.999 && highest < 1.001, "{lowest} {highest}");
    }

    #[test]
    fn outside_the_band_little_is_left() {
        for (from_hz, to_hz, samples) in
            [(1_050.0, 6_000.0, 1_024), (1_004.0, 6_000.0, 12_800), (2.0, 6.0, 12_800)]
        {
            let highest = readings(from_hz, to_hz, samples).1;
            assert!(highest < 0.1, "{from_hz} to {to_hz} Hz: {highest}");
        }
    }

    #[test]
    fn white_noise_has_the_kurtosis_3() {
        let mut random = Random::new(5);
        let noise: Vec<f64> = (0..200_000).map(|_| random.normal()).collect();
        let report = report(noise, 12_800.0);
        // Deviation of the kurtosis of n normal numbers: the root of 24/n, 0.011.
        assert!((report.kurtosis - 3.0).abs() < 0.055, "{report:?}");
    }

    #[test]
    fn lines_are_found_where_they_are() {
        let (a, b) = (sine(4.0, 233.0, 0.3), sine(1.5, 1_501.0, 1.0));
        let report = report(a.zip(b).map(|(a, b)| a + b), 12_800.0);
        let found = report.peaks.as_slice();
        for (peak, (hz, amplitude)) in found.iter().zip([(233.0, 4.0), (1_501.0, 1.5)]) {
            assert!((peak.frequency_hz - hz).abs() < 0.04 * 12.5, "{found:?}");
            assert!((peak.amplitude / amplitude - 1.0).abs() < 0.05, "{found:?}");
        }
    }

    #[test]
    fn the_size_of_the_movement_changes_no_shape() {
        let plain = report(sine(1.0, 300.0, 0.2).map(|x| x - 9.81), 12_800.0);
        for scale in [1e-20, 1e-6, 1e6, 1e14] {
            let scaled = report(sine(1.0, 300.0, 0.2).map(|x| scale * (x - 9.81)), 12_800.0);
            let (velocity, plain_velocity) = (scaled.velocity_rms_mm_s, plain.velocity_rms_mm_s);
            let ratio = f64::from(velocity) / f64::from(plain_velocity) / scale;
            assert!((ratio - 1.0).abs() < 1e-4, "{scale}: {ratio}");
            assert!((scaled.kurtosis - plain.kurtosis).abs() < 1e-4, "{scale}: {scaled:?}");
            assert!((scaled.crest_factor - plain.crest_factor).abs() < 1e-4, "{scale}");
        }
    }

    #[test]
    fn a_still_block_is_silent() {
        let report = report([9.81; 1_000], 12_800.0);
        assert_eq!(report, silence(MachineClass::II));
    }
}
