use std::sync::Arc;

use proptest::prelude::*;

use super::*;

const TARGET_NS: u64 = 20_000_000;

/// Four slow and frugal cores and four fast ones, as on an RK3588.
fn hybrid() -> Vec<WorkerView> {
    let slow = WorkerView { capacity: 0.388, watts: 0.1624, core: 0, alive: true, active: true };
    let fast = WorkerView { capacity: 1.0, watts: 0.72, ..slow };
    apart([slow, slow, slow, slow, fast, fast, fast, fast].to_vec())
}

fn uniform(workers: usize) -> Vec<WorkerView> {
    apart(vec![WorkerView { capacity: 1.0, watts: 1.0, ..hybrid()[0] }; workers])
}

/// Each worker on a core of its own.
fn apart(mut workers: Vec<WorkerView>) -> Vec<WorkerView> {
    workers.iter_mut().enumerate().for_each(|(at, worker)| worker.core = at);
    workers
}

/// A look's time in which the part `load` of `capacity` came, exponential work of 1 ms.
fn window(load: f64, capacity: f64) -> Window {
    let packets = (load * capacity * LOOK_NS as f64 / 1e6) as u64;
    let (arrived, done) = (packets, packets);
    Window { elapsed_ns: LOOK_NS, arrived, done, work_ns: 1e6, scv: 1.0, ..Window::default() }
}

/// Who is active after so many looks at the same.
fn after(packer: &mut Packer, window: Window, workers: &mut [WorkerView], looks: u32) -> Vec<bool> {
    for _ in 0..looks {
        let pack = packer.look(&window, workers);
        workers.iter_mut().zip(&pack.active).for_each(|(worker, active)| worker.active = *active);
    }
    workers.iter().map(|worker| worker.active).collect()
}

fn settled(window: Window, mut workers: Vec<WorkerView>, target_ns: u64) -> Vec<bool> {
    after(&mut Packer::new(target_ns, IDLE_ACTIVE), window, &mut workers, 10)
}

fn count(active: &[bool]) -> usize {
    active.iter().filter(|active| **active).count()
}

#[test]
fn little_work_goes_to_the_most_frugal_core_and_more_to_more() {
    let active = |load: f64| settled(window(load, 5.552), hybrid(), TARGET_NS);
    assert_eq!(active(0.01), [true, false, false, false, false, false, false, false]);
    let some = active(0.15);
    assert!(some[..4] == [true; 4] && !some[4..].contains(&true), "{some:?}");
    let counts = [0.01, 0.1, 0.3, 0.5, 0.7].map(|load| count(&active(load)));
    assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]), "{counts:?}");
    assert_eq!(count(&active(0.9)), 8);
}

/// On a slow core exponential work of 1 ms is later than 8 ms in 4.5 % of the cases.
#[test]
fn a_target_too_short_for_slow_cores_is_held_by_fast_ones() {
    let active = settled(window(0.1, 5.552), hybrid(), 8_000_000);
    assert!(active[4..].contains(&true) && count(&active[..4]) == 0, "{active:?}");
}

#[test]
fn what_cannot_be_held_makes_all_active() {
    for (window, target_ns) in
        [(window(1.2, 5.552), TARGET_NS), (window(0.1, 5.552), 2_000_000), (window(0.1, 5.552), 1)]
    {
        assert_eq!(settled(window, hybrid(), target_ns), [true; 8]);
    }
}

#[test]
fn before_anything_is_known_all_are_active() {
    assert_eq!(
        settled(Window { elapsed_ns: LOOK_NS, ..Window::default() }, uniform(4), TARGET_NS),
        [true; 4]
    );
}

#[test]
fn more_are_active_at_once_and_fewer_only_after_several_looks() {
    let (mut packer, mut workers) = (Packer::new(TARGET_NS, IDLE_ACTIVE), uniform(8));
    let (low, high) = (window(0.1, 8.0), window(0.6, 8.0));
    let low_count = count(&after(&mut packer, low, &mut workers, 12));
    assert!(low_count < 3, "{low_count}");
    let high_count = count(&after(&mut packer, high, &mut workers, 1));
    assert!(high_count > 5, "{high_count}");
    assert_eq!(count(&after(&mut packer, low, &mut workers, 6)), high_count);
    assert_eq!(count(&after(&mut packer, low, &mut workers, 6)), low_count);
}

