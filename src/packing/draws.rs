//! The energy of what was done, by the model of [`crate::power`] and one figure more.
//!
//! `joules = idle · T + Σ watts · (busy + idle_active · (active − busy))`, over all cores: a
//! parked core costs nothing above the board's idle, a busy one its watts, one that is active and
//! has nothing to do the part `idle_active` of them. Example: a Pi 5 (2.586 W idle, 1.163 W a
//! core) with two of four cores active for 10 s and each busy for 4 of them draws, at 0.1,
//! 25.86 + 2 · 1.163 · (4 + 0.1 · 6) = 36.6 J.
//!
//! Workers that share a core, as its SMT threads or on the same CPU, draw what that core draws, once:
//! it is active while one of them is, and busy for the sum of their times, at most always. Example:
//! with 512 workers on two cores there are two cores to save, not 512.
//!
//! With `idle_active` 0 the same work on the same class of cores costs the same however it is
//! spread: then packing saves only by the choice of the class. Clocks are taken to be at their
//! highest whenever a core works; what a slower clock would save is not in it.

use std::collections::BTreeMap;

use crate::class::Class;
use crate::power::PowerModel;

/// A board by the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// Watts of the whole board, every core asleep.
    pub idle_watts: f64,
    /// Watts of each worker's core at work, above that.
    pub watts: Vec<f64>,
    /// The core of each worker, named by the first worker on it.
    pub cores: Vec<usize>,
    /// See [`super::IDLE_ACTIVE`].
    pub idle_active: f64,
}

impl Draws {
    /// Workers of these classes, each on a core of its own, on a board of this model.
    pub fn of(power: &PowerModel, classes: &[Class], idle_active: f64) -> Draws {
        let watts = classes.iter().map(|class| power.active_watts(*class)).collect();
        let cores = (0..classes.len()).collect();
        Draws { idle_watts: power.idle_watts(), watts, cores, idle_active }
    }

    /// The same with these cores, each named by the first worker on it.
    pub fn on(self, cores: Vec<usize>) -> Draws {
        Draws { cores, ..self }
    }

    /// Joules over `span_s` seconds in which each worker was busy and active for so many seconds.
    pub fn joules(&self, span_s: f64, busy_s: &[f64], active_s: &[f64]) -> f64 {
        let mut cores: BTreeMap<usize, (f64, f64, f64)> = BTreeMap::new();
        let workers = self.cores.iter().zip(&self.watts).zip(busy_s).zip(active_s);
        for (((core, own_watts), own_busy), own_active) in workers {
            let (watts, busy, active) = cores.entry(*core).or_default();
            *watts = watts.max(*own_watts);
            *busy = (*busy + own_busy).min(span_s);
            *active = active.max(*own_active);
        }
        let core = |(watts, busy, active): &(f64, f64, f64)| {
            watts * (busy + self.idle_active * (active - busy).max(0.0))
        };
        self.idle_watts * span_s + cores.values().map(core).sum::<f64>()
    }

    /// Joules had the same work been spread over all workers in proportion to their capacities,
    /// all of them active: an estimate for a run that has no twin.
    pub fn joules_spread(&self, span_s: f64, busy_s: &[f64], capacities: &[f64]) -> f64 {
        let work: f64 = busy_s.iter().zip(capacities).map(|(busy, capacity)| busy * capacity).sum();
        let each_s = work / capacities.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let workers = self.watts.len();
        self.joules(span_s, &vec![each_s; workers], &vec![span_s; workers])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_in_the_head_of_this_file() {
        let pi = Draws {
            idle_watts: 2.586,
            watts: vec![1.163; 4],
            cores: vec![0, 1, 2, 3],
            idle_active: 0.1,
        };
        let joules = pi.joules(10.0, &[4.0, 4.0, 0.0, 0.0], &[10.0, 10.0, 0.0, 0.0]);
        assert!((joules - 36.5596).abs() < 1e-9, "{joules}");
        // Spread: each busy for 2 s and idle for 8.
        let spread = pi.joules_spread(10.0, &[4.0, 4.0, 0.0, 0.0], &[1.0; 4]);
        assert!((spread - (25.86 + 4.0 * 1.163 * 2.8)).abs() < 1e-9, "{spread}");
    }

    #[test]
    fn without_a_cost_of_waiting_equal_cores_cost_the_same_however_work_is_spread() {
        let pi = Draws {
            idle_watts: 2.0,
            watts: vec![1.0; 4],
            cores: vec![0, 1, 2, 3],
            idle_active: 0.0,
        };
        let packed = pi.joules(10.0, &[8.0, 0.0, 0.0, 0.0], &[10.0, 0.0, 0.0, 0.0]);
        let spread = pi.joules_spread(10.0, &[8.0, 0.0, 0.0, 0.0], &[1.0; 4]);
        assert!((packed - spread).abs() < 1e-12);
    }

    #[test]
    fn workers_that_share_a_core_are_charged_one_core_together() {
        let (idle_watts, idle_active) = (2.0, 0.1);
        let alone = Draws { idle_watts, watts: vec![1.5], cores: vec![0], idle_active };
        let many = Draws { watts: vec![1.5; 64], cores: vec![0; 64], ..alone.clone() };
        let one = alone.joules(10.0, &[6.4], &[10.0]);
        assert!((many.joules(10.0, &[0.1; 64], &[10.0; 64]) - one).abs() < 1e-9);
        assert!((many.joules_spread(10.0, &[0.1; 64], &[1.0; 64]) - one).abs() < 1e-9);
        // Parked workers of a core that is active all the same save nothing.
        let mut active_s = [0.0; 64];
        active_s[63] = 10.0;
        assert!((many.joules(10.0, &[0.1; 64], &active_s) - one).abs() < 1e-9);
        // No core is busy for longer than the run.
        assert!((many.joules(10.0, &[1.0; 64], &[10.0; 64]) - (20.0 + 15.0)).abs() < 1e-9);
    }
}
