//! Energy between two readings, and how readings of power become it.

/// Energy over some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Step {
    pub joules: f64,
    pub for_ns: u64,
}

impl Step {
    /// The mean power; 0 over no time.
    pub fn watts(&self) -> f64 {
        if self.for_ns == 0 { 0.0 } else { self.joules / (self.for_ns as f64 / 1e9) }
    }
}

/// Two readings of power that are further apart than this have nothing to do with each other, in
/// nanoseconds.
const GAP_MAX_NS: u64 = 10_000_000_000;

/// Readings of power, joined by straight lines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trapezoid {
    last: Option<(u64, f64)>,
}

impl Trapezoid {
    /// Adds a reading, which must be a sensible power; the energy since the one before, unless it
    /// is the first or came too late.
    pub fn add(&mut self, at_ns: u64, watts: f64) -> Option<Step> {
        let (before_ns, before) = self.last.replace((at_ns, watts))?;
        let for_ns = at_ns.checked_sub(before_ns).filter(|ns| (1..=GAP_MAX_NS).contains(ns))?;
        Some(Step { joules: (before + watts) / 2.0 * for_ns as f64 / 1e9, for_ns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn power_that_rises_evenly_is_integrated_exactly() {
        let mut trapezoid = Trapezoid::default();
        let step = |(second, watts)| trapezoid.add(second * SECOND, watts);
        let steps: Vec<_> =
            [(0, 2.0), (1, 4.0), (3, 8.0), (3, 8.0)].into_iter().map(step).collect();
        let expected = [
            None,
            Some(Step { joules: 3.0, for_ns: SECOND }),
            Some(Step { joules: 12.0, for_ns: 2 * SECOND }),
            None,
        ];
        assert_eq!(steps, expected);
        assert_eq!(steps[2].map(|step| step.watts()), Some(6.0));
    }

    #[test]
    fn what_happened_in_a_long_silence_is_not_guessed() {
        let mut trapezoid = Trapezoid::default();
        assert_eq!(trapezoid.add(0, 5.0), None);
        assert_eq!(trapezoid.add(11 * SECOND, 5.0), None);
        assert!(trapezoid.add(12 * SECOND, 5.0).is_some());
    }
}
