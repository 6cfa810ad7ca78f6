//! The least score of some workers or of all: what the rules that follow in-flight counts share.
//!
//! They differ in how they score a worker ([`Score`]) and in how many they look at by default.
//! Up to all workers are looked at, distinct ones, ties broken at random. For a batch the loads
//! of all workers are read once into rows, and each packet's choice is added to its row.

use std::cmp::Ordering;
use std::marker::PhantomData;

use super::draw::{Best, distinct, two_distinct};
use super::{Ask, Policy, choose_one_by_one};
use crate::ids::WorkerId;
use crate::loads::{Choice, Loads};
use crate::random::Random;

/// How a rule scores a worker; the least score wins.
pub trait Score: Send + 'static {
    /// The rule's name.
    const NAME: &'static str;

    /// How many of `workers` the rule looks at by default.
    fn choices(workers: u32) -> u32 {
        workers
    }

    /// The score of a worker with so many packets `in_flight`; `delay` is its expected delay when
    /// idle, `1 / (capacity × (1 − foreign load))`.
    fn score(in_flight: u32, delay: f32) -> f32;
}

/// A rule that takes the least score of some workers or of all.
#[derive(Debug)]
pub struct Least<S> {
    choices: Option<u32>,
    drawn: Vec<u32>,
    /// The scores of all workers, while one is chosen.
    scores: Vec<f32>,
    /// All workers, while a batch is chosen for.
    rows: Vec<Row>,
    score: PhantomData<fn() -> S>,
}

/// A worker while a batch is chosen for.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The choice that would be made next.
    next: Choice,
    /// Its packets in flight when the batch began.
    before: u32,
    delay: f32,
}

impl<S> Default for Least<S> {
    fn default() -> Self {
        Least::new(None)
    }
}

impl<S> Least<S> {
    /// Looks at `choices` workers for each packet (at least 1, at most all); `None` for the
    /// rule's default.
    pub fn new(choices: Option<u32>) -> Self {
        Least {
            choices,
            drawn: Vec::new(),
            scores: Vec::new(),
            rows: Vec::new(),
            score: PhantomData,
        }
    }
}

impl<S: Score> Least<S> {
    /// As many of those that are not parked as the rule looks at.
    #[cold]
    fn best_of_the_active(&mut self, loads: &Loads, random: &mut Random) -> WorkerId {
        let choices = self.choices(loads.workers()).min(loads.active());
        self.best_of_some(choices, loads, random)
    }

    fn best_of_some(&mut self, choices: u32, loads: &Loads, random: &mut Random) -> WorkerId {
        distinct(choices, loads.active(), random, &mut self.drawn);
        let first = loads.nth_active(self.drawn[0]);
        let mut best = Best::new(first, score::<S>(first, loads));
        for drawn in &self.drawn[1..] {
            let worker = loads.nth_active(*drawn);
            best.consider(worker, score::<S>(worker, loads), random);
        }
        best.worker
    }
}

#[inline]
fn score<S: Score>(worker: WorkerId, loads: &Loads) -> f32 {
    let (in_flight, delay) = loads.look(worker);
    S::score(in_flight, delay)
}

fn best_of_two<S: Score>(loads: &Loads, random: &mut Random) -> WorkerId {
    // Of two workers both are looked at: there is nothing to draw.
    let all = loads.workers() == 2;
    let two = if all { (0, 1) } else { two_distinct(loads.workers(), random) };
    let two = (WorkerId(two.0), WorkerId(two.1));
    let scores = [score::<S>(two.0, loads), score::<S>(two.1, loads)];
    if least(&scores, random) == 0 { two.0 } else { two.1 }
}

fn row(worker: WorkerId, loads: &Loads) -> Row {
    let (next, delay) = loads.choice(worker);
    Row { next, before: next.in_flight, delay }
}

/// Which score is the least; each of several equals with the same probability.
///
/// Three passes without a branch that hangs on a score, and one draw: one pass that compares,
/// branches and draws as it goes takes twice as long, for nobody can predict where the least one
/// stands.
#[inline]
fn least(scores: &[f32], random: &mut Random) -> usize {
    if let [first, second] = scores {
        // The smallest box there is; draws the same numbers.
        return match first.total_cmp(second) {
            Ordering::Less => 0,
            Ordering::Greater => 1,
            Ordering::Equal => random.below(2) as usize,
        };
    }
    let least = scores.iter().fold(f32::INFINITY, |a, b| if *b < a { *b } else { a });
    let equals = scores.iter().map(|score| u32::from(*score == least)).sum();
    let mut nth = if equals > 1 { random.below(equals) } else { 0 };
    for (at, score) in scores.iter().enumerate() {
        if *score == least {
            if nth == 0 {
                return at;
            }
            nth -= 1;
        }
    }
    0
}

impl<S: Score> Policy for Least<S> {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        if loads.any_parked() {
            return self.best_of_the_active(loads, random);
        }
        let workers = loads.workers();
        match self.choices(workers) {
            2 => best_of_two::<S>(loads, random),
            choices if choices == workers => {
                self.scores.clear();
                let workers = (0..workers).map(WorkerId);
                self.scores.extend(workers.map(|worker| score::<S>(worker, loads)));
                WorkerId(least(&self.scores, random) as u32)
            }
            1 => WorkerId(random.below(workers)),
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
        self.rows.extend((0..loads.workers()).map(|worker| row(WorkerId(worker), loads)));
        self.scores.clear();
        self.scores.extend(self.rows.iter().map(|row| S::score(row.before, row.delay)));
        out.reserve(asks.len());
        for _ in asks {
            let best = least(&self.scores, random);
            let row = &mut self.rows[best];
            out.push(row.next);
            row.next.in_flight += 1;
            self.scores[best] = S::score(row.next.in_flight, row.delay);
        }
        for row in &self.rows {
            loads.add(row.next.worker, row.next.in_flight - row.before);
        }
    }

    fn name(&self) -> &'static str {
        S::NAME
    }

    fn choices(&self, workers: u32) -> u32 {
        self.choices.unwrap_or_else(|| S::choices(workers)).clamp(1, workers)
    }
}
