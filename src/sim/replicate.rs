//! Replications on all cores. What comes out does not hang on how many there are: each has streams
//! of random numbers of its own, and they are put together in order.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};

use super::measure::histogram;
use super::outcome::{Outcome, Part};
use super::setup::{Setup, WrongSetup};
use super::world::{Broken, World};
use crate::policy::{Options, maker};
use crate::sorting;

/// How replications are run.
#[derive(Clone, Copy)]
pub struct Replications<'a> {
    /// Threads to use, 1 or more.
    pub threads: usize,
    /// Told after each replication, from any thread.
    pub done: &'a (dyn Fn() + Sync),
}

impl Default for Replications<'_> {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
        Replications { threads, done: &|| {} }
    }
}

/// Why a simulation brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// It cannot be simulated.
    #[error(transparent)]
    Setup(#[from] WrongSetup),
    /// A mistake in the simulator.
    #[error("the simulation is broken, please report it: {0}")]
    Broken(#[from] Broken),
}

/// Simulates `setup`: the same figures whatever the number of threads.
///
/// # Errors
/// [`SimError`].
pub fn simulate(setup: &Setup, how: Replications<'_>) -> Result<Outcome, SimError> {
    setup.check()?;
    let next = AtomicU32::new(0);
    let parts: Mutex<Vec<(u32, Result<Part, SimError>)>> = Mutex::default();
    // Put together at once, since each is up to a megabyte; the order makes no difference to counts.
    let all = Mutex::new(histogram());
    let work = || {
        loop {
            // Relaxed: only hands out numbers.
            let replication = next.fetch_add(1, Ordering::Relaxed);
            if replication >= setup.replications {
                return;
            }
            let mut part = one(setup, setup.first_replication + replication);
            if let Ok(part) = &mut part {
                let sojourns = part.take_sojourns();
                // Both have the same precision, so nothing can be refused.
                let _ = all.lock().unwrap_or_else(PoisonError::into_inner).add(&sojourns);
            }
            parts.lock().unwrap_or_else(PoisonError::into_inner).push((replication, part));
            (how.done)();
        }
    };
    let threads = how.threads.clamp(1, setup.replications as usize);
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    let mut parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    sorting::sort_by_key(&mut parts, |(replication, _)| *replication);
    let parts: Result<Vec<Part>, SimError> = parts.into_iter().map(|(_, part)| part).collect();
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Outcome::of(setup, parts?, &all))
}

fn one(setup: &Setup, replication: u32) -> Result<Part, SimError> {
    let shared = setup.shared_q();
    let make = match &setup.own {
        Some(own) => own.clone(),
        None => {
            let options = Options { choices: setup.choices, q: Some(shared.clone()) };
            maker(&setup.policy, &options).map_err(WrongSetup::from)?
        }
    };
    let ran = World::new(setup, replication, make()).run()?;
    let learns = setup.own.is_none() && setup.policy == "q-learning";
    let learning = learns.then(|| (shared.report(), shared.table()));
    Ok(Part { ran, learning, p99: 0.0 })
}
