//! The class of a core: how it compares with its neighbours on the same chip.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What sort of core a CPU is, relative to the others of its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Class {
    /// All cores are equal; there is no other class.
    Uniform,
    /// The fastest cores.
    Performance,
    /// Neither fastest nor slowest. Numbered from 1, fastest first, where there are several
    /// such classes; 0 where there is one.
    Middle(u8),
    /// The slowest cores.
    Efficiency,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Class::Uniform => f.pad("uniform"),
            Class::Performance => f.pad("performance"),
            Class::Middle(0) => f.pad("middle"),
            Class::Middle(number) => f.pad(&format!("middle-{number}")),
            Class::Efficiency => f.pad("efficiency"),
        }
    }
}

/// A name that is no class.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("class '{0}' is none of uniform, performance, middle, middle-N, efficiency")]
pub struct UnknownClass(pub String);

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        let middle = |text: &str| text.strip_prefix("middle-")?.parse().ok().map(Class::Middle);
        match text {
            "uniform" => Ok(Class::Uniform),
            "performance" => Ok(Class::Performance),
            "middle" => Ok(Class::Middle(0)),
            "efficiency" => Ok(Class::Efficiency),
            _ => middle(text).ok_or_else(|| UnknownClass(text.to_owned())),
        }
    }
}

impl From<Class> for String {
    fn from(class: Class) -> String {
        class.to_string()
    }
}

impl TryFrom<String> for Class {
    type Error = UnknownClass;

    fn try_from(text: String) -> Result<Self, UnknownClass> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_survives_its_name() {
        let all = [
            Class::Uniform,
            Class::Performance,
            Class::Middle(0),
            Class::Middle(2),
            Class::Efficiency,
        ];
        for class in all {
            assert_eq!(class.to_string().parse(), Ok(class));
        }
        assert!("fast".parse::<Class>().is_err());
    }
}
