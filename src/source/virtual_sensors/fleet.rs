//! The options of a fleet of virtual sensors, and its division among threads.

use std::sync::Arc;

use super::noise::NoiseBank;
use super::sensor::{self, Sensor};
use super::{Pace, VirtualSensors};
use crate::arrival::{Arrivals, Schedule};
use crate::names::{SENSORS_MAX, SensorNames};
use crate::random::Random;

/// The longest block that a virtual sensor makes.
pub const BLOCK_SAMPLES_MAX: usize = 1 << 16;

/// The slowest and the fastest sampling of a virtual sensor, in Hz.
pub const SAMPLE_RATE_HZ: (f32, f32) = (100.0, 200_000.0);

/// Streams of the seed: a sensor has the stream of its number, these lie above them all.
const NOISE_STREAM: u64 = 1 << 32;
const ARRIVAL_STREAM: u64 = 2 << 32;
const CHOICE_STREAM: u64 = 3 << 32;

/// What virtual sensors there are, and how their packets arrive.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// How many sensors. Of every four, two measure temperature, one load, one vibration; of
    /// every four vibration sensors, one sits on a damaged bearing.
    pub sensors: u32,
    /// Decides every sensor's packets, whatever the pace and the number of threads.
    pub seed: u64,
    /// How the gaps between packets vary.
    pub arrivals: Arrivals,
    /// Samples in a vibration block, 1 to [`BLOCK_SAMPLES_MAX`].
    pub block_samples: usize,
    /// Samples per second in a vibration block, within [`SAMPLE_RATE_HZ`].
    pub sample_rate_hz: f32,
}

impl Default for Fleet {
    fn default() -> Self {
        Fleet {
            sensors: 64,
            seed: 0,
            arrivals: Arrivals::default(),
            block_samples: 1_024,
            sample_rate_hz: 12_800.0,
        }
    }
}

/// A fleet that cannot be.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum FleetError {
    /// No sensors, or more than a run can tell apart.
    #[error("{0} virtual sensors: there must be 1 to {SENSORS_MAX}")]
    Sensors(u32),
    /// Blocks of an impossible length.
    #[error("vibration blocks of {0} samples: they must have 1 to {BLOCK_SAMPLES_MAX}")]
    BlockSamples(usize),
    /// An impossible sample rate.
    #[error("vibration sampled at {0} Hz: it must be within {min} and {max} Hz",
            min = SAMPLE_RATE_HZ.0, max = SAMPLE_RATE_HZ.1)]
    SampleRate(f32),
    /// The run has no names left.
    #[error("no room for the name of sensor {0}: a run tells apart {SENSORS_MAX} sensors")]
    NamesFull(String),
}

impl Fleet {
    /// Whether there can be such a fleet.
    pub fn check(&self) -> Result<(), FleetError> {
        let (slowest, fastest) = SAMPLE_RATE_HZ;
        if !(1..=SENSORS_MAX as u32).contains(&self.sensors) {
            return Err(FleetError::Sensors(self.sensors));
        }
        if !(1..=BLOCK_SAMPLES_MAX).contains(&self.block_samples) {
            return Err(FleetError::BlockSamples(self.block_samples));
        }
        if !(slowest..=fastest).contains(&self.sample_rate_hz) {
            return Err(FleetError::SampleRate(self.sample_rate_hz));
        }
        Ok(())
    }

    /// Makes the fleet's sensors and divides them among `parts` sources, one a thread (fewer
    /// where there are fewer sensors, at least one). Each has its share of the pace. Their
    /// names are registered in the order of their numbers.
    ///
    /// # Errors
    /// If [`Fleet::check`] finds one, or if `names` is full.
    pub fn divide(
        &self,
        parts: usize,
        pace: &Pace,
        names: &SensorNames,
    ) -> Result<Vec<VirtualSensors>, FleetError> {
        self.check()?;
        let sensors = self.sensors as usize;
        let parts = parts.clamp(1, sensors);
        let noise = Arc::new(NoiseBank::new(Random::stream(self.seed, NOISE_STREAM)));
        (0..parts)
            .map(|part| {
                // Neighbours stay together: every part has its share of every kind.
                let (first, end) = (part * sensors / parts, (part + 1) * sensors / parts);
                let sensors = (first as u32..end as u32)
                    .map(|index| self.sensor(index, names))
                    .collect::<Result<_, _>>()?;
                let random = |stream| Random::stream(self.seed, stream + part as u64);
                Ok(VirtualSensors {
                    sensors,
                    share: (end - first) as f64 / f64::from(self.sensors),
                    schedule: Schedule::new(self.arrivals, random(ARRIVAL_STREAM)),
                    choice: random(CHOICE_STREAM),
                    pace: pace.clone(),
                    behind: 0.0,
                    noise: noise.clone(),
                })
            })
            .collect()
    }

    fn sensor(&self, index: u32, names: &SensorNames) -> Result<Sensor, FleetError> {
        let name = sensor::name(index);
        let id = names.register(&name).ok_or(FleetError::NamesFull(name))?;
        Ok(Sensor::new(self, index, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_fleet_says_what_is_wrong() {
        let told = |fleet: Fleet| {
            let divided = fleet.divide(2, &Pace::default(), &SensorNames::default());
            divided.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let fleet = Fleet::default();
        assert!(told(Fleet { sensors: 0, ..fleet.clone() }).starts_with("0 virtual sensors"));
        assert!(told(Fleet { sensors: 65_537, ..fleet.clone() }).contains("65536"));
        assert!(told(Fleet { block_samples: 0, ..fleet.clone() }).contains("1 to 65536"));
        assert!(told(Fleet { sample_rate_hz: f32::NAN, ..fleet.clone() }).contains("NaN Hz"));
        assert_eq!(told(fleet), "");
    }

    #[test]
    fn a_full_table_of_names_is_told() {
        let names = SensorNames::default();
        for taken in 0..SENSORS_MAX {
            names.register(&taken.to_string());
        }
        let divided = Fleet::default().divide(1, &Pace::default(), &names);
        assert_eq!(divided.err(), Some(FleetError::NamesFull("temp-00".into())));
    }

    #[test]
    fn every_sensor_is_in_one_part() {
        for (sensors, parts, expected) in [(64, 1, 1), (64, 5, 5), (3, 8, 3), (1, 1, 1), (7, 0, 1)]
        {
            let names = SensorNames::default();
            let fleet = Fleet { sensors, ..Fleet::default() };
            let parts = fleet.divide(parts, &Pace::default(), &names).unwrap();
            assert_eq!(parts.len(), expected);
            let sizes: Vec<usize> = parts.iter().map(|part| part.sensors.len()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), sensors as usize);
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            let share: f64 = parts.iter().map(|part| part.share).sum();
            assert!((share - 1.0).abs() < 1e-12);
        }
    }
}
