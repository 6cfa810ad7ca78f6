//! What the table sees of the workers: the shallowest queue of each class, in a few levels.

use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::policy::draw::Best;
use crate::random::Random;
use crate::sorting;

/// The most classes told apart; slower ones count as the last.
pub const CLASSES_MAX: usize = 4;

/// The least packets in flight of each level but the first.
const LEVELS: [u32; 5] = [1, 2, 3, 5, 9];

/// How many levels a queue has.
pub const LEVEL_COUNT: u32 = LEVELS.len() as u32 + 1;

/// Workers whose capacity is within a tenth of the next faster one's are one class.
const SAME_CLASS: f32 = 0.9;

/// Which class each worker is in, fastest class first.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    of: Vec<u8>,
    count: u8,
}

impl Classes {
    /// The classes by these capacities.
    pub fn new(capacities: &[f32]) -> Self {
        let mut fastest_first: Vec<usize> = (0..capacities.len()).collect();
        sorting::sort_by(&mut fastest_first, |a, b| capacities[*b].total_cmp(&capacities[*a]));
        let (mut of, mut class) = (vec![0; capacities.len()], 0u8);
        for pair in fastest_first.windows(2) {
            let slower = capacities[pair[1]] < capacities[pair[0]] * SAME_CLASS;
            if slower && usize::from(class) + 1 < CLASSES_MAX {
                class += 1;
            }
            of[pair[1]] = class;
        }
        Classes { of, count: class + 1 }
    }

    /// How many there are.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The class of `worker`.
    pub fn of(&self, worker: WorkerId) -> u8 {
        self.of[worker.index()]
    }

    /// How many workers they are the classes of.
    pub fn workers(&self) -> usize {
        self.of.len()
    }

    /// How many states there are.
    pub fn states(&self) -> usize {
        (LEVEL_COUNT as usize).pow(u32::from(self.count))
    }
}

/// One look at the queues.
pub struct View<'a, F> {
    classes: &'a Classes,
    in_flight: F,
    shallowest: [u32; CLASSES_MAX],
}

impl<'a> View<'a, ()> {
    /// A look at `loads`.
    pub fn of<'l>(
        loads: &'l Loads,
        classes: &'a Classes,
    ) -> View<'a, impl Fn(WorkerId) -> u32 + use<'l>> {
        View::new(classes, |worker| loads.in_flight(worker))
    }

    /// A look at queues of these lengths.
    pub fn new<F: Fn(WorkerId) -> u32>(classes: &'a Classes, in_flight: F) -> View<'a, F> {
        let mut shallowest = [u32::MAX; CLASSES_MAX];
        for worker in (0..classes.workers() as u32).map(WorkerId) {
            let least = &mut shallowest[classes.of(worker) as usize];
            *least = (*least).min(in_flight(worker));
        }
        View { classes, in_flight, shallowest }
    }
}

impl<F: Fn(WorkerId) -> u32> View<'_, F> {
    /// The state: a digit a class, its level.
    pub fn state(&self) -> u32 {
        let level = |depth: u32| LEVELS.iter().filter(|least| depth >= **least).count() as u32;
        let classes = &self.shallowest[..self.classes.count() as usize];
        classes.iter().fold(0, |state, depth| state * LEVEL_COUNT + level(*depth))
    }

    /// The worker with the shallowest queue of a class, ties at random.
    pub fn shallowest(&self, class: u8, random: &mut Random) -> WorkerId {
        let mut best: Option<Best> = None;
        for worker in (0..self.classes.workers() as u32).map(WorkerId) {
            if self.classes.of(worker) == class {
                let depth = (self.in_flight)(worker) as f32;
                match &mut best {
                    None => best = Some(Best::new(worker, depth)),
                    Some(best) => best.consider(worker, depth, random),
                }
            }
        }
        best.map_or(WorkerId(0), |best| best.worker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_apart_by_a_tenth_and_there_are_at_most_four() {
        let classes = |capacities: &[f32]| Classes::new(capacities).of;
        assert_eq!(classes(&[0.55, 1.0, 0.95, 0.5, 0.88]), [1, 0, 0, 1, 0]);
        assert_eq!(classes(&[1.0, 0.5, 0.25, 0.12, 0.06]), [0, 1, 2, 3, 3]);
        assert_eq!(Classes::new(&[1.0, 0.5]).states(), 36);
    }

    #[test]
    fn the_state_is_the_level_of_the_shallowest_queue_of_each_class() {
        let classes = Classes::new(&[1.0, 1.0, 0.5, 0.5]);
        let queues = [4u32, 7, 0, 1];
        let view = View::new(&classes, |worker| queues[worker.index()]);
        assert_eq!(view.state(), 3 * LEVEL_COUNT);
        assert_eq!(view.shallowest(0, &mut Random::new(1)), WorkerId(0));
        assert_eq!(view.shallowest(1, &mut Random::new(1)), WorkerId(2));
    }
}
