// A policy of one's own: a key stays with the worker that had it last, because that worker's
// caches know it, unless too much waits there; then it moves to the least loaded worker.
//
// cargo run --release --example own_policy

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edge_dispatch::engine::Engine;
use edge_dispatch::ids::WorkerId;
use edge_dispatch::job::{Job, Key};
use edge_dispatch::loads::Loads;
use edge_dispatch::policy::{Ask, Policy, RandomizedLeastConnection};
use edge_dispatch::process::WorkerInfo;
use edge_dispatch::random::Random;
use edge_dispatch::topology::PlacementRequest;

const WORKERS: u32 = 4;
const KEYS: u64 = 12;
const PACKETS: u64 = 20_000;

/// How many packets may be in flight at a key's worker before the key moves.
const PATIENCE: u32 = 16;

/// One entry a key: bounded here because there are `KEYS` of them. With keys from outside, a
/// table like this needs a bound of its own.
#[derive(Default)]
struct LastUsed {
    last: HashMap<Key, WorkerId>,
    otherwise: RandomizedLeastConnection,
    moves: Arc<AtomicU64>,
}

impl Policy for LastUsed {
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        if let Some(worker) = self.last.get(&ask.key)
            && loads.in_flight(*worker) <= PATIENCE
        {
            return *worker;
        }
        let worker = self.otherwise.choose(ask, loads, random);
        if self.last.insert(ask.key, worker).is_some_and(|before| before != worker) {
            self.moves.fetch_add(1, Ordering::Relaxed);
        }
        worker
    }

    fn name(&self) -> &'static str {
        "last-used"
    }

    fn choices(&self, workers: u32) -> u32 {
        self.otherwise.choices(workers)
    }
}

/// Some microseconds of arithmetic.
fn work(number: &u64, _: &WorkerInfo) -> Result<u64, edge_dispatch::process::Failure> {
    Ok((0..2_000).fold(*number, |sum, n| sum.rotate_left(5) ^ n))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let moves = Arc::new(AtomicU64::new(0));
    let counted = moves.clone();
    let mut engine = Engine::builder()
        .placement(PlacementRequest { workers: Some(WORKERS), ..PlacementRequest::default() })
        .own_policy(move || LastUsed { moves: counted.clone(), ..LastUsed::default() })
        .process(work)
        .start()?;

    let mut dispatcher = engine.dispatcher();
    let mut batch = Vec::new();
    for number in 0..PACKETS {
        // Key 0 is as busy as all others together.
        let key = if number % 2 == 0 { 0 } else { 1 + number / 2 % (KEYS - 1) };
        batch.push(Job::new(key, number));
        if batch.len() == 8 {
            dispatcher.dispatch_batch(&mut batch);
            // In place of senders that have a pace of their own.
            while engine.ledger().in_flight > 32 {
                std::thread::yield_now();
            }
        }
    }

    let closing = engine.finish(Duration::from_secs(5));
    println!("{}", closing.last.ledger);
    for worker in &closing.last.workers {
        let share = worker.packets as f64 / closing.last.ledger.received as f64;
        println!("worker {}: {:4.1} % of the packets", worker.seat.worker, 100.0 * share);
    }
    println!("{} of {PACKETS} choices moved a key", moves.load(Ordering::Relaxed));
    Ok(())
}
