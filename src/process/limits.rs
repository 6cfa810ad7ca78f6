//! Limit checks: whether values lie where a healthy sensor of their kind has them.
//!
//! | kind | low | high | calm | why |
//! |---|---|---|---|---|
//! | temperature | −40 °C | 85 °C | −38 to 83 °C | the industrial range of electronics |
//! | load | 0 % | 95 % | 0 to 90 % | above it a machine has no reserve left |
//! | vibration | −500 m/s² | 500 m/s² | ±475 m/s² | ±50 g, the range of common industrial accelerometers |
//! | other | – | – | all | nothing is known; a value need only be finite |
//!
//! Calm is where an alarm may end. At its low end load has no margin: 0 is where idle machines
//! are, and below it nothing swings, something is broken.

use crate::packet::Kind;

/// Where values lie relative to the limits of their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitCheck {
    /// On the limits or between them.
    Within,
    /// Something lies below the low limit, and nothing above the high one.
    Low,
    /// Something lies above the high limit, whatever else there is.
    High,
    /// Something is infinite or not a number.
    NotFinite,
}

/// Compares `value` with the limits of `kind`; they are listed at the head of this file.
pub(super) fn check_value(kind: Kind, value: f64) -> LimitCheck {
    check_extremes(kind, value, value)
}

/// Compares the extremes of `samples` with the limits of `kind`; `None` if there is no sample.
pub(super) fn check_block(kind: Kind, samples: &[f32]) -> Option<LimitCheck> {
    let first = f64::from(*samples.first()?);
    let (mut lowest, mut highest) = (first, first);
    for sample in samples.iter().copied() {
        if !sample.is_finite() {
            return Some(LimitCheck::NotFinite);
        }
        lowest = lowest.min(f64::from(sample));
        highest = highest.max(f64::from(sample));
    }
    Some(check_extremes(kind, lowest, highest))
}

fn check_extremes(kind: Kind, lowest: f64, highest: f64) -> LimitCheck {
    if !lowest.is_finite() || !highest.is_finite() {
        return LimitCheck::NotFinite;
    }
    let (low, high) = limits(kind);
    if highest > high {
        LimitCheck::High
    } else if lowest < low {
        LimitCheck::Low
    } else {
        LimitCheck::Within
    }
}

/// Whether values between these extremes lie so far inside the limits of `kind` that an alarm
/// may end; see the head of this file.
pub(super) fn is_calm(kind: Kind, lowest: f64, highest: f64) -> bool {
    let (low, high) = match kind {
        Kind::Temperature => (-38.0, 83.0),
        Kind::Load => (0.0, 90.0),
        Kind::Vibration => (-475.0, 475.0),
        Kind::Other => (f64::NEG_INFINITY, f64::INFINITY),
    };
    lowest.is_finite() && highest.is_finite() && lowest >= low && highest <= high
}

fn limits(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Temperature => (-40.0, 85.0),
        Kind::Load => (0.0, 95.0),
        Kind::Vibration => (-500.0, 500.0),
        Kind::Other => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_within_and_beyond_them_is_not() {
        for kind in [Kind::Temperature, Kind::Load, Kind::Vibration] {
            let (low, high) = limits(kind);
            assert_eq!(check_value(kind, low), LimitCheck::Within);
            assert_eq!(check_value(kind, high), LimitCheck::Within);
            assert_eq!(check_value(kind, low - 0.1), LimitCheck::Low);
            assert_eq!(check_value(kind, high + 0.1), LimitCheck::High);
        }
        assert_eq!(check_value(Kind::Other, -1e300), LimitCheck::Within);
    }

    /// Between calm and beyond there is room to swing in.
    #[test]
    fn what_is_calm_lies_within_with_a_margin() {
        for kind in [Kind::Temperature, Kind::Load, Kind::Vibration] {
            let (low, high) = limits(kind);
            assert!(is_calm(kind, 0.9 * low, 0.9 * high));
            assert!(!is_calm(kind, 1.0, high - 1.9) && !is_calm(kind, low - 0.1, 1.0));
            assert!(kind == Kind::Load || !is_calm(kind, low + 1.9, 1.0));
        }
        assert!(is_calm(Kind::Other, -1e300, 1e300));
    }

    #[test]
    fn what_is_not_finite_has_no_limits() {
        for kind in Kind::ALL {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert_eq!(check_value(kind, value), LimitCheck::NotFinite);
                assert!(!is_calm(kind, value, 1.0) && !is_calm(kind, 1.0, value));
                let block = [0.0, value as f32, 99.0];
                assert_eq!(check_block(kind, &block), Some(LimitCheck::NotFinite));
            }
        }
    }

    #[test]
    fn a_block_is_judged_by_its_extremes() {
        assert_eq!(check_block(Kind::Load, &[]), None);
        assert_eq!(check_block(Kind::Load, &[1.0, 94.0]), Some(LimitCheck::Within));
        assert_eq!(check_block(Kind::Load, &[1.0, -1.0]), Some(LimitCheck::Low));
        assert_eq!(check_block(Kind::Load, &[-1.0, 99.0, 1.0]), Some(LimitCheck::High));
    }
}
