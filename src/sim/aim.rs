//! What a simulation aims at beside short times: the energy of it by a model, and packing.
//!
//! Looks come every 250 units, a quarter of a second where the unit is a millisecond, as live.
//! Waking takes no time here: live a parked worker's thread is woken as any sleeping one is, some
//! dozens of microseconds, and its core may have to leave a deeper sleep.

use serde::Serialize;

use super::crowd::{Crowd, Finished};
use super::race::NEVER;
use super::setup::WrongSetup;
use super::view::UNIT_NS;
use crate::class::Class;
use crate::interval::Interval;
use crate::loads::LoadBoard;
use crate::packing::{
    Draws, Goal, LOOK_NS, Member, Packing, PackingReport, Reading, TARGET_NS, Work,
};
use crate::power::PowerModel;

/// What is aimed at.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// Whether all workers are always active, or as few as hold the target.
    pub goal: Goal,
    /// The 99th percentile of the sojourn that is to be held, in units.
    pub target: f64,
    /// What the board draws.
    pub draws: Draws,
    /// Where these figures come from; in words that begin with "model".
    pub source: String,
}

impl Aim {
    /// The target where nobody names one, in units.
    pub const TARGET: f64 = TARGET_NS as f64 / UNIT_NS;

    /// For workers of these classes on a board of this model.
    pub fn new(goal: Goal, target: f64, power: &PowerModel, classes: &[Class], part: f64) -> Aim {
        let source = format!("{}, idle-active {part}", power.source());
        Aim { goal, target, draws: Draws::of(power, classes, part), source }
    }

    /// Whether it can be aimed at with so many workers.
    ///
    /// # Errors
    /// [`WrongSetup`].
    pub fn check(&self, workers: u32) -> Result<(), WrongSetup> {
        let number = |key, value: f64, fits: bool, remedy| {
            if fits { Ok(()) } else { Err(WrongSetup::Number { key, value, remedy }) }
        };
        let (target, part) = (self.target, self.draws.idle_active);
        let fits = (0.01..=1e9).contains(&target);
        number("latency-slo", target, fits, "give units of time, 0.01 to 1e9")?;
        number("idle-active", part, (0.0..=1.0).contains(&part), "give a fraction from 0 to 1")?;
        let (count, fits) = (self.draws.watts.len(), self.draws.watts.len() == workers as usize);
        number("watts", count as f64, fits, "give those of every worker")?;
        let (count, fits) = (self.draws.cores.len(), self.draws.cores.len() == workers as usize);
        number("cores", count as f64, fits, "give those of every worker")
    }
}

/// What one replication came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Aimed {
    pub report: PackingReport,
    pub joules: f64,
    pub span_s: f64,
    pub packets: u64,
}

/// The energy of a simulation, by the model, and what packing came to; all packets, those of the
/// warm-up too. Joules and watts are those of a board on which the unit of time is a millisecond.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnergyFigures {
    /// What was aimed at.
    pub goal: Goal,
    /// The 99th percentile that was to be held, in units.
    pub latency_slo: f64,
    /// Whether it was.
    pub slo_held: bool,
    /// Joules of one replication.
    pub joules: f64,
    /// Joules of one packet.
    pub joules_per_packet: f64,
    /// Half-width of its 95 % interval over replications; 0 for one.
    pub joules_per_packet_ci95: f64,
    /// Mean watts of the whole board.
    pub watts_mean: f64,
    /// How much of that is the cores' part, above idle.
    pub core_watts_mean: f64,
    /// Workers that were active, on average.
    pub active_mean: f64,
    /// Times that a worker was woken between two looks, in one replication.
    pub woken: f64,
    /// Times that a worker was parked, in one replication.
    pub parked: f64,
    /// Where the figures come from.
    pub source: String,
}

impl EnergyFigures {
    /// Of replications with these ends; `p99` is that of all.
    pub fn of(aim: &Aim, each: &[&Aimed], p99: f64) -> EnergyFigures {
        let over = |figure: &dyn Fn(&Aimed) -> f64| {
            Interval::of(&each.iter().map(|aimed| figure(aimed)).collect::<Vec<f64>>())
        };
        let per_packet = over(&|aimed| aimed.joules / aimed.packets.max(1) as f64);
        let watts_mean = over(&|aimed| aimed.joules / aimed.span_s).mean;
        EnergyFigures {
            goal: aim.goal,
            latency_slo: aim.target,
            slo_held: p99 <= aim.target,
            joules: over(&|aimed| aimed.joules).mean,
            joules_per_packet: per_packet.mean,
            joules_per_packet_ci95: per_packet.ci95,
            watts_mean,
            core_watts_mean: watts_mean - aim.draws.idle_watts,
            active_mean: over(&|aimed| aimed.report.active_mean()).mean,
            woken: over(&|aimed| aimed.report.woken as f64).mean,
            parked: over(&|aimed| aimed.report.parked as f64).mean,
            source: aim.source.clone(),
        }
    }
}

/// What is counted for it while a replication runs.
#[derive(Clone, Debug)]
pub struct Keeper<'a> {
    aim: &'a Aim,
    packing: Packing,
    reading: Reading,
    next_ns: u64,
}

impl<'a> Keeper<'a> {
    pub fn new(aim: &'a Aim) -> Self {
        let members = aim.draws.watts.iter().zip(&aim.draws.cores);
        let members: Vec<_> =
            members.map(|(watts, core)| Member { watts: *watts, core: *core }).collect();
        let workers = vec![Work::default(); members.len()];
        Keeper {
            aim,
            packing: Packing::new(members, (aim.target * UNIT_NS) as u64, aim.draws.idle_active),
            reading: Reading { workers, ..Reading::default() },
            next_ns: if aim.goal == Goal::Energy { LOOK_NS } else { NEVER },
        }
    }

    /// When it looks the next time.
    pub fn next_ns(&self) -> u64 {
        self.next_ns
    }

    pub fn arrived(&mut self) {
        self.reading.arrived += 1;
    }

    pub fn done(&mut self, finished: &Finished) {
        let service_ns = (finished.done_ns - finished.started_ns) as f64;
        let work = &mut self.reading.workers[finished.worker];
        work.done += 1;
        work.busy_ns += service_ns;
        work.squares += service_ns * service_ns;
        self.reading.done += 1;
        let sojourn_ns = (finished.done_ns - finished.job.arrived_ns) as f64;
        self.reading.late += u64::from(sojourn_ns > self.aim.target * UNIT_NS);
    }

    /// Looks; `gone` says which workers are away.
    pub fn look(&mut self, now_ns: u64, board: &LoadBoard, gone: impl Fn(usize) -> bool) {
        let mut reading = Reading { now_ns, ..self.reading.clone() };
        reading.workers.iter_mut().enumerate().for_each(|(at, work)| work.gone = gone(at));
        self.packing.look(reading, board);
        self.next_ns += LOOK_NS;
    }

    /// What it came to.
    pub fn end(&self, now_ns: u64, board: &LoadBoard, crowd: &Crowd) -> Aimed {
        let report = self.packing.report(now_ns, board);
        let seconds = |ns: u64| ns as f64 / 1e9;
        let workers = 0..self.reading.workers.len();
        let busy: Vec<_> = workers.map(|at| seconds(crowd.busy_ns(at, now_ns))).collect();
        let active: Vec<_> = report.active_ns.iter().map(|ns| seconds(*ns)).collect();
        let span_s = seconds(now_ns);
        let joules = self.aim.draws.joules(span_s, &busy, &active);
        Aimed { joules, span_s, packets: self.reading.done, report }
    }
}
