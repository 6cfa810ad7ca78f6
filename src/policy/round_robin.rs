//! Round robin: a control. Optimal for equal workers and equal work, blind to anything else.

use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// One worker after the other, whatever their loads and capacities.
///
/// Each bringing thread goes round by itself and begins at a random worker, so that many
/// threads do not march in step.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobin {
    next: Option<u32>,
}

impl Policy for RoundRobin {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        let workers = loads.workers();
        let mut worker = self.next.unwrap_or_else(|| random.below(workers)) % workers;
        // A parked worker misses its turn. Somebody is active.
        while loads.is_parked(WorkerId(worker)) {
            worker = (worker + 1) % workers;
        }
        self.next = Some(worker + 1);
        WorkerId(worker)
    }

    fn name(&self) -> &'static str {
        "round-robin"
    }

    fn choices(&self, _workers: u32) -> u32 {
        1
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
    fn every_worker_has_its_turn() {
        let loads = Loads::new(Arc::new(LoadBoard::new([1.0; 5])));
        let ask = Ask::new(Key(0), Kind::Other);
        let (mut policy, mut random) = (RoundRobin::default(), Random::new(3));
        let mut counts = [0; 5];
        for _ in 0..35 {
            counts[policy.choose(&ask, &loads, &mut random).index()] += 1;
        }
        assert_eq!(counts, [7; 5]);
    }
}
