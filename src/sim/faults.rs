//! What goes wrong with the workers, and when.
//!
//! | fault | what happens |
//! |---|---|
//! | `crash` | the packet in hand fails; those that wait are dispatched again; nothing goes there until the end |
//! | `stall` | it stands still and keeps what it has; the rule does not know |
//! | `throttle` | it works at this part of its speed; the rule sees that, unless it must learn |
//! | `offline` | all it has is dispatched again, the packet in hand from its beginning; nothing goes there until the end |
//! | `foreign` | somebody else takes this part of its core; the rule sees that |

use std::fmt;
use std::str::FromStr;

use crate::random::Random;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultKind {
    /// Dies and is started again.
    Crash,
    /// Stands still.
    Stall,
    /// Works at this part of its speed (above 0, at most 1).
    Throttle(f64),
    /// Its CPU is taken away and comes back.
    Offline,
    /// This part of its core is taken by others (0 to 0.95).
    Foreign(f64),
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// To whom.
    pub worker: u32,
    /// When it begins, in units.
    pub at: f64,
    /// How long it lasts, in units.
    pub lasts: f64,
}

/// A plan of faults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults(Vec<Fault>);

/// A text that is no fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' is no fault; give KIND:WORKER@AT+FOR, in units of the mean service time, such as \
     crash:0@100+50, stall:1@100+50, offline:2@0+10, throttle:3@100+50=0.5 (of its speed), \
     foreign:0@100+50=0.7 (of its core)"
)]
pub struct WrongFault(pub String);

impl Faults {
    /// These faults.
    pub fn new(faults: Vec<Fault>) -> Self {
        Faults(faults)
    }

    /// All of them.
    pub fn each(&self) -> &[Fault] {
        &self.0
    }

    /// A random subset of the kinds, up to three of each, within `horizon` units. Worker 0 of
    /// several is never taken away, so that somebody is always there.
    pub fn random(seed: u64, workers: u32, horizon: f64) -> Self {
        let mut random = Random::stream(seed, 99);
        let mut faults = Vec::new();
        for kind in 0..5 {
            if random.below(2) == 0 {
                continue;
            }
            for _ in 0..=random.below(3) {
                let kind = match kind {
                    0 => FaultKind::Crash,
                    1 => FaultKind::Stall,
                    2 => FaultKind::Throttle(0.05 + 0.95 * random.unit()),
                    3 => FaultKind::Offline,
                    _ => FaultKind::Foreign(0.95 * random.unit()),
                };
                let spared = u32::from(workers > 1);
                let worker = spared + random.below(workers - spared);
                let (at, lasts) = (horizon * random.unit(), horizon / 3.0 * random.unit());
                faults.push(Fault { kind, worker, at, lasts });
            }
        }
        Faults(faults)
    }
}

impl FromStr for Fault {
    type Err = WrongFault;

    fn from_str(text: &str) -> Result<Self, WrongFault> {
        parse(text).ok_or_else(|| WrongFault(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Fault> {
    let (kind, rest) = text.split_once(':')?;
    let (worker, rest) = rest.split_once('@')?;
    let (at, rest) = rest.split_once('+')?;
    let (lasts, value) = match rest.split_once('=') {
        Some((lasts, value)) => (lasts, Some(value.parse::<f64>().ok()?)),
        None => (rest, None),
    };
    let kind = match (kind, value) {
        ("crash", None) => FaultKind::Crash,
        ("stall", None) => FaultKind::Stall,
        ("offline", None) => FaultKind::Offline,
        ("throttle", Some(part)) if part > 0.0 && part <= 1.0 => FaultKind::Throttle(part),
        ("foreign", Some(part)) if (0.0..=0.95).contains(&part) => FaultKind::Foreign(part),
        _ => return None,
    };
    let time = |text: &str| text.parse().ok().filter(|time| (0.0..=1e6).contains(time));
    Some(Fault { kind, worker: worker.parse().ok()?, at: time(at)?, lasts: time(lasts)? })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, value) = match self.kind {
            FaultKind::Crash => ("crash", None),
            FaultKind::Stall => ("stall", None),
            FaultKind::Offline => ("offline", None),
            FaultKind::Throttle(part) => ("throttle", Some(part)),
            FaultKind::Foreign(part) => ("foreign", Some(part)),
        };
        write!(f, "{name}:{}@{}+{}", self.worker, self.at, self.lasts)?;
        value.map_or(Ok(()), |value| write!(f, "={value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_itself_and_nonsense_does_not() {
        for text in ["crash:0@100+50", "throttle:3@1.5+2=0.5", "foreign:1@0+1=0.95"] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        let nonsense =
            ["", "crash", "crash:0", "crash:0@1", "crash:0@1+1=2", "throttle:0@1+1", "melt:0@1+1"];
        for text in nonsense.into_iter().chain(["throttle:0@1+1=0", "stall:-1@1+1", "stall:1@-1+1"])
        {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_plan_and_spares_one_worker() {
        assert_eq!(Faults::random(3, 4, 100.0), Faults::random(3, 4, 100.0));
        let all: Vec<Fault> = (0..200).flat_map(|seed| Faults::random(seed, 4, 100.0).0).collect();
        assert!(all.iter().all(|fault| (1..4).contains(&fault.worker)));
        assert!(all.len() > 600 && Faults::random(0, 1, 1.0).0.iter().all(|f| f.worker == 0));
    }
}
