//! Closed forms. Time is in mean service times of a worker of speed 1.

/// Where `tail`, which falls, passes `level`.
pub fn where_it_falls_to(level: f64, tail: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while tail(high) > level {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if tail(middle) > level { low = middle } else { high = middle }
    }
    high
}

/// Erlang's C: the part of the packets of M/M/c that must wait.
pub fn erlang_c(workers: u32, load: f64) -> f64 {
    // Erlang's B by its recursion, which has no large numbers in it.
    let offered = f64::from(workers) * load;
    let b = (1..=workers).fold(1.0, |b, c| offered * b / (f64::from(c) + offered * b));
    b / (1.0 - load * (1.0 - b))
}

/// Mean sojourn of M/M/c.
pub fn mmc_mean(workers: u32, load: f64) -> f64 {
    1.0 + erlang_c(workers, load) / (f64::from(workers) * (1.0 - load))
}

/// 99th percentile of the sojourn of M/M/c: an exponential service, and for the part C of the
/// packets an exponential waiting at rate c (1 − ρ) before it.
pub fn mmc_p99(workers: u32, load: f64) -> f64 {
    let (c, rate) = (erlang_c(workers, load), f64::from(workers) * (1.0 - load));
    let both = |t: f64| {
        if (rate - 1.0).abs() < 1e-9 {
            (1.0 + t) * (-t).exp()
        } else {
            (rate * (-t).exp() - (-rate * t).exp()) / (rate - 1.0)
        }
    };
    where_it_falls_to(0.01, |t| (1.0 - c) * (-t).exp() + c * both(t))
}

/// Pollaczek and Khinchine: mean sojourn of M/G/1.
pub fn mg1_mean(load: f64, scv: f64) -> f64 {
    1.0 + load * (1.0 + scv) / (2.0 * (1.0 - load))
}

/// Round robin over n workers gives each every n-th arrival: E_n/M/1, whose sojourn is
/// exponential at rate 1 − σ, with σ = (nρ / (nρ + 1 − σ))ⁿ.
pub fn round_robin_rate(workers: u32, load: f64) -> f64 {
    let (n, mut sigma) = (f64::from(workers), 0.0);
    for _ in 0..100_000 {
        sigma = (n * load / (n * load + 1.0 - sigma)).powf(n);
    }
    1.0 - sigma
}

/// Of very many workers, the part that have at least `i` packets when each packet joins the
/// shortest of d queues: λ^((d^i − 1)/(d − 1)).
fn tail(load: f64, draws: u32, i: i32) -> f64 {
    let d = f64::from(draws);
    load.powf((d.powi(i) - 1.0) / (d - 1.0))
}

/// Mean sojourn then, for d of 2 or more: Σ λ^((d^i − d)/(d − 1)).
pub fn shortest_of_draws_mean(load: f64, draws: u32) -> f64 {
    (1..60).map(|i| tail(load, draws, i) / load).sum()
}

/// 99th percentile then: a packet that finds i others has the sum of i + 1 services before it is
/// done, and finds at least i with the probability that d workers all have them.
pub fn shortest_of_draws_p99(load: f64, draws: u32) -> f64 {
    let finds = |i: i32| tail(load, draws, i).powi(draws as i32);
    where_it_falls_to(0.01, |t| {
        let (mut sum, mut term, mut below) = (0.0, (-t).exp(), 0.0);
        for i in 0..60 {
            below += term;
            sum += (finds(i) - finds(i + 1)) * below;
            term *= t / f64::from(i + 1);
        }
        sum
    })
}

/// Each worker gets its part of the packets at random: M/M/1 each. Mean sojourn at these rates
/// of arrival.
pub fn split_mean(speeds: &[f64], rates: &[f64]) -> f64 {
    let total: f64 = rates.iter().sum();
    speeds.iter().zip(rates).map(|(speed, rate)| rate / total / (speed - rate)).sum()
}

