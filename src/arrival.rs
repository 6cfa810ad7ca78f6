//! When packets are due: evenly, at random, or in bursts.
//!
//! A [`Schedule`] gives one due time after the other. Every kind of arrivals keeps the mean
//! rate exactly (in expectation) and differs only in how the gaps vary. With g the mean gap:
//!
//! | arrivals | gap | variance of a gap |
//! |---|---|---|
//! | periodic | g | 0 |
//! | Poisson | exponential of mean g | g² |
//! | bursty | exponential of mean g/4; after a packet in 32 also a pause, exponential of mean 24 g | 35.5 g² |
//!
//! Bursty is the interrupted Poisson process seen from its packets: bursts of 32 packets on
//! average at four times the mean rate, then silence for three quarters of the time. Its
//! mean gap is g/4 + 24 g/32 = g.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// Packets in a burst, on average.
const BURST_PACKETS: u32 = 32;

/// How much faster than the mean rate packets come within a burst.
const BURST_SPEEDUP: f64 = 4.0;

/// How the gaps between packets vary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// Every gap the same.
    Periodic,
    /// Independent of each other, as from many senders that know nothing of each other.
    #[default]
    Poisson,
    /// Bursts and silences.
    Bursty,
}

impl Arrivals {
    /// Every kind of arrivals.
    pub const ALL: [Arrivals; 3] = [Arrivals::Periodic, Arrivals::Poisson, Arrivals::Bursty];

    /// The name in settings: `periodic`, `poisson`, `bursty`.
    pub fn as_str(self) -> &'static str {
        match self {
            Arrivals::Periodic => "periodic",
            Arrivals::Poisson => "poisson",
            Arrivals::Bursty => "bursty",
        }
    }

    /// A gap in units of the mean gap.
    fn gap(self, random: &mut Random) -> f64 {
        match self {
            Arrivals::Periodic => 1.0,
            Arrivals::Poisson => random.exponential(),
            Arrivals::Bursty => burst_gap(random),
        }
    }
}

fn burst_gap(random: &mut Random) -> f64 {
    let within = random.exponential() / BURST_SPEEDUP;
    if random.below(BURST_PACKETS) > 0 {
        return within;
    }
    let pause = f64::from(BURST_PACKETS) * (1.0 - 1.0 / BURST_SPEEDUP);
    within + pause * random.exponential()
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Arrivals that are none of the three.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("arrivals '{0}' are none of periodic, poisson, bursty")]
pub struct UnknownArrivals(pub String);

impl FromStr for Arrivals {
    type Err = UnknownArrivals;

    fn from_str(text: &str) -> Result<Self, UnknownArrivals> {
        Arrivals::ALL
            .into_iter()
            .find(|arrivals| arrivals.as_str() == text)
            .ok_or_else(|| UnknownArrivals(text.to_owned()))
    }
}

/// The due times of one stream of packets, in nanoseconds of the run's clock.
///
/// It stands still at rate 0 until [`Schedule::set_rate`] starts it.
#[derive(Clone, Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    random: Random,
    rate_per_s: f64,
    /// The due time is `from_ns` and `gaps` mean gaps: a sum in units of the gap, so that
    /// an even schedule does not drift by the rounding of each of its gaps.
    from_ns: u64,
    gaps: f64,
}

impl Schedule {
    /// A schedule that stands still.
    pub fn new(arrivals: Arrivals, random: Random) -> Self {
        Schedule { arrivals, random, rate_per_s: 0.0, from_ns: 0, gaps: 0.0 }
    }

    /// When the next packet is due; `u64::MAX` (never) at rate 0.
    pub fn due_ns(&self) -> u64 {
        if self.rate_per_s == 0.0 {
            return u64::MAX;
        }
        self.from_ns.saturating_add((self.gaps * 1e9 / self.rate_per_s) as u64)
    }

    /// The mean rate in packets per second.
    pub fn rate_per_s(&self) -> f64 {
        self.rate_per_s
    }

    /// The packet that was due is made: on to the next.
    pub fn advance(&mut self) {
        self.gaps += self.arrivals.gap(&mut self.random);
    }

    /// Changes the mean rate at the moment `now_ns`. What is left of the running gap shrinks
    /// or stretches with it; a packet that is due already stays due. Anything but a positive
    /// finite rate halts the schedule.
    pub fn set_rate(&mut self, rate_per_s: f64, now_ns: u64) {
        let rate_per_s = if rate_per_s.is_finite() { rate_per_s.max(0.0) } else { 0.0 };
        let due_ns = self.due_ns();
        if due_ns == u64::MAX {
            self.gaps = self.arrivals.gap(&mut self.random);
            self.from_ns = now_ns;
        } else {
            self.gaps = due_ns.saturating_sub(now_ns) as f64 * self.rate_per_s / 1e9;
            self.from_ns = due_ns.min(now_ns);
        }
        self.rate_per_s = rate_per_s;
    }

