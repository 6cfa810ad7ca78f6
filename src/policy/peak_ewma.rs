//! Peak EWMA: two choices on the worst recent response time × what is in flight.
//!
//! The rule of Twitter's Finagle, also in tower and Linkerd, for servers whose speed nobody
//! knows. The response time of a worker is a moving average that jumps up to a peak at once and
//! forgets it slowly: e^(−age / τ). Score: `response time × (in_flight + 1)`; two distinct workers
//! are drawn. A worker never heard of counts as fast until it is heard of, one packet at a time.
//!
//! It needs no capacity at all, and pays with a feedback for each packet. Response times contain
//! the waiting that the count in flight says already, so it avoids a loaded worker twice.

use super::draw::{Best, two_distinct};
use super::{Ask, Policy};
use crate::feedback::Done;
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// How fast a peak is forgotten, τ, in nanoseconds.
const TAU_NS: f64 = 100e6;

/// The response time of a worker never heard of that has something in flight already: as slow as
/// anything.
const UNHEARD_NS: f64 = 1e9;

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub struct PeakEwma {
    workers: Vec<Peak>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    /// 0 while nothing was heard.
    response_ns: f64,
    at_ns: u64,
}

impl Peak {
    /// What is left at `now_ns` of what was heard.
    fn kept(&self, now_ns: u64) -> f64 {
        libm::exp(-(now_ns.saturating_sub(self.at_ns) as f64) / TAU_NS)
    }

    fn hear(&mut self, response_ns: f64, now_ns: u64) {
        let kept = self.kept(now_ns);
        let average = self.response_ns * kept + response_ns * (1.0 - kept);
        self.response_ns = if response_ns > self.response_ns { response_ns } else { average };
        self.at_ns = self.at_ns.max(now_ns);
    }

    fn score(&self, in_flight: u32, now_ns: u64) -> f32 {
        let response_ns = match in_flight {
            0 if self.response_ns == 0.0 => 0.0,
            _ if self.response_ns == 0.0 => UNHEARD_NS,
            _ => self.response_ns * self.kept(now_ns),
        };
        (response_ns * f64::from(in_flight + 1)) as f32
    }
}

impl Policy for PeakEwma {
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        let workers = loads.workers();
        self.workers.resize(workers as usize, Peak::default());
        let active = loads.active();
        if active == 1 {
            return loads.nth_active(0);
        }
        let score = |worker: WorkerId| {
            self.workers[worker.index()].score(loads.in_flight(worker), ask.now_ns)
        };
        let (first, second) = two_distinct(active, random);
        let (first, second) = (loads.nth_active(first), loads.nth_active(second));
        let mut best = Best::new(first, score(first));
        best.consider(second, score(second), random);
        best.worker
    }

    fn wants_feedback(&self) -> bool {
        true
    }

    fn learn(&mut self, done: &[Done], _loads: &Loads) {
        for done in done {
            // A failure is no sign of speed: it counts as the worst.
            let response_ns = if done.failed { UNHEARD_NS } else { done.response_ns() as f64 };
            if let Some(peak) = self.workers.get_mut(done.worker.index()) {
                peak.hear(response_ns, done.finished_ns);
            }
        }
    }

    fn name(&self) -> &'static str {
        "peak-ewma"
    }

    fn choices(&self, workers: u32) -> u32 {
        workers.min(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_taken_at_once_and_forgotten_slowly() {
        let mut peak = Peak::default();
        peak.hear(1e6, 0);
        peak.hear(9e6, 10);
        assert_eq!(peak.response_ns, 9e6);
        peak.hear(1e6, 10 + TAU_NS as u64);
        // 9 / e + 1 × (1 − 1/e).
        assert!((peak.response_ns / 1e6 - 3.943).abs() < 1e-3, "{peak:?}");
        assert!((peak.score(1, 10 + 2 * TAU_NS as u64) / 1e6 - 2.0 * 1.4506).abs() < 1e-3);
    }

    #[test]
    fn a_worker_never_heard_of_is_tried_once() {
        assert_eq!(Peak::default().score(0, 5), 0.0);
        assert_eq!(Peak::default().score(1, 5), 2e9);
    }
}
