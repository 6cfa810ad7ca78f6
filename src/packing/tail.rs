//! The part of the packets that is expected to be late: a formula for several cores.
//!
//! Cores of capacities cᵢ together, one queue for all, Poisson arrivals, work of mean w (on a core
//! of capacity 1) and squared coefficient of variation v:
//!
//! - load ρ = λw / Σc; from 1 on everything is late;
//! - the probability to wait is P = ρ^(√(2(k+1)) − 1) for k cores (Sakasegawa, "An approximation
//!   formula L_q ≃ αρ^β/(1−ρ)", Annals of the Institute of Statistical Mathematics 29, 1977;
//!   exact for k = 1);
//! - who waits does so for an exponential time of mean θ = (1 + v)/2 · w / (Σc (1 − ρ)): that of
//!   M/M/k, with the correction for other work by Allen and Cunneen (in Allen, "Probability,
//!   Statistics, and Queueing Theory", 1990);
//! - the work on core i has mean w/cᵢ. Up to v = 1 it is a constant and an exponential part with
//!   that mean and variance, above 1 two exponential phases of balanced means; a packet goes to
//!   core i with probability cᵢ/Σc.
//!
//! The part that is later than t is then a sum of exponentials. For one core and exponential work
//! it is e^(−(1−ρ)tc/w), exactly: at ρ = 0.5, 1 % is later than 9.21 mean service times.
//!
//! Limits: packets are bound to a core when they come, and rules that choose blindly make each
//! core a queue by itself: the tail is then longer than with one queue for all. Arrivals in bursts
//! are not in it either. [`super::Packer`] measures what is late and corrects for both.

/// What the cores have to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Packets per nanosecond.
    pub rate: f64,
    /// Mean work of a packet, in nanoseconds on a core of capacity 1.
    pub work_ns: f64,
    /// Squared coefficient of variation of that work.
    pub scv: f64,
}

/// Cores that work together, by capacity: how many there are of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cores {
    groups: Vec<(f64, u32)>,
    count: u32,
    capacity: f64,
}

