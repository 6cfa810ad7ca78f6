//! What is aimed at.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The goal of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Short times: all workers are always active.
    #[default]
    Latency,
    /// Little energy: as few and frugal workers as hold a target.
    Energy,
}

/// A text that is no goal.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("give latency or energy")]
pub struct UnknownGoal;

impl Goal {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Goal::Latency => "latency",
            Goal::Energy => "energy",
        }
    }
}

impl FromStr for Goal {
    type Err = UnknownGoal;

    fn from_str(text: &str) -> Result<Self, UnknownGoal> {
        [Goal::Latency, Goal::Energy]
            .into_iter()
            .find(|goal| goal.as_str() == text)
            .ok_or(UnknownGoal)
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
