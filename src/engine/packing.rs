//! The goal of energy: who is active is looked at whenever the sampler looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::WorkerId;
use crate::loads::LoadBoard;
use crate::packing::{
    Draws, IDLE_ACTIVE, Member, Packing, PackingReport, Reading, TARGET_NS, Work,
};
use crate::power::PowerModel;
use crate::topology::{Seat, Topology};
use crate::totals::WorkerState;

/// As few and frugal workers as hold a target are active, the others are parked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyGoal {
    /// 99 of 100 packets shall be done within this time after they were dispatched.
    pub latency_slo: Duration,
    /// The part of its watts at work that an active core costs while it has nothing to do (0 to
    /// 1): an assumption of the model, see [`IDLE_ACTIVE`].
    pub idle_active: f64,
}

impl Default for EnergyGoal {
    fn default() -> Self {
        EnergyGoal { latency_slo: Duration::from_nanos(TARGET_NS), idle_active: IDLE_ACTIVE }
    }
}

/// What packing came to so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    /// What was asked for.
    pub goal: EnergyGoal,
    /// Workers that are active now.
    pub active: u32,
    /// What was counted.
    pub report: PackingReport,
    /// The board by the model.
    pub draws: Draws,
    /// Where its figures come from; begins with "model".
    pub source: String,
}

/// Who looks after it, shared between the sampler's thread and whoever takes a look.
#[derive(Clone)]
pub struct EnergyKeeper {
    packing: Arc<Mutex<Packing>>,
    goal: EnergyGoal,
    board: Arc<LoadBoard>,
    workers: Vec<Arc<WorkerState>>,
    draws: Draws,
    source: String,
}

impl EnergyKeeper {
    pub fn new(
        goal: EnergyGoal,
        model: Option<&PowerModel>,
        topology: &Topology,
        seats: &[Seat],
        (board, workers): (&Arc<LoadBoard>, &[Arc<WorkerState>]),
    ) -> Self {
        let own = || PowerModel::of_machine(&topology.model, topology.hybrid);
        let model = model.cloned().unwrap_or_else(own);
        let classes: Vec<_> = seats.iter().map(|seat| seat.class).collect();
        let draws = Draws::of(&model, &classes, goal.idle_active).on(cores(topology, seats));
        let members = members(&draws);
        let packing = Packing::new(members, target_ns(&goal), goal.idle_active);
        EnergyKeeper {
            packing: Arc::new(Mutex::new(packing)),
            goal,
            board: board.clone(),
            workers: workers.to_vec(),
            draws,
            source: format!("{}, idle-active {}", model.source(), goal.idle_active),
        }
    }

    /// Decides who is active from now on.
    pub fn look(&self, now_ns: u64) {
        let reading = self.reading(now_ns);
        self.lock().look(reading, &self.board);
    }

