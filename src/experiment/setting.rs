//! A setting of a plan: the workers and the packets that all policies are tried with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::arrival::Arrivals;
use crate::power::{self, PowerModel};
use crate::sim::{Fault, Service, Speeds, machine};
use crate::study::Mode;

/// A value with a text form, in a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Text<T>(pub T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T> Deserialize<'de> for Text<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Text).map_err(serde::de::Error::custom)
    }
}

/// A number within bounds, in a plan.
pub fn within<'de, D, const LEAST_MILLI: u64, const MOST: u64>(
    deserializer: D,
) -> Result<Option<f64>, D::Error>
where
    D: Deserializer<'de>,
{
    let number = f64::deserialize(deserializer)?;
    let least = LEAST_MILLI as f64 / 1e3;
    if (least..=MOST as f64).contains(&number) {
        return Ok(Some(number));
    }
    Err(serde::de::Error::custom(format!("{number} is impossible: give {least} to {MOST}")))
}

/// A setting as a plan writes it; every field but the name has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Variant {
    /// Short, for titles; `{x}` stands for the value of `sweep`.
    pub name: String,
    /// `simulated` or `live`, where it serves for one of them only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Mode>,
    /// So many workers of speed 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// The workers' speeds. Live, workers below 1 pretend to be so slow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speeds: Option<Text<Speeds>>,
    /// A board by name; simulated only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Work that arrives, over what the workers can do; by default 0.8.
    #[serde(deserialize_with = "within::<_, 1, 100>", skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// The work of a packet; by default exponential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Text<Service>>,
    /// How packets follow each other; by default Poisson.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<Arrivals>,
    /// Keys that packets have; by default 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensors: Option<u32>,
    /// The age of the loads that policies see, in mean service times; simulated only.
    #[serde(deserialize_with = "within::<_, 1, 1000000>", skip_serializing_if = "Option::is_none")]
    pub stale: Option<f64>,
    /// The 99th percentile that `NAME:energy` holds, in mean service times; by default 20.
    /// Simulated only.
    #[serde(
        deserialize_with = "within::<_, 10, 1000000000>",
        skip_serializing_if = "Option::is_none"
    )]
    pub latency_slo: Option<f64>,
    /// The board whose watts the model takes; by default that of the machine, else generic-arm.
    /// Simulated only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<String>,
    /// Policies are not told the speeds; simulated only (live nobody tells them).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub learn_capacity: bool,
    /// What goes wrong; simulated only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Text<Fault>>,
    /// Whether idle workers take from loaded ones; live only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub steal: bool,
    /// A key of this setting that takes each of `values`: workers, load or stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// See `sweep`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
    /// The value of `sweep` that this one has.
    #[serde(skip)]
    pub x: Option<f64>,
}

/// What can be swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sweep {
    /// The number of workers.
    Workers,
    /// The load.
    Load,
    /// The age of what is seen.
    Stale,
}

impl Sweep {
    /// Its name on an axis.
    pub fn as_str(self) -> &'static str {
        match self {
            Sweep::Workers => "workers",
            Sweep::Load => "load",
            Sweep::Stale => "age of loads (mean service times)",
        }
    }
}

impl Variant {
    /// The load.
    pub fn load(&self) -> f64 {
        self.load.unwrap_or(0.8)
    }

    /// The work of a packet.
    pub fn service(&self) -> Service {
        self.service.as_ref().map_or(Service::Exponential, |service| service.0.clone())
    }

    /// How packets follow each other.
    pub fn arrivals(&self) -> Arrivals {
        self.arrivals.unwrap_or_default()
    }

    /// Keys that packets have.
    pub fn sensors(&self) -> u32 {
        self.sensors.unwrap_or(64)
    }

    /// The workers' speeds, where the setting names them.
    pub fn speeds(&self) -> Option<Speeds> {
        let board = || self.machine.as_ref().and_then(|name| machine(name).ok());
        let named = self.speeds.as_ref().map(|speeds| speeds.0.clone());
        named
            .or_else(|| self.workers.map(Speeds::uniform))
            .or_else(|| board().map(|board| board.speeds()))
    }

