//! What is simulated: a rule, workers, a load, without how long and how often.

use edge_dispatch::sim::{Setup, Speeds};

use super::rules::Own;

/// A rule of the product with the number of workers it looks at, or one of this check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    Named(&'static str, Option<u32>),
    Own(Own),
}

/// See the head of this file. Rows of the same scene share one simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    pub rule: Rule,
    pub speeds: String,
    pub load: f64,
    pub service: String,
    pub stale: Option<f64>,
}

impl Scene {
    /// `rule` for packets of exponential work and workers of these speeds, seen live.
    pub fn new(rule: Rule, speeds: impl Into<String>, load: f64) -> Scene {
        let (speeds, service) = (speeds.into(), "exponential".to_owned());
        Scene { rule, speeds, load, service, stale: None }
    }

    /// The product's rule of this name.
    pub fn named(name: &'static str, speeds: impl Into<String>, load: f64) -> Scene {
        Scene::new(Rule::Named(name, None), speeds, load)
    }

    /// The same with another service.
    pub fn service(self, service: &str) -> Scene {
        Scene { service: service.to_owned(), ..self }
    }

    /// The same with a board that is written every `units`.
    pub fn stale(self, units: f64) -> Scene {
        Scene { stale: Some(units), ..self }
    }

    fn each_speed(&self) -> Speeds {
        self.speeds.parse().unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    pub fn workers(&self) -> u32 {
        self.each_speed().workers()
    }

    /// Arrivals in a unit of time.
    pub fn rate(&self) -> f64 {
        self.load * self.each_speed().sum()
    }

    /// The setup of one replication, all but its length.
    pub fn setup(&self, seed: u64) -> Setup {
        let speeds = self.each_speed();
        let own = match self.rule {
            Rule::Own(own) => Some(own.maker(speeds.each(), self.load)),
            Rule::Named(..) => None,
        };
        let (policy, choices) = match self.rule {
            Rule::Named(name, choices) => (name, choices),
            Rule::Own(_) => ("own", None),
        };
        let service = self.service.parse().unwrap_or_else(|error| panic!("{self:?}: {error}"));
        Setup {
            policy: policy.to_owned(),
            own,
            choices,
            speeds,
            load: self.load,
            service,
            stale: self.stale,
            seed,
            ..Setup::default()
        }
    }

    /// Units of time after which the beginning is forgotten.
    ///
    /// A queue by itself forgets by e in 1/(1 − √ρ)² units with arrivals and work both of scv 1
    /// (the relaxation time of M/M/1), in as many times less as their mean scv is less; four of
    /// them are enough, for what is left is small from the beginning. Queues that a rule keeps
    /// level share what is too much and forget n times as fast, but not faster than a packet is
    /// done, or where few queues are compared than those become level. What goes by an old board
    /// forgets over many boards, and with one window's arrivals all at one worker only when that
    /// worker has worked them off.
    pub fn settles(&self) -> f64 {
        let load = self.load.min(0.98);
        let root = 1.0 - load.sqrt();
        let scv = match self.service.split_once(':') {
            Some(("hyper", scv)) => scv.parse().unwrap_or(1.0),
            _ => 1.0,
        };
        let arrivals_scv = match self.rule {
            Rule::Named("round-robin" | "weighted-round-robin", _) => {
                1.0 / f64::from(self.workers())
            }
            _ => 1.0,
        };
        let alone = 4.0 / (root * root) * (arrivals_scv + scv) / 2.0;
        let least = if self.looks_at_all() { 15.0 } else { 10.0 / (1.0 - load) };
        let level = (alone / f64::from(self.workers())).max(least);
        let (live, windows) = match self.rule {
            Rule::Named(
                "random" | "round-robin" | "weighted-random" | "weighted-round-robin",
                _,
            )
            | Rule::Own(Own::OptimalSplit) => (alone, 0.0),
            Rule::Named("freest-core", _) | Rule::Own(Own::FreestAny | Own::FreestTicks { .. }) => {
                (level, 60.0)
            }
            // Where nobody is idle it chooses blindly.
            Rule::Own(Own::IdleQueues(_)) => (alone / 16.0, 0.0),
            _ => (level, 20.0),
        };
        live + windows * self.stale.unwrap_or(0.0)
    }

    /// Units of time over which it must be measured: many boards, for all replications begin to
    /// measure at the same place between two boards, and take the same turns where the rule does.
    pub fn spans(&self) -> f64 {
        100.0 * self.stale.unwrap_or(0.0)
    }

    /// How much longer a choice takes than with few workers: some rules look at all of them.
    pub fn cost(&self) -> f64 {
        if self.looks_at_all() { 1.0 + f64::from(self.workers()) / 40.0 } else { 1.0 }
    }

    fn looks_at_all(&self) -> bool {
        match self.rule {
            Rule::Named("random" | "round-robin", _) => false,
            Rule::Named(_, choices) => choices.is_none(),
            Rule::Own(own) => !matches!(own, Own::Replacing(_) | Own::IdleQueues(_)),
        }
    }
}
