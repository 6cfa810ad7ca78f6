//! `--emulate-class`: workers that pretend to be slower than their cores.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::values::{Impossible, Span, impossible};
use crate::ids::WorkerId;
use crate::worker::Slowdown;

/// A worker that pretends to be slower than its core: `1=0.4`; or that is throttled in the middle
/// of the run: `1=0.4@10s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emulate {
    /// The worker.
    pub worker: WorkerId,
    /// How fast it pretends to be.
    pub slowdown: Slowdown,
}

impl FromStr for Emulate {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let (text, from) = text.split_once('@').map_or((text, None), |(a, b)| (a, Some(b)));
        let from = from.map_or(Ok(0), |from| from.parse().map(|span: Span| span.0.as_nanos()));
        let from_ns = from.ok().and_then(|ns| u64::try_from(ns).ok());
        let parts = text.split_once('=');
        let worker = parts.and_then(|(worker, _)| worker.trim().parse().ok()).map(WorkerId);
        let factor = parts.and_then(|(_, factor)| factor.trim().parse().ok());
        match (worker, factor.and_then(Slowdown::new), from_ns) {
            (Some(worker), Some(slowdown), Some(from_ns)) => {
                Ok(Emulate { worker, slowdown: slowdown.beginning_at(from_ns) })
            }
            _ => impossible(
                "give WORKER=FACTOR with a factor from 0.01 to 1, such as 1=0.4, or 1=0.4@10s for \
                 a core that is throttled after ten seconds",
            ),
        }
    }
}

impl Emulate {
    /// When it begins, as text: nothing, or `@10s`.
    pub fn from(&self) -> String {
        let from = Duration::from_nanos(self.slowdown.from_ns());
        if from.is_zero() { String::new() } else { format!("@{}", Span(from)) }
    }
}

impl fmt::Display for Emulate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}{}", self.worker, self.slowdown.factor(), self.from())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pretence_survives_its_text_and_an_impossible_one_is_refused() {
        for text in ["1=0.4", "1=0.4@10s", "0=1@1m 30s"] {
            assert_eq!(text.parse::<Emulate>().unwrap().to_string(), text);
        }
        let bad = [
            "1",
            "1=0",
            "1=1e-300",
            "1=0.009",
            "1=1.1",
            "1=-1",
            "=0.5",
            "a=0.5",
            "1=nan",
            "1=0.4@",
            "1=0.4@0s",
            "1=0.4@soon",
            "@5s",
        ];
        assert!(bad.iter().all(|text| text.parse::<Emulate>().is_err()));
    }
}
