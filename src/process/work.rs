//! Which of the built-in kinds of work a run does.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::finding::Finding;
use super::{Analysis, Failure, Process, Spin, WorkerInfo};
use crate::packet::Packet;

/// A choice among the built-in kinds of work, as the setting `work` writes it: `monitor`,
/// `analysis`, or `spin:` and a duration such as `spin:200us`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkChoice {
    /// [`Monitor`](super::Monitor) for machines of class II; it needs each sensor's packets in
    /// their order.
    #[default]
    Monitor,
    /// [`Analysis`] for machines of class II.
    Analysis,
    /// [`Spin`] for this long.
    Spin(Duration),
}

impl WorkChoice {
    /// The work itself, if it is one that looks at each packet alone; each worker needs one of
    /// its own. `None` for [`WorkChoice::Monitor`]: its type says that it keeps a state, and
    /// by that an engine knows in which orders it may run.
    pub fn stateless(self) -> Option<Work> {
        match self {
            WorkChoice::Monitor => None,
            WorkChoice::Analysis => Some(Work::Analysis(Box::default())),
            WorkChoice::Spin(duration) => Some(Work::Spin(Spin::new(duration))),
        }
    }
}

impl fmt::Display for WorkChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkChoice::Monitor => f.write_str("monitor"),
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
#[error(
    "work '{0}' is none of 'monitor', 'analysis', and 'spin:' with a duration, such as spin:200us"
)]
pub struct UnknownWork(pub String);

impl FromStr for WorkChoice {
    type Err = UnknownWork;

    fn from_str(text: &str) -> Result<Self, UnknownWork> {
        match text {
            "monitor" => return Ok(WorkChoice::Monitor),
            "analysis" => return Ok(WorkChoice::Analysis),
            _ => {}
        }
        text.strip_prefix("spin:")
            .and_then(|duration| humantime::parse_duration(duration).ok())
            .map(WorkChoice::Spin)
            .ok_or_else(|| UnknownWork(text.to_owned()))
    }
}

/// The built-in kinds of work that keep no state, as one type, so that one type of engine runs them all.
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
    use crate::process::{Monitor, is_state};

    #[test]
    fn a_choice_survives_its_text() {
        for text in ["monitor", "analysis", "spin:0s", "spin:200us", "spin:1s500ms"] {
            assert_eq!(text.parse::<WorkChoice>().unwrap().to_string(), text);
        }
        for text in ["", "spin", "spin:", "spin:-1s", "spin:fast", "Analysis", "monitor "] {
            assert_eq!(text.parse::<WorkChoice>(), Err(UnknownWork(text.to_owned())));
        }
    }

    #[test]
    fn only_work_without_a_state_is_built_as_one() {
        assert!(!is_state::<<Work as Process<Packet>>::State>());
        assert!(is_state::<<Monitor as Process<Packet>>::State>());
        let built = |choice: WorkChoice| choice.stateless().is_some();
        let spin = WorkChoice::Spin(Duration::ZERO);
        assert!(built(WorkChoice::Analysis) && built(spin) && !built(WorkChoice::Monitor));
    }
}
