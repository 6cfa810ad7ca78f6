//! The policies by name.

use std::sync::Arc;

use super::q_learning::{QLearning, QSettings, SharedQ};
use super::{
    FreestCore, JoinIdleQueue, LeastConnection, LeastWorkLeft, PeakEwma, Policy, RandomChoice,
    RandomizedLeastConnection, ResponseTime, RoundRobin, SensorHash, ShortestExpectedDelay,
    ShortestQueue, WeightedRandom, WeightedRoundRobin,
};

/// The names of all policies, default first.
pub const NAMES: [&str; 15] = [
    "randomized-least-connection",
    "shortest-expected-delay",
    "least-connection",
    "shortest-queue",
    "least-work-left",
    "join-idle-queue",
    "peak-ewma",
    "response-time",
    "sensor-hash",
    "q-learning",
    "weighted-round-robin",
    "round-robin",
    "weighted-random",
    "random",
    "freest-core",
];

/// A name that is no policy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no policy '{name}'{}; there are {}", did_you_mean(name), NAMES.join(", "))]
pub struct UnknownPolicy {
    /// The name that was asked for.
    pub name: String,
}

fn did_you_mean(name: &str) -> String {
    let likeness = |known: &&str| strsim::jaro_winkler(name, known);
    let nearest = NAMES.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let near = nearest.filter(|nearest| likeness(nearest) > 0.75);
    near.map_or_else(String::new, |nearest| format!(", did you mean '{nearest}'?"))
}

/// What some policies can be told.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How many workers a rule that follows in-flight counts looks at (`None`: its default);
    /// others ignore it.
    pub choices: Option<u32>,
    /// What `q-learning` knows, shared by all that are made with these options; `None` for one
    /// that begins anew with the default settings.
    pub q: Option<SharedQ>,
}

impl Options {
    /// Options that look at `choices` workers, everything else by default.
    pub fn with_choices(choices: Option<u32>) -> Self {
        Options { choices, q: None }
    }
}

/// Makes a policy for each bringing thread. What they share they share through their maker.
pub type Maker = Arc<dyn Fn() -> Box<dyn Policy> + Send + Sync>;

/// What makes policies called `name`.
///
/// # Errors
/// [`UnknownPolicy`], with the nearest name there is.
pub fn maker(name: &str, options: &Options) -> Result<Maker, UnknownPolicy> {
    let choices = options.choices;
    fn each<P: Policy + 'static>(make: impl Fn() -> P + Send + Sync + 'static) -> Maker {
        Arc::new(move || Box::new(make()))
    }
    Ok(match name {
        "randomized-least-connection" => each(move || RandomizedLeastConnection::new(choices)),
        "shortest-expected-delay" => each(move || ShortestExpectedDelay::new(choices)),
        "least-connection" => each(move || LeastConnection::new(choices)),
        "shortest-queue" => each(move || ShortestQueue::new(choices)),
        "least-work-left" => each(LeastWorkLeft::default),
        "join-idle-queue" => each(JoinIdleQueue::default),
        "peak-ewma" => each(PeakEwma::default),
        "response-time" => each(ResponseTime::default),
        "sensor-hash" => each(SensorHash::default),
        "weighted-round-robin" => each(WeightedRoundRobin::default),
        "round-robin" => each(RoundRobin::default),
        "weighted-random" => each(WeightedRandom::default),
        "random" => each(RandomChoice::default),
        "freest-core" => each(FreestCore::default),
        "q-learning" => {
            let fresh = || SharedQ::new(QSettings::default(), None);
            let shared = options.q.clone().unwrap_or_else(fresh);
            each(move || QLearning::new(shared.clone()))
        }
        _ => return Err(UnknownPolicy { name: name.to_owned() }),
    })
}

/// One policy called `name`, which looks at `choices` workers where it can be told.
///
/// # Errors
/// [`UnknownPolicy`], with the nearest name there is.
pub fn by_name(name: &str, choices: Option<u32>) -> Result<Box<dyn Policy>, UnknownPolicy> {
    maker(name, &Options::with_choices(choices)).map(|make| make())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_policy() {
        for name in NAMES {
            assert_eq!(by_name(name, None).map(|policy| policy.name()), Ok(name));
        }
    }

    #[test]
    fn an_unknown_name_is_told_the_nearest() {
        let error = |name| by_name(name, None).map(|policy| policy.name()).unwrap_err().to_string();
        assert!(error("round-robbin").contains("did you mean 'round-robin'?"));
        assert!(!error("zzz").contains("did you mean"));
    }
}
