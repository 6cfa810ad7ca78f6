//! Laws of placement.

use proptest::prelude::*;

use super::*;
use crate::topology::model::CapacitySource;

/// CPUs by id: whether it is allowed, its class, its sibling.
fn machine(cpus: &[(u32, bool, Class, Option<u32>)]) -> Topology {
    let cpu = |&(id, allowed, class, sibling): &(u32, bool, Class, Option<u32>)| Cpu {
        cpu: CpuId(id),
        online: id != 7,
        allowed,
        isolated: false,
        class,
        capacity: if class == Class::Efficiency { 0.5 } else { 1.0 },
        capacity_source: CapacitySource::Assumed,
        smt_siblings: sibling.into_iter().map(CpuId).collect(),
        cluster: None,
        package: None,
        min_khz: None,
        max_khz: None,
    };
    let cpus = cpus.iter().map(cpu).collect();
    let (model, notes) = (String::new(), Vec::new());
    Topology { cpus, classes: Vec::new(), hybrid: true, quota_cpus: None, model, notes }
}

/// Slow CPUs 0 and 1; 2 and 4 are one fast core, 5 another; 6 is forbidden, 7 offline.
pub fn hybrid() -> Topology {
    machine(&[
        (0, true, Class::Efficiency, None),
        (1, true, Class::Efficiency, None),
        (2, true, Class::Performance, Some(4)),
        (4, true, Class::Performance, Some(2)),
        (5, true, Class::Performance, None),
        (6, false, Class::Performance, None),
        (7, false, Class::Performance, None),
    ])
}

fn placed(cpus: Option<&str>, workers: Option<u32>) -> Result<(Vec<u32>, bool), PlacementError> {
    let cpus = cpus.map(|text| text.parse().expect("a CPU list"));
    let request = PlacementRequest { cpus, workers, ..PlacementRequest::default() };
    let placement = place(&hybrid(), &request)?;
    let workers = placement.seats.iter().map(|seat| seat.worker.0);
    assert!(workers.eq(0..placement.seats.len() as u32), "workers are numbered in order");
    Ok((placement.seats.iter().map(|seat| seat.cpu.0).collect(), placement.shared))
}

#[test]
fn by_default_every_allowed_cpu_has_a_worker() {
    assert_eq!(placed(None, None), Ok((vec![0, 1, 2, 4, 5], false)));
}

#[test]
fn fewer_workers_take_the_fastest_class_and_whole_cores_first() {
    assert_eq!(placed(None, Some(2)), Ok((vec![2, 5], false)));
    assert_eq!(placed(None, Some(4)), Ok((vec![0, 2, 4, 5], false)));
    assert_eq!(placed(Some("4,5"), Some(1)), Ok((vec![4], false)), "its sibling is not asked");
}

fn request() -> PlacementRequest {
    PlacementRequest::default()
}

/// The CPUs with a worker, and those for housekeeping.
fn cpus_of(request: &PlacementRequest) -> (String, String) {
    let placement = place(&hybrid(), request).expect("a placement");
    let workers: CpuList = placement.seats.iter().map(|seat| seat.cpu).collect();
    (workers.to_string(), placement.housekeeping.to_string())
}

#[test]
fn the_second_thread_of_a_core_can_be_left_out() {
    let avoid = PlacementRequest { smt: Smt::Avoid, ..request() };
    // The second thread is on the fast worker's core: the slow cores come first.
    assert_eq!(cpus_of(&avoid), ("0-2,5".into(), "0-1".into()));
    let fast_alone = PlacementRequest { cpus: Some("2,4-5".parse().expect("a list")), ..avoid };
    assert_eq!(cpus_of(&fast_alone), ("2,5".into(), "4".into()));
}

#[test]
fn the_slowest_cpus_are_reserved_first_and_a_core_as_a_whole() {
    for (reserve, workers, housekeeping) in
        [(0, "0-2,4-5", "0-1"), (1, "1-2,4-5", "0"), (2, "2,4-5", "0-1"), (4, "5", "0-2,4")]
    {
        let reserve = PlacementRequest { reserve, ..request() };
        assert_eq!(cpus_of(&reserve), (workers.into(), housekeeping.into()), "{reserve:?}");
    }
}

#[test]
fn one_cpu_is_left_for_a_worker() {
    let all = place(&hybrid(), &PlacementRequest { reserve: 5, ..request() });
    assert_eq!(all, Err(PlacementError::NothingLeft { reserve: 5, cpus: 5 }));
}

#[test]
fn housekeeping_stays_within_what_was_asked_for() {
    let fast = PlacementRequest { cpus: Some("2,4,5".parse().expect("a list")), ..request() };
    assert_eq!(cpus_of(&fast).1, "", "equal cores, all with a worker: no room");
    let fewer = PlacementRequest { workers: Some(2), ..fast };
    assert_eq!(cpus_of(&fewer), ("2,5".into(), "4".into()));
}

#[test]
fn more_workers_than_cpus_share_them_in_turn() {
    assert_eq!(placed(Some("2,5"), Some(5)), Ok((vec![2, 5, 2, 5, 2], true)));
    assert_eq!(placed(Some("2,5"), Some(2)), Ok((vec![2, 5], false)));
}

#[test]
fn a_seat_has_the_class_and_capacity_of_its_cpu() {
    let placement = place(&hybrid(), &PlacementRequest::default()).expect("a placement");
    let seat = placement.seats[1];
    assert_eq!((seat.cpu, seat.class, seat.capacity), (CpuId(1), Class::Efficiency, 0.5));
}

#[test]
fn cpus_that_cannot_be_used_are_named_with_the_reason() {
    let message = placed(Some("2-9"), None).expect_err("most of them cannot").to_string();
    assert_eq!(
        message,
        "CPU 3,8-9 does not exist; CPU 7 is offline; CPU 6 is not allowed to this process \
         (affinity mask or cpuset); the CPUs that can be used are 0-2,4-5"
    );
}

#[test]
fn impossible_requests_are_refused() {
    assert_eq!(placed(None, Some(0)), Err(PlacementError::Workers(0)));
    assert_eq!(placed(None, Some(4097)), Err(PlacementError::Workers(4097)));
    assert_eq!(placed(Some(""), None), Err(PlacementError::NothingAskedFor));
    let nowhere = place(&machine(&[]), &PlacementRequest::default());
    assert_eq!(nowhere, Err(PlacementError::NothingAllowed));
}

proptest! {
    #[test]
    fn no_cpu_has_two_workers_more_than_another(workers in 1..40u32) {
        let (cpus, shared) = placed(None, Some(workers)).expect("a placement");
        let mut counts = BTreeMap::new();
        cpus.iter().for_each(|cpu| *counts.entry(cpu).or_insert(0) += 1);
        let (most, least) = (counts.values().max(), counts.values().min());
        prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
        prop_assert_eq!(shared, workers > 5);
        prop_assert_eq!(cpus.len() as u32, workers);
    }
}
