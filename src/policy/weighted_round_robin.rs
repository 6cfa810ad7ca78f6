//! Weighted round robin, smooth: turns in proportion to capacity, spread evenly.
//!
//! Each worker has a credit. For each packet every credit grows by the worker's capacity, the
//! largest one is taken, and the sum of all capacities is taken off it (the smooth form that
//! nginx uses: with weights 5, 1, 1 the turns are a a b a c a a, not a a a a a b c). A tie goes
//! to the lowest index: the rule draws no lots at all. It knows capacity, not what is in flight:
//! as good as it gets for equal work, and blind to everything else.

use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// See the head of this file. Each bringing thread goes round by itself.
#[derive(Clone, Debug, Default)]
pub struct WeightedRoundRobin {
    credits: Vec<f64>,
}

impl Policy for WeightedRoundRobin {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, _random: &mut Random) -> WorkerId {
        self.credits.resize(loads.workers() as usize, 0.0);
        let (mut total, mut best) = (0.0, loads.nth_active(0).index());
        for at in 0..self.credits.len() {
            if loads.is_parked(WorkerId(at as u32)) {
                // Comes back without old debts and claims.
                self.credits[at] = 0.0;
                continue;
            }
            let weight = 1.0 / f64::from(loads.delay_when_idle(WorkerId(at as u32)));
            self.credits[at] += weight;
            total += weight;
            if self.credits[at] > self.credits[best] {
                best = at;
            }
        }
        self.credits[best] -= total;
        WorkerId(best as u32)
    }

    fn name(&self) -> &'static str {
        "weighted-round-robin"
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
    fn turns_are_in_proportion_and_spread_evenly() {
        let loads = Loads::new(Arc::new(LoadBoard::new([1.0, 0.25, 0.25])));
        let (ask, mut random) = (Ask::new(Key(0), Kind::Other), Random::new(0));
        let mut policy = WeightedRoundRobin::default();
        let turns = [(); 12].map(|()| policy.choose(&ask, &loads, &mut random).0);
        assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0, 0, 1, 0, 2, 0]);
    }
}
