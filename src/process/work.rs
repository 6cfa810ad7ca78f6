//! Which of the built-in kinds of work a run does.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::finding::Finding;
use super::{Analysis, Failure, Process, Spin, WorkerInfo};
use crate::packet::Packet;

/// A choice among the built-in kinds of work, as the setting `work` writes it: `analysis`, or
/// `spin:` and a duration such as `spin:200us`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkChoice {
    /// [`Analysis`] for machines of class II.
    #[default]
    Analysis,
    /// [`Spin`] for this long.
    Spin(Duration),
}

impl WorkChoice {
    /// The work itself; each worker needs one of its own.
    pub fn build(self) -> Work {
        match self {
            WorkChoice::Analysis => Work::Analysis(Box::default()),
            WorkChoice::Spin(duration) => Work::Spin(Spin::new(duration)),
        }
    }
}

impl fmt::Display for WorkChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkChoice::Analysis => f.write_str("analysis"),
            WorkChoice::Spin(duration) => {
                write!(
                    f,
                    "spin:{}",
                    humantime::format_duration(*duration).to_string().replace(' ', "")
                )
            }
        }
    }
}

/// A text that chooses no work.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("work '{0}' is neither 'analysis' nor 'spin:' with a duration, such as spin:200us")]
pub struct UnknownWork(pub String);

impl FromStr for WorkChoice {
    type Err = UnknownWork;

    fn from_str(text: &str) -> Result<Self, UnknownWork> {
        if text == "analysis" {
            return Ok(WorkChoice::Analysis);
        }
        text.strip_prefix("spin:")
            .and_then(|duration| humantime::parse_duration(duration).ok())
            .map(WorkChoice::Spin)
            .ok_or_else(|| UnknownWork(text.to_owned()))
    }
}

/// The built-in kinds of work as one type, so that one type of engine runs them all.
pub enum Work {
    /// Analyses packets.
    Analysis(Box<Analysis>),
    /// Takes time.
    Spin(Spin),
}

impl Process<Packet> for Work {
    type Out = Finding;
    type State = ();

    fn work(&mut self, packet: &Packet, worker: &WorkerInfo) -> Result<Finding, Failure> {
        match self {
            Work::Analysis(analysis) => analysis.work(packet, worker),
            Work::Spin(spin) => spin.work(packet, worker),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_survives_its_text() {
        for text in ["analysis", "spin:0s", "spin:200us", "spin:1s500ms"] {
            assert_eq!(text.parse::<WorkChoice>().unwrap().to_string(), text);
        }
        for text in ["", "spin", "spin:", "spin:-1s", "spin:fast", "Analysis"] {
            assert_eq!(text.parse::<WorkChoice>(), Err(UnknownWork(text.to_owned())));
        }
    }
}
