//! The energy of what was done, by the model of [`crate::power`] and one figure more.
//!
//! `joules = idle · T + Σ watts · (busy + idle_active · (active − busy))`, over all workers: a
//! parked core costs nothing above the board's idle, a busy one its watts, one that is active and
//! has nothing to do the part `idle_active` of them. Example: a Pi 5 (2.586 W idle, 1.163 W a
//! core) with two of four cores active for 10 s and each busy for 4 of them draws, at 0.1,
//! 25.86 + 2 · 1.163 · (4 + 0.1 · 6) = 36.6 J.
//!
//! With `idle_active` 0 the same work on the same class of cores costs the same however it is
//! spread: then packing saves only by the choice of the class. Clocks are taken to be at their
//! highest whenever a core works; what a slower clock would save is not in it.

use crate::class::Class;
use crate::power::PowerModel;

/// A board by the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// Watts of the whole board, every core asleep.
    pub idle_watts: f64,
    /// Watts of each worker's core at work, above that.
    pub watts: Vec<f64>,
    /// See [`super::IDLE_ACTIVE`].
    pub idle_active: f64,
}

impl Draws {
    /// Workers of these classes on a board of this model.
    pub fn of(power: &PowerModel, classes: &[Class], idle_active: f64) -> Draws {
        let watts = classes.iter().map(|class| power.active_watts(*class)).collect();
        Draws { idle_watts: power.idle_watts(), watts, idle_active }
    }

    /// Joules over `span_s` seconds in which each worker was busy and active for so many seconds.
    pub fn joules(&self, span_s: f64, busy_s: &[f64], active_s: &[f64]) -> f64 {
        let core = |((watts, busy), active): ((&f64, &f64), &f64)| {
            watts * (busy + self.idle_active * (active - busy).max(0.0))
        };
        let cores = self.watts.iter().zip(busy_s).zip(active_s).map(core);
        self.idle_watts * span_s + cores.sum::<f64>()
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
        let pi = Draws { idle_watts: 2.586, watts: vec![1.163; 4], idle_active: 0.1 };
        let joules = pi.joules(10.0, &[4.0, 4.0, 0.0, 0.0], &[10.0, 10.0, 0.0, 0.0]);
        assert!((joules - 36.5596).abs() < 1e-9, "{joules}");
        // Spread: each busy for 2 s and idle for 8.
        let spread = pi.joules_spread(10.0, &[4.0, 4.0, 0.0, 0.0], &[1.0; 4]);
        assert!((spread - (25.86 + 4.0 * 1.163 * 2.8)).abs() < 1e-9, "{spread}");
    }

    #[test]
    fn without_a_cost_of_waiting_equal_cores_cost_the_same_however_work_is_spread() {
        let pi = Draws { idle_watts: 2.0, watts: vec![1.0; 4], idle_active: 0.0 };
        let packed = pi.joules(10.0, &[8.0, 0.0, 0.0, 0.0], &[10.0, 0.0, 0.0, 0.0]);
        let spread = pi.joules_spread(10.0, &[8.0, 0.0, 0.0, 0.0], &[1.0; 4]);
        assert!((packed - spread).abs() < 1e-12);
    }
}
