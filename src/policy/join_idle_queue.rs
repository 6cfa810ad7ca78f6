//! Join idle queue: any idle worker; where none is idle, one by capacity.
//!
//! The rule of Lu, Xie, Kliot, Geller, Larus and Greenberg ("Join-Idle-Queue", Performance
//! Evaluation 68, 2011). Its own fallback is uniform, which is unstable on strongly unequal
//! cores: at high load nobody is idle, and a slow core then gets as much as a fast one. So the
//! fallback here goes by capacity.

use super::draw::by_weight;
use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// See the head of this file.
#[derive(Clone, Copy, Debug, Default)]
pub struct JoinIdleQueue;

impl Policy for JoinIdleQueue {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        let (mut idle, mut chosen) = (0, None);
        for worker in (0..loads.workers()).map(WorkerId) {
            if loads.in_flight(worker) == 0 {
                idle += 1;
                if idle == 1 || random.below(idle) == 0 {
                    chosen = Some(worker);
                }
            }
        }
        chosen.unwrap_or_else(|| {
            by_weight(loads.workers(), random, |worker| {
                1.0 / f64::from(loads.delay_when_idle(worker))
            })
        })
    }

    fn name(&self) -> &'static str {
        "join-idle-queue"
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

    fn counts(in_flight: [u32; 4]) -> [u32; 4] {
        let board = Arc::new(LoadBoard::new([1.0, 1.0, 0.5, 0.5]));
        (0..4).for_each(|at| board.in_flight(WorkerId(at)).set(in_flight[at as usize]));
        let (loads, mut random) = (Loads::new(board), Random::new(6));
        let mut counts = [0; 4];
        for _ in 0..30_000 {
            counts[JoinIdleQueue.choose(&ASK, &loads, &mut random).index()] += 1;
        }
        counts
    }

    #[test]
    fn idle_workers_share_evenly_and_busy_ones_by_capacity() {
        let idle = counts([0, 7, 0, 1]);
        assert!(idle[0].abs_diff(15_000) < 433 && idle[0] + idle[2] == 30_000, "{idle:?}");
        let busy = counts([1, 7, 2, 1]);
        // A third each for the fast ones, a sixth each for the slow.
        assert!(busy[1].abs_diff(10_000) < 410 && busy[2].abs_diff(5_000) < 323, "{busy:?}");
    }
}
