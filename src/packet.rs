//! A packet: one telemetry message, as every source brings it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::SensorId;

/// What a packet measures. The kind decides the work that is done on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
// As wide as the fields beside it in a job: with a byte there, moving a job copies the seven bytes
// of padding after it in pieces, and each copy waits until all stores before it have reached the
// cache. That was two thirds of what dispatching a small packet cost.
#[repr(u64)]
pub enum Kind {
    /// Degrees Celsius.
    Temperature,
    /// Acceleration in m/s², usually a block of samples.
    Vibration,
    /// Percent of something's capacity.
    Load,
    /// Anything else: no limits are known for it.
    Other,
}

impl Kind {
    /// Every kind, in the order of [`Kind::index`].
    pub const ALL: [Kind; 4] = [Kind::Temperature, Kind::Vibration, Kind::Load, Kind::Other];

    /// The kind as an index into a table with a row a kind.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The kind's name in files: `temperature`, `vibration`, `load`, `other`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Temperature => "temperature",
            Kind::Vibration => "vibration",
            Kind::Load => "load",
            Kind::Other => "other",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A kind that is none of the four.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("kind '{0}' is none of temperature, vibration, load, other")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// One reading, in the unit of the packet's kind.
    Value(f64),
    /// A stretch of waveform.
    Block(Block),
}

/// Equally spaced samples of one waveform.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The samples, oldest first, in the unit of the packet's kind.
    pub samples: Box<[f32]>,
    /// Samples per second.
    pub sample_rate_hz: f32,
}

/// One telemetry message.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Who measured.
    pub sensor: SensorId,
    /// What was measured.
    pub kind: Kind,
    /// The sensor's own count of its packets: from 0, or as recorded where they are replayed.
    pub sequence: u64,
    /// When it was measured, by the sender's wall clock in nanoseconds since 1970;
    /// `None` where the sender did not say.
    pub stamped_unix_ns: Option<i64>,
    /// The measurement.
    pub payload: Payload,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_its_name() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(kind.index(), index);
        }
        assert_eq!("Load".parse::<Kind>(), Err(UnknownKind("Load".into())));
    }
}
