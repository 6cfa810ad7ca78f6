//! How fast the workers are: `1x8,0.55x8`.

use std::fmt;
use std::str::FromStr;

/// The most workers that are simulated.
pub const WORKERS_MAX: usize = 65_536;

/// The speed of each worker, 1 or less for ordinary use; any positive number will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Speeds(Vec<f64>);

/// A text that is no speeds.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' are no speeds; give SPEEDxCOUNT, such as 1x8,0.55x8: at most 65536 workers, speeds from 0.001 to 1000"
)]
pub struct WrongSpeeds(pub String);

impl Speeds {
    /// So many workers of speed 1.
    pub fn uniform(workers: u32) -> Self {
        Speeds(vec![1.0; workers as usize])
    }

    /// These speeds.
    pub fn new(speeds: Vec<f64>) -> Self {
        Speeds(speeds)
    }

    /// The speed of each worker.
    pub fn each(&self) -> &[f64] {
        &self.0
    }

    /// What all can do together.
    pub fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// How many there are.
    pub fn workers(&self) -> u32 {
        self.0.len() as u32
    }
}

fn group(text: &str) -> Option<(f64, usize)> {
    let (speed, count) = match text.split_once('x') {
        Some((speed, count)) => (speed, count.trim().parse().ok()?),
        None => (text, 1),
    };
    let speed: f64 = speed.trim().parse().ok()?;
    let fits = (0.001..=1000.0).contains(&speed) && (1..=WORKERS_MAX).contains(&count);
    fits.then_some((speed, count))
}

impl FromStr for Speeds {
    type Err = WrongSpeeds;

    fn from_str(text: &str) -> Result<Self, WrongSpeeds> {
        let wrong = || WrongSpeeds(text.to_owned());
        let mut speeds = Vec::new();
        for part in text.split(',') {
            let (speed, count) = group(part).ok_or_else(wrong)?;
            if speeds.len() + count > WORKERS_MAX {
                return Err(wrong());
            }
            speeds.extend(std::iter::repeat_n(speed, count));
        }
        Ok(Speeds(speeds))
    }
}

impl fmt::Display for Speeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<(f64, usize)> = Vec::new();
        for speed in &self.0 {
            match groups.last_mut() {
                Some((last, count)) if last == speed => *count += 1,
                _ => groups.push((*speed, 1)),
            }
        }
        let texts: Vec<String> =
            groups.iter().map(|(speed, count)| format!("{speed}x{count}")).collect();
        f.write_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_itself_and_nonsense_does_not() {
        let speeds: Speeds = "1x2, 0.55x3,1".parse().unwrap();
        assert_eq!(speeds.each(), [1.0, 1.0, 0.55, 0.55, 0.55, 1.0]);
        assert_eq!(speeds.to_string(), "1x2,0.55x3,1x1");
        for text in ["", "x3", "1x0", "0x3", "-1x2", "NaNx2", "1x99999", "1x65536,1x1", "1x2;3"] {
            assert!(text.parse::<Speeds>().is_err(), "{text}");
        }
    }
}
