//! What the analysis of a block needs that depends only on its length and rate: the Fourier
//! transform, the window, the weights of the velocity, and the buffers.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::Failure;
use super::band::{BAND_HZ, band_bins, velocity_weights};

/// The longest block that is analysed: 20 s at 12.8 kHz.
const BLOCK_MAX: usize = 1 << 18;

/// The fewest bins that the velocity band must have: the width of a line under the window.
const BAND_BINS_MIN: usize = 3;

/// Most plans kept at a time, and most samples that they may have together (a plan takes
/// about 40 bytes a sample, so about 20 MiB in all).
const PLANS_MAX: usize = 8;
const PLANNED_SAMPLES_MAX: usize = 2 * BLOCK_MAX;

/// The Fourier analysis of blocks of one length and rate.
pub(super) struct Plan {
    fft: Arc<dyn RealToComplex<f32>>,
    rate_bits: u32,
    /// Width of a bin of the spectrum in Hz.
    pub bin_hz: f64,
    /// Hann, periodic.
    pub window: Box<[f32]>,
    /// Weights of bins 1, 2, …: their sum with the power gives velocity² in (mm/s)² for
    /// samples in m/s².
    pub velocity_weights: Box<[f32]>,
    /// The windowed block. The transform uses it up.
    pub windowed: Box<[f32]>,
    spectrum: Box<[Complex32]>,
    scratch: Box<[Complex32]>,
    power: Box<[f32]>,
}

impl Plan {
    fn new(samples: usize, sample_rate_hz: f32) -> Result<Plan, Failure> {
        let bin_hz = bin_hz(samples, sample_rate_hz)?;
        // A planner keeps every plan it ever made, and lengths come from outside: a new one
        // each time.
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(samples);
        // Power of a line on a bin, summed over its three bins, is A² n² 3/32; its mean
        // square is A²/2. The million is (mm/m)².
        let scale = 16.0 / (3.0 * (samples as f64).powi(2)) * 1e6;
        let weights = velocity_weights(samples, bin_hz);
        let hann = |i| 0.5 - 0.5 * libm::cos(TAU * i as f64 / samples as f64);
        Ok(Plan {
            rate_bits: sample_rate_hz.to_bits(),
            bin_hz,
            window: (0..samples).map(|i| hann(i) as f32).collect(),
            velocity_weights: weights.into_iter().map(|weight| (weight * scale) as f32).collect(),
            windowed: fft.make_input_vec().into(),
            spectrum: fft.make_output_vec().into(),
            scratch: fft.make_scratch_vec().into(),
            power: vec![0.0; samples / 2 + 1].into(),
            fft,
        })
    }

    /// Transforms `windowed`; [`Plan::power`] then holds its spectrum.
    pub fn transform(&mut self) -> Result<(), Failure> {
        self.fft
            .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch)
            .map_err(|error| Failure(format!("Fourier transform: {error}").into()))?;
        remove_offset(&mut self.spectrum);
        for (power, bin) in self.power.iter_mut().zip(&self.spectrum) {
            *power = bin.re * bin.re + bin.im * bin.im;
        }
        Ok(())
    }

    /// Squared magnitudes of the spectrum, bins 0 to half the length.
    pub fn power(&self) -> &[f32] {
        &self.power
    }
}

/// Removes from the spectrum of a windowed block what an offset would have made of it.
///
/// The plain mean was taken off before, but as a line seldom ends where it began, its mean
/// over the block is not 0 under the window, and that difference would pass for a large
/// velocity in bin 1. An offset under a Hann window has the spectrum 1, -1/2, 0, …
fn remove_offset(spectrum: &mut [Complex32]) {
    if let [offset, first, ..] = spectrum {
        *first += *offset / 2.0;
        *offset = Complex32::default();
    }
}

