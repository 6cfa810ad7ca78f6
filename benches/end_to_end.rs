//! What does a packet cost on its way through the whole engine?
//!
//! `cargo bench --bench end_to_end`, or with a word behind `--` only the sides whose names
//! contain it. One thread brings packets as fast as the engine takes them (it waits while
//! every inbox is full) to a worker on every CPU: dispatched singly or in batches of 32,
//! recorded or not, with no work at all or with a microsecond of busy waiting. From the first
//! packet to the closed account, recorder's file included. `inline` is the ceiling: the same
//! work on the same number of threads, with nothing handed over (no work has none).
//!
//! What this cannot show: delays (for those, packets must come at a pace of their own, and be
//! timed from when they should have come), more than one bringing thread, payloads that miss
//! the cache, real analysis (`--bench signal`). The bringing thread has no CPU to itself here:
//! on few CPUs it takes part of one from the workers. At this pace the recorder can be outrun:
//! up to 3 % of the packets were then only counted, and their rows cost nothing. A microsecond
//! of `spin` is by the clock: time for which a worker is preempted counts as its work.

mod rounds;

use std::hint::black_box;
use std::time::Duration;

use edge_dispatch::class::Class;
use edge_dispatch::engine::Engine;
use edge_dispatch::ids::{CpuId, WorkerId};
use edge_dispatch::job::Job;
use edge_dispatch::names::SensorNames;
use edge_dispatch::process::{Process, Spin, WorkerInfo};
use edge_dispatch::recorder::RecordOptions;
use rounds::{Side, Took, compare, time};

const BATCH: usize = 32;
const MICROSECOND: Duration = Duration::from_micros(1);
const WORKER: WorkerInfo = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };

fn main() {
    let none = Duration::ZERO;
    compare(vec![
        Side::new("no work, single", "", 300_000, |n| singly(n, none, false)),
        Side::new("no work, single, recorded", "no work, single", 300_000, |n| {
            singly(n, none, true)
        }),
        Side::new("no work, batch", "no work, single", 1_000_000, |n| in_batches(n, none, false)),
        Side::new("no work, batch, recorded", "no work, batch", 1_000_000, |n| {
            in_batches(n, none, true)
        }),
        Side::new("1 µs, inline", "", 200_000, |n| inline(n, MICROSECOND)),
        Side::new("1 µs, single", "1 µs, inline", 100_000, |n| singly(n, MICROSECOND, false)),
        Side::new("1 µs, single, recorded", "1 µs, single", 100_000, |n| {
            singly(n, MICROSECOND, true)
        }),
        Side::new("1 µs, batch", "1 µs, inline", 100_000, |n| in_batches(n, MICROSECOND, false)),
        Side::new("1 µs, batch, recorded", "1 µs, batch", 100_000, |n| {
            in_batches(n, MICROSECOND, true)
        }),
    ]);
}

/// The work alone, shared out beforehand among a thread on every CPU.
fn inline(packets: u64, work: Duration) -> Took {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    time(|| {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut work = Spin::new(work);
                    for number in 0..packets / threads {
                        black_box(work.work(black_box(&number), &WORKER).is_ok());
                    }
                });
            }
        });
    })
}

fn singly(packets: u64, work: Duration, recorded: bool) -> Took {
    through_engine(work, recorded, packets, |engine| {
        let mut dispatcher = engine.dispatcher();
        for number in 0..packets {
            dispatcher.dispatch(Job::new(number % 64, number)).expect("the engine takes all");
        }
    })
}

fn in_batches(packets: u64, work: Duration, recorded: bool) -> Took {
    through_engine(work, recorded, packets, |engine| {
        let mut dispatcher = engine.dispatcher();
        let mut batch = Vec::with_capacity(BATCH);
        for number in 0..packets {
            batch.push(Job::new(number % 64, number));
            if batch.len() == BATCH || number + 1 == packets {
                dispatcher.dispatch_batch(&mut batch);
            }
        }
    })
}

fn through_engine(
    work: Duration,
    recorded: bool,
    packets: u64,
    bring: impl FnOnce(&mut Engine<u64>),
) -> Took {
    let folder = tempfile::tempdir().expect("a folder for the record");
    let mut builder = Engine::builder().seed(1);
    if recorded {
        builder = builder.record(RecordOptions {
            path: folder.path().join("assignments.csv"),
            limit_bytes: 256 << 20,
            names: SensorNames::default(),
        });
    }
    let mut engine = builder.process(Spin::new(work)).start().expect("the engine starts");
    time(|| {
        bring(&mut engine);
        let closing = engine.finish(Duration::from_secs(60));
        assert_eq!(closing.last.ledger.processed, packets, "nothing is lost");
    })
}