/// At the border of two sets a load that swings by a twentieth changes nothing after it settled.
#[test]
fn a_swinging_load_does_not_flap() {
    for step in 1..40 {
        let load = f64::from(step) / 50.0;
        let (mut packer, mut workers) = (Packer::new(TARGET_NS, IDLE_ACTIVE), hybrid());
        let mut before = after(&mut packer, window(load, 5.552), &mut workers, 20);
        let mut changes = 0;
        for turn in 0..100 {
            let swing = if turn % 3 == 0 { 0.95 } else { 1.05 };
            let now = after(&mut packer, window(load * swing, 5.552), &mut workers, 1);
            changes += u32::from(now != before);
            before = now;
        }
        assert!(changes <= 1, "load {load}: {changes} changes");
    }
}

#[test]
fn who_was_woken_goes_with_the_next_look_and_stays_when_it_happens_again_and_again() {
    let (mut packer, mut workers) = (Packer::new(TARGET_NS, IDLE_ACTIVE), uniform(8));
    let low = count(&after(&mut packer, window(0.1, 8.0), &mut workers, 12));
    let mut wake = |looks: u32| {
        let mut active = 0;
        for _ in 0..looks {
            let next = workers.iter().position(|worker| !worker.active).unwrap();
            workers[next].active = true;
            let window = Window { woken: 1, ..window(0.1, 8.0) };
            active = count(&after(&mut packer, window, &mut workers, 1));
        }
        active
    };
    assert_eq!([wake(1), wake(1), wake(1)], [low, low, low + 1]);
    assert_eq!(count(&after(&mut packer, window(0.1, 8.0), &mut workers, 3)), low + 1);
    // Soon after parking: patience has doubled.
    assert_eq!(count(&after(&mut packer, window(0.1, 8.0), &mut workers, 4)), low + 1);
    assert_eq!(count(&after(&mut packer, window(0.1, 8.0), &mut workers, 1)), low);
}

/// 11.8 + 2.326 √11.8 = 19.8; with all services alike the target itself.
#[test]
fn somebody_is_woken_when_one_in_a_hundred_would_be_late() {
    let wake_at = |scv: f64| {
        let window = Window { scv, ..window(0.05, 4.0) };
        f64::from(Packer::new(TARGET_NS, IDLE_ACTIVE).look(&window, &uniform(4)).wake_at)
    };
    let exact = |delay: f64| delay + 2.326 * libm::sqrt(delay);
    assert!((exact(wake_at(1.0)) - 20.0).abs() < 1e-3, "{}", wake_at(1.0));
    assert!((wake_at(0.0) - 20.0).abs() < 1e-3, "{}", wake_at(0.0));
}

#[test]
fn packets_that_are_late_all_the_same_make_more_active_until_they_are_not() {
    let (mut packer, mut workers) = (Packer::new(TARGET_NS, IDLE_ACTIVE), uniform(8));
    let before = count(&after(&mut packer, window(0.3, 8.0), &mut workers, 12));
    let late = Window { late: 30, ..window(0.3, 8.0) };
    let more = count(&after(&mut packer, late, &mut workers, 12));
    assert!(more > before, "{before} {more}");
    let again = count(&after(&mut packer, window(0.3, 8.0), &mut workers, 2_000));
    assert_eq!(again, before);
}

#[test]
fn whole_cores_come_before_their_second_threads() {
    let mut workers = uniform(4);
    (workers[1].core, workers[3].core) = (0, 2);
    let mut packer = Packer::new(TARGET_NS, IDLE_ACTIVE);
    let few = after(&mut packer, window(0.05, 4.0), &mut workers, 12);
    assert_eq!(few, [true, false, false, false]);
    // At 0.35 of four threads two are needed.
    let more = after(&mut packer, window(0.35, 4.0), &mut workers, 4);
    assert_eq!(more, [true, false, true, false]);
}