impl Cores {
    /// One core more, of a capacity above 0.
    pub fn add(&mut self, capacity: f64) {
        self.count += 1;
        self.capacity += capacity;
        match self.groups.iter_mut().find(|(known, _)| *known == capacity) {
            Some((_, count)) => *count += 1,
            None => self.groups.push((capacity, 1)),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Their capacities together.
    pub fn capacity(&self) -> f64 {
        self.capacity
    }

    /// The part of their time that they are busy under `demand`; may be above 1.
    pub fn load(&self, demand: &Demand) -> f64 {
        demand.rate * demand.work_ns / self.capacity
    }

    /// The part of the packets that is done later than `limit_ns` after it came; 1 where the cores
    /// cannot do the work at all.
    pub fn late(&self, demand: &Demand, limit_ns: f64) -> f64 {
        let load = self.load(demand);
        // Not a number, for no cores, is as bad.
        if load.is_nan() || load >= 1.0 {
            return 1.0;
        }
        let waits = libm::pow(load, libm::sqrt(2.0 * f64::from(self.count + 1)) - 1.0);
        let wait_ns = (1.0 + demand.scv) / 2.0 * demand.work_ns / (self.capacity * (1.0 - load));
        let late = |(capacity, count): &(f64, u32)| {
            let share = f64::from(*count) * capacity / self.capacity;
            let phases = phases(demand.work_ns / capacity, demand.scv);
            let of = |phase: &Phase| phase.part * phase.late(waits, wait_ns, limit_ns);
            share * phases.iter().map(of).sum::<f64>()
        };
        self.groups.iter().map(late).sum::<f64>().clamp(0.0, 1.0)
    }
}

/// A part of the work of a kind: a constant and an exponential time.
struct Phase {
    part: f64,
    constant_ns: f64,
    mean_ns: f64,
}

/// Work of this mean and squared coefficient of variation.
fn phases(mean_ns: f64, scv: f64) -> [Phase; 2] {
    if scv <= 1.0 {
        let random_ns = mean_ns * libm::sqrt(scv.max(0.0));
        let whole = Phase { part: 1.0, constant_ns: mean_ns - random_ns, mean_ns: random_ns };
        return [whole, Phase { part: 0.0, constant_ns: 0.0, mean_ns }];
    }
    let part = (1.0 + libm::sqrt((scv - 1.0) / (scv + 1.0))) / 2.0;
    [part, 1.0 - part].map(|part| {
        let mean_ns = mean_ns / (2.0 * part);
        Phase { part, constant_ns: 0.0, mean_ns }
    })
}

impl Phase {
    /// The probability that this phase, and before it with probability `waits` an exponential
    /// waiting time of mean `wait_ns`, takes longer than `limit_ns`.
    fn late(&self, waits: f64, wait_ns: f64, limit_ns: f64) -> f64 {
        let left_ns = limit_ns - self.constant_ns;
        if left_ns < 0.0 {
            return 1.0;
        }
        let over = |mean_ns: f64| if mean_ns > 0.0 { libm::exp(-left_ns / mean_ns) } else { 0.0 };
        let (work, wait) = (over(self.mean_ns), over(wait_ns));
        let apart = self.mean_ns - wait_ns;
        let both = if apart.abs() < 1e-6 * wait_ns {
            (1.0 + left_ns / wait_ns) * wait
        } else {
            (self.mean_ns * work - wait_ns * wait) / apart
        };
        (1.0 - waits) * work + waits * both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(capacities: &[f64]) -> Cores {
        let mut cores = Cores::default();
        capacities.iter().for_each(|capacity| cores.add(*capacity));
        cores
    }

    fn demand(load: f64, capacity: f64, scv: f64) -> Demand {
        Demand { rate: load * capacity / 1e6, work_ns: 1e6, scv }
    }

    /// M/M/1: the sojourn is exponential, at ρ = 0.5 with 1 % later than ln(100) / 0.5 = 9.2103.
    #[test]
    fn one_core_with_exponential_work_is_exact() {
        for (load, limit) in [(0.5, 9.2103), (0.9, 46.052), (0.2, 5.7565)] {
            let late = cores(&[1.0]).late(&demand(load, 1.0, 1.0), limit * 1e6);
            assert!((late - 0.01).abs() < 1e-5, "{load}: {late}");
        }
        // Half the speed takes twice the time.
        let late = cores(&[0.5]).late(&demand(0.5, 0.5, 1.0), 2.0 * 9.2103e6);
        assert!((late - 0.01).abs() < 1e-5, "{late}");
    }

    /// M/M/2 at ρ = 0.5: waits with probability 1/3 (Erlang C), for an exponential time of mean 1:
    /// P(S + W > t) = e^(−t) (1 + t/3), 0.0269 at t = 5. The formula's probability to wait is 0.364.
    #[test]
    fn two_cores_come_near_the_exact_tail() {
        let late = cores(&[1.0, 1.0]).late(&demand(0.5, 2.0, 1.0), 5e6);
        let exact = libm::exp(-5.0) * (1.0 + 5.0 / 3.0);
        assert!((late / exact - 1.0).abs() < 0.07, "{late} {exact}");
    }

    #[test]
    fn work_that_is_always_the_same_is_late_all_at_once() {
        let late = |limit_ns| cores(&[1.0; 4]).late(&demand(0.01, 4.0, 0.0), limit_ns);
        assert!(late(0.99e6) == 1.0 && late(1.01e6) < 1e-3, "{}", late(1.01e6));
    }

    #[test]
    fn more_work_is_later_and_more_cores_are_not() {
        for scv in [0.0, 0.3, 1.0, 4.0] {
            let late =
                |load, count: usize| cores(&[1.0].repeat(count)).late(&demand(load, 1.0, scv), 6e6);
            for count in 1..8 {
                let over = |step: u32| late(f64::from(step) / 8.0, count);
                assert!((1..70).all(|step| over(step) <= over(step + 1) + 1e-12), "{scv}");
                assert!((1..9).all(|step| {
                    late(f64::from(step) / 9.0, count + 1) <= late(f64::from(step) / 9.0, count)
                }));
            }
        }
        assert_eq!(cores(&[1.0]).late(&demand(1.0, 1.0, 1.0), 1e18), 1.0);
        assert_eq!(Cores::default().late(&demand(0.1, 1.0, 1.0), 1e6), 1.0);
    }

    /// Slow cores in proportion: of exponential work on a core of 0.25, e^(−8/4) is later than 8.
    #[test]
    fn a_slow_core_makes_its_own_share_late() {
        let late = cores(&[1.0, 0.25]).late(&demand(1e-6, 1.25, 1.0), 8e6);
        let expected = 0.8 * libm::exp(-8.0) + 0.2 * libm::exp(-2.0);
        assert!((late - expected).abs() < 1e-4, "{late} {expected}");
    }
}
