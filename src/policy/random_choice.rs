//! Blind random choice: a control, and the limit that any use of loads must beat.

use super::{Ask, Policy};
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::random::Random;

/// Any worker, each equally likely, whatever its load and capacity.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomChoice;

impl Policy for RandomChoice {
    fn choose(&mut self, _ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        loads.nth_active(random.below(loads.active()))
    }

    fn name(&self) -> &'static str {
        "random"
    }

    fn choices(&self, _workers: u32) -> u32 {
        1
    }
}