/// Its core is active in any case, and has the same work to do.
#[test]
fn a_worker_whose_core_stays_active_is_not_parked_since_that_saves_nothing() {
    let mut workers = uniform(8);
    workers.iter_mut().for_each(|worker| worker.core = 0);
    assert_eq!(settled(window(0.05, 8.0), workers.clone(), TARGET_NS), [true; 8]);
    let bar = |load: f64| {
        let demand = Demand { rate: load * 8.0 / 1e6, work_ns: 1e6, scv: 1.0 };
        sets::Bar { demand, limit_ns: 2e7, late: 0.005, load: 0.85, idle_active: 0.1 }
    };
    // One core of 1 W that is busy for two fifths of its time: 0.4 + 0.1 · 0.6 W.
    let (watts, holds) = sets::judge(&workers, &[true; 8], &bar(0.05));
    assert!(holds && (watts - 0.46).abs() < 1e-9, "{watts}");
    assert!((sets::judge(&workers, &[true; 8], &bar(0.5)).0 - 1.0).abs() < 1e-9);
}

#[test]
fn who_died_is_not_counted_on_and_not_parked() {
    let mut workers = uniform(4);
    workers[0].alive = false;
    let active = settled(window(0.1, 4.0), workers, TARGET_NS);
    assert!(active[0] && count(&active[1..]) == 1, "{active:?}");
}

/// One that died while it was parked is not left parked, neither by the first look nor by one that
/// takes the guests in.
#[test]
fn who_died_parked_is_marked_active_at_the_next_look() {
    for before in 0..4 {
        let mut workers = uniform(4);
        workers[3].active = false;
        let mut packer = Packer::new(TARGET_NS, IDLE_ACTIVE);
        let woken = Window { woken: 1, ..window(0.6, 4.0) };
        assert!(!after(&mut packer, woken, &mut workers, before)[3], "parked, {before} looks on");
        workers[3].alive = false;
        assert!(packer.look(&woken, &workers).active[3], "dead, {before} looks on");
    }
}

#[test]
fn the_marks_on_the_board_are_what_was_decided_and_time_is_counted() {
    let board = Arc::new(LoadBoard::new([1.0; 4]));
    let members = (0..4).map(|core| Member { watts: 1.0, core }).collect();
    let mut packing = Packing::new(members, TARGET_NS, IDLE_ACTIVE);
    let reading = |look: u64| {
        let done = 50 * look;
        let work =
            Work { done, busy_ns: 1e6 * done as f64, squares: 2e12 * done as f64, gone: false };
        let mut workers = vec![Work::default(); 4];
        workers[0] = work;
        Reading { now_ns: look * LOOK_NS, arrived: done, done, late: 0, workers }
    };
    (1..=40).for_each(|look| packing.look(reading(look), &board));
    assert_eq!(board.parking().active(), 1);
    let report = packing.report(40 * LOOK_NS, &board);
    assert_eq!((report.span_ns, report.parked, report.woken), (40 * LOOK_NS, 3, 0));
    assert!(report.active_mean() < 2.0 && report.active_ns[0] == 40 * LOOK_NS, "{report:?}");
    // Woken in between, it counts from the look before.
    let worker = board.parking().wake_next().unwrap();
    let later = packing.report(41 * LOOK_NS, &board);
    assert_eq!(later.active_ns[worker.index()], report.active_ns[worker.index()] + LOOK_NS);
    assert_eq!(later.woken, 1);
}

