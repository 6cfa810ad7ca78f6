//! What does a choice cost, by policy and by number of workers?
//!
//! `SCAN_ALL_MAX` (up to how many workers randomized least connection looks at all of them)
//! hangs on the answer. `cargo bench --bench choose`: a choice as one dispatched packet makes
//! it (a fresh reading, the choice, the choice added to the reading), and 32 as a batch makes
//! them, on one reading.
//!
//! `quiet`: nobody changes the counts, which is the least a choice can cost. `busy`: another
//! thread changes all of them all the time, so that every look fetches a line from another
//! core's cache; no workers do that more.
//!
//! What this cannot show: how *good* the choices are, what more dispatchers cost each other,
//! anything under `busy` while other programs hold the CPUs (the changing thread then stands
//! still for much of the time: look at how far mean and median lie apart),
//! and machines whose caches lie further apart than this one's.

#[path = "rounds/setting.rs"]
mod setting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use edge_dispatch::ids::WorkerId;
use edge_dispatch::job::Key;
use edge_dispatch::loads::{LoadBoard, Loads};
use edge_dispatch::packet::Kind;
use edge_dispatch::policy::{Ask, NAMES, by_name};
use edge_dispatch::random::Random;

const WORKERS: [u32; 6] = [2, 4, 8, 16, 64, 256];

const ASK: Ask = Ask::new(Key(7), Kind::Other);

/// A policy by name and the number of workers it looks at.
type Rule = (&'static str, Option<u32>);
const FULL_SCAN: Rule = ("randomized-least-connection", Some(u32::MAX));
const TWO_CHOICES: Rule = ("randomized-least-connection", Some(2));
const ROUND_ROBIN: Rule = ("round-robin", None);
const RANDOM: Rule = ("random", None);

fn main() {
    println!("{}", setting::Setting::read());
    divan::main();
}

/// Some workers busy, some not, half of them slower, on some cores somebody else.
fn board(workers: u32) -> Arc<LoadBoard> {
    let mut random = Random::new(1);
    let board = LoadBoard::new((0..workers).map(|worker| [1.0, 0.6][worker as usize % 2]));
    for worker in (0..workers).map(WorkerId) {
        board.in_flight(worker).set(random.below(6));
        board.set_speed(worker, board.speed(worker).0, random.unit() as f32 / 3.0);
    }
    Arc::new(board)
}

fn one(bencher: Bencher, board: &Arc<LoadBoard>, (name, choices): Rule) {
    let mut policy = by_name(name, choices).expect("the rule is there");
    let (mut loads, mut random) = (Loads::new(board.clone()), Random::new(2));
    bencher.bench_local(|| {
        loads.refresh();
        let worker = policy.choose(black_box(&ASK), &loads, &mut random);
        loads.take(worker)
    });
}

fn batch(bencher: Bencher, board: &Arc<LoadBoard>, (name, choices): Rule) {
    let mut policy = by_name(name, choices).expect("the rule is there");
    let (mut loads, mut random) = (Loads::new(board.clone()), Random::new(2));
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(32u32)).bench_local(|| {
        loads.refresh();
        out.clear();
        policy.choose_batch(black_box(&[ASK; 32]), &loads, &mut random, &mut out);
        black_box(out.len())
    });
}

/// Runs `bench` while another thread changes every count.
fn beside_changes(board: &Arc<LoadBoard>, bench: impl FnOnce()) {
    let (started, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                started.store(true, Ordering::Relaxed);
                for worker in (0..board.workers()).map(WorkerId) {
                    let in_flight = board.in_flight(worker);
                    black_box(in_flight.claim(1, 1_000, 0));
                    black_box(in_flight.release(1, 0));
                }
            }
        });
        while !started.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        bench();
        stop.store(true, Ordering::Relaxed);
    });
}

macro_rules! policies {
    ($how:ident, $bench:expr) => {
        mod $how {
            use super::*;

            #[divan::bench(args = WORKERS, min_time = 0.15)]
            fn full_scan(bencher: Bencher, workers: u32) {
                $bench(bencher, &board(workers), FULL_SCAN);
            }

            #[divan::bench(args = WORKERS, min_time = 0.15)]
            fn two_choices(bencher: Bencher, workers: u32) {
                $bench(bencher, &board(workers), TWO_CHOICES);
            }

            #[divan::bench(args = WORKERS, min_time = 0.15)]
            fn round_robin(bencher: Bencher, workers: u32) {
                $bench(bencher, &board(workers), ROUND_ROBIN);
            }

            #[divan::bench(args = WORKERS, min_time = 0.15)]
            fn random(bencher: Bencher, workers: u32) {
                $bench(bencher, &board(workers), RANDOM);
            }
        }
    };
}

policies!(quiet_one, one);
policies!(quiet_batch_of_32, batch);
policies!(busy_one, |bencher, board: &Arc<LoadBoard>, rule| {
    beside_changes(board, || one(bencher, board, rule));
});

/// One choice of every rule, quiet, on 16 workers. The learning ones are told nothing: what they are
/// told costs them more.
#[divan::bench(args = NAMES, min_time = 0.1)]
fn every_policy(bencher: Bencher, name: &'static str) {
    one(bencher, &board(16), (name, None));
}
