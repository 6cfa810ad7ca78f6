//! Policies: the rule that chooses a worker for a packet.
//!
//! A policy is given loads, a random stream, the packet's key and kind, and the time as a
//! number. It owns no clock, no thread and no file, so the live engine, a simulator and a
//! test drive the same code. One file a policy; [`by_name`] finds them.

mod random_choice;
mod randomized_least_connection;
mod round_robin;

pub use random_choice::RandomChoice;
pub use randomized_least_connection::RandomizedLeastConnection;
pub use round_robin::RoundRobin;

use crate::ids::WorkerId;
use crate::job::Key;
use crate::loads::{Choice, Loads};
use crate::packet::Kind;
use crate::random::Random;

/// What a policy may know of the packet it chooses for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// The stream the packet belongs to.
    pub key: Key,
    /// What sort of work it is.
    pub kind: Kind,
    /// The time, in nanoseconds since the run began.
    pub now_ns: u64,
    /// The work the packet will cost on the fastest worker, where that is known: in a
    /// simulator.
    pub known_work_ns: Option<u64>,
}

/// A rule that chooses a worker.
pub trait Policy: Send {
    /// The worker for `ask`, one of `0..loads.workers()`.
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId;

    /// Chooses for each of `asks` in turn, on one reading of the loads plus the choices
    /// already made on it; appends a choice each to `out`.
    fn choose_batch(
        &mut self,
        asks: &[Ask],
        loads: &Loads,
        random: &mut Random,
        out: &mut Vec<Choice>,
    ) {
        choose_one_by_one(self, asks, loads, random, out);
    }

    /// The rule's name, as [`by_name`] knows it.
    fn name(&self) -> &'static str;

    /// How many workers the rule looks at for each packet, out of `workers`.
    fn choices(&self, workers: u32) -> u32;
}

/// What [`Policy::choose_batch`] does where a rule knows no better.
pub fn choose_one_by_one<P: Policy + ?Sized>(
    policy: &mut P,
    asks: &[Ask],
    loads: &Loads,
    random: &mut Random,
    out: &mut Vec<Choice>,
) {
    for ask in asks {
        let worker = policy.choose(ask, loads, random);
        out.push(loads.take(worker));
    }
}

/// The names of all policies, default first.
pub const NAMES: [&str; 3] = ["randomized-least-connection", "round-robin", "random"];

/// A name that is no policy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no policy '{name}'; there are {}", NAMES.join(", "))]
pub struct UnknownPolicy {
    /// The name that was asked for.
    pub name: String,
}

/// The policy called `name`. `choices` is how many workers
/// [`RandomizedLeastConnection`] looks at (`None`: its default); others ignore it.
pub fn by_name(name: &str, choices: Option<u32>) -> Result<Box<dyn Policy>, UnknownPolicy> {
    match name {
        "randomized-least-connection" => Ok(Box::new(RandomizedLeastConnection::new(choices))),
        "round-robin" => Ok(Box::new(RoundRobin::default())),
        "random" => Ok(Box::new(RandomChoice)),
        _ => Err(UnknownPolicy { name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loads::LoadBoard;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn ask() -> Ask {
        Ask { key: Key(0), kind: Kind::Other, now_ns: 0, known_work_ns: None }
    }

    #[test]
    fn every_name_finds_its_policy() {
        for name in NAMES {
            assert_eq!(by_name(name, None).map(|policy| policy.name()), Ok(name));
        }
        assert!(by_name("fastest", None).is_err());
    }

    proptest! {
        /// Whatever the loads, every policy chooses one of the workers, packet by packet and
        /// in a batch alike.
        #[test]
        fn a_choice_is_a_worker(
            loads in prop::collection::vec((0u32..1000, 0.0f32..1.5, 0.0f32..1.5), 1..70),
            choices in prop::option::of(1u32..100),
            seed: u64,
        ) {
            let board = Arc::new(LoadBoard::new(loads.iter().map(|load| load.1)));
            for (worker, load) in loads.iter().enumerate() {
                let worker = WorkerId(worker as u32);
                board.in_flight(worker).set(load.0);
                board.set_speed(worker, load.1, load.2);
            }
            for name in NAMES {
                let mut policy = by_name(name, choices).unwrap();
                let view = Loads::new(board.clone());
                let (mut one, mut many) = (Random::new(seed), Random::new(seed));
                let mut batch = Vec::new();
                policy.choose_batch(&[ask(); 5], &view, &mut many, &mut batch);
                prop_assert!(batch.iter().all(|choice| choice.worker.index() < loads.len()));
                let mut policy = by_name(name, choices).unwrap();
                let view = Loads::new(board.clone());
                for choice in batch {
                    let worker = policy.choose(&ask(), &view, &mut one);
                    prop_assert_eq!(view.take(worker), choice);
                }
            }
        }
    }
}