/// Two fast workers, each at work for 0.6 of the time, whatever their temperature.
#[test]
fn a_worker_that_is_spared_has_done_as_much_as_before() {
    let parked = |relief: f32| {
        let board = Arc::new(LoadBoard::new([1.0, 1.0, 0.3, 0.3]));
        let watts = [0.7, 0.7, 0.3, 0.3];
        let members = watts.iter().zip(0..).map(|(watts, core)| Member { watts: *watts, core });
        let mut packing = Packing::new(members.collect(), TARGET_NS, IDLE_ACTIVE);
        for worker in [0, 1].map(WorkerId) {
            board.set_speed(worker, relief, 0.0);
            board.set_relief(worker, relief);
        }
        let reading = |look: u64| {
            let done = 150 * look;
            let work = |busy_ns: f64| Work { done, busy_ns, squares: busy_ns * 1e6, gone: false };
            let busy_ns = 1e6 * done as f64;
            let workers = vec![work(busy_ns), work(busy_ns), Work::default(), Work::default()];
            Reading { now_ns: look * LOOK_NS, arrived: 2 * done, done: 2 * done, late: 0, workers }
        };
        (1..=40).for_each(|look| packing.look(reading(look), &board));
        [0, 1, 2, 3].map(|worker| board.parking().is_parked(WorkerId(worker)))
    };
    assert!(parked(1.0).contains(&true), "four workers hold more than that");
    // Spared, they take a third of it, and everybody is needed. Their time taken for that of slow
    // cores, the other two would seem to hold it.
    assert_eq!(parked(0.3), [false; 4]);
}

proptest! {
    /// Whatever is seen: somebody who lives is active, everybody stands in the order once, and a
    /// number is a number.
    #[test]
    fn somebody_alive_is_always_active(
        workers in prop::collection::vec((0.01f64..1.0, 0.1f64..9.0, any::<[bool; 2]>(), 0usize..12), 1..12),
        windows in prop::collection::vec((0u64..100_000, 0u64..1_000, 0.0f64..1e9, 0.0f64..50.0), 1..30),
        target_ns in 1u64..10_000_000_000,
    ) {
        let view = |(at, (capacity, watts, [alive, active], core)): (usize, &(f64, f64, [bool; 2], usize))| {
            WorkerView { capacity: *capacity, watts: *watts, core: at.min(*core), alive: *alive, active: *active }
        };
        let mut workers: Vec<_> = workers.iter().enumerate().map(view).collect();
        let mut packer = Packer::new(target_ns, IDLE_ACTIVE);
        for (arrived, late, work_ns, scv) in windows {
            let window = Window { elapsed_ns: LOOK_NS, arrived, done: arrived, late, work_ns, scv, woken: 0 };
            let pack = packer.look(&window, &workers);
            let alive = workers.iter().any(|worker| worker.alive);
            let pairs = || workers.iter().zip(&pack.active);
            prop_assert!(pairs().any(|(worker, active)| *active && (worker.alive || !alive)));
            prop_assert!(pairs().all(|(worker, active)| *active || worker.alive));
            let mut order: Vec<u32> = pack.order.iter().map(|worker| worker.0).collect();
            order.sort_unstable();
            prop_assert!(order.iter().copied().eq(0..workers.len() as u32));
            prop_assert!(pack.wake_at > 0.0);
            workers.iter_mut().zip(&pack.active).for_each(|(worker, active)| worker.active = *active);
        }
    }

    /// The more comes the more is drawn: never cheaper for more packets.
    #[test]
    fn more_work_is_never_cheaper(
        workers in prop::collection::vec((0.05f64..1.0, 0.1f64..9.0), 1..10),
        scv in 0.0f64..4.0,
        target_ns in 1_000_000u64..100_000_000,
    ) {
        let view = |(capacity, watts): &(f64, f64)| WorkerView { capacity: *capacity, watts: *watts, ..hybrid()[0] };
        let workers = apart(workers.iter().map(view).collect());
        let capacity: f64 = workers.iter().map(|worker| worker.capacity).sum();
        let mut before = 0.0;
        for step in 0..20 {
            let demand = Demand { rate: f64::from(step) / 20.0 * capacity / 1e6, work_ns: 1e6, scv };
            let bar = sets::Bar { demand, limit_ns: target_ns as f64, late: 0.005, load: 0.85, idle_active: 0.1 };
            let Some(set) = sets::cheapest(&workers, &sets::by_frugality(&workers), &bar) else { break };
            let (watts, holds) = sets::judge(&workers, &set, &bar);
            prop_assert!(holds && watts >= before - 1e-9, "{watts} after {before}");
            before = watts;
        }
    }
}
