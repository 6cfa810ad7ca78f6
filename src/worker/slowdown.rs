//! A worker that pretends to be slower than its core.
//!
//! So that performance and efficiency cores can be seen on a machine whose cores are equal:
//! after any work the worker busy-waits until the whole took `1 / factor` times as long.
//! Everything downstream (service times, measured capacity, pictures) sees a slow core;
//! whoever prints it says that it is emulated. A slowdown that begins later is a core that is
//! throttled: nobody is told, it has to be noticed.

use crate::clock::Clock;

/// How fast a worker pretends to be: 1 is as fast as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slowdown {
    factor: f64,
    from_ns: u64,
}

/// The slowest that a worker may pretend to be: work of a millisecond then takes a tenth of a
/// second, and no core on one chip is slower than that beside another.
const FACTOR_MIN: f64 = 0.01;

impl Slowdown {
    /// No pretence.
    pub const NONE: Slowdown = Slowdown { factor: 1.0, from_ns: 0 };

    /// A worker that works at `factor` (0.01 to 1) of its speed; `None` outside that.
    pub fn new(factor: f64) -> Option<Self> {
        (FACTOR_MIN..=1.0).contains(&factor).then_some(Slowdown { factor, from_ns: 0 })
    }

    /// The same, from this moment of the run on.
    pub fn beginning_at(self, from_ns: u64) -> Self {
        Slowdown { from_ns, ..self }
    }

    /// The factor.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// When it begins, in nanoseconds since the run began.
    pub fn from_ns(&self) -> u64 {
        self.from_ns
    }

    /// The factor at the start of the run, as placement and classes know it.
    pub fn factor_at_start(&self) -> f64 {
        if self.from_ns == 0 { self.factor } else { 1.0 }
    }

    /// Busy-waits until work that ran from `from_ns` to `until_ns` has taken as long as on the
    /// slower core; returns when that is.
    pub fn stretch(&self, clock: &Clock, from_ns: u64, until_ns: u64) -> u64 {
        if self.factor >= 1.0 || from_ns < self.from_ns {
            return until_ns;
        }
        let service_ns = until_ns.saturating_sub(from_ns) as f64;
        let until_ns = from_ns.saturating_add((service_ns / self.factor) as u64);
        loop {
            let now_ns = clock.now_ns();
            if now_ns >= until_ns {
                return now_ns;
            }
            std::hint::spin_loop();
        }
    }
}
