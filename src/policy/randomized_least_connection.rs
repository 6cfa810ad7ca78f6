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

use super::{Ask, Policy, choose_one_by_one};
use crate::ids::WorkerId;
use crate::loads::{Choice, Loads};
use crate::random::Random;

/// Up to so many workers the default looks at all of them. Provisional: the measured cost of
/// a choice (`cargo bench --bench choose`) decides.
pub const SCAN_ALL_MAX: u32 = 16;

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub struct RandomizedLeastConnection {
    choices: Option<u32>,
    drawn: Vec<u32>,
    /// All workers, while a batch is chosen for.
    rows: Vec<Row>,
}

/// A worker while a batch is chosen for.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The choice that would be made next.
    next: Choice,
    /// Its packets in flight when the batch began.
    before: u32,
    delay: f32,
    delay_when_idle: f32,
}

impl Row {
    fn new(worker: WorkerId, loads: &Loads) -> Self {
        let (next, delay_when_idle) = loads.choice(worker);
        let before = next.in_flight;
        Row { next, before, delay: loads.expected_delay(worker), delay_when_idle }
    }
}

/// The row with the least delay, as [`RandomizedLeastConnection::best_of_all`] finds it; draws
/// the same numbers.
fn least(rows: &[Row], random: &mut Random) -> usize {
    let (mut best, mut delay, mut equals) = (0, rows[0].delay, 1);
    for (at, row) in rows.iter().enumerate().skip(1) {
        if row.delay < delay {
            (best, delay, equals) = (at, row.delay, 1);
        } else if row.delay == delay {
            equals += 1;
            if random.below(equals) == 0 {
                best = at;
            }
        }
    }
    best
}

impl RandomizedLeastConnection {
    /// Looks at `choices` workers for each packet (at least 1, at most all); `None` for the
    /// default: all up to 16 workers, two above.
    pub fn new(choices: Option<u32>) -> Self {
        RandomizedLeastConnection { choices, drawn: Vec::new(), rows: Vec::new() }
    }

    fn best_of_all(loads: &Loads, random: &mut Random) -> WorkerId {
        let mut best = Best::new(WorkerId(0), loads);
        for worker in 1..loads.workers() {
            best.consider(WorkerId(worker), loads, random);
        }
        best.worker
    }

    fn best_of_two(loads: &Loads, random: &mut Random) -> WorkerId {
        let first = random.below(loads.workers());
        let mut second = random.below(loads.workers() - 1);
        second += u32::from(second >= first);
        let mut best = Best::new(WorkerId(first), loads);
        best.consider(WorkerId(second), loads, random);
        best.worker
    }

    /// Floyd's sampling (Bentley and Floyd, CACM 30, 1987): `choices` draws, none in vain.
    fn best_of_some(&mut self, choices: u32, loads: &Loads, random: &mut Random) -> WorkerId {
        self.drawn.clear();
        let workers = loads.workers();
        for last in workers - choices..workers {
            let draw = random.below(last + 1);
            let new = if self.drawn.contains(&draw) { last } else { draw };
            self.drawn.push(new);
        }
        let mut best = Best::new(WorkerId(self.drawn[0]), loads);
        for worker in &self.drawn[1..] {
            best.consider(WorkerId(*worker), loads, random);
        }
        best.worker
    }
}

/// The best worker so far. Among equals each is kept with the same probability: the k-th
/// equal replaces the one kept with probability 1/k.
struct Best {
    worker: WorkerId,
    delay: f32,
    equals: u32,
}

impl Best {
    fn new(worker: WorkerId, loads: &Loads) -> Self {
        Best { worker, delay: loads.expected_delay(worker), equals: 1 }
    }

    fn consider(&mut self, worker: WorkerId, loads: &Loads, random: &mut Random) {
        let delay = loads.expected_delay(worker);
        if delay < self.delay {
            *self = Best { worker, delay, equals: 1 };
        } else if delay == self.delay {
            self.equals += 1;
            if random.below(self.equals) == 0 {
                self.worker = worker;
            }
        }
    }
}

impl Policy for RandomizedLeastConnection {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        let workers = loads.workers();
        match self.choices(workers) {
            choices if choices == workers => Self::best_of_all(loads, random),
            1 => WorkerId(random.below(workers)),
            2 => Self::best_of_two(loads, random),
            choices => self.best_of_some(choices, loads, random),
        }
    }

    fn choose_batch(
        &mut self,
        asks: &[Ask],
        loads: &Loads,
        random: &mut Random,
        out: &mut Vec<Choice>,
    ) {
        if self.choices(loads.workers()) < loads.workers() {
            return choose_one_by_one(self, asks, loads, random, out);
        }
        self.rows.clear();
        self.rows.extend((0..loads.workers()).map(|worker| Row::new(WorkerId(worker), loads)));
        out.reserve(asks.len());
        for _ in asks {
            let best = least(&self.rows, random);
            let row = &mut self.rows[best];
            out.push(row.next);
            row.next.in_flight += 1;
            row.delay = (row.next.in_flight + 1) as f32 * row.delay_when_idle;
        }
        for row in &self.rows {
            loads.add(row.next.worker, row.next.in_flight - row.before);
        }
    }

    fn name(&self) -> &'static str {
        "randomized-least-connection"
    }

    fn choices(&self, workers: u32) -> u32 {
        let default = if workers <= SCAN_ALL_MAX { workers } else { 2 };
        self.choices.unwrap_or(default).clamp(1, workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Key;
    use crate::loads::LoadBoard;
    use crate::packet::Kind;
    use std::sync::Arc;

    const ASK: Ask = Ask { key: Key(0), kind: Kind::Other, now_ns: 0, known_work_ns: None };

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
