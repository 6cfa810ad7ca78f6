use proptest::prelude::*;

use super::*;
use crate::packing::{Draws, Goal};
use crate::policy::{NAMES, QSettings};
use crate::power::PowerModel;
use crate::topology::classify;

fn quick(policy: &str, speeds: &str, load: f64) -> Setup {
    Setup {
        policy: policy.into(),
        speeds: speeds.parse().unwrap(),
        load,
        packets: 20_000,
        replications: 10,
        ..Setup::default()
    }
}

fn run(setup: &Setup) -> Outcome {
    simulate(setup, Replications::default()).unwrap()
}

/// `value` is within 3 of the simulation's own intervals of what theory says.
fn agrees(setup: &Setup, value: f64) {
    let outcome = run(setup);
    let off = (outcome.mean - value).abs();
    assert!(
        off <= 3.0 * outcome.mean_ci95,
        "{} at {}: {} ± {} instead of {value}",
        setup.policy,
        setup.load,
        outcome.mean,
        outcome.mean_ci95
    );
}

/// `queueing.csv`: P0037 and others by the same formula, 1/(1 − ρ).
#[test]
fn one_worker_is_the_mm1_queue() {
    for load in [0.3, 0.5, 0.7] {
        agrees(&quick("random", "1", load), 1.0 / (1.0 - load));
    }
}

/// Pollaczek and Khinchine: 1 + ρ (1 + scv) / (2 (1 − ρ)).
#[test]
fn one_worker_with_any_service_is_the_mg1_queue() {
    for (service, scv) in [("deterministic", 0.0), ("uniform", 1.0 / 3.0), ("erlang:2", 0.5)] {
        let service = service.parse().unwrap();
        let setup = Setup { service, ..quick("round-robin", "1", 0.6) };
        agrees(&setup, 1.0 + 0.6 * (1.0 + scv) / 0.8);
    }
}

/// `queueing.csv`: P0181, P0190, P0196 (exact chains), P0105 (round robin, E2/M/1),
/// P0199 and P0201 (two speeds).
#[test]
fn small_chains_have_their_exact_means() {
    agrees(&quick("shortest-queue", "1x2", 0.5), 1.426_320_751);
    agrees(&Setup { choices: Some(2), ..quick("shortest-queue", "1x4", 0.5) }, 1.324_460_77);
    agrees(&quick("shortest-queue", "1x4", 0.5), 1.158_150_64);
    agrees(&quick("round-robin", "1x2", 0.5), 1.618_033_99);
    agrees(&quick("shortest-expected-delay", "1,0.55", 0.5), 1.758_257_40);
    agrees(&quick("shortest-queue", "1,0.55", 0.5), 1.950_898_03);
    agrees(&quick("least-connection", "1,0.55", 0.5), 1.854_754_39);
}

/// Least work left is one queue for all: M/M/2 with ρ = 0.5 has 1/(1 − ρ²) = 4/3.
#[test]
fn least_work_left_is_one_queue_for_all() {
    agrees(&quick("least-work-left", "1x2", 0.5), 4.0 / 3.0);
}

/// Bell and Stidham: a split by capacity makes each worker an M/M/1 queue of its own; P0144.
#[test]
fn a_split_by_capacity_has_its_closed_form() {
    agrees(&quick("weighted-random", "1x8,0.55x8", 0.1), 1.433_691_76);
}

#[test]
fn the_same_seed_gives_the_same_figures_with_any_number_of_threads() {
    for policy in NAMES {
        let setup = Setup { packets: 3_000, replications: 5, ..quick(policy, "1x3,0.5x2", 0.8) };
        let with = |threads| {
            let how = Replications { threads, ..Replications::default() };
            simulate(&setup, how).unwrap()
        };
        assert_eq!(with(1), with(4), "{policy}");
        let other = simulate(&Setup { seed: 2, ..setup.clone() }, Replications::default()).unwrap();
        assert_ne!(with(1).means, other.means, "{policy}");
    }
}

/// Rules with the same seed get the same packets: the work done is the same to the nanosecond.
#[test]
fn all_rules_get_the_same_packets() {
    let busy = |policy: &str| {
        let outcome = run(&Setup { replications: 1, ..quick(policy, "1x4", 0.5) });
        outcome.utilization.iter().sum::<f64>()
    };
    // The span differs by how long the last packet takes.
    let first = busy(NAMES[0]);
    assert!(NAMES.iter().all(|policy| (busy(policy) / first - 1.0).abs() < 0.02));
}

