//! The freest core by its last sample: a control that shows why sampled loads herd.
//!
//! The literal rule "take the core with the lowest utilization": utilization over the last
//! window of sampling, a tie to the lowest index. Until the next sample everything goes to one
//! core. With n cores at load ρ and a window of T mean service times the mean response time is
//! about `(nρ − 1) T / 2 + 1`: the chosen core fills by nρ − 1 for each unit of time, and drains
//! while others are chosen. 16 cores at load 0.8, T = 50: 296 service times, where two random
//! choices on live counts have 2.

use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// See the head of this file.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreestCore;

impl Policy for FreestCore {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, _random: &mut Random) -> WorkerId {
        let mut best = WorkerId(0);
        for worker in (1..loads.workers()).map(WorkerId) {
            if loads.utilization(worker) < loads.utilization(best) {
                best = worker;
            }
        }
        best
    }

    fn name(&self) -> &'static str {
        "freest-core"
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

    #[test]
    fn the_lowest_utilization_wins_and_a_tie_goes_to_the_lowest_index() {
        let board = Arc::new(LoadBoard::new([1.0; 4]));
        let (ask, mut random) = (Ask::new(Key(0), Kind::Other), Random::new(0));
        let mut loads = Loads::new(board.clone());
        assert_eq!(FreestCore.choose(&ask, &loads, &mut random).0, 0);
        for (worker, busy) in [0.9, 0.3, 0.5, 0.3].into_iter().enumerate() {
            board.set_utilization(WorkerId(worker as u32), busy);
        }
        loads.refresh();
        assert_eq!(FreestCore.choose(&ask, &loads, &mut random).0, 1);
    }
}
