//! A policy that panics: whoever catches it finds the dispatcher as good as before.

use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Chooses worker 0, a few times, and then panics, without the hook's report: it is asked for.
struct Moody(u32);

impl Policy for Moody {
    fn choose(&mut self, _: &Ask, _: &Loads, _: &mut Random) -> WorkerId {
        if self.0 == 0 {
            std::panic::resume_unwind(Box::new("asked to panic"));
        }
        self.0 -= 1;
        WorkerId(0)
    }
    fn name(&self) -> &'static str {
        "moody"
    }
    fn choices(&self, _: u32) -> u32 {
        1
    }
}

fn moody_bench(order: Order, bound: u32) -> Bench {
    bench_in(2, bound, Overflow::Block, "random", 1, kinds(order, Priorities::default()))
}

impl Bench {
    /// Dispatches while the policy panics after `choices`; what came back.
    fn batch_that_panics(&mut self, choices: u32, jobs: Vec<Job<u64>>) -> Vec<u64> {
        let (mut jobs, calm) = (jobs, policy::by_name("round-robin", None).unwrap());
        self.dispatcher.rule.policy = Box::new(Moody(choices));
        let dispatch = AssertUnwindSafe(|| self.dispatcher.dispatch_batch(&mut jobs));
        assert!(catch_unwind(dispatch).is_err());
        self.dispatcher.rule.policy = calm;
        jobs.iter().map(|job| job.payload).collect()
    }

    fn single_that_panics(&mut self, choices: u32, job: Job<u64>) {
        let calm = policy::by_name("round-robin", None).unwrap();
        self.dispatcher.rule.policy = Box::new(Moody(choices));
        assert!(catch_unwind(AssertUnwindSafe(|| self.dispatcher.dispatch(job))).is_err());
        self.dispatcher.rule.policy = calm;
    }
}

/// What was not sent is in the batch again, in its sequence; it holds no place and no ticket, and
/// no later batch finds it.
#[test]
fn a_batch_in_which_the_policy_panics_comes_back() {
    for order in Order::ALL {
        for choices in 0..4 {
            let mut bench = moody_bench(order, 100);
            // The window of a stream is 4; in `sticky` the policy is asked for new streams only.
            let key = |at| if order == Order::Sticky { at / 2 } else { 7 };
            let jobs = |range: std::ops::Range<u64>| -> Vec<_> {
                range.map(|at| job(key(at), Kind::Other, at)).collect()
            };
            let back = bench.batch_that_panics(choices.min(3), jobs(0..8));
            let sent = bench.empty().concat();
            assert_eq!([sent.clone(), back].concat(), (0..8).collect::<Vec<_>>(), "{order}");
            assert!((0..4).all(|key| bench.sticky.at(Key(key)).is_none()));
            assert_eq!(bench.counts.accepted.get(), sent.len() as u64);
            assert_eq!(bench.counts.refused().total(), 0);
            let mut next = jobs(8..12);
            bench.dispatcher.dispatch_batch(&mut next);
            let mut sent = bench.empty().concat();
            sent.sort_unstable();
            assert_eq!(sent, [8, 9, 10, 11], "{order}");
        }
    }
}

/// The job goes with the panic, and is counted nowhere; its ticket does not stay.
#[test]
fn a_single_packet_leaves_nothing_behind_when_the_policy_panics() {
    for order in Order::ALL {
        let mut bench = moody_bench(order, 100);
        (0..9).for_each(|n| bench.single_that_panics(0, job(7, Kind::Other, n)));
        assert_eq!(bench.counts.accepted.get() + bench.counts.refused().total(), 0);
        assert_eq!(bench.sticky.at(Key(7)), None);
        (0..4).for_each(|n| bench.dispatcher.dispatch(job(7, Kind::Other, n)).unwrap());
        assert_eq!(bench.empty().concat().len(), 4);
    }
}

/// The policy is asked again for streams that move away from a full worker, and panics there.
#[test]
fn a_stream_that_moves_leaves_nothing_behind_when_the_policy_panics() {
    let mut bench = moody_bench(Order::Sticky, 4);
    bench.board.set_speed(WorkerId(0), 0.9, 0.0);
    bench.dispatcher.rule.policy = Box::new(Moody(10));
    (10..13).for_each(|key| bench.dispatcher.dispatch(job(key, Kind::Other, key)).unwrap());
    bench.board.set_speed(WorkerId(0), 0.1, 0.0);
    bench.single_that_panics(1, job(5, Kind::Other, 1));
    assert_eq!(bench.sticky.at(Key(5)), None);
    let jobs = (0..3).map(|at| job(5 + at, Kind::Other, at)).collect();
    assert_eq!(bench.batch_that_panics(3, jobs), [0, 1, 2]);
    assert!((5..8).all(|key| bench.sticky.at(Key(key)).is_none()));
    assert_eq!(bench.empty(), [vec![10, 11, 12], vec![]]);
    bench.dispatcher.dispatch_batch(&mut vec![job(5, Kind::Other, 9)]);
    assert_eq!(bench.empty().concat(), [9]);
}
