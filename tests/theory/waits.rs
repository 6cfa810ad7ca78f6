//! Waiting behind equal work: percentiles of M/D/1.

use super::forms::where_it_falls_to;

/// Packets in the system found by an arrival, up to `most`, by the recursion of the chain that
/// looks at departures.
fn found(load: f64, most: usize) -> Vec<f64> {
    // How many arrive during one service.
    let mut arrive = vec![(-load).exp()];
    for i in 1..=most + 1 {
        arrive.push(arrive[i - 1] * load / i as f64);
    }
    let mut p = vec![1.0 - load];
    for i in 0..most {
        let into = p[0] * arrive[i] + (1..=i).map(|k| p[k] * arrive[i + 1 - k]).sum::<f64>();
        p.push((p[i] - into) / arrive[0]);
    }
    p
}

/// P(wait ≤ t) of M/D/1 with service 1 (Franx, "A simple solution for the M/D/c waiting time
/// distribution", 2001): for k − 1 ≤ t < k it is the sum over j < k of Q(k − 1 − j) and the
/// probability of j arrivals in k − t, where Q(i) is that of at most i + 1 in the system. Only
/// sums of positive numbers, where Crommelin's form has large ones of both signs.
pub fn waits_at_most(t: f64, load: f64) -> f64 {
    let k = t.floor() as usize + 1;
    let p = found(load, k + 1);
    let at_most = |i: usize| p[..=i + 1].iter().sum::<f64>();
    let mean = load * (k as f64 - t);
    let (mut sum, mut arrive) = (0.0, (-mean).exp());
    for j in 0..k {
        sum += at_most(k - 1 - j) * arrive;
        arrive *= mean / (j + 1) as f64;
    }
    sum
}

/// The sojourn within which this part of the packets of M/D/1 is done.
pub fn equal_work_percentile(load: f64, part: f64) -> f64 {
    if waits_at_most(0.0, load) >= part - 1e-12 {
        return 1.0;
    }
    1.0 + where_it_falls_to(1.0 - part, |t| 1.0 - waits_at_most(t, load))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;

    #[test]
    fn percentiles_of_equal_work_are_those_of_the_rows() {
        let mut known = 0;
        for row in rows().iter().filter(|row| row.model.starts_with("M/D/1")) {
            let part = match row.metric.as_str() {
                "p50 sojourn" => 0.5,
                "p95 sojourn" => 0.95,
                _ => 0.99,
            };
            let value = equal_work_percentile(row.number("rho"), part);
            assert!((value - row.figure()).abs() <= row.width(), "{}: {value}", row.id);
            known += 1;
        }
        assert_eq!(known, 9);
    }
}
