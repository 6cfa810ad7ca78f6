//! Response time: at random, by recent response time and health (the "dynamic" rule).
//!
//! A worker's weight is its health / its mean response time; both are moving averages of what
//! came back (weight 1/16), health the part that did not fail. A worker is drawn with that
//! weight, not the best one taken: the answer to a choice is late, and the best one would get
//! everything until its answers come. A worker never heard of weighs as much as the best.
//!
//! It follows what users feel and needs to know nothing of the cores; it cannot see a queue
//! before it has been waited in, so live counts beat it wherever they can be had.

use super::draw::by_weight;
use super::{Ask, Policy};
use crate::feedback::Done;
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// The weight of one answer.
const WEIGHT: f64 = 1.0 / 16.0;

/// The least health: a worker that only fails is still tried, a hundredth as often, or nobody
/// would learn that it works again.
const HEALTH_MIN: f64 = 0.01;

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub struct ResponseTime {
    workers: Vec<Heard>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    /// 0 while nothing was heard.
    response_ns: f64,
    health: f64,
}

impl Default for Heard {
    fn default() -> Self {
        Heard { response_ns: 0.0, health: 1.0 }
    }
}

impl Heard {
    fn weight(&self) -> f64 {
        self.health.max(HEALTH_MIN) / self.response_ns
    }

    fn hear(&mut self, done: &Done) {
        let response_ns = done.response_ns().max(1) as f64;
        if self.response_ns == 0.0 {
            self.response_ns = response_ns;
        }
        self.response_ns += (response_ns - self.response_ns) * WEIGHT;
        self.health += (f64::from(u8::from(!done.failed)) - self.health) * WEIGHT;
    }
}

impl Policy for ResponseTime {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        self.workers.resize(loads.workers() as usize, Heard::default());
        let heard = |each: &&Heard| each.response_ns > 0.0;
        let best = self.workers.iter().filter(heard).map(Heard::weight).fold(0.0, f64::max);
        let best = if best > 0.0 { best } else { 1.0 };
        by_weight(loads.workers(), random, |worker| {
            let each = &self.workers[worker.index()];
            if loads.is_parked(worker) {
                return 0.0;
            }
            if each.response_ns > 0.0 { each.weight() } else { best }
        })
    }

    fn wants_feedback(&self) -> bool {
        true
    }

    fn learn(&mut self, done: &[Done], _loads: &Loads) {
        for done in done {
            if let Some(heard) = self.workers.get_mut(done.worker.index()) {
                heard.hear(done);
            }
        }
    }

    fn name(&self) -> &'static str {
        "response-time"
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
    fn the_quick_and_healthy_get_most_and_nobody_is_given_up() {
        let loads = Loads::new(Arc::new(LoadBoard::new([1.0; 3])));
        let (ask, mut random) = (Ask::new(Key(0), Kind::Other), Random::new(3));
        let mut policy = ResponseTime::default();
        policy.choose(&ask, &loads, &mut random);
        for (worker, service_ns, failed) in [(0, 100, false), (1, 200, false), (2, 100, true)] {
            let worker = WorkerId(worker);
            let done = Done {
                ticket: 0,
                worker,
                kind: Kind::Other,
                finished_ns: 0,
                wait_ns: 0,
                service_ns,
                failed,
            };
            policy.learn(&[done; 400], &loads);
        }
        let mut counts = [0u32; 3];
        for _ in 0..30_000 {
            counts[policy.choose(&ask, &loads, &mut random).index()] += 1;
        }
        // Weights 1, 1/2 and 1/100.
        assert!(counts[0].abs_diff(19_868) < 409, "{counts:?}");
        assert!(counts[1].abs_diff(9_934) < 408 && (129..270).contains(&counts[2]), "{counts:?}");
    }
}
