//! Drawing workers: some distinct ones, the best of several, one by weight.

use crate::ids::WorkerId;
use crate::random::Random;

/// Draws `choices` distinct workers of `workers` into `drawn`: Floyd's sampling (Bentley and
/// Floyd, CACM 30, 1987), no draw in vain. Every worker is equally likely to be among them, not
/// to stand at a certain place.
pub fn distinct(choices: u32, workers: u32, random: &mut Random, drawn: &mut Vec<u32>) {
    drawn.clear();
    for last in workers - choices..workers {
        let draw = random.below(last + 1);
        let new = if drawn.contains(&draw) { last } else { draw };
        drawn.push(new);
    }
}

/// Two distinct workers of at least two.
pub fn two_distinct(workers: u32, random: &mut Random) -> (u32, u32) {
    let first = random.below(workers);
    let second = random.below(workers - 1);
    (first, second + u32::from(second >= first))
}

/// The worker with the least score so far. Among equals each is kept with the same probability:
/// the k-th equal replaces the one kept with probability 1/k.
#[derive(Clone, Copy, Debug)]
pub struct Best {
    /// The one kept.
    pub worker: WorkerId,
    score: f32,
    equals: u32,
}

impl Best {
    /// The first one looked at.
    #[inline]
    pub fn new(worker: WorkerId, score: f32) -> Self {
        // Nothing in flight at a worker that is gone: 0 × ∞.
        let score = if score.is_nan() { f32::INFINITY } else { score };
        Best { worker, score, equals: 1 }
    }

    /// Keeps `worker` if it is better.
    #[inline]
    pub fn consider(&mut self, worker: WorkerId, score: f32, random: &mut Random) {
        if score < self.score {
            *self = Best::new(worker, score);
        } else if score == self.score {
            self.equals += 1;
            if random.below(self.equals) == 0 {
                self.worker = worker;
            }
        }
    }
}

/// The best of `0..workers` by `score`.
#[inline]
pub fn best_of_all(
    workers: u32,
    random: &mut Random,
    mut score: impl FnMut(WorkerId) -> f32,
) -> WorkerId {
    let mut best = Best::new(WorkerId(0), score(WorkerId(0)));
    for worker in (1..workers).map(WorkerId) {
        best.consider(worker, score(worker), random);
    }
    best.worker
}

/// One of `0..workers`, each as likely as its weight says; weights are not negative, and their
/// sum is above 0.
pub fn by_weight(
    workers: u32,
    random: &mut Random,
    mut weight: impl FnMut(WorkerId) -> f64,
) -> WorkerId {
    let total: f64 = (0..workers).map(|worker| weight(WorkerId(worker))).sum();
    let mut left = random.unit() * total;
    let mut chosen = WorkerId(0);
    for worker in (0..workers).map(WorkerId) {
        let weight = weight(worker);
        if weight > 0.0 {
            // Rounding may leave a little at the end: then the last one that can be chosen is.
            chosen = worker;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept_and_nothing_of_no_weight_is_drawn() {
        let (weights, mut random) = ([0.0, 1.0, 0.0, 3.0, 0.0], Random::new(4));
        let mut counts = [0u32; 5];
        for _ in 0..40_000 {
            counts[by_weight(5, &mut random, |worker| weights[worker.index()]).index()] += 1;
        }
        // Binomial with deviation 87; five of them.
        assert!(counts[1].abs_diff(10_000) < 433 && counts[1] + counts[3] == 40_000, "{counts:?}");
    }

    #[test]
    fn two_distinct_workers_are_distinct_and_every_pair_has_its_turn() {
        let (mut random, mut pairs) = (Random::new(9), [[0u32; 3]; 3]);
        for _ in 0..6_000 {
            let (a, b) = two_distinct(3, &mut random);
            pairs[a as usize][b as usize] += 1;
        }
        // Six ordered pairs, binomial with deviation 29.
        let even = |(a, b): (usize, usize)| pairs[a][b].abs_diff(if a == b { 0 } else { 1_000 });
        assert!((0..9).all(|n| even((n / 3, n % 3)) < 145), "{pairs:?}");
    }
}
