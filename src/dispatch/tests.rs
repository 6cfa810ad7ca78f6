//! Laws of the dispatcher alone: no worker runs, so what is accepted stays in the inboxes.

mod panics;

use super::*;
use crate::ids::WorkerId;
use crate::inbox::{LaneKind, LanePlan, Patience};
use crate::job::Key;
use crate::loads::LoadBoard;
use crate::packet::Kind;
use crate::policy::{self, Policy};
use crate::priority::Priority;
use crate::streams::OrderedTable;
use proptest::prelude::*;

struct Bench {
    board: Arc<LoadBoard>,
    inboxes: Arc<Inboxes<u64>>,
    counts: Arc<DoorCounts>,
    sticky: Arc<StickyTable>,
    dispatcher: Dispatcher<u64>,
}

fn bench(workers: usize, bound: u32, overflow: Overflow, policy: &str, seed: u64) -> Bench {
    bench_in(workers, bound, overflow, policy, seed, (OrderRule::default(), Priorities::default()))
}

fn bench_in(
    workers: usize,
    bound: u32,
    overflow: Overflow,
    policy: &str,
    seed: u64,
    (order, priorities): (OrderRule, Priorities),
) -> Bench {
    let board = Arc::new(LoadBoard::new(vec![1.0; workers]));
    let kinds =
        Kind::ALL.map(|kind| LaneKind { priority: priorities.of(kind), order: order.of(kind) });
    let inboxes = Arc::new(Inboxes::new(&board, bound, LanePlan::new(kinds)));
    let counts = Arc::new(DoorCounts::default());
    let sticky = Arc::new(StickyTable::default());
    let dispatcher = Dispatcher::new(Parts {
        inboxes: inboxes.clone(),
        loads: Loads::new(board.clone()),
        switch: Arc::new(PolicySwitch::new(maker(policy), workers as u32)),
        typical: Arc::default(),
        random: Random::new(seed),
        overflow,
        order,
        priorities,
        sticky: sticky.clone(),
        tickets: Arc::new(OrderedTable::<()>::new(4)),
        steal: true,
        clock: Clock::manual(),
        stamp_all: false,
        counts: counts.clone(),
        records: None,
    });
    Bench { board, inboxes, counts, sticky, dispatcher }
}

fn maker(policy: &str) -> policy::Maker {
    policy::maker(policy, &policy::Options::default()).unwrap()
}

