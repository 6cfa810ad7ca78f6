//! Priorities: what is done first, and shed last, when there is more than can be done.

use std::fmt;
use std::str::FromStr;

use crate::packet::Kind;

/// How much a kind of packet matters, compared with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Shed first, worked on last.
    Low,
    /// In between.
    #[default]
    Normal,
    /// Worked on first, shed last.
    High,
}

impl Priority {
    /// Every priority, lowest first.
    pub const ALL: [Priority; 3] = [Priority::Low, Priority::Normal, Priority::High];

    /// The next lower one, if there is one.
    pub fn below(self) -> Option<Priority> {
        match self {
            Priority::Low => None,
            Priority::Normal => Some(Priority::Low),
            Priority::High => Some(Priority::Normal),
        }
    }

    /// Its name in settings: `low`, `normal`, `high`.
    pub fn as_str(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no priority.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("priority '{0}' is none of low, normal, high")]
pub struct UnknownPriority(pub String);

impl FromStr for Priority {
    type Err = UnknownPriority;

    fn from_str(text: &str) -> Result<Self, UnknownPriority> {
        Priority::ALL
            .into_iter()
            .find(|priority| priority.as_str() == text)
            .ok_or_else(|| UnknownPriority(text.to_owned()))
    }
}

/// The priority of each kind; by default all are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priorities {
    by_kind: [Priority; Kind::ALL.len()],
}

impl Priorities {
    /// These with another priority for one kind.
    pub fn with(mut self, kind: Kind, priority: Priority) -> Self {
        self.by_kind[kind.index()] = priority;
        self
    }

    /// The priority of `kind`.
    pub fn of(&self, kind: Kind) -> Priority {
        self.by_kind[kind.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_survives_its_name_and_belongs_to_its_kind() {
        for priority in Priority::ALL {
            assert_eq!(priority.as_str().parse(), Ok(priority));
        }
        assert!("urgent".parse::<Priority>().is_err());
        let priorities = Priorities::default().with(Kind::Vibration, Priority::Low);
        assert!(priorities.of(Kind::Vibration) < priorities.of(Kind::Temperature));
    }
}