    /// The board whose watts the model takes.
    pub fn power(&self) -> Option<PowerModel> {
        let machine = || self.machine.as_ref().and_then(|name| machine(name).ok());
        let board = || machine().map_or("generic-arm", |machine| machine.power);
        PowerModel::by_name(self.power.as_deref().unwrap_or_else(board))
    }

    /// One setting for each value of its sweep; itself where it has none.
    pub fn swept(&self) -> Vec<Variant> {
        let Some(sweep) = self.sweep else { return vec![self.clone()] };
        let with = |x: f64| {
            let mut one = Variant { sweep: None, values: Vec::new(), x: Some(x), ..self.clone() };
            one.name = one.name.replace("{x}", &x.to_string());
            match sweep {
                Sweep::Workers => one.workers = Some(x as u32),
                Sweep::Load => one.load = Some(x),
                Sweep::Stale => one.stale = Some(x),
            }
            one
        };
        self.values.iter().map(|x| with(*x)).collect()
    }

    /// What no single value shows to be wrong: the key, and what to do.
    pub fn wrong(&self) -> Option<(&'static str, String)> {
        let sweeps = |sweep| self.sweep == Some(sweep);
        let workers = self.workers.is_some() || sweeps(Sweep::Workers);
        let given = [workers, self.speeds.is_some(), self.machine.is_some()];
        if self.name.is_empty() {
            return Some(("name", "every setting needs one".into()));
        }
        if given.iter().filter(|given| **given).count() > 1 {
            return Some(("workers", "give one of workers, speeds, machine".into()));
        }
        if let Some(Err(error)) = self.machine.as_ref().map(|name| machine(name)) {
            return Some(("machine", error.to_string()));
        }
        if self.power().is_none() {
            return Some(("power", format!("there are {}", power::NAMES.join(", "))));
        }
        let both = [
            (self.workers.is_some(), Sweep::Workers, "workers"),
            (self.load.is_some(), Sweep::Load, "load"),
            (self.stale.is_some(), Sweep::Stale, "stale"),
        ];
        if let Some((.., key)) = both.into_iter().find(|(fixed, sweep, _)| *fixed && sweeps(*sweep))
        {
            return Some((key, "it is swept: leave it out".into()));
        }
        if self.workers.is_some_and(|workers| !(1..=65_536).contains(&workers)) {
            return Some(("workers", "give 1 to 65536".into()));
        }
        if self.sensors == Some(0) {
            return Some(("sensors", "give 1 or more".into()));
        }
        if self.sweep.is_some() == self.values.is_empty() {
            return Some(("sweep", "sweep and values belong together".into()));
        }
        let swept = |value: &f64| match self.sweep {
            Some(Sweep::Workers) => value.fract() == 0.0 && (1.0..=65_536.0).contains(value),
            Some(Sweep::Load) => (0.001..=100.0).contains(value),
            _ => (0.001..=1e6).contains(value),
        };
        if self.values.len() > 64 || !self.values.iter().all(swept) {
            return Some(("values", "give at most 64 values that the swept key may have".into()));
        }
        None
    }

    /// Why it cannot be run in this mode, where it cannot.
    pub fn unfit(&self, mode: Mode) -> Option<&'static str> {
        match mode {
            _ if self.only.is_some_and(|only| only != mode) => {
                Some("the plan keeps it for the other mode")
            }
            Mode::Simulated if self.steal => Some("the simulator knows no stealing"),
            Mode::Live if self.machine.is_some() => Some("this machine is no other board"),
            Mode::Live if self.stale.is_some() || self.sweep == Some(Sweep::Stale) => {
                Some("live loads cannot be made stale")
            }
            Mode::Live if !self.faults.is_empty() => Some("live workers cannot be made to fail"),
            Mode::Live if self.power.is_some() || self.latency_slo.is_some() => {
                Some("watts and the goal of energy are simulated only")
            }
            Mode::Live if self.learn_capacity => Some("live capacities are always learned"),
            _ => None,
        }
    }
}
