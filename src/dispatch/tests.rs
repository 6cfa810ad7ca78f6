//! Laws of the dispatcher alone: no worker runs, so what is accepted stays in the inboxes.

use super::*;
use crate::ids::WorkerId;
use crate::loads::LoadBoard;
use crate::policy;
use proptest::prelude::*;

struct Bench {
    board: Arc<LoadBoard>,
    inboxes: Arc<Inboxes<u64>>,
    counts: Arc<DoorCounts>,
    dispatcher: Dispatcher<u64>,
}

fn bench(workers: usize, bound: u32, overflow: Overflow, policy: &str, seed: u64) -> Bench {
    let board = Arc::new(LoadBoard::new(vec![1.0; workers]));
    let inboxes = Arc::new(Inboxes::new(&board, bound));
    let counts = Arc::new(DoorCounts::default());
    let dispatcher = Dispatcher::new(Parts {
        inboxes: inboxes.clone(),
        loads: Loads::new(board.clone()),
        policy: policy::by_name(policy, None).unwrap(),
        random: Random::new(seed),
        overflow,
        clock: Clock::manual(),
        counts: counts.clone(),
        records: None,
    });
    Bench { board, inboxes, counts, dispatcher }
}

impl Bench {
    /// Takes everything out of the inboxes, as payloads by worker.
    fn empty(&self) -> Vec<Vec<u64>> {
        let take = |inbox: &crate::inbox::WorkerInbox<u64>| {
            let mut payloads = Vec::new();
            while let Some(message) = inbox.take() {
                message.for_each(|parcel| payloads.push(parcel.job.payload));
            }
            inbox.release(payloads.len() as u32);
            payloads
        };
        self.inboxes.each.iter().map(take).collect()
    }
}

proptest! {
    /// Singly and in batches, under either way of dropping: every packet is in one inbox, or
    /// came back, or was evicted; no inbox is above its bound; nothing is dropped while any
    /// inbox has room; and the counts say the same.
    #[test]
    fn every_packet_is_somewhere(
        workers in 1usize..9,
        bound in 1u32..20,
        oldest: bool,
        policy in prop::sample::select(&policy::NAMES),
        sends in prop::collection::vec(0usize..50, 1..20),
        seed: u64,
    ) {
        let overflow = if oldest { Overflow::DropOldest } else { Overflow::DropNewest };
        let mut bench = bench(workers, bound, overflow, policy, seed);
        let (mut next, mut back) = (0u64, 0u64);
        for size in sends {
            if size == 0 {
                let job = Job::new(0, next);
                back += u64::from(bench.dispatcher.dispatch(job).is_err());
                next += 1;
                continue;
            }
            let mut jobs: Vec<_> = (0..size as u64).map(|i| Job::new(0, next + i)).collect();
            next += size as u64;
            let sent = bench.dispatcher.dispatch_batch(&mut jobs);
            prop_assert_eq!((sent.refused, sent.accepted), (jobs.len(), size - jobs.len()));
            back += jobs.len() as u64;
        }
        let counted: Vec<u32> = bench.inboxes.each.iter().map(|inbox| inbox.in_flight()).collect();
        prop_assert!(counted.iter().all(|count| *count <= bound), "{counted:?} over {bound}");
        let evicted = bench.counts.evicted.get();
        let lost = evicted + back;
        let all_full = counted.iter().all(|count| *count == bound);
        prop_assert!(lost == 0 || all_full || oldest, "{lost} lost, yet {counted:?} of {bound}");
        prop_assert!(!oldest || back == 0, "nothing is in hand, so the oldest can always go");
        let kept: Vec<u64> = bench.empty().concat();
        prop_assert_eq!(kept.len() as u64 + lost, next);
        prop_assert_eq!(bench.counts.accepted.get(), kept.len() as u64 + evicted);
        prop_assert_eq!(bench.counts.refused().total(), back);
        prop_assert_eq!(bench.board.workers() as usize, workers);
    }

    /// In a batch each packet is chosen for itself: on idle equal workers a batch is spread
    /// evenly, not sent to whoever was idle first.
    #[test]
    fn a_batch_is_spread(workers in 1usize..9, size in 1usize..200, seed: u64) {
        let policy = "randomized-least-connection";
        let mut bench = bench(workers, 1000, Overflow::Block, policy, seed);
        let mut jobs: Vec<_> = (0..size as u64).map(|i| Job::new(i, i)).collect();
        bench.dispatcher.dispatch_batch(&mut jobs);
        let kept = bench.empty();
        let sizes: Vec<usize> = kept.iter().map(Vec::len).collect();
        let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
        prop_assert!(most - least <= 1, "{sizes:?}");
    }
}

#[test]
fn a_closed_engine_gives_the_packet_back() {
    let mut bench = bench(2, 4, Overflow::Block, "random", 1);
    bench.inboxes.close();
    let refused = bench.dispatcher.dispatch(Job::new(3, 77)).unwrap_err();
    assert_eq!((refused.job.payload, refused.reason), (77, DropReason::Closed));
    let mut jobs = vec![Job::new(1, 1), Job::new(2, 2)];
    let sent = bench.dispatcher.dispatch_batch(&mut jobs);
    assert_eq!((sent.refused, sent.reason), (2, Some(DropReason::Closed)));
    assert_eq!(bench.counts.closed.get(), 3);
}

#[test]
fn drop_oldest_keeps_the_freshest() {
    let mut bench = bench(1, 10, Overflow::DropOldest, "random", 1);
    for payload in 0..100 {
        bench.dispatcher.dispatch(Job::new(0, payload)).unwrap();
    }
    assert_eq!(bench.empty(), vec![(90..100).collect::<Vec<u64>>()]);
}

/// A blocked dispatcher goes on when its worker releases: here another thread plays worker.
#[test]
fn a_blocked_dispatcher_waits_for_room() {
    let mut bench = bench(1, 2, Overflow::Block, "random", 1);
    let inboxes = bench.inboxes.clone();
    let worker = std::thread::spawn(move || {
        let inbox = &inboxes.each[0];
        inbox.seat();
        let (mut tries, mut seen) = (0, Vec::new());
        while seen.len() < 500 {
            if let crate::inbox::Next::Message(message) = inbox.next(&mut tries) {
                message.for_each(|parcel| {
                    seen.push(parcel.job.payload);
                    inbox.release(1);
                });
            }
        }
        seen
    });
    for payload in 0..500 {
        bench.dispatcher.dispatch(Job::new(0, payload)).unwrap();
    }
    assert_eq!(worker.join().unwrap(), (0..500).collect::<Vec<u64>>());
    assert_eq!(bench.board.in_flight(WorkerId(0)).count(), 0);
}
