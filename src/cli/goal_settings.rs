//! The settings of the goal: short times, or little energy.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::plan::Plan;
use super::settings::Settings;
use super::values::Impossible;
use crate::engine::EnergyGoal;
use crate::packing::Goal;

/// A time within which 99 of 100 packets shall be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slo(pub Duration);

impl FromStr for Slo {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let (least, most) = EnergyGoal::LATENCY_SLO;
        match humantime::parse_duration(text) {
            Ok(time) if (least..=most).contains(&time) => Ok(Slo(time)),
            _ => Err(Impossible(
                "give a time from 1ms to 1h with its unit, such as 20ms: a parked core takes a part \
                 of a millisecond to wake"
                    .to_owned(),
            )),
        }
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_duration(self.0))
    }
}

/// What is aimed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalPlan {
    pub goal: Goal,
    pub energy: EnergyGoal,
}

impl GoalPlan {
    pub fn of(settings: &Settings) -> Self {
        let default = EnergyGoal::default();
        let slo = settings.latency_slo.as_ref();
        let part = settings.idle_active.as_ref();
        GoalPlan {
            goal: settings.policy_goal.unwrap_or_default(),
            energy: EnergyGoal {
                latency_slo: slo.map_or(default.latency_slo, |slo| slo.0),
                idle_active: part.map_or(default.idle_active, |part| part.0),
            },
        }
    }

    /// What the engine is told, where it is told anything.
    pub fn for_engine(&self) -> Option<EnergyGoal> {
        (self.goal == Goal::Energy).then_some(self.energy)
    }
}

/// Settings that were given for the other goal, a sentence each.
pub fn without_effect(plan: &Plan) -> Vec<String> {
    let of_energy = ["latency-slo", "idle-active"];
    let given = of_energy.iter().filter(|key| plan.blame.is_given(key));
    match plan.goal.goal {
        Goal::Latency => {
            given.map(|key| format!("{key} has no effect: policy-goal is latency")).collect()
        }
        Goal::Energy => Vec::new(),
    }
}

/// The settings that were left open, as they were decided.
pub fn fill_in(set: &mut dyn FnMut(&str, String), plan: &Plan) {
    set("policy-goal", plan.goal.goal.to_string());
    if plan.goal.goal == Goal::Energy {
        set("latency-slo", Slo(plan.goal.energy.latency_slo).to_string());
        set("idle-active", plan.goal.energy.idle_active.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_cannot_be_held_by_waking_is_refused() {
        for text in ["1ms", "20ms", "1h"] {
            assert_eq!(text.parse::<Slo>().map(|slo| slo.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "20", "0s", "999us", "61m", "-5ms", "soon"] {
            assert!(text.parse::<Slo>().is_err(), "{text}");
        }
    }
}
