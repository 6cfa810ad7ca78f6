//! What the built-in work finds in a packet.

use super::limits::LimitCheck;
use super::severity::Zone;
use super::spectrum::Peaks;

/// The result of the built-in work on one packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// A vibration block was analysed.
    Vibration(VibrationReport),
    /// Values were compared with the limits of their kind.
    Limit(LimitCheck),
    /// Time was spent and nothing looked at; see [`super::Spin`].
    Spun,
}

impl Finding {
    /// Every name that [`Finding::name`] can give.
    pub const NAMES: [&'static str; 9] = [
        "zone-A",
        "zone-B",
        "zone-C",
        "zone-D",
        "limit-ok",
        "limit-low",
        "limit-high",
        "not-finite",
        "spun",
    ];

    /// A short stable name to count findings by; one of [`Finding::NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Finding::Vibration(report) => match report.zone {
                Zone::A => "zone-A",
                Zone::B => "zone-B",
                Zone::C => "zone-C",
                Zone::D => "zone-D",
            },
            Finding::Limit(LimitCheck::Within) => "limit-ok",
            Finding::Limit(LimitCheck::Low) => "limit-low",
            Finding::Limit(LimitCheck::High) => "limit-high",
            Finding::Limit(LimitCheck::NotFinite) => "not-finite",
            Finding::Spun => "spun",
        }
    }
}

/// What a block of acceleration samples says about its machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VibrationReport {
    /// Velocity in mm/s, root mean square over 10–1000 Hz: the figure that ISO 10816-1
    /// judges. A block sampled below 2 kHz lacks what lies above half its rate.
    pub velocity_rms_mm_s: f32,
    /// Highest acceleration over its root mean square, both about the mean: √2 for a sine,
    /// higher where something knocks; 0 for a block without any movement.
    pub crest_factor: f32,
    /// Fourth moment over the squared second, about the mean: 1.5 for a sine, 3 for noise
    /// (no 3 is subtracted), higher where something knocks; 0 for a block without movement.
    pub kurtosis: f32,
    /// The strongest lines of the spectrum, strongest first.
    pub peaks: Peaks,
    /// How severe the velocity is for the machine's class.
    pub zone: Zone,
}
