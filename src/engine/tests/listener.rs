//! A policy that counts what it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::feedback::Done;
use crate::ids::WorkerId;
use crate::loads::Loads;
use crate::policy::{Ask, Policy, RoundRobin};
use crate::random::Random;

/// Goes round; counts packets it hears of, and failures, and checks that it had sent them.
pub struct Listener {
    round: RoundRobin,
    asked: u64,
    heard: Arc<[AtomicU64; 2]>,
}

impl Listener {
    pub fn new(heard: Arc<[AtomicU64; 2]>) -> Self {
        Listener { round: RoundRobin::default(), asked: 0, heard }
    }
}

impl Policy for Listener {
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        assert!(ask.ticket >= self.asked, "tickets count up");
        self.asked = ask.ticket;
        self.round.choose(ask, loads, random)
    }

    fn wants_feedback(&self) -> bool {
        true
    }

    fn learn(&mut self, done: &[Done], _loads: &Loads) {
        for done in done {
            assert!(done.finished_ns >= done.response_ns());
            self.heard[0].fetch_add(1, Ordering::Relaxed);
            self.heard[1].fetch_add(u64::from(done.failed), Ordering::Relaxed);
        }
    }

    fn name(&self) -> &'static str {
        "listener"
    }

    fn choices(&self, _workers: u32) -> u32 {
        1
    }
}
