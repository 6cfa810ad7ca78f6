//! What a policy sees in a simulation: the very same board that it sees live.
//!
//! The simulator sets the counts where live threads would count; a rule reads them through
//! [`Loads`], draws from a [`Random`] and is told the time, and cannot tell the difference. Whoever
//! has recorded what a live rule saw can replay it here.

use std::sync::Arc;

use crate::feedback::Done;
use crate::ids::WorkerId;
use crate::loads::{LoadBoard, Loads};
use crate::policy::{Ask, Policy};
use crate::random::Random;

/// Nanoseconds in the unit of time: the mean service time on a worker of speed 1 is a
/// millisecond.
pub const UNIT_NS: f64 = 1e6;

/// A board and its reader.
#[derive(Debug)]
pub struct SimView {
    board: Arc<LoadBoard>,
    loads: Loads,
}

impl SimView {
    /// Idle workers of these capacities, relative to the fastest.
    pub fn new(capacities: impl IntoIterator<Item = f32>) -> Self {
        let board = Arc::new(LoadBoard::new(capacities));
        SimView { loads: Loads::new(board.clone()), board }
    }

    /// What is set here is what the rule sees.
    pub fn board(&self) -> &LoadBoard {
        &self.board
    }

    /// The rule's choice for `ask`, on a fresh reading, as a dispatcher would follow it.
    ///
    /// # Panics
    /// If the rule chooses a worker that there is not.
    pub fn choose(&mut self, policy: &mut dyn Policy, ask: &Ask, random: &mut Random) -> WorkerId {
        self.loads.refresh();
        let worker = self.loads.awake(policy.choose(ask, &self.loads, random));
        let worker = self.loads.take(worker).worker;
        self.loads.wake_if_late();
        worker
    }

    /// Tells the rule what came of earlier choices.
    pub fn tell(&mut self, policy: &mut dyn Policy, done: &[Done]) {
        self.loads.refresh();
        policy.learn(done, &self.loads);
    }
}
