//! Figures without a unit of their own, with as many digits as they deserve.

use super::units;
use crate::interval::Interval;

/// Three digits: `0.0123`, `1.40`, `12.3`, `12,345`; `1.23e9` where plain digits would be many.
pub(super) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if value == 0.0 {
        return "0".into();
    }
    if is_extreme(value.abs()) {
        return format!("{value:.2e}");
    }
    fixed(value, (2 - magnitude(value)).clamp(0, 6))
}

/// A mean with its interval, both to the digit that the interval leaves sure: `1.402 ± 0.013`;
/// the mean alone where there is no interval.
pub(super) fn with_interval(interval: Interval) -> String {
    let Interval { mean, ci95 } = interval;
    if !(ci95.is_finite() && ci95 > 0.0 && mean.is_finite()) {
        return short(mean);
    }
    if is_extreme(mean.abs().max(ci95)) {
        return format!("{mean:.2e} ± {ci95:.1e}");
    }
    // Two digits of the interval; but nobody reads the seventh digit of a mean.
    let most = 5 - magnitude(mean.abs().max(ci95));
    let decimals = (1 - magnitude(ci95)).clamp(0, most.clamp(0, 6));
    if ci95 < 0.5 * libm::pow(10.0, f64::from(-decimals)) {
        return format!("{} ± {ci95:.0e}", fixed(mean, decimals));
    }
    format!("{} ± {}", fixed(mean, decimals), fixed(ci95, decimals))
}

/// A part of a whole without needless digits: `0.27 %`, `8.4 %`, `16 %`, `1,240 %`.
pub(super) fn part(part: f64) -> String {
    let percent = 100.0 * part;
    match percent.abs() {
        _ if !percent.is_finite() => "–".into(),
        p if p >= 1e6 => format!("{percent:.1e} %"),
        p if p < 0.995 => format!("{percent:.2} %"),
        p if p < 9.95 => format!("{percent:.1} %"),
        _ => format!("{} %", fixed(percent, 0)),
    }
}

fn is_extreme(size: f64) -> bool {
    !(1e-3..1e6).contains(&size)
}

/// The power of ten of the first digit.
fn magnitude(value: f64) -> i32 {
    let size = value.abs().clamp(1e-300, 1e300);
    libm::floor(libm::log10(size)) as i32
}

fn fixed(value: f64, decimals: i32) -> String {
    let text = format!("{value:.*}", decimals.max(0) as usize);
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", units::apart(whole)),
        None => units::apart(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_enough() {
        let all = [0.0, 0.01234, 1.4, 12.34, 999.6, 12_345.4, 1e9, 1e-6, f64::NAN, -2.5];
        let texts =
            ["0", "0.0123", "1.40", "12.3", "1,000", "12,345", "1.00e9", "1.00e-6", "–", "-2.50"];
        assert_eq!(all.map(short), texts);
    }

    #[test]
    fn an_interval_decides_the_digits() {
        let text = |mean, ci95| with_interval(Interval { mean, ci95 });
        assert_eq!(text(1.40234, 0.0132), "1.402 ± 0.013");
        assert_eq!(text(1234.5, 56.7), "1,234 ± 57");
        assert_eq!(text(1.4, 0.0), "1.40");
        assert_eq!(text(1e9, 2e7), "1.00e9 ± 2.0e7");
        assert_eq!(text(1e-6, 2e-8), "1.00e-6 ± 2.0e-8");
        assert_eq!(text(12.0, 1e-12), "12.0000 ± 1e-12");
        assert_eq!(text(0.01, 3.0), "0.0 ± 3.0");
    }

    #[test]
    fn parts_are_percent() {
        let texts = [0.0027, 0.084, 0.164, 12.4, 1e7, f64::INFINITY].map(part);
        assert_eq!(texts, ["0.27 %", "8.4 %", "16 %", "1,240 %", "1.0e9 %", "–"]);
    }
}
