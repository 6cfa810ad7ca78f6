//! The work of a packet: distributions of mean 1.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::random::Random;

/// How the work of packets varies. The mean is 1 unit; the *scv* is the squared coefficient of
/// variation, variance over squared mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Service {
    /// Exponential: scv 1.
    Exponential,
    /// Always the same: scv 0.
    Deterministic,
    /// Even between 0 and 2: scv 1/3.
    Uniform,
    /// The sum of so many equal exponential phases: scv 1/k.
    Erlang(u32),
    /// Two exponential phases with balanced means, of this scv (1 or more): with
    /// p = (1 + √((scv − 1) / (scv + 1))) / 2 the mean is 1/(2p), else 1/(2 (1 − p)).
    Hyper(f64),
    /// Drawn from what was recorded, scaled to mean 1.
    Recorded(Recorded),
}

/// Recorded service times, scaled to mean 1, and where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    name: String,
    /// Each time with the packets that stand for it and for those before it.
    times: Arc<[(f64, u64)]>,
}

impl Recorded {
    fn new(name: &str, times: &[(f64, u64)]) -> Result<Recorded, WrongService> {
        let packets: u64 = times.iter().map(|(_, packets)| packets).sum();
        let sum: f64 = times.iter().map(|(time, packets)| time * *packets as f64).sum();
        let mean = sum / packets as f64;
        if !(mean.is_finite() && mean > 0.0) || times.iter().any(|(time, _)| *time < 0.0) {
            return Err(WrongService(format!("{name} holds no service time above 0")));
        }
        let mut before = 0;
        let scaled = times.iter().map(|(time, packets)| {
            before += packets;
            (time / mean, before)
        });
        Ok(Recorded { name: name.to_owned(), times: scaled.collect() })
    }

    fn draw(&self, random: &mut Random) -> f64 {
        let packets = self.times.last().map_or(1, |(_, upto)| *upto);
        // The high word of a product: even to within packets / 2^64.
        let nth = ((u128::from(random.bits()) * u128::from(packets)) >> 64) as u64;
        let at = self.times.partition_point(|(_, upto)| *upto <= nth);
        self.times[at].0
    }
}

/// A text that is no service.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct WrongService(pub String);

impl Service {
    /// The work of one packet.
    pub fn draw(&self, random: &mut Random) -> f64 {
        match self {
            Service::Exponential => random.exponential(),
            Service::Deterministic => 1.0,
            Service::Uniform => 2.0 * random.unit(),
            Service::Erlang(phases) => {
                (0..*phases).map(|_| random.exponential()).sum::<f64>() / f64::from(*phases)
            }
            Service::Hyper(scv) => {
                let p = (1.0 + libm::sqrt((scv - 1.0) / (scv + 1.0))) / 2.0;
                let phase = if random.unit() < p { p } else { 1.0 - p };
                random.exponential() / (2.0 * phase)
            }
            Service::Recorded(recorded) => recorded.draw(random),
        }
    }

    /// The service of recorded times, in any one unit, each with the number of packets that it
    /// stands for.
    ///
    /// # Errors
    /// [`WrongService`] if there are none, or none above 0.
    pub fn recorded(name: &str, times: &[(f64, u64)]) -> Result<Service, WrongService> {
        Recorded::new(name, times).map(Service::Recorded)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Service::Exponential => f.write_str("exponential"),
            Service::Deterministic => f.write_str("deterministic"),
            Service::Uniform => f.write_str("uniform"),
            Service::Erlang(phases) => write!(f, "erlang:{phases}"),
            Service::Hyper(scv) => write!(f, "hyper:{scv}"),
            Service::Recorded(recorded) => write!(f, "recorded:{}", recorded.name),
        }
    }
}

impl FromStr for Service {
    type Err = WrongService;

    /// All but `recorded:FILE`, which whoever reads files must read.
    fn from_str(text: &str) -> Result<Self, WrongService> {
        let wrong = || {
            Err(WrongService(format!(
                "'{text}' is no service; give exponential, deterministic, uniform, erlang:PHASES \
                 (1 to 1000), hyper:SCV (1 to 1000), or recorded:FILE"
            )))
        };
        match text.split_once(':') {
            None => match text {
                "exponential" => Ok(Service::Exponential),
                "deterministic" => Ok(Service::Deterministic),
                "uniform" => Ok(Service::Uniform),
                _ => wrong(),
            },
            Some(("erlang", phases)) => match phases.parse() {
                Ok(phases) if (1..=1000).contains(&phases) => Ok(Service::Erlang(phases)),
                _ => wrong(),
            },
            Some(("hyper", scv)) => match scv.parse() {
                Ok(scv) if (1.0..=1000.0).contains(&scv) => Ok(Service::Hyper(scv)),
                _ => wrong(),
            },
            Some(_) => wrong(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_mean_one_and_its_variation() {
        let recorded = Service::recorded("a.csv", &[(2.0, 3), (6.0, 3)]).unwrap();
        let expected = [
            ("exponential", 1.0),
            ("deterministic", 0.0),
            ("uniform", 1.0 / 3.0),
            ("erlang:2", 0.5),
            ("hyper:4", 4.0),
        ];
        let named = expected.map(|(text, scv)| (text.parse().unwrap(), scv));
        for (service, scv) in named.into_iter().chain([(recorded, 0.25)]) {
            let (mut random, n) = (Random::new(8), 400_000);
            let draws: Vec<f64> = (0..n).map(|_| service.draw(&mut random)).collect();
            let mean = draws.iter().sum::<f64>() / n as f64;
            let second = draws.iter().map(|draw| draw * draw).sum::<f64>() / n as f64;
            // Five deviations of the mean; the variance of a square is at most some dozens here.
            assert!((mean - 1.0).abs() <= 5.0 * (scv / n as f64).sqrt() + 1e-9, "{service}");
            assert!((second - 1.0 - scv).abs() < 0.12 * scv + 1e-9, "{service}: {second}");
        }
    }

    #[test]
    fn a_text_survives_itself_and_nonsense_does_not() {
        for text in ["exponential", "deterministic", "uniform", "erlang:3", "hyper:2.5"] {
            assert_eq!(text.parse::<Service>().unwrap().to_string(), text);
        }
        for text in ["", "hyper", "hyper:0.5", "hyper:NaN", "erlang:0", "normal:1", "hyper:4:4"] {
            assert!(text.parse::<Service>().is_err(), "{text}");
        }
        assert!(Service::recorded("empty", &[]).is_err());
        assert!(Service::recorded("zeros", &[(0.0, 1)]).is_err());
    }
}
