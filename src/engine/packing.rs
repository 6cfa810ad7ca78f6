//! The goal of energy: who is active is looked at whenever the sampler looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::StartError;
use crate::ids::WorkerId;
use crate::loads::LoadBoard;
use crate::packing::{
    Draws, IDLE_ACTIVE, Member, Packing, PackingReport, Reading, TARGET_NS, Work,
};
use crate::power::PowerModel;
use crate::topology::{Seat, Seats, Topology};
use crate::totals::WorkerState;

/// As few and frugal workers as hold a target are active, the others are parked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyGoal {
    /// 99 of 100 packets shall be done within this time after they were dispatched: 1 ms to 1 h.
    pub latency_slo: Duration,
    /// The part of its watts at work that an active core costs while it has nothing to do (0 to
    /// 1): an assumption of the model, see [`IDLE_ACTIVE`].
    pub idle_active: f64,
}

impl EnergyGoal {
    /// The shortest and the longest target. A thread that sleeps is running after some dozens of
    /// microseconds, on a core that slept deeply after some hundreds: what is shorter than a few
    /// of those cannot be held by waking.
    pub const LATENCY_SLO: (Duration, Duration) =
        (Duration::from_millis(1), Duration::from_secs(3600));

    /// Whether it can be aimed at.
    ///
    /// # Errors
    /// [`StartError::WrongGoal`].
    pub fn check(&self) -> Result<(), StartError> {
        let wrong = |what, seen, remedy| Err(StartError::WrongGoal { what, seen, remedy });
        let (slo, part) = (self.latency_slo, self.idle_active);
        if !(Self::LATENCY_SLO.0..=Self::LATENCY_SLO.1).contains(&slo) {
            return wrong("latency_slo", format!("{slo:?}"), "a time from 1 ms to 1 h");
        }
        if !(0.0..=1.0).contains(&part) {
            return wrong("idle_active", part.to_string(), "a part from 0 to 1");
        }
        Ok(())
    }
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
    /// The board by the model, the workers on the seats of the last look; so one that has moved
    /// to a core of another class is charged for the whole run as if it had always been there.
    pub draws: Draws,
    /// How wrong the model's figures may be, as a part of them.
    pub uncertainty: f64,
    /// Where its figures come from; begins with "model".
    pub source: String,
}

/// Who looks after it, shared between the sampler's thread and whoever takes a look.
#[derive(Clone)]
pub struct EnergyKeeper {
    kept: Arc<Mutex<Kept>>,
    goal: EnergyGoal,
    /// What the board draws, and which CPUs share a core.
    machine: Arc<(PowerModel, Topology)>,
    seats: Arc<Seats>,
    board: Arc<LoadBoard>,
    workers: Vec<Arc<WorkerState>>,
}

/// What changes from look to look.
struct Kept {
    packing: Packing,
    draws: Draws,
    /// For [`Seats::news`].
    seats_seen: u32,
}

impl EnergyKeeper {
    pub fn new(
        goal: EnergyGoal,
        model: Option<&PowerModel>,
        topology: &Topology,
        seats: &Arc<Seats>,
        (board, workers): (&Arc<LoadBoard>, &[Arc<WorkerState>]),
    ) -> Self {
        let own = || PowerModel::of_machine(&topology.model, topology.hybrid);
        let model = model.cloned().unwrap_or_else(own);
        let machine = Arc::new((model, topology.clone()));
        let draws = draws(&machine, &seats.all(), goal.idle_active);
        let packing = Packing::new(members(&draws), target_ns(&goal), goal.idle_active);
        EnergyKeeper {
            kept: Arc::new(Mutex::new(Kept { packing, draws, seats_seen: 0 })),
            goal,
            machine,
            seats: seats.clone(),
            board: board.clone(),
            workers: workers.to_vec(),
        }
    }

    /// Decides who is active from now on.
    pub fn look(&self, now_ns: u64) {
        let reading = self.reading(now_ns);
        let mut kept = self.lock();
        // Each move is news for every worker: the first hears of all.
        if self.seats.news(WorkerId(0), &mut kept.seats_seen).is_some() {
            kept.draws = draws(&self.machine, &self.seats.all(), self.goal.idle_active);
            let members = members(&kept.draws);
            kept.packing.reseat(members);
        }
        kept.packing.look(reading, &self.board);
    }

    /// What it came to by `now_ns`.
    pub fn packed(&self, now_ns: u64) -> Packed {
        let kept = self.lock();
        let model = &self.machine.0;
        Packed {
            goal: self.goal,
            active: self.board.parking().active(),
            report: kept.packing.report(now_ns, &self.board),
            draws: kept.draws.clone(),
            uncertainty: model.uncertainty(),
            source: format!("{}, idle-active {}", model.source(), self.goal.idle_active),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
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

/// What the board draws with workers on these seats.
fn draws((model, topology): &(PowerModel, Topology), seats: &[Seat], idle_active: f64) -> Draws {
    let classes: Vec<_> = seats.iter().map(|seat| seat.class).collect();
    Draws::of(model, &classes, idle_active).on(cores(topology, seats))
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
        let seats = Arc::new(Seats::new(seats(cpus)));
        let model = PowerModel::by_name("rk3588");
        let keeper = EnergyKeeper::new(goal, model.as_ref(), &topology, &seats, (&board, &workers));
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

    /// Two workers on a fast CPU each; one moves to a frugal one, the other to where that is.
    #[test]
    fn a_worker_that_has_moved_is_charged_for_the_core_it_sits_on_now() {
        let (keeper, ..) = keeper(&[0, 1]);
        let watts = |class| keeper.machine.0.active_watts(class);
        let seen = |look: u64| {
            keeper.look(look * LOOK_NS);
            let draws = keeper.packed(look * LOOK_NS).draws;
            (draws.watts, draws.cores)
        };
        let uniform = watts(Class::Uniform);
        assert_eq!(seen(1), (vec![uniform; 2], vec![0, 1]));
        let frugal = Seat { class: Class::Efficiency, ..seats(&[7])[0] };
        keeper.seats.change(0, frugal);
        assert_eq!(seen(2), (vec![watts(Class::Efficiency), uniform], vec![0, 1]));
        keeper.seats.change(0, Seat { worker: WorkerId(1), ..frugal });
        assert_eq!(seen(3), (vec![watts(Class::Efficiency); 2], vec![0, 0]));
        assert!(watts(Class::Efficiency) < uniform);
        let expected = members(&keeper.packed(0).draws);
        assert_eq!(keeper.lock().packing.members(), expected);
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
