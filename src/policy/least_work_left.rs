//! Least work left: where this packet would be done first, by the work itself, not its count.
//!
//! Score: (the work left at the worker + the work of this packet) / its speed. In a simulation
//! the work of every packet is known and the score is exact (for equal workers the same as one
//! queue for all: M/M/c). Live it is estimated: packets in flight × the mean expected work of
//! what was lately sent there, where the expected work of a packet is what its kind has cost so
//! far. Worth it where kinds differ: a waveform beside thousands of single values.

use super::draw::best_of_all;
use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub struct LeastWorkLeft {
    workers: Vec<Left>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Left {
    /// When what is known to be there will be done.
    free_ns: u64,
    /// Moving average of the expected work of a packet sent there.
    mean_ns: f32,
}

/// The weight of one packet in that average.
const WEIGHT: f32 = 1.0 / 8.0;

impl LeastWorkLeft {
    /// The time in which `worker` would have done what it has and `ask`; in nanoseconds of the
    /// fastest worker.
    fn done_in(&self, ask: &Ask, worker: WorkerId, loads: &Loads) -> f32 {
        let (left, in_flight) = (&self.workers[worker.index()], loads.in_flight(worker));
        let delay = loads.delay_when_idle(worker);
        match ask.known_work_ns {
            Some(_) if in_flight == 0 => ask.work_ns() * delay,
            Some(_) => left.free_ns.saturating_sub(ask.now_ns) as f32 + ask.work_ns() * delay,
            None => (in_flight as f32 * left.mean_ns + ask.work_ns()) * delay,
        }
    }

    fn send(&mut self, ask: &Ask, worker: WorkerId, loads: &Loads) {
        let left = &mut self.workers[worker.index()];
        if ask.known_work_ns.is_some() {
            let begins_ns = if loads.in_flight(worker) == 0 { 0 } else { left.free_ns };
            let work_ns = f64::from(ask.work_ns()) * f64::from(loads.delay_when_idle(worker));
            left.free_ns = begins_ns.max(ask.now_ns) + work_ns as u64;
        } else if left.mean_ns == 0.0 {
            left.mean_ns = ask.work_ns();
        } else {
            left.mean_ns += (ask.work_ns() - left.mean_ns) * WEIGHT;
        }
    }
}

impl Policy for LeastWorkLeft {
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        self.workers.resize(loads.workers() as usize, Left::default());
        let score = |worker| self.done_in(ask, worker, loads);
        let worker = best_of_all(loads.workers(), random, score);
        self.send(ask, worker, loads);
        worker
    }

    fn wants_work(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        "least-work-left"
    }

    fn choices(&self, workers: u32) -> u32 {
        workers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Key;
    use crate::loads::LoadBoard;
    use crate::packet::Kind;
    use std::sync::Arc;

    const ASK: Ask = Ask::new(Key(0), Kind::Other);

    #[test]
    fn known_work_goes_where_it_is_done_first() {
        let board = Arc::new(LoadBoard::new([1.0, 0.5]));
        let (mut loads, mut random) = (Loads::new(board.clone()), Random::new(2));
        let mut policy = LeastWorkLeft::default();
        let mut choose = |now_ns, work_ns| {
            loads.refresh();
            let ask = Ask { now_ns, known_work_ns: Some(work_ns), ..ASK };
            let worker = policy.choose(&ask, &loads, &mut random);
            board.in_flight(worker).set(board.in_flight(worker).count() + 1);
            worker.0
        };
        // 10 at the fast one is done at 10; 2 more there at 12, at the slow one at 4.
        assert_eq!([choose(0, 10), choose(0, 2)], [0, 1]);
        // At 3 the slow one has 1 left: 3 more are done there at 10, at the fast one at 13.
        assert_eq!(choose(3, 3), 1);
        // 8 more: at 18 with the fast one, at 26 with the slow one.
        assert_eq!(choose(3, 8), 0);
    }

    #[test]
    fn live_a_long_packet_counts_for_many_short_ones() {
        let board = Arc::new(LoadBoard::new([1.0, 1.0]));
        let (mut loads, mut random) = (Loads::new(board.clone()), Random::new(2));
        let mut policy = LeastWorkLeft::default();
        let mut choose = |expected_work_ns| {
            loads.refresh();
            let ask = Ask { expected_work_ns, ..ASK };
            let worker = policy.choose(&ask, &loads, &mut random);
            board.in_flight(worker).set(board.in_flight(worker).count() + 1);
            worker
        };
        let long = choose(1_000);
        assert!((0..50).all(|_| choose(10) != long));
    }
}
