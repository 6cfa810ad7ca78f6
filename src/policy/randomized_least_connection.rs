//! Randomized least connection: the default.
//!
//! `d` distinct workers are drawn at random and the one with the least expected delay,
//! `(in_flight + 1) / (capacity × (1 − foreign load))`, gets the packet; ties are broken at
//! random. Two choices already bring almost all of the gain of looking at everybody
//! (Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12,
//! 2001), but with few workers looking at everybody costs little and is better still: 1.5 to
//! 1.9 times at 16 workers. So up to [`SCAN_ALL_MAX`] workers the default looks at all.
//!
//! The draws are *distinct*: with replacement two draws are one in every n-th choice, which
//! is measurably worse (mean delay 2.915 against 2.825 at n = 16 and load 0.9).

use super::least::{Least, Score};

/// Up to so many workers the default looks at all of them. Provisional: the measured cost of
/// a choice (`cargo bench --bench choose`) decides.
pub const SCAN_ALL_MAX: u32 = 16;

/// See the head of this file.
pub type RandomizedLeastConnection = Least<DelayOfSome>;

/// `(in_flight + 1) / capacity`, of all workers where they are few, of two where they are many.
#[derive(Debug)]
pub struct DelayOfSome;

impl Score for DelayOfSome {
    const NAME: &'static str = "randomized-least-connection";

    fn choices(workers: u32) -> u32 {
        if workers <= SCAN_ALL_MAX { workers } else { 2 }
    }

    fn score(in_flight: u32, delay: f32) -> f32 {
        (in_flight + 1) as f32 * delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WorkerId;
    use crate::job::Key;
    use crate::loads::LoadBoard;
    use crate::loads::Loads;
    use crate::packet::Kind;
    use crate::policy::{Ask, Policy};
    use crate::random::Random;
    use std::sync::Arc;

    const ASK: Ask = Ask::new(Key(0), Kind::Other);

    fn counts(board: LoadBoard, choices: Option<u32>, draws: u32, seed: u64) -> Vec<u32> {
        let loads = Loads::new(Arc::new(board));
        let mut policy = RandomizedLeastConnection::new(choices);
        let mut random = Random::new(seed);
        let mut counts = vec![0; loads.workers() as usize];
        for _ in 0..draws {
            counts[policy.choose(&ASK, &loads, &mut random).index()] += 1;
        }
        counts
    }

    #[test]
    fn ties_are_shared_evenly() {
        for choices in [None, Some(1), Some(2), Some(3), Some(7)] {
            let counts = counts(LoadBoard::new([1.0; 8]), choices, 80_000, 11);
            // Binomial with deviation 94; five of them.
            let even = counts.iter().all(|count| count.abs_diff(10_000) < 470);
            assert!(even, "choices {choices:?}: {counts:?}");
        }
    }

    /// With distinct draws, the most loaded of n workers is never taken while d ≥ 2, and the
    /// i-th best is taken as often as it is the best of d distinct draws.
    #[test]
    fn the_choices_are_distinct() {
        for (choices, best) in [(2, 2.0 / 6.0), (3, 3.0 / 6.0), (5, 5.0 / 6.0)] {
            let board = LoadBoard::new([1.0; 6]);
            (0..6).for_each(|worker| board.in_flight(WorkerId(worker)).set(worker));
            let counts = counts(board, Some(choices), 60_000, 5);
            assert_eq!(counts[5], 0, "the worst of six is never the best of {choices}");
            let share = f64::from(counts[0]) / 60_000.0;
            assert!((share - best).abs() < 0.011, "choices {choices}: {counts:?}");
        }
    }

    #[test]
    fn the_default_looks_at_all_up_to_sixteen_and_at_two_above() {
        let policy = RandomizedLeastConnection::new(None);
        assert_eq!([1, 2, 16, 17, 64].map(|workers| policy.choices(workers)), [1, 2, 16, 2, 2]);
        assert_eq!(RandomizedLeastConnection::new(Some(9)).choices(4), 4);
    }

    #[test]
    fn a_slow_or_foreign_core_gets_its_proportion_when_all_are_busy() {
        // In steady state the expected delays are level: counts proportional to speed.
        let board = Arc::new(LoadBoard::new([1.0, 0.5, 1.0]));
        board.set_speed(WorkerId(2), 1.0, 0.75);
        let mut loads = Loads::new(board);
        loads.refresh();
        let mut choices = Vec::new();
        let mut policy = RandomizedLeastConnection::default();
        policy.choose_batch(&[ASK; 700], &loads, &mut Random::new(1), &mut choices);
        let count = |id| choices.iter().filter(|choice| choice.worker == WorkerId(id)).count();
        assert!(count(0).abs_diff(400) <= 2 && count(1).abs_diff(200) <= 2, "{}", count(0));
        assert!(count(2).abs_diff(100) <= 2, "{}", count(2));
    }
}
