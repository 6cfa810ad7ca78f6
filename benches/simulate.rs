//! How many packets a second does the simulator simulate on one core?
//!
//! `cargo bench --bench simulate`: a million packets a round in one thread, exponential work, Poisson
//! arrivals, load 0.9. `random` on 16 workers is the control: it is the event loop with a rule
//! that costs next to nothing, so the ratio to it says what the rule costs. Paces are per second of
//! CPU time: what other programs use of the machine is not in them, what they take of its caches
//! and clock is.
//!
//! What this cannot show: replications on several cores (they share nothing), rules that learn
//! (their feedback costs a call a packet).

#[path = "rounds/setting.rs"]
mod setting;

use edge_dispatch::clock::thread_cpu_ns;
use edge_dispatch::sim::{Replications, Setup, Speeds, simulate};

const ROUNDS: usize = 7;
const PACKETS: u64 = 1_000_000;

/// A rule, the workers it looks at, and how many there are.
type Case = (&'static str, Option<u32>, u32);

const CASES: [Case; 8] = [
    ("random", None, 16),
    ("round-robin", None, 16),
    ("randomized-least-connection", None, 16),
    ("randomized-least-connection", Some(2), 16),
    ("randomized-least-connection", Some(2), 256),
    ("randomized-least-connection", Some(2), 1024),
    ("join-idle-queue", None, 16),
    ("least-work-left", None, 16),
];

fn packets_per_cpu_s((policy, choices, workers): Case) -> f64 {
    let setup = Setup {
        policy: policy.into(),
        choices,
        speeds: Speeds::uniform(workers),
        load: 0.9,
        packets: PACKETS,
        ..Setup::default()
    };
    let start_ns = thread_cpu_ns();
    let outcome = simulate(&setup, Replications { threads: 1, ..Replications::default() });
    assert!(outcome.is_ok_and(|outcome| outcome.mean > 1.0));
    PACKETS as f64 / ((thread_cpu_ns() - start_ns) as f64 / 1e9)
}

fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

fn main() {
    println!("{}", setting::Setting::read());
    let mut paces = vec![Vec::new(); CASES.len()];
    for round in 0..=ROUNDS {
        for (at, case) in CASES.iter().enumerate() {
            let pace = packets_per_cpu_s(*case);
            // The first round warms up.
            if round > 0 {
                paces[at].push(pace);
            }
        }
    }
    println!(
        "{:<30} {:>3} {:>8}  million packets per CPU second   of random",
        "rule", "d", "workers"
    );
    for (at, (policy, choices, workers)) in CASES.iter().enumerate() {
        let (pace, least, most) = median(paces[at].clone());
        let (ratio, ..) = median(paces[at].iter().zip(&paces[0]).map(|(a, b)| a / b).collect());
        let choices = choices.map_or("-".to_owned(), |choices| choices.to_string());
        let (pace, least, most) = (pace / 1e6, least / 1e6, most / 1e6);
        println!(
            "{policy:<30} {choices:>3} {workers:>8}  {pace:>6.2} ({least:.2} to {most:.2}) {ratio:>17.2}"
        );
    }
}