#[test]
fn what_cannot_settle_is_called_unstable_and_what_swings_is_not() {
    let unstable = |setup: &Setup| run(&Setup { replications: 3, ..setup.clone() }).unstable;
    assert!(unstable(&quick("round-robin", "1x8,0.55x8", 0.8)));
    assert!(unstable(&quick("random", "1", 1.2)));
    assert!(!unstable(&quick("weighted-round-robin", "1x8,0.55x8", 0.8)));
    assert!(!unstable(&quick("random", "1", 0.9)));
    assert!(!unstable(&Setup { stale: Some(10.0), ..quick("freest-core", "1x4", 0.5) }));
}

/// The fluid limit of herding, (nρ − 1) T / 2 + 1: `golden_vectors.csv`.
#[test]
fn sampled_utilization_herds_as_the_fluid_limit_says() {
    let setup = Setup {
        stale: Some(50.0),
        packets: 100_000,
        replications: 4,
        ..quick("freest-core", "1x16", 0.8)
    };
    let mean = run(&setup).mean;
    assert!((mean / 296.0 - 1.0).abs() < 0.03, "{mean}");
}

#[test]
fn learned_capacities_come_near_the_true_ones() {
    let setup = quick("shortest-expected-delay", "1x4,0.4x4", 0.8);
    let (told, blind) =
        (run(&setup), run(&Setup { policy: "shortest-queue".into(), ..setup.clone() }));
    let learned = run(&Setup { learn_capacity: true, ..setup });
    assert!(learned.mean < told.mean + 0.25 * (blind.mean - told.mean), "{}", learned.mean);
}

#[test]
fn a_bad_setup_is_refused_with_its_remedy() {
    let good = Setup::default();
    assert_eq!(good.check(), Ok(()));
    let bad = [
        Setup { load: 0.0, ..good.clone() },
        Setup { load: f64::NAN, ..good.clone() },
        Setup { warmup: 1.0, ..good.clone() },
        Setup { stale: Some(0.0), ..good.clone() },
        Setup { packets: 7, ..good.clone() },
        Setup { replications: 0, ..good.clone() },
        Setup { sensors: 0, ..good.clone() },
        Setup { policy: "fastest".into(), ..good.clone() },
        Setup { faults: Faults::new(vec!["crash:16@0+1".parse().unwrap()]), ..good.clone() },
    ];
    assert!(bad.iter().all(|setup| setup.check().is_err()));
}

/// On a chip whose slow cores are much slower, shortest expected delay is not the best there is.
#[test]
fn q_learning_learns_to_do_as_well_as_expected_delay() {
    let unguarded = QSettings { unguarded: true, ..QSettings::default() };
    let setup = Setup { packets: 60_000, ..quick("q-learning", "1x4,0.388x4", 0.8) };
    let setup = Setup { replications: 4, warmup: 0.5, ..setup };
    let otherwise = run(&Setup { policy: "shortest-expected-delay".into(), ..setup.clone() });
    for q in [QSettings::default(), unguarded] {
        let learned = run(&Setup { q, ..setup.clone() });
        assert!(learned.mean < 1.1 * otherwise.mean, "{} {}", learned.mean, otherwise.mean);
        let table = serde_json::to_string(&learned.q_table.unwrap()).unwrap();
        let again = serde_json::from_str(&table).unwrap();
        // With the table of the first run the beginning is good already.
        let early = Setup { packets: 2_000, warmup: 0.0, q_table: Some(again), q, ..setup.clone() };
        assert!(run(&early).mean < 1.3 * otherwise.mean);
    }
}

