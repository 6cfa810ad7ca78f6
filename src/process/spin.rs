//! Work that only takes time: it stands in for real work in measurements.

use std::time::Duration;

use super::finding::Finding;
use super::{Failure, Process, WorkerInfo};
use crate::clock::Clock;

/// Keeps its worker busy for a given time by the clock, whatever the payload; 0 is no work
/// at all. Time for which the thread is preempted counts.
#[derive(Clone, Debug)]
pub struct Spin {
    for_ns: u64,
    clock: Clock,
}

impl Spin {
    /// Work that takes `duration`.
    pub fn new(duration: Duration) -> Self {
        let for_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Spin { for_ns, clock: Clock::start() }
    }
}

impl<P> Process<P> for Spin {
    type Out = Finding;
    type State = ();

    fn work(&mut self, _payload: &P, _worker: &WorkerInfo) -> Result<Finding, Failure> {
        if self.for_ns > 0 {
            let start_ns = self.clock.now_ns();
            while self.clock.now_ns() - start_ns < self.for_ns {
                std::hint::spin_loop();
            }
        }
        Ok(Finding::Spun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::ids::{CpuId, WorkerId};

    #[test]
    fn it_takes_no_less_than_its_time() {
        let worker = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };
        let clock = Clock::start();
        assert_eq!(Spin::new(Duration::from_micros(300)).work(&(), &worker), Ok(Finding::Spun));
        assert!(clock.now_ns() >= 300_000);
    }

    #[test]
    fn no_time_is_no_work() {
        let worker = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };
        let clock = Clock::manual();
        // A manual clock never moves: any waiting would wait for ever.
        let mut spin = Spin { for_ns: 0, clock };
        assert_eq!(spin.work(&(), &worker), Ok(Finding::Spun));
    }
}
