//! Numbers as people read them.

/// A time with three digits and a fitting unit: `812 ns`, `23.4 µs`, `1.20 ms`, `3.10 s`.
pub(crate) fn time(ns: f64) -> String {
    if !ns.is_finite() || ns < 0.0 {
        return "–".into();
    }
    // A value is put into the next unit where rounding would make it four digits.
    let units = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];
    let fits = |scale: f64| ns / scale < 999.5;
    let (scale, unit) = units.into_iter().find(|(scale, _)| fits(*scale)).unwrap_or((1e9, "s"));
    if scale == 1.0 {
        format!("{ns:.0} ns")
    } else {
        format!("{} {unit}", three_digits(ns / scale))
    }
}

/// An energy with three digits and a fitting unit: `812 nJ`, `310 µJ`, `12.3 kJ`.
pub(super) fn energy(joules: f64) -> String {
    scaled(
        joules,
        &[(1e-9, "nJ"), (1e-6, "µJ"), (1e-3, "mJ"), (1.0, "J"), (1e3, "kJ"), (1e6, "MJ")],
    )
}

/// A power with three digits: `812 mW`, `4.91 W`, `1.20 kW`.
pub(super) fn power(watts: f64) -> String {
    scaled(watts, &[(1e-3, "mW"), (1.0, "W"), (1e3, "kW")])
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    if !value.is_finite() || value < 0.0 {
        return "–".into();
    }
    let fits = |scale: f64| value / scale < 999.5;
    let fitting = units.iter().find(|(scale, _)| fits(*scale)).or(units.last());
    fitting
        .map_or_else(String::new, |(scale, unit)| format!("{} {unit}", three_digits(value / scale)))
}

/// The length of a run: `10.0 s`, `12 min 30 s`, `3 h 05 min`.
pub(super) fn length(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".into();
    }
    if seconds < 119.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole / 3600 {
        0 => format!("{} min {:02} s", whole / 60, whole % 60),
        hours => format!("{hours} h {:02} min", whole / 60 % 60),
    }
}

/// A count with its thousands set apart: `1,234,567`.
pub(crate) fn count(count: u64) -> String {
    apart(&count.to_string())
}

/// `text` with the thousands of every number in it set apart.
pub(super) fn apart(text: &str) -> String {
    let mut apart = String::new();
    for (at, letter) in text.char_indices() {
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
        let after_digit = text[..at].ends_with(|c: char| c.is_ascii_digit());
        if after_digit && digits(&text[at..]) > 0 && digits(&text[at..]).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(letter);
    }
    apart
}

/// How many of something, by its singular: `1 packet`, `1,234 packets`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A count with three digits: `950`, `12.3 k`, `1.20 M`; for axes, `trim` drops zeros behind
/// the point: `20 k`.
pub(super) fn short_count(count: f64, trim: bool) -> String {
    // The last reaches past the largest count there is.
    let units = [
        (1.0, ""),
        (1e3, " k"),
        (1e6, " M"),
        (1e9, " G"),
        (1e12, " T"),
        (1e15, " P"),
        (1e18, " E"),
    ];
    let fits = |scale: f64| count / scale < 999.5;
    let (scale, unit) = units.into_iter().find(|(scale, _)| fits(*scale)).unwrap_or((1e18, " E"));
    let mut digits = if scale == 1.0 { format!("{count:.0}") } else { three_digits(count / scale) };
    if trim && digits.contains('.') {
        digits.truncate(digits.trim_end_matches('0').trim_end_matches('.').len());
    }
    digits + unit
}

/// A share (0 to 1) in percent: `12.5 %`; `–` where it is no number.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", share * 100.0) } else { "–".into() }
}

/// A rate: `19,998`, and below a hundred with one digit behind the point.
pub(super) fn rate(per_s: f64) -> String {
    match per_s {
        _ if !per_s.is_finite() || per_s < 0.0 => "–".into(),
        _ if per_s < 100.0 => format!("{per_s:.1}"),
        _ => count(per_s.round() as u64),
    }
}

fn three_digits(value: f64) -> String {
    match value {
        _ if value < 9.995 => format!("{value:.2}"),
        _ if value < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_fitting_unit() {
        let texts = [
            (0.0, "0 ns"),
            (812.4, "812 ns"),
            (999.9, "1.00 µs"),
            (23_449.0, "23.4 µs"),
            (1.2e6, "1.20 ms"),
            (999_600_000.0, "1.00 s"),
            (3.1e9, "3.10 s"),
            (5e12, "5000 s"),
            (f64::NAN, "–"),
        ];
        for (ns, text) in texts {
            assert_eq!(time(ns), text);
        }
    }

    #[test]
    fn energies_have_three_digits_and_a_fitting_unit() {
        let texts = [0.0, 3.1e-4, 0.9996, 12.34, 45_600.0, 1e10, f64::NAN, -1.0].map(energy);
        let expected = ["0.00 nJ", "310 µJ", "1.00 J", "12.3 J", "45.6 kJ", "10000 MJ", "–", "–"];
        assert_eq!(texts, expected);
        assert_eq!([0.0056, 4.913, 1_200.0].map(power), ["5.60 mW", "4.91 W", "1.20 kW"]);
    }

    #[test]
    fn lengths_counts_and_shares_read_as_people_write_them() {
        assert_eq!(length(9.96), "10.0 s");
        assert_eq!(length(750.0), "12 min 30 s");
        assert_eq!(length(3.0 * 3600.0 + 300.0), "3 h 05 min");
        assert_eq!([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            apart("received 15074 = processed 74 + 1000"),
            "received 15,074 = processed 74 + 1,000"
        );
        assert_eq!([0, 1, 2000].map(|n| counted(n, "row")), ["0 rows", "1 row", "2,000 rows"]);
        assert_eq!(short_count(u64::MAX as f64, false), "18.4 E");
        assert_eq!(short_count(12_345.0, false), "12.3 k");
        assert_eq!(short_count(20_000.0, true), "20 k");
        assert_eq!(short_count(250.0, true), "250");
        assert_eq!(percent(0.12345), "12.3 %");
        assert_eq!([rate(19_998.2), rate(1.25), rate(f64::INFINITY)], ["19,998", "1.2", "–"]);
    }
}
