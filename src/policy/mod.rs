//! Policies: the rule that chooses a worker for a packet.
//!
//! A policy is given loads, a random stream, the packet's key and kind, and the time as a
//! number. It owns no clock, no thread and no file, so the live engine, a simulator and a
//! test drive the same code. One file a policy; [`by_name`] finds them.

mod draw;
mod freest_core;
mod join_idle_queue;
mod least;
mod least_connection;
mod least_work_left;
mod names;
mod peak_ewma;
mod q_learning;
mod random_choice;
mod randomized_least_connection;
mod response_time;
mod round_robin;
mod sensor_hash;
mod shortest_expected_delay;
mod shortest_queue;
mod weighted_random;
mod weighted_round_robin;

pub use freest_core::FreestCore;
pub use join_idle_queue::JoinIdleQueue;
pub use least::{Least, Score};
pub use least_connection::LeastConnection;
pub use least_work_left::LeastWorkLeft;
pub use names::{Maker, NAMES, Options, UnknownPolicy, by_name, maker};
pub use peak_ewma::PeakEwma;
pub use q_learning::{QLearning, QSettings, QTable, SharedQ, WrongTable};
pub use random_choice::RandomChoice;
pub use randomized_least_connection::RandomizedLeastConnection;
pub use response_time::ResponseTime;
pub use round_robin::RoundRobin;
pub use sensor_hash::SensorHash;
pub use shortest_expected_delay::ShortestExpectedDelay;
pub use shortest_queue::ShortestQueue;
pub use weighted_random::WeightedRandom;
pub use weighted_round_robin::WeightedRoundRobin;

use crate::feedback::Done;
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
    /// The number of this choice, by which [`Policy::learn`] is told what came of it; counted up
    /// for rules that want feedback, else 0.
    pub ticket: u64,
    /// The work the packet will cost on the fastest worker, where that is known: in a
    /// simulation.
    pub known_work_ns: Option<u64>,
    /// What packets of this kind have cost so far, for rules that want to know; 0 while nobody
    /// does.
    pub expected_work_ns: u64,
}

impl Ask {
    /// A packet of which nothing else is known, at time 0.
    pub const fn new(key: Key, kind: Kind) -> Self {
        Ask { key, kind, now_ns: 0, ticket: 0, known_work_ns: None, expected_work_ns: 0 }
    }

    /// The work of the packet as far as it is known.
    pub fn work_ns(&self) -> f32 {
        self.known_work_ns.unwrap_or(self.expected_work_ns) as f32
    }
}

/// A rule that chooses a worker.
pub trait Policy: Send {
    /// The worker for `ask`, one of `0..loads.workers()`. In the place of a parked one, which looks
    /// full and slow ([`Loads::is_parked`]), whoever asks takes the best active worker.
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

    /// Whether [`Policy::learn`] is to be called. Every packet is then measured, which costs two
    /// readings of the clock and a message back.
    fn wants_feedback(&self) -> bool {
        false
    }

    /// Whether [`Ask::expected_work_ns`] is looked at.
    fn wants_work(&self) -> bool {
        false
    }

    /// What came of earlier choices, as far as it is known by now; in no certain order, and some
    /// may be missing. `loads` is as for the choice that comes next.
    fn learn(&mut self, done: &[Done], loads: &Loads) {
        let _ = (done, loads);
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
        out.push(loads.take(loads.awake(worker)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loads::LoadBoard;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn ask() -> Ask {
        Ask { expected_work_ns: 700, ..Ask::new(Key(0), Kind::Other) }
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

    proptest! {
        /// Whoever is parked, and whatever the loads: every policy by itself chooses an active
        /// worker, packet by packet and in a batch, also when others are parked while it goes on.
        #[test]
        fn nobody_parked_is_chosen(
            loads in prop::collection::vec((0u32..1000, 0.01f32..1.0, any::<bool>()), 2..40),
            choices in prop::option::of(1u32..50),
            seed: u64,
        ) {
            let mut active: Vec<bool> = loads.iter().map(|load| load.2).collect();
            for name in NAMES {
                let board = Arc::new(LoadBoard::new(loads.iter().map(|load| load.1)));
                let (mut policy, mut random) = (by_name(name, choices).unwrap(), Random::new(seed));
                let mut view = Loads::new(board.clone());
                for _ in 0..3 {
                    active.rotate_right(1);
                    active[0] = true;
                    for (worker, load) in loads.iter().enumerate() {
                        board.in_flight(WorkerId(worker as u32)).set(load.0);
                    }
                    board.parking().set(&active, &[], 1.0);
                    view.refresh();
                    let mut chosen = vec![policy.choose(&ask(), &view, &mut random)];
                    let mut batch = Vec::new();
                    policy.choose_batch(&[ask(); 3], &view, &mut random, &mut batch);
                    chosen.extend(batch.iter().map(|choice| choice.worker));
                    prop_assert!(
                        chosen.iter().all(|worker| active[worker.index()]),
                        "{name}: {chosen:?} of {active:?}"
                    );
                }
            }
        }
    }
}