/// The rates with the least mean (Bell and Stidham 1983): μ − a √μ, nothing for workers where
/// that is below 0, with a from the sum.
pub fn optimal_rates(speeds: &[f64], total: f64) -> Vec<f64> {
    let mut used: Vec<bool> = vec![true; speeds.len()];
    loop {
        let each = || speeds.iter().zip(&used).filter(|(_, used)| **used).map(|(speed, _)| *speed);
        let spare = each().sum::<f64>() - total;
        let a = spare / each().map(f64::sqrt).sum::<f64>();
        let rate = |speed: f64| speed - a * speed.sqrt();
        let left_out = |at: &usize| used[*at] && rate(speeds[*at]) < 0.0;
        match (0..speeds.len()).find(left_out) {
            Some(at) => used[at] = false,
            None => {
                let rates = speeds.iter().zip(&used);
                return rates.map(|(speed, used)| if *used { rate(*speed) } else { 0.0 }).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Row;
    use crate::rows;

    /// What the closed forms say of a row; none for a row that is none of theirs.
    fn value(row: &Row) -> Option<f64> {
        let model = row.model.as_str();
        let load = || if row.params.contains("rho") { "rho" } else { "lambda" };
        let (load, n) = (row.number(load()), || row.n.parse::<u32>().unwrap());
        let is_p99 = row.metric == "p99 sojourn";
        Some(match model {
            model if model.starts_with("M/M/c") => match row.metric.as_str() {
                "E[T]" => mmc_mean(n(), load),
                "p99 sojourn" => mmc_p99(n(), load),
                _ => erlang_c(n(), load),
            },
            model if model.starts_with("M/G/1") => mg1_mean(load, scv(row)),
            model if model.starts_with("Round robin") => {
                let rate = round_robin_rate(n(), load);
                if is_p99 { 100f64.ln() / rate } else { 1.0 / rate }
            }
            model if model.starts_with("p2c mean-field") => match row.number("d") as u32 {
                1 => {
                    if is_p99 {
                        100f64.ln() / (1.0 - load)
                    } else {
                        1.0 / (1.0 - load)
                    }
                }
                d if is_p99 => shortest_of_draws_p99(load, d),
                d => shortest_of_draws_mean(load, d),
            },
            model if model.starts_with("Bell-Stidham") => split(row, load),
            _ => return None,
        })
    }

    fn scv(row: &Row) -> f64 {
        let digits = row.params.split("scv=").nth(1).unwrap().split(' ').next().unwrap();
        digits.parse().unwrap()
    }

    fn split(row: &Row, load: f64) -> f64 {
        let slow = if row.params.contains("530") || row.model.contains("530") {
            530.0 / 1024.0
        } else {
            0.55
        };
        let speeds = [1.0, slow];
        let total = load * (1.0 + slow);
        match row.metric.as_str() {
            "optimal rate per P" => optimal_rates(&speeds, total)[0],
            "optimal rate per E" => optimal_rates(&speeds, total)[1],
            "E[T] proportional random" => split_mean(&speeds, &speeds.map(|speed| speed * load)),
            "E[T] uniform random" if total / 2.0 >= slow => 1.0,
            "E[T] uniform random" => split_mean(&speeds, &[total / 2.0; 2]),
            _ => split_mean(&speeds, &optimal_rates(&speeds, total)),
        }
    }

    #[test]
    fn closed_forms_are_those_of_the_rows() {
        let mut known = 0;
        for row in rows() {
            let Some(value) = value(&row) else { continue };
            known += 1;
            let off = (value - row.figure()).abs();
            // Half of the last digit that a row shows may be rounded away.
            let rounded =
                0.51 * 10f64.powi(-(row.value.split('.').nth(1).map_or(0, str::len) as i32));
            assert!(off <= row.width().max(rounded), "{}: {value} for {}", row.id, row.value);
        }
        assert_eq!(known, 166);
    }
}
