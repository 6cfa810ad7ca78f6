//! Pools that a closure is given for each packet: rayon and threadpool.
//!
//! Neither bounds what waits in it, so both are given the same bound: places, of which the
//! bringing thread takes some at a time, and for which it waits, when there are none, until a
//! quarter of them is free again. Workers write to the shared count once for some packets
//! (`seat.rs`); packet by packet it would cost more than a queue.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::Thread;

use crossbeam_utils::CachePadded;
use rayon::ThreadPoolBuilder;

use crate::crew::Crew;
use crate::packet::{BATCH, Packet};
use crate::seat;
use crate::side::{BOUND, Measured, Run, Side};

/// Rayon: `spawn_fifo` from outside the pool, into the queue that its threads take from.
pub struct Rayon;

impl Side for Rayon {
    fn name(&self) -> &'static str {
        "rayon"
    }

    fn run(&self, run: &Run) -> Measured {
        let crew = Crew::new(run);
        let places = Places::new(run);
        let (hands, given_back) = (crew.clone(), places.clone());
        let pool = ThreadPoolBuilder::new()
            .num_threads(run.workers())
            .start_handler(move |worker| {
                let places = given_back.clone();
                seat::take(hands.pinned_hand(worker), move |count| places.give_back(count));
            })
            .build()
            .expect("the pool starts");
        let mut taken = 0;
        let timed = pool.in_place_scope_fifo(|scope| {
            crew.send_singly(run, |packet: Packet| {
                places.take_one(&mut taken);
                scope.spawn_fifo(move |_| seat::work(&packet.payload));
            })
        });
        drop(pool);
        crew.measured(run, timed)
    }
}

/// The crate threadpool: one queue behind a lock.
pub struct Threadpool;

impl Side for Threadpool {
    fn name(&self) -> &'static str {
        "threadpool"
    }

    fn run(&self, run: &Run) -> Measured {
        let crew = Crew::new(run);
        let places = Places::new(run);
        let pool = threadpool::ThreadPool::new(run.workers());
        seat_all(&pool, run, &crew, &places);
        let mut taken = 0;
        let timed = crew.send_singly(run, |packet: Packet| {
            places.take_one(&mut taken);
            pool.execute(move || seat::work(&packet.payload));
        });
        drop(pool);
        crew.measured(run, timed)
    }
}

/// The crate lets nobody in when a thread starts. So each is given a first job that ends only
/// when all have one: no thread can take two.
fn seat_all(pool: &threadpool::ThreadPool, run: &Run, crew: &Crew, places: &Arc<Places>) {
    let seated = Arc::new(Barrier::new(run.workers() + 1));
    for worker in 0..run.workers() {
        let (crew, places, seated) = (crew.clone(), places.clone(), seated.clone());
        pool.execute(move || {
            seat::take(crew.pinned_hand(worker), move |count| places.give_back(count));
            seated.wait();
        });
    }
    seated.wait();
}

/// The packets that may be in flight.
struct Places {
    used: CachePadded<AtomicUsize>,
    bound: usize,
    /// Down to so many the bringing thread waits once it had to wait.
    low_water: usize,
    bringing: Thread,
}

impl Places {
    /// The calling thread is the one that brings.
    fn new(run: &Run) -> Arc<Self> {
        let bound = BOUND * run.workers();
        let low_water = bound - bound / 4;
        let bringing = std::thread::current();
        Arc::new(Places { used: CachePadded::default(), bound, low_water, bringing })
    }

    /// Takes a place, one of the `taken` ones if there are any.
    fn take_one(&self, taken: &mut usize) {
        if *taken == 0 {
            self.take_some();
            *taken = BATCH;
        }
        *taken -= 1;
    }

    fn take_some(&self) {
        // Acquire: pairs with the release of whoever gave back. This thread alone adds.
        if self.used.load(Ordering::Acquire) + BATCH > self.bound {
            while self.used.load(Ordering::Acquire) > self.low_water {
                std::thread::park();
            }
        }
        self.used.fetch_add(BATCH, Ordering::Relaxed);
    }

    /// Wakes the bringing thread when this passes the low water. It may not be waiting: then
    /// its next wait ends at once, and it looks again.
    fn give_back(&self, count: usize) {
        // Release: pairs with the look in `take_some`.
        let before = self.used.fetch_sub(count, Ordering::Release);
        if before > self.low_water && before - count <= self.low_water {
            self.bringing.unpark();
        }
    }
}
