//! The built-in work: vibration blocks are analysed, everything else is checked for limits.

use super::finding::Finding;
use super::limits::{LimitCheck, check_block, check_value};
use super::plan::Plans;
use super::severity::MachineClass;
use super::vibration::analyse;
use super::{Failure, Process, WorkerInfo};
use crate::packet::{Block, Kind, Packet, Payload};

/// The built-in work on packets.
///
/// - A vibration block: velocity RMS, crest factor, kurtosis, the strongest lines of the
///   spectrum and the ISO 10816-1 zone ([`super::VibrationReport`]).
/// - A value, or a block of another kind: [`LimitCheck`] of the value or the extremes.
///
/// Samples that are not finite are a finding about the sensor. A block that cannot be
/// analysed (no samples, impossible rate, too short for the band, longer than 262,144
/// samples) is a [`Failure`] that says why.
///
/// It allocates when it meets a new pair of length and rate, and not otherwise; the last
/// eight such pairs are kept.
#[derive(Default)]
pub struct Analysis {
    class: MachineClass,
    plans: Plans,
}

impl Analysis {
    /// The analysis for machines of `class`; [`Analysis::default`] is for class II.
    pub fn new(class: MachineClass) -> Self {
        Analysis { class, plans: Plans::default() }
    }

    fn vibration(&mut self, block: &Block) -> Result<Finding, Failure> {
        match analyse(&mut self.plans, block, self.class) {
            Ok(report) => Ok(Finding::Vibration(report)),
            Err(_) if block.samples.iter().any(|sample| !sample.is_finite()) => {
                Ok(Finding::Limit(LimitCheck::NotFinite))
            }
            Err(failure) => Err(failure),
        }
    }
}

impl Process<Packet> for Analysis {
    type Out = Finding;
    type State = ();

    fn work(&mut self, packet: &Packet, _worker: &WorkerInfo) -> Result<Finding, Failure> {
        match (&packet.payload, packet.kind) {
            (Payload::Value(value), kind) => Ok(Finding::Limit(check_value(kind, *value))),
            (Payload::Block(block), Kind::Vibration) => self.vibration(block),
            (Payload::Block(block), kind) => check_block(kind, &block.samples)
                .map(Finding::Limit)
                .ok_or(Failure("block without samples".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::ids::{CpuId, SensorId, WorkerId};
    use proptest::prelude::*;

    fn work(kind: Kind, payload: Payload) -> Result<Finding, Failure> {
        let worker = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };
        let sensor = SensorId(0);
        let packet = Packet { sensor, kind, sequence: 0, stamped_unix_ns: None, payload };
        Analysis::default().work(&packet, &worker)
    }

    fn block(samples: Vec<f32>, sample_rate_hz: f32) -> Payload {
        Payload::Block(Block { samples: samples.into(), sample_rate_hz })
    }

    #[test]
    fn a_value_is_checked_and_a_block_of_vibration_analysed() {
        let name = |kind, payload| work(kind, payload).unwrap().name();
        assert_eq!(name(Kind::Temperature, Payload::Value(90.0)), "limit-high");
        assert_eq!(name(Kind::Load, Payload::Value(f64::NAN)), "not-finite");
        assert_eq!(name(Kind::Vibration, Payload::Value(0.3)), "limit-ok");
        assert_eq!(name(Kind::Load, block(vec![3.0, -2.0], 0.0)), "limit-low");
        let square = |i| if i % 128 < 64 { 4.0 } else { -4.0 };
        assert_eq!(
            name(Kind::Vibration, block((0..1_024).map(square).collect(), 12_800.0)),
            "zone-C"
        );
    }

    #[test]
    fn one_sample_that_is_not_finite_is_a_finding() {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut samples = vec![0.5; 1_024];
            samples[700] = odd;
            let finding = work(Kind::Vibration, block(samples, 12_800.0));
            assert_eq!(finding, Ok(Finding::Limit(LimitCheck::NotFinite)));
        }
        for large in [1e16, f32::MAX] {
            let failed = work(Kind::Vibration, block(vec![large; 1_024], 12_800.0));
            assert!(failed.unwrap_err().to_string().contains("1e15 m/s²"), "{large}");
        }
    }

    #[test]
    fn a_block_without_samples_fails() {
        for kind in Kind::ALL {
            assert!(work(kind, block(vec![], 12_800.0)).is_err());
        }
    }

    fn any_sample() -> impl Strategy<Value = f32> {
        prop_oneof![8 => -20.0f32..20.0, 1 => any::<f32>(), 1 => Just(0.0)]
    }

    proptest! {
        /// Whatever the length, the rate and the samples: a finding with a known name and
        /// finite figures, or a failure that says something.
        #[test]
        fn no_block_is_too_odd(
            samples in prop_oneof![
                prop::collection::vec(any_sample(), 0..1_500),
                prop::collection::vec(-20.0f32..20.0, 0..1_500),
                prop::collection::vec(any::<f32>(), 0..40),
            ],
            rate in prop_oneof![Just(12_800.0f32), 0.0f32..1e5, any::<f32>()],
            kind in 0usize..4,
        ) {
            match work(Kind::ALL[kind], block(samples, rate)) {
                Ok(finding) => {
                    prop_assert!(Finding::NAMES.contains(&finding.name()));
                    if let Finding::Vibration(report) = finding {
                        prop_assert!(report.velocity_rms_mm_s.is_finite());
                        prop_assert!(report.crest_factor.is_finite(), "{report:?}");
                        prop_assert!(report.kurtosis.is_finite(), "{report:?}");
                        let peaks = report.peaks.as_slice();
                        prop_assert!(peaks.iter().all(|peak| peak.amplitude.is_finite()));
                    }
                }
                Err(failure) => prop_assert!(failure.to_string().len() > 10),
            }
        }
    }
}
