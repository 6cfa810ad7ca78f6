//! Consistent hashing with bounded loads: a sensor keeps its worker while that has room.
//!
//! Workers stand at many points of a ring, as many as they are fast; a sensor goes to the first
//! point after its own hash whose worker has less in flight than its bound, `⌈1.25 × (total
//! in flight + 1) × its share of the capacity⌉`. So a sensor's data stays in one core's caches,
//! a worker more or less moves few sensors, and no worker has more than a quarter above its
//! share (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018).

use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::job::Key;
use crate::loads::Loads;
use crate::random::Random;

/// How far above its share a worker may go.
const SLACK: f64 = 1.25;

/// Points on the ring of the fastest worker: with 100 the shares of the ring differ by about a
/// tenth.
const POINTS: f32 = 100.0;

/// See the head of this file. The ring is made of the capacities at the first choice: it must not
/// move with every measurement.
#[derive(Clone, Debug, Default)]
pub struct SensorHash {
    ring: Vec<(u64, WorkerId)>,
}

/// SplitMix64's finalizer (Steele, Lea and Flood 2014): every bit of the input moves every bit
/// of the output.
fn scramble(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

fn ring(loads: &Loads) -> Vec<(u64, WorkerId)> {
    let points = |worker: WorkerId| {
        let points = (loads.capacity(worker) * POINTS).max(1.0) as u64;
        let place = move |point| scramble(u64::from(worker.0) << 32 | (point + 1));
        (0..points).map(move |point| (place(point), worker))
    };
    let mut ring: Vec<_> = (0..loads.workers()).map(WorkerId).flat_map(points).collect();
    ring.sort_unstable();
    ring
}

impl SensorHash {
    fn first_with_room(&self, key: Key, loads: &Loads) -> Option<WorkerId> {
        // A parked worker has no share, and looks full: its sensors go on along the ring.
        let workers = || (0..loads.active()).map(|nth| loads.nth_active(nth));
        let total: u64 = workers().map(|worker| u64::from(loads.in_flight(worker))).sum();
        let capacity: f64 = workers().map(|worker| f64::from(loads.capacity(worker))).sum();
        let allowed = SLACK * (total + 1) as f64 / capacity;
        // Counts are whole: a count below the bound's ceiling is one below the bound.
        let has_room = |worker: WorkerId| {
            f64::from(loads.in_flight(worker)) < allowed * f64::from(loads.capacity(worker))
        };
        let hash = scramble(key.0 ^ 0x5EED);
        let from = self.ring.partition_point(|(place, _)| *place < hash);
        let turn = self.ring[from..].iter().chain(&self.ring[..from]);
        turn.map(|(_, worker)| *worker).find(|worker| has_room(*worker))
    }
}

impl Policy for SensorHash {
    fn choose(&mut self, ask: &Ask, loads: &Loads, _random: &mut Random) -> WorkerId {
        if self.ring.is_empty() {
            self.ring = ring(loads);
        }
        // The bounds add up to more than what is in flight: somebody has room.
        self.first_with_room(ask.key, loads).unwrap_or_else(|| loads.nth_active(0))
    }

    fn name(&self) -> &'static str {
        "sensor-hash"
    }

    fn choices(&self, workers: u32) -> u32 {
        workers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loads::LoadBoard;
    use crate::packet::Kind;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn idle_homes(capacities: &[f32]) -> Vec<WorkerId> {
        let loads = Loads::new(Arc::new(LoadBoard::new(capacities.iter().copied())));
        let (mut policy, mut random) = (SensorHash::default(), Random::new(0));
        let ask = |key| Ask::new(Key(key), Kind::Other);
        (0..4_000).map(|key| policy.choose(&ask(key), &loads, &mut random)).collect()
    }

    #[test]
    fn a_worker_less_moves_only_its_own_sensors() {
        let (nine, eight) = (idle_homes(&[1.0; 9]), idle_homes(&[1.0; 8]));
        let moved = nine.iter().zip(&eight).filter(|(a, b)| a != b);
        assert!(moved.clone().all(|(before, _)| *before == WorkerId(8)));
        assert!((250..650).contains(&moved.count()), "a ninth of 4,000, more or less");
    }

    proptest! {
        /// Whatever came before, no worker goes more than a quarter (and one packet) above its
        /// share.
        #[test]
        fn no_worker_goes_far_above_its_share(
            capacities in prop::collection::vec(0.05f32..1.0, 1..12),
            keys in prop::collection::vec(0u64..6, 1..400),
        ) {
            let loads = Loads::new(Arc::new(LoadBoard::new(capacities.iter().copied())));
            let (mut policy, mut random) = (SensorHash::default(), Random::new(0));
            let capacity: f64 = capacities.iter().map(|each| f64::from(*each)).sum();
            for (before, key) in keys.iter().enumerate() {
                let worker = policy.choose(&Ask::new(Key(*key), Kind::Other), &loads, &mut random);
                loads.take(worker);
                let share = f64::from(capacities[worker.index()]) / capacity;
                let bound = SLACK * (before + 1) as f64 * share + 1.0;
                prop_assert!(f64::from(loads.in_flight(worker)) <= bound);
            }
        }
    }
}
