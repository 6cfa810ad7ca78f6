//! What is to be simulated.

use super::aim::Aim;
use super::faults::Faults;
use super::service::Service;
use super::speeds::Speeds;
use crate::arrival::Arrivals;
use crate::policy::{self, Maker, Options, QSettings, QTable, SharedQ, UnknownPolicy};

/// Everything that decides a simulation: the same setup gives the same bytes.
#[derive(Clone)]
pub struct Setup {
    /// The rule, by name.
    pub policy: String,
    /// A rule of your own in its place; `policy` is then what it is called.
    pub own: Option<Maker>,
    /// How many workers the rule looks at, where it can be told.
    pub choices: Option<u32>,
    /// For `q-learning`.
    pub q: QSettings,
    /// What `q-learning` begins with.
    pub q_table: Option<QTable>,
    /// The workers.
    pub speeds: Speeds,
    /// Mean work that arrives per unit of time, over the sum of all speeds.
    pub load: f64,
    /// The work of a packet.
    pub service: Service,
    /// How packets follow each other.
    pub arrivals: Arrivals,
    /// Keys that packets have, each equally likely.
    pub sensors: u32,
    /// The age of what the rule sees, in units: one board of all workers' loads, written at 0,
    /// T, 2T and so on and unchanged in between. `None`: live.
    pub stale: Option<f64>,
    /// Whether the rule must learn the workers' capacities from service times.
    pub learn_capacity: bool,
    /// What goes wrong.
    pub faults: Faults,
    /// Energy and packing; `None`: all workers are always active, and nothing is said of energy.
    pub aim: Option<Aim>,
    /// Packets of each replication.
    pub packets: u64,
    /// The part of the packets, from the first on, that are not measured (0 to 0.95).
    pub warmup: f64,
    /// The seed of every stream of random numbers.
    pub seed: u64,
    /// Independent runs.
    pub replications: u32,
    /// The number of the first of them: a later study may go on where this one ends.
    pub first_replication: u32,
    /// Packets of the first replication to be kept one by one, evenly spread.
    pub log_rows: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            policy: policy::NAMES[0].to_owned(),
            own: None,
            choices: None,
            q: QSettings::default(),
            q_table: None,
            speeds: Speeds::uniform(16),
            load: 0.8,
            service: Service::Exponential,
            arrivals: Arrivals::Poisson,
            sensors: 64,
            stale: None,
            learn_capacity: false,
            faults: Faults::default(),
            aim: None,
            packets: 1_000_000,
            warmup: 0.1,
            seed: 1,
            replications: 1,
            first_replication: 0,
            log_rows: 0,
        }
    }
}

/// A setup that cannot be simulated.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum WrongSetup {
    /// There is no such policy.
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
    /// A number is outside its range.
    #[error("{key} is {value}: {remedy}")]
    Number {
        /// Its name.
        key: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        remedy: &'static str,
    },
    /// A fault names a worker that there is not.
    #[error("faults name worker {worker}: there are workers 0 to {last}")]
    NoSuchWorker {
        /// The worker that was named.
        worker: u32,
        /// The last worker there is.
        last: u32,
    },
}

impl Setup {
    /// Whether it can be simulated.
    ///
    /// # Errors
    /// [`WrongSetup`] names the first figure at fault, its value and the remedy.
    pub fn check(&self) -> Result<(), WrongSetup> {
        let number = |key, value: f64, fits: bool, remedy| {
            if fits { Ok(()) } else { Err(WrongSetup::Number { key, value, remedy }) }
        };
        let (load, warmup) = (self.load, self.warmup);
        number("load", load, (0.001..=100.0).contains(&load), "give 0.001 to 100")?;
        number("warmup", warmup, (0.0..=0.95).contains(&warmup), "give a fraction from 0 to 0.95")?;
        let stale = self.stale.unwrap_or(1.0);
        number("stale", stale, (1e-3..=1e6).contains(&stale), "give units of time, 0.001 to 1e6")?;
        let packets = self.packets as f64;
        let fits = (100..=1_000_000_000_000).contains(&self.packets);
        number("packets", packets, fits, "give at least 100 and at most 1e12")?;
        let (replications, sensors) = (f64::from(self.replications), f64::from(self.sensors));
        let fits = (1..=100_000).contains(&self.replications);
        number("replications", replications, fits, "give 1 to 100,000")?;
        number("sensors", sensors, self.sensors > 0, "give 1 or more")?;
        let workers = self.speeds.workers();
        number("workers", f64::from(workers), workers > 0, "give 1 or more")?;
        let missing = self.faults.each().iter().find(|fault| fault.worker >= workers);
        if let Some(fault) = missing {
            return Err(WrongSetup::NoSuchWorker { worker: fault.worker, last: workers - 1 });
        }
        self.aim.as_ref().map_or(Ok(()), |aim| aim.check(workers))?;
        self.maker().map(drop).map_err(WrongSetup::from)
    }

    /// What makes the rule, with a table of its own where it learns one.
    pub(super) fn maker(&self) -> Result<Maker, UnknownPolicy> {
        if let Some(own) = &self.own {
            return Ok(own.clone());
        }
        policy::maker(&self.policy, &Options { choices: self.choices, q: Some(self.shared_q()) })
    }

    /// A table of its own for each replication: they must not hang on each other.
    pub(super) fn shared_q(&self) -> SharedQ {
        SharedQ::for_workers(self.q, self.q_table.clone(), &self.capacities())
    }

    /// The workers' capacities, relative to the fastest, as the rule is told them.
    pub fn capacities(&self) -> Vec<f32> {
        let fastest = self.speeds.each().iter().copied().fold(0.0, f64::max);
        let told = |speed: &f64| if self.learn_capacity { 1.0 } else { (speed / fastest) as f32 };
        self.speeds.each().iter().map(told).collect()
    }
}
