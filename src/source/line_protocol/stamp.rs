//! Timestamps of unknown unit, told apart by magnitude.
//!
//! A line says a number, not its unit: that is the sender's setting. For any moment from
//! 3 March 1973 to the year 5138 the four ranges do not touch:
//!
//! | absolute value | unit | that unit's range |
//! |---|---|---|
//! | below 10^11 | s | 1970 to 5138 |
//! | below 10^14 | ms | 1973 to 5138 |
//! | below 10^17 | µs | 1973 to 5138 |
//! | from 10^17 | ns | 1973 to 2262 |
//!
//! So 1590488773, 1590488773254, 1590488773254420 and 1590488773254420000 are all in May
//! 2020. A moment past 2262 does not fit into nanoseconds and counts as not said. Small stamps
//! of ns since some other beginning (a device's start) are read as seconds: their sender's
//! wall clock is wrong either way.

const UNITS: [(u64, i64); 3] = [
    (100_000_000_000, 1_000_000_000),
    (100_000_000_000_000, 1_000_000),
    (100_000_000_000_000_000, 1_000),
];

/// The stamp in nanoseconds since 1970; `None` if they do not fit.
pub(super) fn unix_ns(stamp: i64) -> Option<i64> {
    let unit = UNITS.iter().find(|(below, _)| stamp.unsigned_abs() < *below);
    stamp.checked_mul(unit.map_or(1, |(_, factor)| *factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_four_units_is_one_moment() {
        let second = 1_590_488_773;
        for factor in [1, 1_000, 1_000_000, 1_000_000_000] {
            assert_eq!(unix_ns(second * factor), Some(second * 1_000_000_000));
            assert_eq!(unix_ns(-second * factor), Some(-second * 1_000_000_000));
        }
    }

    #[test]
    fn no_number_overflows() {
        assert_eq!(unix_ns(0), Some(0));
        assert_eq!(unix_ns(99_999_999_999), None);
        assert_eq!(unix_ns(i64::MIN), Some(i64::MIN));
        assert_eq!(unix_ns(i64::MAX), Some(i64::MAX));
        assert_eq!(unix_ns(100_000_000_000), Some(100_000_000_000_000_000));
    }
}
