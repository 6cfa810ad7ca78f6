use super::*;

const A: WorkerId = WorkerId(0);
const B: WorkerId = WorkerId(1);

#[test]
fn the_score_is_the_expected_delay() {
    let board = Arc::new(LoadBoard::new([1.0, 0.5]));
    board.in_flight(B).set(3);
    board.set_speed(B, 0.5, 0.5);
    let loads = Loads::new(board);
    assert_eq!((loads.expected_delay(A), loads.expected_delay(B)), (1.0, 16.0));
}

#[test]
fn a_worker_that_died_comes_last_whatever_the_sampler_says() {
    let board = Arc::new(LoadBoard::new([1.0, 1.0]));
    board.in_flight(B).set(1_000_000);
    board.set_speed(B, 0.0, 1.0);
    board.retire(A);
    board.set_speed(A, 1.0, 0.0);
    let loads = Loads::new(board);
    assert!(loads.expected_delay(A) > loads.expected_delay(B));
    assert!(loads.expected_delay(A).is_infinite());
}

#[test]
fn one_reading_sees_its_own_choices_and_no_others() {
    let board = Arc::new(LoadBoard::new([1.0, 1.0]));
    let mut loads = Loads::new(board.clone());
    assert_eq!(loads.take(A).in_flight, 0);
    board.in_flight(A).set(40);
    assert_eq!(loads.take(A).in_flight, 1);
    loads.refresh();
    assert_eq!(loads.in_flight(A), 40);
}

#[test]
fn within_a_reading_nobodys_speed_changes() {
    let board = Arc::new(LoadBoard::new([1.0, 0.5]));
    let mut loads = Loads::new(board.clone());
    let all = |loads: &Loads| {
        let one = |worker| {
            let choice = loads.choice(worker).0;
            let speed = (loads.capacity(worker), loads.foreign_load(worker), choice.foreign_load);
            (speed, loads.utilization(worker), loads.delay_when_idle(worker))
        };
        [one(A), one(B)]
    };
    let before = all(&loads);
    assert_eq!(before, [((1.0, 0.0, 0.0), 0.0, 1.0), ((0.5, 0.0, 0.0), 0.0, 2.0)]);
    // What the sampler says, and a death, belong to the next reading; each alone is noticed.
    board.set_speed(B, 0.25, 0.5);
    assert_eq!((all(&loads), loads.take(B).foreign_load), (before, 0.0));
    loads.refresh();
    assert_eq!(all(&loads), [before[0], ((0.25, 0.5, 0.5), 0.0, 8.0)]);
    board.set_utilization(B, 0.75);
    assert_eq!(loads.utilization(B), 0.0);
    loads.refresh();
    assert_eq!(all(&loads), [before[0], ((0.25, 0.5, 0.5), 0.75, 8.0)]);
    board.retire(A);
    assert_eq!(loads.delay_when_idle(A), 1.0);
    loads.refresh();
    let after = [((1.0, 0.0, 0.0), 0.0, f32::INFINITY), ((0.25, 0.5, 0.5), 0.75, 8.0)];
    assert_eq!(all(&loads), after);
}

#[test]
fn the_speed_of_a_parked_worker_is_seen_when_it_is_woken() {
    let board = parked([1.0; 3], [true, false, true], 1.0);
    let mut loads = Loads::new(board.clone());
    board.set_speed(B, 0.25, 0.0);
    board.set_utilization(B, 0.5);
    loads.refresh();
    assert!(loads.delay_when_idle(B).is_infinite() && loads.utilization(B).is_infinite());
    board.parking().set(&[true; 3], &[], 1.0);
    loads.refresh();
    assert_eq!((loads.delay_when_idle(B), loads.utilization(B)), (4.0, 0.5));
}

#[test]
fn a_core_that_is_all_foreign_is_a_last_resort_and_no_more() {
    let board = Arc::new(LoadBoard::new([1.0, 0.0]));
    board.set_speed(A, 1.0, 7.0);
    let loads = Loads::new(board);
    assert!((loads.expected_delay(A) - 20.0).abs() < 1e-3);
    assert!(loads.expected_delay(B).is_finite());
}

fn parked(capacities: [f32; 3], active: [bool; 3], wake_at: f32) -> Arc<LoadBoard> {
    let board = Arc::new(LoadBoard::new(capacities));
    board.parking().set(&active, &[B, A, C], wake_at);
    board
}

const C: WorkerId = WorkerId(2);

#[test]
fn a_parked_worker_looks_full_slow_and_busy_until_it_is_woken() {
    let board = parked([1.0; 3], [true, false, true], 1.0);
    let mut loads = Loads::new(board.clone());
    assert!(loads.is_parked(B) && loads.expected_delay(B).is_infinite());
    assert!(loads.in_flight(B) > crate::in_flight::BOUND_MAX && loads.utilization(B) > 1.0);
    assert_eq!((loads.active(), [0, 1].map(|nth| loads.nth_active(nth))), (2, [A, C]));
    board.parking().wake_next();
    assert!(loads.is_parked(B), "a reading does not change under who reads it");
    loads.refresh();
    assert_eq!((loads.in_flight(B), loads.expected_delay(B), loads.active()), (0, 1.0, 3));
}

#[test]
fn in_the_place_of_a_parked_worker_comes_the_best_active_one() {
    let board = parked([1.0; 3], [true, false, true], 1.0);
    board.in_flight(A).set(2);
    let loads = Loads::new(board);
    assert_eq!([A, B, C].map(|worker| loads.awake(worker)), [A, C, C]);
}

#[test]
fn a_stream_that_is_in_flight_at_a_parked_worker_sees_the_real_count() {
    let board = parked([1.0; 3], [true, false, true], 1.0);
    board.in_flight(B).set(7);
    assert_eq!(Loads::new(board).take(B).in_flight, 7);
}

#[test]
fn somebody_is_woken_when_all_active_ones_are_late_and_one_a_reading() {
    let board = parked([1.0, 1.0, 0.5], [false, false, true], 5.0);
    let mut loads = Loads::new(board.clone());
    // One packet more at a worker of half the speed: 2, 4, 6.
    loads.take(C);
    loads.wake_if_late();
    assert_eq!(board.parking().woken(), 0);
    loads.take(C);
    loads.take(C);
    (0..3).for_each(|_| loads.wake_if_late());
    assert_eq!((board.parking().woken(), board.parking().is_parked(B)), (1, false));
    loads.refresh();
    loads.take(C);
    // The one just woken is idle.
    loads.wake_if_late();
    assert_eq!(board.parking().woken(), 1);
}
