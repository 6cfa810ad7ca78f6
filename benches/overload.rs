//! What happens past capacity?
//!
//! `cargo bench --bench overload`: twice as many packets as the workers can do, for some
//! seconds, under either way of dropping; then a quarter of what they can do. Goodput is packets
//! worked on per second, as a part of what the same engine does when packets wait for room
//! (`block`) in the second before: interleaved, so that all meet the same neighbours. Work is 20 µs
//! by the clock. Half of the packets are `vibration` of low priority, half `temperature`.
//!
//! What this cannot show: overload by real sources (their making costs CPU that workers then lack,
//! on few CPUs; here a packet is made in nanoseconds), and longer overload than some seconds
//! (`edge-dispatch run --load 2 --overflow drop-oldest` shows that).

#[path = "rounds/setting.rs"]
mod setting;

use std::time::Duration;

use edge_dispatch::clock::Clock;
use edge_dispatch::dispatch::{Dispatcher, Overflow};
use edge_dispatch::engine::{Engine, Snapshot};
use edge_dispatch::job::{Job, Key};
use edge_dispatch::packet::Kind;
use edge_dispatch::priority::{Priorities, Priority};
use edge_dispatch::process::Spin;
use edge_dispatch::stats::Latency;

const WORK: Duration = Duration::from_micros(20);
const SECOND_NS: u64 = 1_000_000_000;
const OVERLOAD_NS: u64 = 4 * SECOND_NS;
const ROUNDS: usize = 3;

fn main() {
    println!("{}", setting::Setting::read());
    println!(
        "{:<12} {:>10} {:>8} {:>14} {:>12} {:>12} {:>12} {:>12} {:>9}",
        "overflow",
        "peak /s",
        "goodput",
        "temperature",
        "vibration",
        "wait p50",
        "wait p99",
        "p99 after",
        "RSS MiB"
    );
    for round in 0..ROUNDS {
        for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
            let peak = peak_per_s(round as u64);
            overload(overflow, peak);
        }
    }
}

fn start(overflow: Overflow, seed: u64) -> Engine<u64> {
    let priorities = Priorities::default().with(Kind::Vibration, Priority::Low);
    let builder = Engine::builder().seed(seed).overflow(overflow).priorities(priorities);
    builder.process(Spin::new(WORK)).start().expect("the engine starts")
}

fn job(number: u64) -> Job<u64> {
    let kind = if number.is_multiple_of(2) { Kind::Vibration } else { Kind::Temperature };
    Job { key: Key(number % 64), kind, sequence: number, payload: number }
}

/// What the engine does when packets wait for room.
fn peak_per_s(seed: u64) -> f64 {
    let mut engine = start(Overflow::Block, seed);
    let mut dispatcher = engine.dispatcher();
    let clock = Clock::start();
    let mut number = 0;
    while clock.now_ns() < SECOND_NS {
        let mut jobs = (0..16).map(|at| job(number + at)).collect();
        dispatcher.dispatch_batch(&mut jobs);
        number += 16;
    }
    let done = engine.ledger().processed;
    let peak = done as f64 * 1e9 / clock.now_ns() as f64;
    drop(engine.drain(Duration::from_secs(10)));
    peak
}

/// Brings `per_s` packets a second until `until_ns`, whatever becomes of them; returns how many.
fn bring(
    dispatcher: &mut Dispatcher<u64>,
    clock: &Clock,
    per_s: f64,
    until_ns: u64,
    mut brought: [u64; 2],
) -> [u64; 2] {
    let (from_ns, mut sent) = (clock.now_ns(), 0u64);
    loop {
        let now_ns = clock.now_ns();
        if now_ns >= until_ns {
            return brought;
        }
        let due = ((now_ns - from_ns) as f64 * per_s / 1e9) as u64;
        while sent < due {
            let packets = (due - sent).min(16);
            let mut jobs: Vec<_> = (0..packets).map(|at| job(sent + at)).collect();
            jobs.iter().for_each(|job| brought[(job.payload % 2) as usize] += 1);
            dispatcher.dispatch_batch(&mut jobs);
            sent += packets;
        }
        std::thread::park_timeout(Duration::from_micros(100));
    }
}

fn waits(snapshot: &Snapshot) -> Latency {
    let mut all = Latency::default();
    snapshot.workers.iter().for_each(|worker| all.add(&worker.totals.wait));
    all
}

fn overload(overflow: Overflow, peak: f64) {
    let mut engine = start(overflow, 1);
    let mut dispatcher = engine.dispatcher();
    let clock = Clock::start();
    let brought = bring(&mut dispatcher, &clock, 2.0 * peak, OVERLOAD_NS, [0, 0]);
    let (end_ns, during) = (clock.now_ns(), engine.snapshot());
    // Within a second of the end of the overload the waits are to be short again.
    bring(&mut dispatcher, &clock, peak / 4.0, end_ns + SECOND_NS, [0, 0]);
    let second = engine.snapshot();
    bring(&mut dispatcher, &clock, peak / 4.0, end_ns + 2 * SECOND_NS, [0, 0]);
    let after = engine.snapshot();
    let goodput = during.ledger.processed as f64 * 1e9 / end_ns as f64;
    let quantile = |of| waits(&during).quantile_since(&Latency::default(), of).unwrap_or(0);
    let p99_after = waits(&after).quantile_since(&waits(&second), 0.99).unwrap_or(0);
    let done = done_by_kind(&during);
    println!(
        "{:<12} {:>10.0} {:>7.1} % {:>12.1} % {:>10.1} % {:>9.2} ms {:>9.2} ms {:>9.3} ms {:>9.1}",
        overflow.as_str(),
        peak,
        100.0 * goodput / peak,
        100.0 * done[1] / brought[1] as f64,
        100.0 * done[0] / brought[0] as f64,
        quantile(0.5) as f64 / 1e6,
        quantile(0.99) as f64 / 1e6,
        p99_after as f64 / 1e6,
        rss_mib(),
    );
    let ledger = engine.drain(Duration::from_secs(10)).expect("all is finished");
    assert!(ledger.closes(), "{ledger}");
}

/// Packets of low and of normal priority that were worked on; those measured stand for the rest.
fn done_by_kind(snapshot: &Snapshot) -> [f64; 2] {
    let measured = |kind: Kind| {
        let of = |worker: &edge_dispatch::engine::WorkerSnapshot| worker.totals.done[kind.index()];
        snapshot.workers.iter().map(|worker| of(worker).samples as f64).sum::<f64>()
    };
    let (low, normal) = (measured(Kind::Vibration), measured(Kind::Temperature));
    let all = snapshot.ledger.processed as f64 / (low + normal).max(1.0);
    [low * all, normal * all]
}

fn rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
