//! What a run is told of the board's power and heat.

use std::fmt;
use std::str::FromStr;

use super::exit::Fault;
use super::plan::Plan;
use super::settings::Settings;
use super::values::Impossible;
use crate::class::Class;
use crate::derating::ThermalLimit;
use crate::engine::Builder;
use crate::packet::Packet;
use crate::power::{PowerModel, WATTS_MAX};
use crate::topology::{Placement, Topology};

/// Temperatures that may be given as the limit, in °C: below them every core would be relieved at
/// room temperature, above them none survives.
const LIMIT_C: std::ops::RangeInclusive<f64> = 30.0..=125.0;

/// A power in watts, 0 or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watts(pub f64);

impl FromStr for Watts {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text.parse() {
            Ok(watts) if (0.0..=WATTS_MAX).contains(&watts) => Ok(Watts(watts)),
            _ => Err(Impossible("give watts from 0 to 10000, such as 2.5".to_owned())),
        }
    }
}

impl fmt::Display for Watts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Watts of a busy core of a class: `efficiency=0.5`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassWatts {
    /// The class.
    pub class: Class,
    /// What a busy core of it adds to idle.
    pub watts: Watts,
}

impl FromStr for ClassWatts {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let wrong =
            |why: String| Impossible(format!("give CLASS=WATTS, such as efficiency=0.5: {why}"));
        let Some((class, watts)) = text.split_once('=') else {
            return Err(wrong("there is no '='".to_owned()));
        };
        Ok(ClassWatts {
            class: class.trim().parse().map_err(|error| wrong(format!("{error}")))?,
            watts: watts.trim().parse().map_err(|Impossible(why)| wrong(why))?,
        })
    }
}

impl fmt::Display for ClassWatts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.class, self.watts)
    }
}

/// A thermal limit: degrees Celsius, or `off`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit(pub ThermalLimit);

impl FromStr for Limit {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        if text == "off" {
            return Ok(Limit(ThermalLimit::Off));
        }
        match text.parse() {
            Ok(celsius) if LIMIT_C.contains(&celsius) => Ok(Limit(ThermalLimit::Celsius(celsius))),
            _ => Err(Impossible(
                "give degrees Celsius from 30 to 125, such as 75, or off".to_owned(),
            )),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ThermalLimit::Known => Ok(()),
            ThermalLimit::Off => f.write_str("off"),
            ThermalLimit::Celsius(celsius) => celsius.fmt(f),
        }
    }
}

/// What was given of power and heat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PowerPlan {
    idle: Option<Watts>,
    active: Vec<ClassWatts>,
    limit: ThermalLimit,
}

/// What the settings say of it.
pub fn of(settings: &Settings) -> PowerPlan {
    PowerPlan {
        idle: settings.idle_watts,
        active: settings.active_watts.clone(),
        limit: settings.thermal_limit.as_ref().map_or_else(Default::default, |limit| limit.0),
    }
}

/// What no single value can show.
pub fn check(plan: &Plan) -> Result<(), Fault> {
    let classes: Vec<Class> = plan.power.active.iter().map(|active| active.class).collect();
    let twice = |class: &&Class| classes.iter().filter(|other| other == class).count() > 1;
    match classes.iter().find(twice) {
        Some(class) => {
            let message = format!("{class} is named twice: name each class once");
            Err(plan.blame.says(&["active-watts"], message))
        }
        None => Ok(()),
    }
}

/// Settings that were given and have no effect on these workers, a sentence each.
pub fn without_effect(plan: &Plan, placement: &Placement) -> Vec<String> {
    // An emulated class is made later than this is asked.
    let is_there = |class: Class| placement.seats.iter().any(|seat| seat.class == class);
    let idle = plan.power.active.iter().filter(|active| !is_there(active.class));
    if !plan.emulate.is_empty() {
        return Vec::new();
    }
    idle.map(|ClassWatts { class, .. }| {
        format!("active-watts of {class} has no effect: no worker is of that class")
    })
    .collect()
}

/// Tells the engine.
pub fn apply(builder: Builder<Packet>, plan: &Plan, topology: &Topology) -> Builder<Packet> {
    let power = &plan.power;
    let mut model = PowerModel::of_machine(&topology.model, topology.hybrid);
    // Both were checked where they were parsed: what is refused here cannot have been given.
    if let Some(Watts(watts)) = power.idle {
        model = model.clone().with_idle_watts(watts).unwrap_or(model);
    }
    for ClassWatts { class, watts } in &power.active {
        model = model.clone().with_active_watts(*class, watts.0).unwrap_or(model);
    }
    builder.power_model(model).thermal_limit(power.limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_their_text() {
        for text in ["0", "2.5", "10000"] {
            assert_eq!(text.parse::<Watts>().unwrap().to_string(), text);
        }
        for text in ["uniform=0", "performance=25.5", "middle-2=3", "efficiency=0.5"] {
            assert_eq!(text.parse::<ClassWatts>().unwrap().to_string(), text);
        }
        for text in ["off", "75", "79.5"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn impossible_values_are_refused() {
        for text in ["-1", "nan", "inf", "10001", "", "2W"] {
            assert!(text.parse::<Watts>().is_err(), "{text}");
            assert!(format!("efficiency={text}").parse::<ClassWatts>().is_err(), "{text}");
        }
        for text in ["efficiency", "=1", "fast=1", ""] {
            assert!(text.parse::<ClassWatts>().is_err(), "{text}");
        }
        for text in ["0", "-5", "29.9", "126", "nan", "OFF", "75C", ""] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
