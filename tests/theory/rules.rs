//! Rules that only this check needs: what theory asks for and nobody should use.
//!
//! They are called by the simulator as the product's own are, so the rows that need them check
//! everything but the product's rule.

use edge_dispatch::feedback::Done;
use edge_dispatch::ids::WorkerId;
use edge_dispatch::loads::Loads;
use edge_dispatch::policy::{Ask, Maker, Policy};
use edge_dispatch::random::Random;
use edge_dispatch::sim::UNIT_NS;
use std::collections::VecDeque;
use std::sync::Arc;

use super::forms::optimal_rates;

/// Five units of 2 ms: a tick of a system that counts a hundred a second.
const TICK_NS: u64 = 5 * UNIT_NS as u64;

/// See the head of this file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Own {
    /// The shortest queue of so many draws; a worker may be drawn twice.
    Replacing(u32),
    /// The shortest queue; a tie to the first, which is the fast one.
    TiesToFirst,
    /// Drawn at random by Bell and Stidham's rates: the best that a rule can do that sees
    /// nothing.
    OptimalSplit,
    /// Any idle worker, else any worker, fast or slow.
    IdleElseAny,
    /// The least utilization; ties at random.
    FreestAny,
    /// The least utilization where busy time is counted in whole ticks of 5 units, as the system
    /// does, over windows of so many ticks; a tie to the first, or at random.
    FreestTicks { ticks: u32, first: bool },
    /// Idle workers wait in one of so many queues, each arrival asks one of them.
    IdleQueues(u32),
}

impl Own {
    /// What makes the rule for workers of these speeds, of which packets bring this much.
    pub fn maker(self, speeds: &[f64], load: f64) -> Maker {
        let rates = optimal_rates(speeds, load * speeds.iter().sum::<f64>());
        Arc::new(move || match self {
            Own::IdleQueues(queues) => Box::new(IdleQueues::new(queues)),
            Own::FreestTicks { ticks, first } => Box::new(FreestTicks::new(ticks, first)),
            own => Box::new(OwnRule { own, rates: rates.clone() }),
        })
    }
}

struct OwnRule {
    own: Own,
    rates: Vec<f64>,
}

/// The least of `score` among `candidates`, ties at random.
fn least(
    candidates: impl Iterator<Item = u32>,
    score: impl Fn(WorkerId) -> f32,
    random: &mut Random,
) -> WorkerId {
    let (mut best, mut best_score, mut equals) = (WorkerId(0), f32::INFINITY, 0);
    for worker in candidates.map(WorkerId) {
        let score = score(worker);
        if score < best_score {
            (best, best_score, equals) = (worker, score, 1);
        } else if score == best_score {
            equals += 1;
            if random.below(equals) == 0 {
                best = worker;
            }
        }
    }
    best
}

fn by_rate(rates: &[f64], random: &mut Random) -> WorkerId {
    let mut left = random.unit() * rates.iter().sum::<f64>();
    for (worker, rate) in rates.iter().enumerate() {
        left -= rate;
        if left < 0.0 {
            return WorkerId(worker as u32);
        }
    }
    WorkerId(0)
}

impl Policy for OwnRule {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        let workers = loads.workers();
        let count = |worker: WorkerId| loads.in_flight(worker) as f32;
        match self.own {
            Own::Replacing(draws) => {
                let drawn: Vec<u32> = (0..draws).map(|_| random.below(workers)).collect();
                least(drawn.into_iter(), count, random)
            }
            Own::TiesToFirst => {
                let first = (0..workers).map(WorkerId).min_by_key(|w| loads.in_flight(*w));
                first.unwrap_or(WorkerId(0))
            }
            Own::OptimalSplit => by_rate(&self.rates, random),
            Own::IdleElseAny => least(0..workers, |worker| count(worker).min(1.0), random),
            Own::FreestAny => least(0..workers, |worker| loads.utilization(worker), random),
            // Made elsewhere.
            Own::IdleQueues(_) | Own::FreestTicks { .. } => WorkerId(0),
        }
    }

    fn name(&self) -> &'static str {
        "own"
    }

    fn choices(&self, workers: u32) -> u32 {
        workers
    }
}

/// Join idle queue as Lu and others describe it: an idle worker enters one queue at random, an
/// arrival asks one queue at random and takes the first worker in it, or where it is empty any
/// worker. A worker that gets a packet in that last way stays in its queue.
struct IdleQueues {
    queues: Vec<VecDeque<WorkerId>>,
    /// Which workers stand in a queue.
    queued: Vec<bool>,
    /// `learn` is given no random numbers.
    random: Random,
}

impl IdleQueues {
    fn new(queues: u32) -> Self {
        let queues = vec![VecDeque::new(); queues as usize];
        IdleQueues { queues, queued: Vec::new(), random: Random::new(77) }
    }

    fn enter(&mut self, worker: WorkerId) {
        if !std::mem::replace(&mut self.queued[worker.index()], true) {
            let queue = self.random.below(self.queues.len() as u32);
            self.queues[queue as usize].push_back(worker);
        }
    }
}

impl Policy for IdleQueues {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        if self.queued.is_empty() {
            self.queued = vec![false; loads.workers() as usize];
            (0..loads.workers()).for_each(|worker| self.enter(WorkerId(worker)));
        }
        let queue = random.below(self.queues.len() as u32);
        let Some(worker) = self.queues[queue as usize].pop_front() else {
            return WorkerId(random.below(loads.workers()));
        };
        self.queued[worker.index()] = false;
        worker
    }

    fn wants_feedback(&self) -> bool {
        true
    }

    fn learn(&mut self, done: &[Done], loads: &Loads) {
        for done in done {
            if loads.in_flight(done.worker) == 0 {
                self.enter(done.worker);
            }
        }
    }

    fn name(&self) -> &'static str {
        "own"
    }

    fn choices(&self, _workers: u32) -> u32 {
        1
    }
}

/// The least utilization in whole ticks. Only the sum of a worker's busy time is rounded down, so
/// a window's part in it is now rounded down, now up.
struct FreestTicks {
    ticks: u32,
    first: bool,
    window: u64,
    busy: Vec<f64>,
    seen: Vec<f32>,
}

impl FreestTicks {
    fn new(ticks: u32, first: bool) -> Self {
        FreestTicks { ticks, first, window: 0, busy: Vec::new(), seen: Vec::new() }
    }

    /// A new window's utilization, if there is one.
    fn look(&mut self, now_ns: u64, loads: &Loads) {
        let workers = loads.workers() as usize;
        self.busy.resize(workers, 0.0);
        self.seen.resize(workers, 0.0);
        let window = now_ns / (u64::from(self.ticks) * TICK_NS);
        if window == self.window {
            return;
        }
        self.window = window;
        for worker in 0..workers {
            let busy = &mut self.busy[worker];
            let before = busy.floor();
            let utilization = f64::from(loads.utilization(WorkerId(worker as u32)));
            *busy += utilization * f64::from(self.ticks);
            self.seen[worker] = (busy.floor() - before) as f32;
        }
    }
}

impl Policy for FreestTicks {
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        self.look(ask.now_ns, loads);
        let seen = |worker: WorkerId| self.seen[worker.index()];
        if !self.first {
            return least(0..loads.workers(), seen, random);
        }
        let workers = (0..loads.workers()).map(WorkerId);
        workers.min_by(|a, b| seen(*a).total_cmp(&seen(*b))).unwrap_or(WorkerId(0))
    }

    fn name(&self) -> &'static str {
        "own"
    }

    fn choices(&self, workers: u32) -> u32 {
        workers
    }
}
