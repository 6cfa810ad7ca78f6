//! The plans that are built in, and policies as plans name them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::packing::Goal;
use crate::policy::{NAMES, UnknownPolicy, by_name};

/// The plans by name, and their texts.
pub const PLANS: [(&str, &str); 10] = [
    ("A1", include_str!("../../experiments/a1.toml")),
    ("A2", include_str!("../../experiments/a2.toml")),
    ("B", include_str!("../../experiments/b.toml")),
    ("hybrid", include_str!("../../experiments/hybrid.toml")),
    ("overload", include_str!("../../experiments/overload.toml")),
    ("bursts", include_str!("../../experiments/bursts.toml")),
    ("stale", include_str!("../../experiments/stale.toml")),
    ("faults", include_str!("../../experiments/faults.toml")),
    ("stealing", include_str!("../../experiments/stealing.toml")),
    ("energy", include_str!("../../experiments/energy.toml")),
];

/// The text of the plan called `name`, in capitals or not.
pub fn built_in(name: &str) -> Option<&'static str> {
    PLANS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, text)| *text)
}

/// The policies that can be told how many workers to look at.
const CHOOSERS: [&str; 4] = [
    "randomized-least-connection",
    "shortest-expected-delay",
    "least-connection",
    "shortest-queue",
];

/// A policy with what it is told: `NAME`, `NAME:D` for the workers it looks at, `NAME:energy` for
/// the goal of energy, or `q-learning:unguarded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicySpec {
    /// Its name.
    pub name: String,
    /// How many workers it looks at.
    pub choices: Option<u32>,
    /// Whether it is watched by nobody.
    pub unguarded: bool,
    /// What is aimed at.
    pub goal: Goal,
}

/// A text that is no policy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WrongPolicy {
    /// There is none of this name.
    #[error(transparent)]
    Unknown(#[from] UnknownPolicy),
    /// It cannot be told this.
    #[error(
        "'{text}': give NAME, NAME:energy, q-learning:unguarded, or NAME:D with D of 1 or more for {}",
        CHOOSERS.join(", ")
    )]
    Told {
        /// What was asked for.
        text: String,
    },
}

impl PolicySpec {
    /// Every policy, each as it is by default.
    pub fn all() -> Vec<PolicySpec> {
        let plain = |name: &&str| PolicySpec {
            name: (*name).into(),
            choices: None,
            unguarded: false,
            goal: Goal::Latency,
        };
        NAMES.iter().map(plain).collect()
    }
}

impl FromStr for PolicySpec {
    type Err = WrongPolicy;

    fn from_str(text: &str) -> Result<Self, WrongPolicy> {
        let (name, told) = text.split_once(':').map_or((text, None), |(n, told)| (n, Some(told)));
        by_name(name, None)?;
        let wrong = || WrongPolicy::Told { text: text.to_owned() };
        let spec = |choices, unguarded| PolicySpec {
            name: name.to_owned(),
            choices,
            unguarded,
            goal: Goal::Latency,
        };
        match told {
            None => Ok(spec(None, false)),
            Some("unguarded") if name == "q-learning" => Ok(spec(None, true)),
            Some("energy") => Ok(PolicySpec { goal: Goal::Energy, ..spec(None, false) }),
            Some(choices) => match choices.parse() {
                // Others look at as many as they look at.
                Ok(_) if !CHOOSERS.contains(&name) => Err(wrong()),
                Ok(choices) if choices > 0 => Ok(spec(Some(choices), false)),
                _ => Err(wrong()),
            },
        }
    }
}

impl fmt::Display for PolicySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.choices {
            Some(choices) => write!(f, ":{choices}"),
            None if self.unguarded => f.write_str(":unguarded"),
            None if self.goal == Goal::Energy => f.write_str(":energy"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for PolicySpec {
    type Error = WrongPolicy;

    fn try_from(text: String) -> Result<Self, WrongPolicy> {
        text.parse()
    }
}

impl From<PolicySpec> for String {
    fn from(spec: PolicySpec) -> String {
        spec.to_string()
    }
}
