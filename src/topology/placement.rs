//! Which worker sits on which CPU.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::cpu_list::CpuList;
use super::housekeeping::housekeeping;
use super::model::{Cpu, Topology};
use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::sorting;

/// The most workers an engine may have.
pub const WORKERS_MAX: u32 = 4096;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacementRequest {
    /// Only these CPUs; all allowed ones by default.
    pub cpus: Option<CpuList>,
    /// This many workers; by default one a CPU, or as many as the CPU quota feeds.
    pub workers: Option<u32>,
    /// Whether two workers may share a core that has two threads.
    pub smt: Smt,
    /// This many CPUs without a worker, for sources, sampler and recorder.
    pub reserve: u32,
}

/// What is done with cores that run several threads at once (simultaneous multithreading).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Smt {
    /// A worker on every thread: the core does more in all, each of its workers less.
    #[default]
    Use,
    /// A worker on the first thread of each core alone: steadier service times.
    Avoid,
}

impl Smt {
    /// Its name in settings: `use`, `avoid`.
    pub fn as_str(self) -> &'static str {
        match self {
            Smt::Use => "use",
            Smt::Avoid => "avoid",
        }
    }
}

impl fmt::Display for Smt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no way.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is neither use nor avoid")]
pub struct UnknownSmt(pub String);

impl FromStr for Smt {
    type Err = UnknownSmt;

    fn from_str(text: &str) -> Result<Self, UnknownSmt> {
        let named = |smt: &Smt| smt.as_str() == text;
        [Smt::Use, Smt::Avoid].into_iter().find(named).ok_or_else(|| UnknownSmt(text.to_owned()))
    }
}

/// A worker and the CPU it is to be pinned to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Placement {
    /// One a worker, by ascending worker id, which is also by ascending CPU id unless CPUs are
    /// shared.
    pub seats: Vec<Seat>,
    /// Whether some CPU has more than one worker. Every output must say so.
    pub shared: bool,
    /// Where sources, sampler and recorder run; empty where there is no room for them apart from
    /// the workers, and the kernel decides.
    pub housekeeping: CpuList,
    /// The CPUs that were reserved for them.
    pub reserved: CpuList,
    /// Why they run there, in words.
    pub housekeeping_reason: String,
    /// Why there are not as many workers as CPUs, or why there should not be; a line each, none as
    /// a rule.
    pub reasons: Vec<String>,
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
    /// All CPUs were reserved.
    #[error("{reserve} CPUs are reserved of {cpus}: reserve fewer, one must be left for a worker")]
    NothingLeft {
        /// How many are to be reserved.
        reserve: u32,
        /// How many there are.
        cpus: u32,
    },
    /// The process may use no CPU at all, as far as could be read.
    #[error(
        "none of the CPUs that are online is in the affinity mask of this process: widen the mask \
         (taskset) or the cpuset, or set a CPU of it online"
    )]
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
/// By default one on every allowed CPU, or fewer where the CPU quota of the process feeds fewer.
/// Fewer workers than CPUs take the fastest class first, since a slow core can only add delay
/// while a fast one is free; within a class one thread of each core before the siblings, which
/// would share it, and lower ids first. More workers than CPUs share them in turn: with CPUs 2
/// and 5, workers 0, 1, 2 sit on 2, 5, 2.
///
/// # Errors
/// An impossible number of workers, CPUs that cannot be used, or none left after the reserve.
pub fn place(topology: &Topology, request: &PlacementRequest) -> Result<Placement, PlacementError> {
    let all = candidates(topology, request.cpus.as_ref())?;
    let mut reasons = Vec::new();
    let mut cpus = without_reserve(&all, request.reserve)?;
    let is_left = |cpu: CpuId| cpus.iter().any(|left| left.cpu == cpu);
    let reserved = all.iter().map(|cpu| cpu.cpu).filter(|&cpu| !is_left(cpu)).collect();
    if request.smt == Smt::Avoid {
        cpus = without_siblings(cpus, &mut reasons);
    }
    let workers = workers(request, cpus.len() as u32, topology.quota_cpus, &mut reasons);
    if !(1..=WORKERS_MAX).contains(&workers) {
        return Err(PlacementError::Workers(workers));
    }
    let shared = workers as usize > cpus.len();
    let siblings = earlier_siblings(&cpus);
    sorting::sort_by_key(&mut cpus, |cpu| (cpu.class, siblings.get(&cpu.cpu).copied(), cpu.cpu));
    cpus.truncate(workers as usize);
    sorting::sort_by_key(&mut cpus, |cpu| cpu.cpu);
    let seats: Vec<Seat> = (0..workers).map(WorkerId).zip(cpus.iter().cycle()).map(seat).collect();
    let (housekeeping, housekeeping_reason) = housekeeping(&all, &seats);
    Ok(Placement { seats, shared, housekeeping, reserved, housekeeping_reason, reasons })
}

/// How many workers: as asked, else one a CPU, else what the quota feeds.
fn workers(
    request: &PlacementRequest,
    cpus: u32,
    quota_cpus: Option<f64>,
    reasons: &mut Vec<String>,
) -> u32 {
    // A hundredth of a CPU less than all is all.
    let Some(quota) = quota_cpus.filter(|quota| quota + 0.01 < f64::from(cpus)) else {
        return request.workers.unwrap_or(cpus);
    };
    let fed = ((quota + 0.01).floor() as u32).max(1);
    let workers = request.workers.unwrap_or(fed);
    if request.workers.is_none() && fed < cpus {
        reasons.push(format!(
            "the CPU quota is {quota:.2} of {cpus} CPUs: {fed} worker{} instead of {cpus}",
            if fed == 1 { "" } else { "s" }
        ));
    } else if f64::from(workers) > quota {
        reasons.push(format!(
            "the CPU quota is {quota:.2} of {cpus} CPUs: {workers} workers will stand still together \
             when it is used up"
        ));
    }
    workers
}

/// What is left for workers: the slowest CPUs go first, and of those the lowest, where most
/// boards handle their interrupts; threads of one core go together.
fn without_reserve<'a>(all: &[&'a Cpu], reserve: u32) -> Result<Vec<&'a Cpu>, PlacementError> {
    let cpus = all.len() as u32;
    if reserve >= cpus {
        return Err(PlacementError::NothingLeft { reserve, cpus });
    }
    let core = |cpu: &Cpu| cpu.smt_siblings.iter().copied().fold(cpu.cpu, CpuId::min);
    let mut order = all.to_vec();
    sorting::sort_by_key(&mut order, |cpu| (std::cmp::Reverse(cpu.class), core(cpu), cpu.cpu));
    let mut left = order.split_off(reserve as usize);
    sorting::sort_by_key(&mut left, |cpu| cpu.cpu);
    Ok(left)
}

/// The first thread of each core.
fn without_siblings<'a>(cpus: Vec<&'a Cpu>, reasons: &mut Vec<String>) -> Vec<&'a Cpu> {
    let earlier = earlier_siblings(&cpus);
    let is_first = |cpu: &&Cpu| earlier.get(&cpu.cpu) == Some(&0);
    let (first, others): (Vec<_>, Vec<_>) = cpus.into_iter().partition(is_first);
    if !others.is_empty() {
        let list: CpuList = others.iter().map(|cpu| cpu.cpu).collect();
        reasons.push(format!("CPU {list} has no worker: its core has one (smt avoid)"));
    }
    first
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
pub(super) mod tests;
