//! A law of estimator and policy together: a core that is throttled soon gets what it would get if
//! everybody had been told.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::INTERVAL;
use super::super::capacity::{CapacityEstimator, Done, Step};
use crate::class::Class;
use crate::ids::WorkerId;
use crate::job::Key;
use crate::loads::{LoadBoard, Loads};
use crate::packet::Kind;
use crate::policy::{Ask, by_name};
use crate::random::Random;

const WORKERS: usize = 4;

/// The throttled one, when it happens, how long it may take, and the end.
const SLOW: usize = 3;
const STEP_NS: u64 = 5_000_000_000;
const SETTLED_NS: u64 = STEP_NS + 2_000_000_000;
const END_NS: u64 = SETTLED_NS + 20_000_000_000;

/// Work of 0.5 to 1.5 ms at a core of full speed: packets of one kind differ little.
const WORK_NS: f64 = 1e6;

/// Virtual workers, first come first served, that measure each packet's CPU time.
struct Crew {
    /// When each packet that is there will be done, and the CPU time that it will have taken.
    ends_ns: [VecDeque<(u64, u64)>; WORKERS],
    done: [Done; WORKERS],
    board: Arc<LoadBoard>,
}

impl Crew {
    /// Takes away what is done.
    fn advance(&mut self, now_ns: u64) {
        for (worker, ends_ns) in self.ends_ns.iter_mut().enumerate() {
            while let Some((_, cpu_ns)) = ends_ns.pop_front_if(|(end_ns, _)| *end_ns <= now_ns) {
                let measured = &mut self.done[worker][Kind::Other.index()];
                measured.samples += 1;
                measured.samples_cpu_ns += cpu_ns;
            }
            self.board.in_flight(WorkerId(worker as u32)).set(ends_ns.len() as u32);
        }
    }

    /// Gives a packet to a worker: its work begins when that before it is done.
    fn give(&mut self, worker: usize, now_ns: u64, work_ns: f64, factor: f64) {
        let begin_ns = self.ends_ns[worker].back().map_or(now_ns, |(end_ns, _)| *end_ns);
        let slow = worker == SLOW && begin_ns >= STEP_NS;
        let cpu_ns = (work_ns / if slow { factor } else { 1.0 }) as u64;
        self.ends_ns[worker].push_back((begin_ns + cpu_ns, cpu_ns));
    }
}

/// One trial: the load, how fast the throttled core still is, and the seed.
#[derive(Clone, Copy)]
struct Trial {
    load: f64,
    factor: f64,
    seed: u64,
}

/// The throttled worker's share of the packets from where it should have settled to `end_ns`.
fn share(policy: &str, trial: Trial, end_ns: u64, is_told: bool) -> f64 {
    let Trial { load, factor, seed } = trial;
    let board = Arc::new(LoadBoard::new([1.0; WORKERS]));
    let (mut loads, mut rule) = (Loads::new(board.clone()), by_name(policy, None).expect("a rule"));
    let mut estimator = CapacityEstimator::new(vec![(Class::Uniform, 1.0); WORKERS]);
    let mut crew = Crew { ends_ns: Default::default(), done: Default::default(), board };
    let mut before = crew.done;
    let [mut arrivals, mut works, mut choices] = [1, 2, 3].map(|n| Random::stream(seed, n));
    let gap_ns = WORK_NS / (load * (WORKERS as f64 - 1.0 + factor));
    let (mut now_ns, mut look_ns) = (0.0, 0);
    let (mut mine, mut all) = (0, 0);
    while (now_ns as u64) < end_ns {
        now_ns += gap_ns * arrivals.exponential();
        while look_ns < now_ns as u64 {
            crew.advance(look_ns);
            let steps: Vec<Step> =
                before.iter().zip(&crew.done).map(|(a, b)| Step::between(a, b)).collect();
            before = crew.done;
            estimator.update(&steps);
            for worker in 0..WORKERS {
                let told = if worker == SLOW && look_ns >= STEP_NS { factor } else { 1.0 };
                let capacity = if is_told { told } else { estimator.capacity(worker) };
                crew.board.set_speed(WorkerId(worker as u32), capacity as f32, 0.0);
            }
            look_ns += INTERVAL.as_nanos() as u64;
        }
        crew.advance(now_ns as u64);
        loads.refresh();
        let ask = Ask { now_ns: now_ns as u64, ..Ask::new(Key(0), Kind::Other) };
        let chosen = rule.choose(&ask, &loads, &mut choices).index();
        crew.give(chosen, now_ns as u64, WORK_NS * (0.5 + works.unit()), factor);
        if now_ns as u64 >= SETTLED_NS {
            (mine, all) = (mine + u32::from(chosen == SLOW), all + 1);
        }
    }
    f64::from(mine) / f64::from(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn two_seconds_after_the_step_a_throttled_core_has_its_share_within_a_tenth(
        seed: u64,
        // Below that a slow core ends so few packets that its estimate strays.
        load in 0.65f64..0.95,
        // Not near 1/2 or 1/3: there an idle slow core and a fast one with one or two packets
        // are a tie, which a hundredth of capacity decides.
        factor in prop_oneof![0.37f64..0.43, 0.55f64..0.8],
    ) {
        for policy in ["randomized-least-connection", "weighted-round-robin"] {
            let trial = Trial { load, factor, seed };
            let [told, found] = [true, false].map(|told| share(policy, trial, END_NS, told));
            prop_assert!((found / told - 1.0).abs() < 0.1, "{policy}: {found} and told {told}");
        }
    }

    /// A rule that shares by capacity alone shows what is believed, in the third second already. Not
    /// below 0.35: so few packets end there that it may be off by a tenth and a little. Not above
    /// 0.85: there it is now and then taken for one of its equals.
    #[test]
    fn two_seconds_after_the_step_a_throttled_core_is_believed_to_be_what_it_is(
        seed: u64,
        load in 0.6f64..0.95,
        factor in 0.35f64..0.85,
    ) {
        let trial = Trial { load, factor, seed };
        let found = share("weighted-round-robin", trial, SETTLED_NS + 1_000_000_000, false);
        let right = factor / (WORKERS as f64 - 1.0 + factor);
        prop_assert!((found / right - 1.0).abs() < 0.1, "{found} where {right} is right");
    }
}
