//! What the board drew and how warm it was.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::CpuId;
use crate::stats::Timeline;

/// Energy from the start of the engine to the end of the drain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnergyFigures {
    /// In joules. Of a class: what its workers added to idle.
    pub joules: f64,
    /// For each packet finished, well or not; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joules_per_packet: Option<f64>,
    /// `joules` over the length of the run.
    pub watts_mean: f64,
    /// What it was measured with; begins with `model` where it was not measured at all. Of a
    /// class: how its part was found.
    pub source: String,
    /// How far the truth may be from it, as a part of it: with 0.3, 10 J stand for 7 to 13 J.
    pub uncertainty: f64,
    /// What is in it and what is not; empty for a class.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub covers: String,
    /// Of the whole: what no class is charged with (the board at idle, other programs, CPUs
    /// without a worker), in joules, by the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_joules: Option<f64>,
}

impl EnergyFigures {
    /// Whether nothing of it was measured.
    pub fn is_modelled(&self) -> bool {
        self.source.starts_with("model")
    }
}

/// Temperatures, and who slowed the cores down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThermalFigures {
    /// Every temperature that was read.
    pub zones: Vec<ZoneFigures>,
    /// In °C; a row a zone, in the order of `zones`.
    pub over_time: Timeline,
    /// Where cores are relieved, in °C; absent where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_c: Option<f64>,
    /// Where the limit comes from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub limit_source: String,
    /// For how long some core was relieved, in seconds.
    pub relieved_s: f64,
    /// For how long all cores were equally near the limit, so that relief could do nothing.
    pub equally_hot_s: f64,
    /// The least factor on a core's capacity (1: none was relieved).
    pub least_factor: f64,
    /// Whether the machine tells at all that it slows its cores down.
    pub signs_are_told: bool,
    /// What it told at the last look.
    pub signs_now: Vec<ThrottleSign>,
    /// What it told at some look of this run.
    pub signs_during: Vec<ThrottleSign>,
    /// What it told had happened before, since boot as far as it remembers.
    pub signs_before: Vec<ThrottleSign>,
    /// The part of the time in which it told any of it (0 to 1), one row.
    pub throttled_over_time: Timeline,
}

/// One temperature over the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ZoneFigures {
    /// As the machine calls it.
    pub name: String,
    /// The CPUs that it is of; empty where it is of all of them, or of something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpus: Vec<CpuId>,
    /// In °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub celsius_mean: Option<f64>,
    /// In °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub celsius_max: Option<f64>,
    /// Where the kernel or the processor slows the cores down by itself, in °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttles_c: Option<f64>,
}

/// A sign that somebody slows the cores down, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThrottleSign {
    /// The supply's voltage is too low.
    Undervoltage,
    /// The firmware holds the frequency below what is asked for.
    FrequencyCapped,
    /// The cores run slower than they should, for heat or voltage.
    Throttled,
    /// The firmware's lower temperature limit is passed.
    SoftTemperatureLimit,
    /// A cooling device of the kernel that slows the cores down is in force.
    Cooling,
}

impl fmt::Display for ThrottleSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ThrottleSign::Undervoltage => "undervoltage",
            ThrottleSign::FrequencyCapped => "frequency capped",
            ThrottleSign::Throttled => "throttled",
            ThrottleSign::SoftTemperatureLimit => "soft temperature limit",
            ThrottleSign::Cooling => "slowed down by the kernel",
        })
    }
}