/// The width of a bin, if a block of this length and rate can be analysed.
fn bin_hz(samples: usize, sample_rate_hz: f32) -> Result<f64, Failure> {
    let refuse = |why: String| Err(Failure(why.into()));
    if !(sample_rate_hz.is_finite() && sample_rate_hz > 0.0) {
        return refuse(format!(
            "block with a sample rate of {sample_rate_hz} Hz: it must be a positive number"
        ));
    }
    if samples > BLOCK_MAX {
        return refuse(format!(
            "block of {samples} samples: send it in parts of at most {BLOCK_MAX}"
        ));
    }
    let bin_hz = f64::from(sample_rate_hz) / samples.max(1) as f64;
    if band_bins(samples, bin_hz).len() < BAND_BINS_MIN {
        let (low, high) = BAND_HZ;
        return refuse(format!(
            "block of {samples} samples at {sample_rate_hz} Hz: too short to find velocity \
             between {low} and {high} Hz; a block of 0.1 s sampled at 2 kHz or faster will do"
        ));
    }
    Ok(bin_hz)
}

/// The plans used last.
#[derive(Default)]
pub(super) struct Plans(Vec<Plan>);

impl Plans {
    /// The plan for this length and rate, made if it is not kept. Fails where such a block
    /// cannot be analysed.
    pub fn get(&mut self, samples: usize, sample_rate_hz: f32) -> Result<&mut Plan, Failure> {
        let rate_bits = sample_rate_hz.to_bits();
        let fits = |plan: &Plan| plan.window.len() == samples && plan.rate_bits == rate_bits;
        match self.0.iter().position(fits) {
            Some(0) => {}
            Some(at) => self.0[..=at].rotate_right(1),
            None => {
                let plan = Plan::new(samples, sample_rate_hz)?;
                self.make_room(samples);
                self.0.insert(0, plan);
            }
        }
        Ok(&mut self.0[0])
    }

    /// Drops those that were not used for longest, until another may come in.
    fn make_room(&mut self, samples: usize) {
        let mut total = samples;
        let fits = |plan: &&Plan| {
            total += plan.window.len();
            total <= PLANNED_SAMPLES_MAX
        };
        let keep = self.0.iter().take(PLANS_MAX - 1).take_while(fits).count();
        self.0.truncate(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_kept_are_bounded() {
        let mut plans = Plans::default();
        for samples in 1_000..1_030 {
            plans.get(samples, 12_800.0).unwrap();
            assert!(plans.0.len() <= PLANS_MAX);
        }
        for rate_hz in [30_000.0, 31_000.0, 32_000.0] {
            plans.get(BLOCK_MAX, rate_hz).unwrap();
            let samples: usize = plans.0.iter().map(|plan| plan.window.len()).sum();
            assert!(samples <= PLANNED_SAMPLES_MAX);
        }
    }

    #[test]
    fn a_plan_in_use_is_kept() {
        let mut plans = Plans::default();
        for samples in 1_000..1_100 {
            let used = plans.get(1_024, 12_800.0).unwrap().window.as_ptr();
            plans.get(samples, 25_600.0).unwrap();
            assert_eq!(plans.get(1_024, 12_800.0).unwrap().window.as_ptr(), used);
        }
        assert_ne!(plans.get(1_024, 25_600.0).unwrap().bin_hz, 12.5);
    }

    #[test]
    fn what_cannot_be_analysed_is_refused_with_its_figures() {
        let message = |samples, rate| match Plans::default().get(samples, rate) {
            Ok(_) => panic!("{samples} samples at {rate} Hz were planned"),
            Err(failure) => failure.to_string(),
        };
        for rate in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(message(1_024, rate).contains(&format!("sample rate of {rate} Hz")));
        }
        for (samples, rate) in [(0, 12_800.0), (1, 12_800.0), (38, 12_800.0), (1_024, 1e-38)] {
            assert!(message(samples, rate).contains("too short"), "{samples} at {rate}");
        }
        assert!(message(1_024, f32::MAX).contains("too short"));
        assert!(message(BLOCK_MAX + 1, 12_800.0).contains("262144"));
    }
}
