//! The values of settings, parsed at the edge into types that cannot be wrong.
//!
//! Each has one text form, which flags, environment and configuration file share and which
//! `summary.json` repeats.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Why a value cannot be.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{0}")]
pub struct Impossible(pub String);

pub(super) fn impossible<T>(what: impl fmt::Display) -> Result<T, Impossible> {
    Err(Impossible(what.to_string()))
}

fn whole_number(text: &str, least: u32) -> Result<u32, Impossible> {
    let too_large = || text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() > 9;
    match text.parse() {
        Ok(number) if number >= least => Ok(number),
        Err(_) if too_large() => impossible(format!("give a whole number of at most {}", u32::MAX)),
        _ => impossible(format!("give a whole number of {least} or more")),
    }
}

/// A whole number of 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positive(pub u32);

impl FromStr for Positive {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        whole_number(text, 1).map(Positive)
    }
}

impl fmt::Display for Positive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A whole number, perhaps 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u32);

impl FromStr for Count {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        whole_number(text, 0).map(Count)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The seed of a run: any whole number that 64 bits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl FromStr for Seed {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text.parse() {
            Ok(seed) => Ok(Seed(seed)),
            Err(_) => impossible("give a whole number of 0 or more, such as 7"),
        }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number above 0, not infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AboveZero(pub f64);

impl FromStr for AboveZero {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text.parse::<f64>() {
            Ok(number) if number > 0.0 && number.is_finite() => Ok(AboveZero(number)),
            _ => impossible("give a number above 0, such as 0.6 or 20000"),
        }
    }
}

impl fmt::Display for AboveZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A part of what the workers can carry: above 0, and no more than anybody can mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load(pub f64);

impl FromStr for Load {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text.parse() {
            Ok(AboveZero(load)) if load <= 1000.0 => Ok(Load(load)),
            _ => impossible("give a number above 0 and at most 1000, such as 0.6"),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A length of time above 0, as people write it: `10s`, `500ms`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match humantime::parse_duration(text) {
            Ok(Duration::ZERO) | Err(_) => {
                impossible("give a time above 0 with its unit, such as 10s, 500ms, 1h30m")
            }
            Ok(duration) => Ok(Span(duration)),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_duration(self.0))
    }
}

/// A number of bytes: `4096`, `256MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl FromStr for Bytes {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let unit = UNITS.iter().find_map(|(name, size)| Some((text.strip_suffix(name)?, *size)));
        let (digits, size) = unit.unwrap_or((text, 1));
        let bytes = digits.trim().parse::<u64>().ok().and_then(|n| n.checked_mul(size));
        match bytes {
            Some(0) | None => impossible("give a size above 0, such as 4096, 512KiB, 256MiB"),
            Some(bytes) => Ok(Bytes(bytes)),
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, size)| self.0.is_multiple_of(*size));
        let (name, size) = whole.unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / size)
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch(pub bool);

impl FromStr for Switch {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text {
            "on" | "true" => Ok(Switch(true)),
            "off" | "false" => Ok(Switch(false)),
            _ => impossible("give 'on' or 'off'"),
        }
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "on" } else { "off" })
    }
}

/// Where packets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// Virtual sensors.
    Virtual,
    /// This machine's own sensors.
    Host,
    /// Line protocol over UDP, at `ADDR:PORT`.
    Udp(String),
    /// Packets saved earlier.
    Replay(PathBuf),
}

impl FromStr for SourceSpec {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        if let Some(address) = text.strip_prefix("udp://") {
            let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            return match port.map(|(_, port)| port.parse::<u16>()) {
                Some(Ok(_)) => Ok(SourceSpec::Udp(address.to_owned())),
                _ => impossible(
                    "give an address and a port, such as udp://0.0.0.0:8089 or udp://[::1]:8089",
                ),
            };
        }
        match (text, text.strip_prefix("replay:")) {
            ("virtual", _) => Ok(SourceSpec::Virtual),
            ("host", _) => Ok(SourceSpec::Host),
            (_, Some(path)) if !path.is_empty() => Ok(SourceSpec::Replay(path.into())),
            _ => impossible("give virtual, host, udp://ADDR:PORT or replay:FILE"),
        }
    }
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceSpec::Virtual => f.write_str("virtual"),
            SourceSpec::Host => f.write_str("host"),
            SourceSpec::Udp(address) => write!(f, "udp://{address}"),
            SourceSpec::Replay(path) => write!(f, "replay:{}", path.display()),
        }
    }
}

/// One of the policies there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyName(pub String);

impl FromStr for PolicyName {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let names = crate::policy::NAMES;
        if names.contains(&text) {
            return Ok(PolicyName(text.to_owned()));
        }
        let all = names.join(", ");
        match nearest(text, &names) {
            Some(name) => impossible(format!("did you mean {name}? There are {all}")),
            None => impossible(format!("there are {all}")),
        }
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The known word that looks most like `word`, if one does at all.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &&'a str| (strsim::jaro_winkler(word, name), *name);
    let best = known.iter().map(likeness).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.7).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survives<T: FromStr + fmt::Display>(texts: &[&str]) {
        for text in texts {
            let value = text.parse::<T>().ok().unwrap_or_else(|| panic!("{text} is fine"));
            assert_eq!(&value.to_string(), text);
        }
    }

    fn refuses<T: FromStr>(texts: &[&str]) {
        for text in texts {
            assert!(text.parse::<T>().is_err(), "'{text}' must be refused");
        }
    }

    #[test]
    fn values_survive_their_text() {
        survives::<Positive>(&["1", "64"]);
        survives::<AboveZero>(&["0.6", "20000"]);
        survives::<Span>(&["10s", "500ms", "1h 30m"]);
        survives::<Bytes>(&["256MiB", "1GiB", "1000B", "3KiB"]);
        survives::<Switch>(&["on", "off"]);
        survives::<SourceSpec>(&["virtual", "host", "udp://[::1]:80", "replay:a b.csv"]);
        survives::<PolicyName>(&["round-robin"]);
    }

    #[test]
    fn impossible_values_are_refused() {
        refuses::<Positive>(&["0", "-1", "1.5", "", "many", "4294967296"]);
        refuses::<AboveZero>(&["0", "-1", "nan", "inf", "1e999", ""]);
        refuses::<Span>(&["0s", "10", "-1s", "soon", "", "99999999999999999999s"]);
        refuses::<Bytes>(&["0", "0MiB", "-1", "999999999999GiB", "MiB", "1.5MiB"]);
        refuses::<Switch>(&["yes", "", "ON"]);
        refuses::<SourceSpec>(&[
            "",
            "udp://",
            "udp://localhost",
            "replay:",
            "mqtt://x",
            "udp://1.2.3.4:99999",
        ]);
        refuses::<PolicyName>(&["", "fastest"]);
    }

    #[test]
    fn the_nearest_policy_is_offered() {
        let error = "round_robin".parse::<PolicyName>().unwrap_err().to_string();
        assert!(error.starts_with("did you mean round-robin?"), "{error}");
    }
}
