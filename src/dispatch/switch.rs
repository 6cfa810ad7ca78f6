//! The rule of all dispatchers, and how it is exchanged while they run.
//!
//! A switch is an *epoch*: a number that a dispatcher compares with its own before it chooses,
//! once for a packet or a batch. Where it differs, the dispatcher has the new rule made for
//! itself. So no dispatcher waits for another, what was chosen stays chosen, and nothing that is
//! counted is touched: streams keep their order by their places and tickets, whoever chose.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::policy::{Maker, Policy};

/// Switches that are remembered; after that they are counted alone.
const SWITCHES_MAX: usize = 1_000;

/// One exchange of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switched {
    /// When, in nanoseconds since the run began.
    pub at_ns: u64,
    /// The rule before.
    pub from: &'static str,
    /// The rule since.
    pub to: &'static str,
}

/// See the head of this file.
pub struct PolicySwitch {
    epoch: AtomicU64,
    now: Mutex<Now>,
}

struct Now {
    make: Maker,
    name: &'static str,
    choices: u32,
    workers: u32,
    switched: Vec<Switched>,
}

impl PolicySwitch {
    /// The first rule, for so many workers.
    pub fn new(make: Maker, workers: u32) -> Self {
        let policy = make();
        let (name, choices) = (policy.name(), policy.choices(workers));
        let now = Now { make, name, choices, workers, switched: Vec::new() };
        PolicySwitch { epoch: AtomicU64::new(0), now: Mutex::new(now) }
    }

    /// Exchanges the rule; which one it was, and which it is.
    pub fn exchange(&self, make: Maker, at_ns: u64) -> Switched {
        // Made outside the lock: the maker may be the user's.
        let policy = make();
        let mut now = self.lock();
        let switched = Switched { at_ns, from: now.name, to: policy.name() };
        (now.name, now.choices, now.make) = (policy.name(), policy.choices(now.workers), make);
        if now.switched.len() < SWITCHES_MAX {
            now.switched.push(switched);
        }
        // Release: pairs with `epoch`; the new maker is behind the lock in any case.
        self.epoch.fetch_add(1, Ordering::Release);
        switched
    }

    /// The number of exchanges so far.
    #[inline]
    pub fn epoch(&self) -> u64 {
        // Acquire: pairs with `exchange`.
        self.epoch.load(Ordering::Acquire)
    }

    /// The rule for one dispatcher, and the epoch that it is of.
    pub fn make(&self) -> (Box<dyn Policy>, u64) {
        // The epoch first: should the rule change in between, it is made once more.
        let epoch = self.epoch();
        let make = self.lock().make.clone();
        (make(), epoch)
    }

    /// The rule's name, and how many workers it looks at.
    pub fn current(&self) -> (&'static str, u32) {
        let now = self.lock();
        (now.name, now.choices)
    }

    /// The exchanges so far, oldest first; of very many the first thousand.
    pub fn switched(&self) -> Vec<Switched> {
        self.lock().switched.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
