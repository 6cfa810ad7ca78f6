//! How fast a recording is played.

use std::fmt;
use std::str::FromStr;

/// A pace: a factor on the recorded one, or as fast as possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace(Option<f64>);

/// A text that is no pace.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is no speed: give a number above 0 (1 is as recorded, 2 twice as fast) or max")]
pub struct BadPace(String);

impl Pace {
    /// As it was recorded.
    pub const RECORDED: Pace = Pace(Some(1.0));

    /// As fast as it is taken.
    pub const MAX: Pace = Pace(None);

    /// `factor` times as fast as recorded; `None` unless it is finite and above 0.
    pub fn times(factor: f64) -> Option<Self> {
        (factor.is_finite() && factor > 0.0).then_some(Pace(Some(factor)))
    }

    /// How long after the first packet one recorded `offset_ns` after it is due, in ns.
    /// Exact up to 2^53 ns, 104 days.
    pub(super) fn after_ns(self, offset_ns: u64) -> u64 {
        self.0.map_or(0, |factor| (offset_ns as f64 / factor) as u64)
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(factor) => factor.fmt(f),
            None => f.write_str("max"),
        }
    }
}

impl FromStr for Pace {
    type Err = BadPace;

    fn from_str(text: &str) -> Result<Self, BadPace> {
        if text == "max" {
            return Ok(Pace::MAX);
        }
        text.parse().ok().and_then(Pace::times).ok_or_else(|| BadPace(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_factor_or_max() {
        assert_eq!("1".parse(), Ok(Pace::RECORDED));
        assert_eq!("max".parse(), Ok(Pace::MAX));
        assert_eq!("0.5".parse::<Pace>().unwrap().after_ns(10), 20);
        assert_eq!("max".parse::<Pace>().unwrap().after_ns(10), 0);
        for text in ["0", "-1", "nan", "inf", "", "fast", "1x"] {
            assert_eq!(text.parse::<Pace>(), Err(BadPace(text.into())));
        }
    }

    #[test]
    fn the_slowest_pace_waits_and_does_not_wrap() {
        assert_eq!(Pace::times(f64::MIN_POSITIVE).unwrap().after_ns(u64::MAX), u64::MAX);
        assert_eq!(Pace::RECORDED.after_ns(1 << 53), 1 << 53);
    }
}