    /// What it came to by `now_ns`.
    pub fn packed(&self, now_ns: u64) -> Packed {
        Packed {
            goal: self.goal,
            active: self.board.parking().active(),
            report: self.lock().report(now_ns, &self.board),
            draws: self.draws.clone(),
            source: self.source.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Packing> {
        self.packing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has happened so far. Packets that were evicted are missing in what came; there are some
    /// only where every inbox is full, when all workers are active in any case.
    fn reading(&self, now_ns: u64) -> Reading {
        let mut reading = Reading { now_ns, ..Reading::default() };
        for (at, worker) in self.workers.iter().enumerate() {
            // Before what has ended: a packet that ends in between is counted twice and not never, and
            // at the next look once less.
            let in_flight = self.board.in_flight(WorkerId(at as u32)).count();
            let counts = &worker.counts;
            let ended = [&counts.processed, &counts.failed, &counts.expired, &counts.abandoned];
            let ended: u64 = ended.iter().map(|count| count.get()).sum();
            reading.arrived += ended + u64::from(in_flight);
            let totals = worker.totals();
            reading.done += totals.total.weight();
            reading.late += totals.total.above(target_ns(&self.goal));
            reading.workers.push(Work {
                done: totals.service.weight(),
                busy_ns: totals.service.sum_ns() as f64,
                squares: totals.service.squares(),
                gone: false,
            });
        }
        reading
    }
}

fn target_ns(goal: &EnergyGoal) -> u64 {
    u64::try_from(goal.latency_slo.as_nanos()).unwrap_or(u64::MAX)
}

fn members(draws: &Draws) -> Vec<Member> {
    let each = draws.watts.iter().zip(&draws.cores);
    each.map(|(watts, core)| Member { watts: *watts, core: *core }).collect()
}

/// For each worker the first one that sits on the same core, on its CPU or as another thread.
fn cores(topology: &Topology, seats: &[Seat]) -> Vec<usize> {
    let shares = |seat: &Seat, other: &Seat| {
        let cpu = topology.cpus.iter().find(|cpu| cpu.cpu == seat.cpu);
        seat.cpu == other.cpu || cpu.is_some_and(|cpu| cpu.smt_siblings.contains(&other.cpu))
    };
    let first = |(at, seat)| seats.iter().position(|other| shares(seat, other)).unwrap_or(at);
    seats.iter().enumerate().map(first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::ids::CpuId;
    use crate::packet::Kind;
    use crate::packing::LOOK_NS;
    use crate::totals::Done;

    fn nothing_known() -> Topology {
        let (cpus, classes, notes) = (Vec::new(), Vec::new(), Vec::new());
        Topology { cpus, classes, hybrid: false, quota_cpus: None, model: String::new(), notes }
    }

    fn seats(cpus: &[u32]) -> Vec<Seat> {
        let seat = |(at, cpu): (usize, &u32)| Seat {
            worker: WorkerId(at as u32),
            cpu: CpuId(*cpu),
            class: Class::Uniform,
            capacity: 1.0,
        };
        cpus.iter().enumerate().map(seat).collect()
    }

    fn keeper(cpus: &[u32]) -> (EnergyKeeper, Arc<LoadBoard>, Vec<Arc<WorkerState>>) {
        let board = Arc::new(LoadBoard::new(cpus.iter().map(|_| 1.0)));
        let workers: Vec<Arc<WorkerState>> = cpus.iter().map(|_| Arc::default()).collect();
        let (goal, topology) = (EnergyGoal::default(), nothing_known());
        let keeper = EnergyKeeper::new(goal, None, &topology, &seats(cpus), (&board, &workers));
        (keeper, board, workers)
    }

    fn work(worker: &WorkerState, packets: u32, wait_ns: u64) {
        worker.counts.processed.add(u64::from(packets));
        worker.totals().add(Done {
            kind: Kind::Other,
            wait_ns,
            service_ns: 1_000_000,
            cpu_ns: None,
            succeeded: true,
            weight: packets,
        });
    }

    #[test]
    fn little_work_parks_all_but_one_and_more_wakes_them() {
        let (keeper, board, workers) = keeper(&[0, 1, 2, 3]);
        for look in 1..=8 {
            work(&workers[0], 10, 0);
            keeper.look(look * LOOK_NS);
        }
        assert_eq!(board.parking().active(), 1);
        work(&workers[0], 240, 0);
        // Still waiting somewhere.
        board.in_flight(WorkerId(0)).set(400);
        keeper.look(9 * LOOK_NS);
        assert!(board.parking().active() > 2);
        let packed = keeper.packed(10 * LOOK_NS);
        assert_eq!((packed.report.span_ns, packed.report.parked), (10 * LOOK_NS, 3));
        assert!(packed.source.starts_with("model"), "{}", packed.source);
    }

    #[test]
    fn packets_that_are_late_keep_workers_active() {
        let looks = |wait_ns: u64| {
            let (keeper, board, workers) = keeper(&[0, 1, 2, 3]);
            for look in 1..=40 {
                work(&workers[0], 50, wait_ns);
                keeper.look(look * LOOK_NS);
            }
            board.parking().active()
        };
        assert!(looks(30_000_000) > looks(0), "{} {}", looks(30_000_000), looks(0));
    }

    #[test]
    fn two_workers_on_one_cpu_share_its_core() {
        assert_eq!(cores(&nothing_known(), &seats(&[0, 1, 0, 1])), [0, 1, 0, 1]);
    }

    /// 64 workers on two CPUs: nobody can save more than what two cores draw.
    #[test]
    fn the_workers_of_a_cpu_are_charged_one_core_together() {
        let cpus: Vec<u32> = (0..64).map(|worker| worker % 2).collect();
        let (keeper, ..) = keeper(&cpus);
        let draws = keeper.packed(LOOK_NS).draws;
        let joules = |active_s: f64| draws.joules(10.0, &[0.0; 64], &[active_s; 64]);
        let two_cores = 2.0 * draws.watts[0] * IDLE_ACTIVE * 10.0;
        assert!((joules(10.0) - joules(0.0) - two_cores).abs() < 1e-9, "{}", joules(10.0));
    }
}
