//! A virtual twin of the workers: the packets that were, under another rule.
//!
//! It replays each packet with the time at which it came and the work that it took, in queues of
//! its own, first come first served. So two rules can be compared on the very same packets,
//! whichever of them the real workers follow.

use std::collections::VecDeque;

use super::table::QTable;
use super::view::{Classes, View};
use crate::ids::WorkerId;
use crate::policy::draw::best_of_all;
use crate::random::Random;

/// Packets that a worker of the twin may have; beyond that it is told to be as late as the last.
const QUEUE_MAX: usize = 4_096;

/// How a twin chooses.
pub enum Rule<'a> {
    /// Shortest expected delay.
    ExpectedDelay,
    /// What the table holds best; at random with this probability.
    Table(&'a QTable, f64),
}

/// What came of one packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replayed {
    /// The state it was chosen in.
    pub state: u32,
    /// The class that it was sent to.
    pub action: u8,
    /// Its response time.
    pub response_ns: u64,
}

/// The workers of one twin.
#[derive(Clone, Debug, Default)]
pub struct Twin {
    workers: Vec<Queue>,
}

#[derive(Clone, Debug, Default)]
struct Queue {
    /// When each packet there will be done, soonest first.
    done_ns: VecDeque<u64>,
}

impl Queue {
    fn settle(&mut self, now_ns: u64) {
        while self.done_ns.front().is_some_and(|done_ns| *done_ns <= now_ns) {
            self.done_ns.pop_front();
        }
    }

    /// Adds a packet of `service_ns`; when it will be done.
    fn add(&mut self, now_ns: u64, service_ns: u64) -> u64 {
        let begins_ns = self.done_ns.back().map_or(now_ns, |free_ns| (*free_ns).max(now_ns));
        let done_ns = begins_ns.saturating_add(service_ns);
        if self.done_ns.len() < QUEUE_MAX {
            self.done_ns.push_back(done_ns);
        }
        done_ns
    }
}

impl Twin {
    /// Sends a packet that came at `now_ns` with `work_ns` of work to a worker by `rule`.
    /// `delays` is what each worker makes of a unit of work.
    pub fn replay(
        &mut self,
        rule: &Rule<'_>,
        classes: &Classes,
        delays: &[f32],
        (now_ns, work_ns): (u64, f64),
        random: &mut Random,
    ) -> Replayed {
        self.workers.resize(delays.len(), Queue::default());
        self.workers.iter_mut().for_each(|queue| queue.settle(now_ns));
        let depth = |worker: WorkerId| self.workers[worker.index()].done_ns.len() as u32;
        let view = View::new(classes, depth);
        let worker = match rule {
            Rule::ExpectedDelay => best_of_all(delays.len() as u32, random, |worker| {
                (depth(worker) + 1) as f32 * delays[worker.index()]
            }),
            Rule::Table(table, epsilon) => {
                view.shallowest(table.explore(view.state(), *epsilon, random), random)
            }
        };
        let (state, action) = (view.state(), classes.of(worker));
        let service_ns = (work_ns * f64::from(delays[worker.index()])) as u64;
        let done_ns = self.workers[worker.index()].add(now_ns, service_ns);
        Replayed { state, action, response_ns: done_ns - now_ns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_queues_what_comes_and_forgets_what_is_done() {
        let (classes, mut twin) = (Classes::new(&[1.0, 0.5]), Twin::default());
        let mut random = Random::new(0);
        let mut replay = |now_ns| {
            let rule = Rule::ExpectedDelay;
            let packet = (now_ns, 10.0);
            let replayed = twin.replay(&rule, &classes, &[1.0, 2.0], packet, &mut random);
            (replayed.action, replayed.response_ns)
        };
        assert_eq!(replay(0), (0, 10));
        // A tie: 2 × 1 against 1 × 2; both bring 20.
        assert_eq!(replay(0).1, 20);
        assert_eq!(replay(100), (0, 10));
    }
}