impl Bench {
    /// Takes everything out of the inboxes, as payloads by worker.
    fn empty(&self) -> Vec<Vec<u64>> {
        let take = |inbox: &crate::inbox::WorkerInbox<u64>| {
            let mut payloads = Vec::new();
            while let Some(message) = inbox.take() {
                inbox.release(message.places());
                payloads.extend(message.into_packets().map(|(job, ..)| job.payload));
            }
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
        let (mut patience, mut seen) = (Patience::default(), Vec::new());
        while seen.len() < 500 {
            if let crate::inbox::Next::Message(message) = inbox.next(&mut patience) {
                for (job, ..) in message.into_packets() {
                    seen.push(job.payload);
                    inbox.release(1);
                }
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

fn kinds(rule: Order, priorities: Priorities) -> (OrderRule, Priorities) {
    (OrderRule::all(rule), priorities)
}

fn job(key: u64, kind: Kind, payload: u64) -> Job<u64> {
    Job { key: Key(key), kind, sequence: payload, payload }
}

proptest! {
    /// Under either way of dropping, singly and in batches, while somebody works some off now and
    /// then: the packets of a key that are in flight lie at one worker, in order, and every
    /// packet is accounted for.
    #[test]
    fn a_stream_in_flight_stays_at_one_worker(
        workers in 1usize..6,
        bound in 1u32..30,
        oldest: bool,
        steps in prop::collection::vec((1usize..30, any::<bool>()), 1..30),
        seed: u64,
    ) {
        let overflow = if oldest { Overflow::DropOldest } else { Overflow::DropNewest };
        let rules = kinds(Order::Sticky, Priorities::default());
        let mut bench = bench_in(workers, bound, overflow, "random", seed, rules);
        let (mut random, mut next) = (Random::new(seed), 0u64);
        for (size, work_off) in steps {
            let mut jobs: Vec<_> = (0..size as u64)
                .map(|at| job(u64::from(random.below(7)), Kind::Other, next + at))
                .collect();
            next += size as u64;
            bench.dispatcher.dispatch_batch(&mut jobs);
            let worker = random.below(workers as u32) as usize;
            while work_off && let Some(message) = bench.inboxes.each[worker].take() {
                bench.inboxes.each[worker].release(message.places());
                let packets = message.into_packets();
                packets.for_each(|(job, ..)| bench.sticky.leave(job.key, WorkerId(worker as u32)));
            }
            let mut at_worker = std::collections::HashMap::new();
            for inbox in &bench.inboxes.each {
                let mut last = std::collections::HashMap::new();
                let mut back = Vec::new();
                while let Some(message) = inbox.take() {
                    back.push(message);
                }
                for message in back {
                    if let Body::Many(jobs) = &message.body {
                        for job in jobs {
                            let before = last.insert(job.key, job.payload);
                            prop_assert!(before < Some(job.payload), "out of order");
                            let place: *const _ = inbox;
                            let other = *at_worker.entry(job.key).or_insert(place);
                            prop_assert!(std::ptr::eq(other, place), "at two workers");
                        }
                    }
                    crate::inbox::Queue::push(inbox.queue(), message);
                }
            }
        }
        let evicted = bench.counts.evicted.get();
        prop_assert_eq!(bench.counts.accepted.get() + bench.counts.refused().total(), next);
        prop_assert!(bench.counts.accepted.get() >= evicted);
        bench.empty();
    }

    /// What matters more is never shed for what matters less, and never refused while something
    /// of less weight waits.
    #[test]
    fn what_matters_less_is_shed_first(
        workers in 1usize..5,
        bound in 1u32..20,
        oldest: bool,
        brought in prop::collection::vec(any::<bool>(), 1..200),
        seed: u64,
    ) {
        let overflow = if oldest { Overflow::DropOldest } else { Overflow::DropNewest };
        let priorities = Priorities::default().with(Kind::Vibration, Priority::Low);
        let rules = kinds(Order::Parallel, priorities);
        let mut bench =
            bench_in(workers, bound, overflow, "randomized-least-connection", seed, rules);
        let room = workers * bound as usize;
        let (mut high, mut low_refused) = (0, 0);
        for matters in brought {
            let kind = if matters { Kind::Temperature } else { Kind::Vibration };
            high += usize::from(matters);
            let refused = bench.dispatcher.dispatch(job(1, kind, u64::from(matters))).is_err();
            low_refused += usize::from(refused && !matters);
            prop_assert!(!(refused && matters) || high > room, "refused with {high} of {room}");
            prop_assert!(low_refused == 0 || !oldest || high >= room);
        }
        let kept: usize = bench.empty().concat().iter().filter(|one| **one == 1).count();
        prop_assert_eq!(kept, high.min(room), "high ones kept, of {}", high);
    }
}

/// Too many results of one key wait for a straggler: its next packet is refused, others are not.
#[test]
fn the_order_window_refuses_one_stream_and_no_other() {
    let rules = kinds(Order::Ordered, Priorities::default());
    let mut bench = bench_in(2, 100, Overflow::DropNewest, "round-robin", 1, rules);
    let mut jobs: Vec<_> = (0..6).map(|at| job(5, Kind::Other, at)).collect();
    let sent = bench.dispatcher.dispatch_batch(&mut jobs);
    assert_eq!((sent.accepted, sent.reason), (4, Some(DropReason::OrderWindow)));
    assert!(bench.dispatcher.dispatch(job(5, Kind::Other, 6)).is_err());
    assert!(bench.dispatcher.dispatch(job(6, Kind::Other, 7)).is_ok());
    assert_eq!(bench.counts.order_window.get(), 3);
}

/// A worker that died holds no stream, and is not chosen again whatever the policy says; one that
/// is merely closed is still emptied, and nothing overtakes what lies there.
#[test]
fn a_stream_leaves_a_dead_worker_and_no_other() {
    let rules = kinds(Order::Sticky, Priorities::default());
    let mut bench = bench_in(2, 100, Overflow::Block, "randomized-least-connection", 1, rules);
    bench.board.set_speed(WorkerId(1), 0.1, 0.0);
    bench.dispatcher.dispatch(job(5, Kind::Other, 0)).unwrap();
    assert_eq!(bench.sticky.at(Key(5)), Some(WorkerId(0)));
    bench.inboxes.bury(WorkerId(0));
    for payload in 1..6 {
        bench.dispatcher.dispatch(job(5, Kind::Other, payload)).unwrap();
    }
    assert_eq!(bench.sticky.at(Key(5)), Some(WorkerId(1)));
    assert_eq!(bench.empty(), [vec![0], vec![1, 2, 3, 4, 5]]);
    bench.inboxes.close();
    assert!(bench.dispatcher.dispatch(job(5, Kind::Other, 6)).is_err());
    assert_eq!(bench.sticky.at(Key(5)), Some(WorkerId(1)), "refused, and not moved");
}

/// Worker 1 first; it dies while the policy is asked for the second time.
struct Witnesses(Arc<Inboxes<u64>>, u32);

impl Policy for Witnesses {
    fn choose(&mut self, _: &Ask, _: &Loads, _: &mut Random) -> WorkerId {
        self.1 += 1;
        if self.1 == 2 {
            self.0.bury(WorkerId(1));
        }
        WorkerId(u32::from(self.1 == 1))
    }
    fn name(&self) -> &'static str {
        "witnesses"
    }
    fn choices(&self, _: u32) -> u32 {
        1
    }
}

/// A worker dies in the middle of a batch: what was chosen for it before goes first.
#[test]
fn a_death_between_two_choices_turns_no_stream_round() {
    let rules = kinds(Order::Sticky, Priorities::default());
    let mut bench = bench_in(2, 100, Overflow::Block, "random", 1, rules);
    bench.dispatcher.rule.policy = Box::new(Witnesses(bench.inboxes.clone(), 0));
    let mut jobs = [(5, 0), (6, 1), (5, 2)].map(|(key, at)| job(key, Kind::Other, at)).into();
    assert_eq!(bench.dispatcher.dispatch_batch(&mut jobs).accepted, 3);
    let mut stream = bench.empty().concat();
    stream.retain(|at| *at != 1);
    assert_eq!(stream, [0, 2]);
}

/// A backlog at the only active worker: dispatchers wake one after the other, without any look.
#[test]
fn a_burst_wakes_one_after_the_other() {
    let mut bench = bench(4, 1_000, Overflow::Block, "randomized-least-connection", 3);
    let parking = bench.board.parking();
    parking.set(&[false, false, true, false], &[3, 1, 0, 2].map(WorkerId), 20.0);
    let mut active = Vec::new();
    for number in 0..200 {
        bench.dispatcher.dispatch(Job::new(number, number)).unwrap();
        active.push(bench.board.parking().active());
    }
    active.dedup();
    assert_eq!((active, bench.board.parking().woken()), (vec![1, 2, 3, 4], 3));
    let packets = bench.empty();
    assert!(packets.iter().all(|packets| !packets.is_empty()), "{packets:?}");
}
