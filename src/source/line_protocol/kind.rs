//! The kind of a measurement, by the words of its name.
//!
//! A name is cut into words at everything that is not a letter and where a small letter meets
//! a capital one (`cpuTemperature`, `accel_x`, `load1`); capitals do not matter otherwise.
//! Whole words count, so that `download` is no load and `template` no temperature. The first
//! row with a word of the name decides: a `cpu_temperature` is a temperature.
//!
//! | kind | words |
//! |---|---|
//! | temperature | temp, temps, temperature, temperatures, thermal |
//! | vibration | vib, vibration, vibrations, accel, acceleration, accelerometer |
//! | load | load, cpu, utilization, utilisation |
//! | other | none of these |

use crate::packet::Kind;

const WORDS: [(Kind, &[&str]); 3] = [
    (Kind::Temperature, &["temp", "temps", "temperature", "temperatures", "thermal"]),
    (
        Kind::Vibration,
        &["vib", "vibration", "vibrations", "accel", "acceleration", "accelerometer"],
    ),
    (Kind::Load, &["load", "cpu", "utilization", "utilisation"]),
];

/// The kind of `measurement`.
pub(super) fn of(measurement: &str) -> Kind {
    let has = |words: &[&str]| words_of(measurement).any(|word| is_one_of(word, words));
    WORDS.iter().find(|(_, words)| has(words)).map_or(Kind::Other, |(kind, _)| *kind)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn words_of(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let (word, after) = rest.split_at(word_len(rest.as_bytes()));
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

fn word_len(bytes: &[u8]) -> usize {
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let hump = bytes[..letters]
        .windows(2)
        .position(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    hump.map_or(letters, |before| before + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_decide_and_temperature_goes_first() {
        for (name, kind) in [
            ("cpu", Kind::Load),
            ("CPU", Kind::Load),
            ("system.load1", Kind::Load),
            ("cpu_temperature", Kind::Temperature),
            ("cpuTemp0", Kind::Temperature),
            ("Thermal-Zone", Kind::Temperature),
            ("motor/vibration/x", Kind::Vibration),
            ("accelX", Kind::Vibration),
            ("download", Kind::Other),
            ("template", Kind::Other),
            ("attempts", Kind::Other),
            ("mem", Kind::Other),
            ("°C", Kind::Other),
            ("42", Kind::Other),
        ] {
            assert_eq!(of(name), kind, "{name}");
        }
    }
}
