//! Foreign load: what others use of a worker's core.
//!
//! `foreign = utilization of the core − the worker thread's own CPU time`, both as parts of
//! the interval. Our own sources and recorder count as foreign where they run: to the worker
//! they are.

/// Below this, foreign load counts as none: the kernel counts a core's time in ticks of 10 ms,
/// 4 % of an interval, and equal workers must stay equal in the score for ties to be ties.
const DEAD_BAND: f32 = 0.08;

/// Foreign load is given in steps of this, for the same reason.
const STEP: f32 = 0.05;

/// The foreign load of one core: a moving average over about a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct ForeignLoad {
    average: f32,
    sum: f64,
    looks: u32,
    is_new: bool,
}

impl ForeignLoad {
    /// Takes one interval into account: `utilization` of the core and the worker's `own` part
    /// of it, both 0 to 1. Returns the foreign load to believe.
    pub fn update(&mut self, utilization: f32, own: f32) -> f32 {
        let foreign = (utilization - own).clamp(0.0, 1.0);
        // The very first look is taken as it is, later ones with a weight of 0.4.
        let weight = if self.looks == 0 || self.is_new { 1.0 } else { 0.4 };
        self.is_new = false;
        self.average += weight * (foreign - self.average);
        self.looks += 1;
        self.sum += f64::from(foreign);
        if self.average < DEAD_BAND { 0.0 } else { (self.average / STEP).round() * STEP }
    }

    /// Begins anew with the next look, which is at another core; the mean goes on.
    pub fn forget(&mut self) {
        self.average = 0.0;
        self.is_new = true;
    }

    /// The mean over all looks.
    pub fn mean(&self) -> f64 {
        if self.looks == 0 { 0.0 } else { self.sum / f64::from(self.looks) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_neighbour_shows_within_a_second_and_is_forgotten_as_fast() {
        let mut foreign = ForeignLoad::default();
        (0..10).for_each(|_| assert_eq!(foreign.update(0.5, 0.48), 0.0));
        let shown = (0..4).map(|_| foreign.update(1.0, 0.2)).last().unwrap();
        assert!((0.6..=0.8).contains(&shown), "{shown}");
        let gone = (0..6).map(|_| foreign.update(0.2, 0.2)).last().unwrap();
        assert_eq!(gone, 0.0);
    }

    #[test]
    fn own_work_is_never_foreign() {
        let mut foreign = ForeignLoad::default();
        assert_eq!(foreign.update(0.7, 0.9), 0.0);
        assert_eq!(foreign.mean(), 0.0);
    }
}
