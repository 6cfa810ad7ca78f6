//! Random choice in proportion to capacity: the control for unequal cores.
//!
//! Stable wherever any rule is, and nothing more: with Poisson arrivals each worker is a queue
//! by itself. On 8 + 8 cores of 0.55 at load 0.8 its mean is 6.45 service times, where shortest
//! expected delay has 1.46.

use super::draw::by_weight;
use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// Any worker, each as likely as it is fast.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeightedRandom;

impl Policy for WeightedRandom {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        by_weight(loads.workers(), random, |worker| 1.0 / f64::from(loads.delay_when_idle(worker)))
    }

    fn name(&self) -> &'static str {
        "weighted-random"
    }

    fn choices(&self, workers: u32) -> u32 {
        workers
    }
}
