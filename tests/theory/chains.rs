//! Two workers with a queue each and exponential work: the chain of both lengths, cut off where
//! next to nothing is and solved by sweeps.

/// Which of the two a packet joins that finds so many at each.
#[derive(Clone, Copy, Debug)]
pub enum Joins {
    /// The shorter queue.
    Shorter,
    /// The one with the least q/μ.
    PerSpeed,
    /// The one with the least (q + 1)/μ.
    Delay,
}

/// What the chain says.
#[derive(Clone, Copy, Debug)]
pub struct Solved {
    /// Mean sojourn.
    pub mean: f64,
    /// The part of the packets that the first worker has.
    pub first: f64,
}

/// The part of the packets that find `at` and join the first; a tie is drawn.
fn joins_first(joins: Joins, at: [usize; 2], slow: f64) -> f64 {
    let [a, b] = at.map(|count| count as f64);
    let (first, second) = match joins {
        Joins::Shorter => (a, b),
        Joins::PerSpeed => (a, b / slow),
        Joins::Delay => (a + 1.0, (b + 1.0) / slow),
    };
    if first == second { 0.5 } else { f64::from(u8::from(first < second)) }
}

/// Two workers of speeds 1 and `slow` at `load`; a queue that would pass `most` takes no packet.
pub fn solve(joins: Joins, slow: f64, load: f64, most: usize) -> Solved {
    let side = most + 1;
    let (rate, at) = (load * (1.0 + slow), |a: usize, b: usize| a * side + b);
    let first = |a: usize, b: usize| joins_first(joins, [a, b], slow);
    let mut p = vec![1.0 / (side * side) as f64; side * side];
    let mut before = 0.0;
    for sweep in 0..200_000 {
        // Up and down in turns: what is too much at one end reaches the other in one sweep.
        for step in 0..side * side {
            let state = if sweep % 2 == 0 { step } else { side * side - 1 - step };
            let (a, b) = (state / side, state % side);
            let goes_first = if a < most { first(a, b) } else { 0.0 };
            let goes_second = if b < most { 1.0 - first(a, b) } else { 0.0 };
            let out = rate * (goes_first + goes_second)
                + f64::from(u8::from(a > 0))
                + slow * f64::from(u8::from(b > 0));
            let mut flow = 0.0;
            if a > 0 {
                flow += rate * first(a - 1, b) * p[at(a - 1, b)];
            }
            if b > 0 {
                flow += rate * (1.0 - first(a, b - 1)) * p[at(a, b - 1)];
            }
            if a < most {
                flow += p[at(a + 1, b)];
            }
            if b < most {
                flow += slow * p[at(a, b + 1)];
            }
            p[state] = flow / out;
        }
        let total: f64 = p.iter().sum();
        p.iter_mut().for_each(|p| *p /= total);
        let count = |state: usize| (state / side + state % side) as f64;
        let in_flight: f64 = p.iter().enumerate().map(|(state, p)| p * count(state)).sum();
        if sweep % 2 == 1 && (in_flight - before).abs() < 1e-11 * in_flight {
            break;
        }
        before = in_flight;
    }
    figures(&p, side, rate, first)
}

fn figures(p: &[f64], side: usize, rate: f64, first: impl Fn(usize, usize) -> f64) -> Solved {
    let (mut in_flight, mut to_first) = (0.0, 0.0);
    for (state, p) in p.iter().enumerate() {
        let (a, b) = (state / side, state % side);
        in_flight += p * (a + b) as f64;
        to_first += p * first(a, b);
    }
    // Little's law.
    Solved { mean: in_flight / rate, first: to_first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;

    /// How many rows of loads in `loads` are compared, and agree.
    fn compare(loads: std::ops::Range<f64>) -> usize {
        let mut known = 0;
        for row in rows().iter().filter(|row| row.model.contains("exact CTMC") && row.n == "2") {
            let (joins, load) = match row.model.as_str() {
                "JSQ 2 servers exact CTMC" => (Joins::Shorter, row.number("lambda")),
                "JSQ 2 speeds exact CTMC ties 1/2" => (Joins::Shorter, row.number("rho")),
                "q/mu 2 speeds exact CTMC ties 1/2" => (Joins::PerSpeed, row.number("rho")),
                model if model.starts_with("SED") => (Joins::Delay, row.number("rho")),
                _ => continue,
            };
            if !loads.contains(&load) {
                continue;
            }
            let slow = match row.params.as_str() {
                params if params.contains("0.55") => 0.55,
                params if params.contains("530") => 530.0 / 1024.0,
                _ => 1.0,
            };
            let most = if load < 0.6 { 25 } else { 100 };
            let solved = solve(joins, slow, load, most);
            let value = if row.metric == "E[T]" { solved.mean } else { solved.first };
            assert!((value - row.figure()).abs() <= 2.0 * row.width(), "{}: {value}", row.id);
            known += 1;
        }
        known
    }

    #[test]
    fn chains_of_two_are_those_of_the_rows() {
        assert_eq!(compare(0.0..0.6), 9);
    }

    #[test]
    #[ignore = "a minute without optimization: scripts/check-theory"]
    fn busy_chains_of_two_are_those_of_the_rows() {
        assert_eq!(compare(0.6..1.0), 10);
    }
}
