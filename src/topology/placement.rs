//! Which worker sits on which CPU.

use std::collections::BTreeMap;
use std::fmt;

use super::cpu_list::CpuList;
use super::model::{Cpu, Topology};
use crate::class::Class;
use crate::ids::{CpuId, WorkerId};

/// The most workers an engine may have.
pub const WORKERS_MAX: u32 = 4096;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacementRequest {
    /// Only these CPUs; all allowed ones by default.
    pub cpus: Option<CpuList>,
    /// This many workers; one a CPU by default.
    pub workers: Option<u32>,
}

/// A worker and the CPU it is to be pinned to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seat {
    /// The worker.
    pub worker: WorkerId,
    /// Its CPU.
    pub cpu: CpuId,
    /// The class of that CPU.
    pub class: Class,
    /// The capacity of that CPU, whole even where workers share it: what the others take of it
    /// is foreign load to this one.
    pub capacity: f64,
}

/// Where all workers sit.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// One a worker, by ascending worker id, which is also by ascending CPU id unless CPUs are
    /// shared.
    pub seats: Vec<Seat>,
    /// Whether some CPU has more than one worker. Every output must say so.
    pub shared: bool,
}

/// Why there is no placement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// 0, or more than [`WORKERS_MAX`].
    #[error("{0} workers are impossible: ask for 1 to 4096")]
    Workers(u32),
    /// An empty list of CPUs was asked for.
    #[error("no CPU was asked for: name some, such as 0-3, or leave the choice open")]
    NothingAskedFor,
    /// Some of the CPUs asked for cannot be used.
    #[error("{0}")]
    NotUsable(NotUsable),
    /// The process may use no CPU at all, as far as could be read.
    #[error("none of the CPUs that are online is in the affinity mask of this process")]
    NothingAllowed,
}

/// CPUs that were asked for and cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotUsable {
    /// There is no such CPU.
    pub absent: CpuList,
    /// It is offline.
    pub offline: CpuList,
    /// It is online, and not in the process's affinity mask or cpuset.
    pub forbidden: CpuList,
    /// What could have been asked for.
    pub allowed: CpuList,
}

impl fmt::Display for NotUsable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = [
            (&self.absent, "does not exist"),
            (&self.offline, "is offline"),
            (&self.forbidden, "is not allowed to this process (affinity mask or cpuset)"),
        ];
        for (cpus, fault) in faults.iter().filter(|(cpus, _)| !cpus.is_empty()) {
            write!(f, "CPU {cpus} {fault}; ")?;
        }
        write!(f, "the CPUs that can be used are {}", self.allowed)
    }
}

/// Places the workers.
///
/// By default one on every allowed CPU. Fewer workers than CPUs take the fastest class first,
/// since a slow core can only add delay while a fast one is free; within a class one thread of
/// each core before the siblings, which would share it, and lower ids first. More workers than
/// CPUs share them in turn: with CPUs 2 and 5, workers 0, 1, 2 sit on 2, 5, 2.
///
/// # Errors
/// An impossible number of workers, or CPUs that cannot be used.
pub fn place(topology: &Topology, request: &PlacementRequest) -> Result<Placement, PlacementError> {
    let mut cpus = candidates(topology, request.cpus.as_ref())?;
    let workers = request.workers.unwrap_or(cpus.len() as u32);
    if !(1..=WORKERS_MAX).contains(&workers) {
        return Err(PlacementError::Workers(workers));
    }
    let shared = workers as usize > cpus.len();
    let siblings = earlier_siblings(&cpus);
    cpus.sort_by_key(|cpu| (cpu.class, siblings.get(&cpu.cpu).copied(), cpu.cpu));
    cpus.truncate(workers as usize);
    cpus.sort_by_key(|cpu| cpu.cpu);
    let seats = (0..workers).map(WorkerId).zip(cpus.iter().cycle()).map(seat).collect();
    Ok(Placement { seats, shared })
}

fn seat((worker, cpu): (WorkerId, &&Cpu)) -> Seat {
    Seat { worker, cpu: cpu.cpu, class: cpu.class, capacity: cpu.capacity }
}

/// The CPUs that may be taken: not empty.
fn candidates<'a>(
    topology: &'a Topology,
    asked: Option<&CpuList>,
) -> Result<Vec<&'a Cpu>, PlacementError> {
    let allowed = topology.allowed();
    if allowed.is_empty() {
        return Err(PlacementError::NothingAllowed);
    }
    let asked = asked.unwrap_or(&allowed);
    if asked.is_empty() {
        return Err(PlacementError::NothingAskedFor);
    }
    if asked.iter().any(|cpu| !allowed.contains(cpu)) {
        return Err(PlacementError::NotUsable(faults(topology, asked, &allowed)));
    }
    Ok(asked.iter().filter_map(|cpu| topology.cpu(cpu)).collect())
}

fn faults(topology: &Topology, asked: &CpuList, allowed: &CpuList) -> NotUsable {
    let online = |cpu| topology.cpu(cpu).map(|cpu| cpu.online);
    NotUsable {
        absent: asked.only(|cpu| online(cpu).is_none()),
        offline: asked.only(|cpu| online(cpu) == Some(false)),
        forbidden: asked.only(|cpu| online(cpu) == Some(true) && !allowed.contains(cpu)),
        allowed: allowed.clone(),
    }
}

/// How many of the CPUs that share a CPU's core come before it.
fn earlier_siblings(cpus: &[&Cpu]) -> BTreeMap<CpuId, usize> {
    let taken: CpuList = cpus.iter().map(|cpu| cpu.cpu).collect();
    let earlier = |cpu: &Cpu| {
        cpu.smt_siblings.iter().filter(|&&id| id < cpu.cpu && taken.contains(id)).count()
    };
    cpus.iter().map(|cpu| (cpu.cpu, earlier(cpu))).collect()
}

#[cfg(test)]
mod tests {
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
        Topology { cpus, classes: Vec::new(), hybrid: true, model, notes }
    }

    /// Slow CPUs 0 and 1; 2 and 4 are one fast core, 5 another; 6 is forbidden, 7 offline.
    fn hybrid() -> Topology {
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

    fn placed(
        cpus: Option<&str>,
        workers: Option<u32>,
    ) -> Result<(Vec<u32>, bool), PlacementError> {
        let cpus = cpus.map(|text| text.parse().expect("a CPU list"));
        let placement = place(&hybrid(), &PlacementRequest { cpus, workers })?;
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
}