    /// Moves the whole schedule up, so that nothing is due before `earliest_ns`. Returns how
    /// many packets that costs against the rate asked for, on average; 0 where nothing moved.
    pub fn move_up(&mut self, earliest_ns: u64) -> f64 {
        let late_ns = earliest_ns.saturating_sub(self.due_ns());
        self.from_ns = self.from_ns.saturating_add(late_ns);
        late_ns as f64 * self.rate_per_s / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(arrivals: Arrivals, rate_per_s: f64) -> Schedule {
        let mut schedule = Schedule::new(arrivals, Random::new(11));
        schedule.set_rate(rate_per_s, 0);
        schedule
    }

    fn dues(schedule: &mut Schedule, n: usize) -> Vec<u64> {
        let mut next = || {
            let due_ns = schedule.due_ns();
            schedule.advance();
            due_ns
        };
        (0..n).map(|_| next()).collect()
    }

    /// Variance over mean of the number of packets in windows of 100 mean gaps.
    fn dispersion(arrivals: Arrivals) -> f64 {
        let dues = dues(&mut running(arrivals, 1e6), 400_000);
        let mut counts = vec![0.0f64; 4_000];
        for window in dues.iter().map(|due| (due / 100_000) as usize) {
            if let Some(count) = counts.get_mut(window) {
                *count += 1.0;
            }
        }
        let counts = &counts[..3_000];
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64 / mean
    }

    #[test]
    fn a_name_survives_itself() {
        for arrivals in Arrivals::ALL {
            assert_eq!(arrivals.to_string().parse(), Ok(arrivals));
        }
        assert_eq!("even".parse::<Arrivals>(), Err(UnknownArrivals("even".into())));
    }

    #[test]
    fn every_kind_keeps_the_mean_rate() {
        // Deviation of the mean of n gaps: the table's deviation over the root of n.
        for (arrivals, deviation) in Arrivals::ALL.into_iter().zip([0.0, 1.0, 35.5f64.sqrt()]) {
            let n = 400_000;
            let last_ns = dues(&mut running(arrivals, 2_000.0), n)[n - 1] as f64;
            let mean = last_ns / n as f64 / 500_000.0;
            let tolerance = 5.0 * deviation / (n as f64).sqrt() + 1e-9;
            assert!((mean - 1.0).abs() < tolerance, "{arrivals}: {mean}");
        }
    }

    #[test]
    fn periodic_is_even_and_does_not_drift() {
        let dues = dues(&mut running(Arrivals::Periodic, 3.0), 3_000_000);
        for (k, due_ns) in dues.iter().enumerate() {
            let exact = (k as u64 + 1) * 1_000_000_000 / 3;
            assert!(due_ns.abs_diff(exact) <= 1, "packet {k}: {due_ns} instead of {exact}");
        }
    }

    #[test]
    fn poisson_scatters_as_poisson_and_bursty_far_more() {
        let poisson = dispersion(Arrivals::Poisson);
        assert!((poisson - 1.0).abs() < 0.13, "{poisson}");
        let bursty = dispersion(Arrivals::Bursty);
        assert!(bursty > 8.0, "{bursty}");
        assert!(dispersion(Arrivals::Periodic) < 0.01);
    }

    #[test]
    fn a_new_rate_holds_from_the_moment_it_is_set() {
        let mut schedule = running(Arrivals::Periodic, 500.0);
        schedule.set_rate(250.0, 800_000);
        // 0.6 of a gap was left, and a gap is now 4 ms.
        assert_eq!(dues(&mut schedule, 2), [3_200_000, 7_200_000]);
        schedule.set_rate(0.0, 7_200_000);
        assert_eq!(schedule.due_ns(), u64::MAX);
        schedule.set_rate(1_000.0, 9_000_000);
        assert_eq!(schedule.due_ns(), 10_000_000);
        for halting in [f64::NAN, -1.0, f64::INFINITY] {
            schedule.set_rate(halting, 9_000_000);
            assert_eq!(schedule.due_ns(), u64::MAX);
        }
    }

    #[test]
    fn moving_up_loses_what_was_due_and_no_more() {
        let mut schedule = running(Arrivals::Periodic, 1_000.0);
        assert_eq!(schedule.move_up(500_000), 0.0);
        assert_eq!(schedule.due_ns(), 1_000_000);
        assert!((schedule.move_up(8_000_000) - 7.0).abs() < 1e-9);
        assert_eq!(dues(&mut schedule, 2), [8_000_000, 9_000_000]);
    }
}