/// A reward that pays for delay makes the bare table as bad as can be; under guard nobody notices.
#[test]
fn a_poisoned_reward_costs_little_under_guard() {
    let poisoned = QSettings { reward_per_ms: 0.1, ..QSettings::default() };
    let setup = Setup { packets: 60_000, ..quick("q-learning", "1x8,0.55x8", 0.8) };
    let setup = Setup { replications: 4, q: poisoned, ..setup };
    let otherwise = run(&Setup { policy: "shortest-expected-delay".into(), ..setup.clone() });
    let guarded = run(&setup);
    assert!(guarded.p99 <= 1.10 * otherwise.p99, "{} {}", guarded.p99, otherwise.p99);
    let bare = run(&Setup { q: QSettings { unguarded: true, ..poisoned }, ..setup });
    assert!(bare.p99 > 2.0 * otherwise.p99, "{}", bare.p99);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever goes wrong with whichever workers, under every rule: the account closes after
    /// every event, nothing is at a worker that is away, and once faults stop everything is
    /// finished.
    #[test]
    fn faults_lose_nothing(
        policy in prop::sample::select(&NAMES),
        workers in 1u32..6,
        load in 0.2f64..1.3,
        stale in prop::option::of(0.5f64..20.0),
        learn_capacity: bool,
        packs: bool,
        fault_seed: u64,
    ) {
        let (watts, cores) = (vec![1.0; workers as usize], (0..workers as usize).collect());
        let draws = Draws { idle_watts: 1.0, watts, cores, idle_active: 0.1 };
        let aim = Aim { goal: Goal::Energy, target: 5.0, draws, source: String::new() };
        let setup = Setup {
            // The faults come in some hundred units; so shall the looks.
            aim: packs.then_some(aim),
            policy: policy.into(),
            speeds: Speeds::new((0..workers).map(|n| [1.0, 0.5][n as usize % 2]).collect()),
            load,
            stale,
            learn_capacity,
            packets: 400,
            ..Setup::default()
        };
        let ledger = replay_faults(&setup, fault_seed);
        let ledger = ledger.unwrap_or_else(|broken| panic!("replay with: {broken}"));
        prop_assert_eq!((ledger.received, ledger.in_flight), (400, 0));
        prop_assert_eq!(ledger.processed + ledger.failed, 400);
    }
}

fn aiming(policy: &str, machine_name: &str, load: f64, goal: Goal) -> Setup {
    let board = machine(machine_name).unwrap();
    let power = PowerModel::by_name(board.power).unwrap();
    let classes = classify(board.speeds().each());
    let aim = Aim::new(goal, 20.0, &power, &classes, 0.1);
    let setup = quick(policy, "1", load);
    Setup { speeds: board.speeds(), aim: Some(aim), packets: 60_000, replications: 2, ..setup }
}

/// On both kinds of board, at any load: the goal of energy holds the target and draws no more.
#[test]
fn packing_holds_its_target_and_never_draws_more() {
    for board in ["rk3588", "pi5"] {
        for load in [0.05, 0.2, 0.4, 0.6, 0.8] {
            let figures = |goal| run(&aiming("shortest-expected-delay", board, load, goal));
            let (all, packed) = (figures(Goal::Latency), figures(Goal::Energy));
            let (all_energy, energy) = (all.energy.unwrap(), packed.energy.unwrap());
            assert!(energy.slo_held, "{board} at {load}: {}", packed.p99);
            assert!(energy.joules <= 1.001 * all_energy.joules, "{board} at {load}");
            if load < 0.3 {
                assert!(energy.core_watts_mean < 0.85 * all_energy.core_watts_mean, "{board}");
                assert!(energy.active_mean < 0.8 * f64::from(packed.workers), "{board} at {load}");
            }
        }
    }
}

/// A burst finds few workers active: others are woken between two looks, and the target is held.
#[test]
fn a_burst_wakes_who_was_parked() {
    let bursty = |goal| {
        let setup = aiming("shortest-expected-delay", "pi5", 0.3, goal);
        run(&Setup { arrivals: "bursty".parse().unwrap(), ..setup })
    };
    let (all, packed) = (bursty(Goal::Latency), bursty(Goal::Energy));
    let energy = packed.energy.unwrap();
    assert!(energy.woken > 0.0, "{energy:?}");
    assert!(energy.slo_held || packed.p99 < 1.25 * all.p99, "{} {}", packed.p99, all.p99);
}

/// Rules that choose blindly use parked workers no more than others do.
#[test]
fn every_policy_leaves_the_parked_alone() {
    for policy in NAMES {
        let packed = run(&Setup { packets: 20_000, ..aiming(policy, "pi5", 0.05, Goal::Energy) });
        let energy = packed.energy.unwrap();
        assert!(energy.active_mean < 2.5, "{policy}: {}", energy.active_mean);
        let busiest = packed.share.iter().copied().fold(0.0, f64::max);
        assert!(busiest > 0.4, "{policy}: {:?}", packed.share);
    }
}

#[test]
fn a_goal_of_latency_changes_no_time_at_all() {
    let with = run(&aiming("round-robin", "pi5", 0.5, Goal::Latency));
    let without = run(&Setup { aim: None, ..aiming("round-robin", "pi5", 0.5, Goal::Latency) });
    assert_eq!(Outcome { energy: None, ..with }, without);
}
