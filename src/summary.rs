//! The summary of a run: what `summary.json` holds and what tables and pictures are made of.
//!
//! All figures are exact running totals of the engine, except where [`Summary::estimated`]
//! says that they were worked out from recorded rows alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::ledger::Ledger;
use crate::stats::{LatencySummary, Timeline};

mod board;
mod goal;

pub use board::{EnergyFigures, ThermalFigures, ThrottleSign, ZoneFigures};
pub use goal::GoalFigures;

/// One exchange of the rule in a running engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicySwitched {
    /// Seconds since the run began.
    pub at_s: f64,
    /// The rule before.
    pub from: String,
    /// The rule since.
    pub to: String,
}

/// One run, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The version of this layout; see [`crate::record::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The machine it ran on.
    pub machine: Machine,
    /// Every setting in force, as text, by its flag's name.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The rule that chose the workers.
    pub policy: String,
    /// How many workers the rule looked at for each packet.
    pub choices: u32,
    /// When the rule was exchanged in the running engine, oldest first; `policy` is the last one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_switches: Vec<PolicySwitched>,
    /// The seed of every random stream of the run.
    pub seed: u64,
    /// How the run ended: `complete`, `abandoned` (drain limit passed), `aborted` (second
    /// signal).
    pub ended: String,
    /// When the run began, in milliseconds since 1970, by the wall clock.
    pub started_unix_ms: u64,
    /// From the first packet possible to the end of the drain, in seconds.
    pub duration_s: f64,
    /// Packets whose work ended, well or not, per second of the run.
    pub throughput_packets_per_s: f64,
    /// Where every packet went.
    pub ledger: Ledger,
    /// Rows in `assignments.csv`.
    pub recorded_rows: u64,
    /// Packets without a row that should have had one: the recorder was too slow (their weight is
    /// in the next row), or the disk was full or gone (their weight is lost).
    #[serde(default)]
    pub rows_not_recorded: u64,
    /// States of sensors that were given up for those of others, and began anew if their sensor
    /// came again.
    #[serde(default)]
    pub states_forgotten: u64,
    /// Times of all packets.
    pub latency_ns: LatencyFigures,
    /// A line for each worker.
    pub workers: Vec<WorkerFigures>,
    /// What became of the workers' places while running.
    #[serde(default)]
    pub seating: Seating,
    /// A line for each class of core.
    pub classes: Vec<ClassFigures>,
    /// Mean utilization of each worker's core over time (0 to 1), rows in the order of
    /// `workers`.
    pub core_utilization: Timeline,
    /// The highest temperature of any zone in `thermal`, where the machine tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_c_max: Option<f64>,
    /// What the board drew; absent where it was worked out from rows alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergyFigures>,
    /// What the goal of energy came to; absent under the goal of latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalFigures>,
    /// How warm it was; absent where the machine does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thermal: Option<ThermalFigures>,
    /// CPU time of the sources' threads, in seconds: making or reading packets, and dispatching
    /// them.
    pub source_cpu_s: f64,
    /// What the built-in work found: counts by name.
    #[serde(default)]
    pub findings: BTreeMap<String, u64>,
    /// The files of the run, by what they are.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// True when these figures are estimates from recorded rows, not exact totals.
    #[serde(default)]
    pub estimated: bool,
}

/// What became of the workers' places while running.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seating {
    /// Workers that were put on another CPU, since theirs went away or came back: the first 256.
    /// Their figures in `workers` and `classes` stand with their last CPU.
    pub moves: Vec<WorkerMoved>,
    /// How often that happened.
    pub moves_total: u64,
    /// Whether a worker changed its class with its CPU: its packets are in `classes` with its last
    /// class, its energy with the class of each moment, and no class has joules a packet.
    pub between_classes: bool,
    /// Pins that were changed from outside and put right.
    pub pins_restored: u64,
}

/// A worker that was put on another CPU while running.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerMoved {
    /// When, in seconds since the run began.
    pub at_s: f64,
    /// Who.
    pub worker: WorkerId,
    /// The CPU before.
    pub from: CpuId,
    /// The CPU since then.
    pub to: CpuId,
}

/// The machine, as far as it can be known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// The board or processor, in words.
    pub model: String,
    /// Operating system and processor family.
    pub platform: String,
    /// CPUs that are online.
    pub cpus_online: u32,
    /// CPUs that the run was allowed to use.
    pub cpus_allowed: u32,
    /// Whether its cores differ.
    pub hybrid: bool,
    /// Whether its classes are emulated (`--emulate-class`), not the machine's own.
    pub emulated: bool,
    /// What else a reader should know, a line each.
    pub notes: Vec<String>,
}

/// Waiting, service and total times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LatencyFigures {
    /// From dispatch to the start of the work.
    pub wait: LatencySummary,
    /// The work itself.
    pub service: LatencySummary,
    /// From dispatch to the end of the work.
    pub total: LatencySummary,
}

/// One worker's part of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerFigures {
    /// Which worker.
    pub worker: WorkerId,
    /// The CPU it ran on.
    pub cpu: CpuId,
    /// Whether the pin was read back inside the thread and found in force.
    pub pinned: bool,
    /// The class of that CPU.
    pub class: Class,
    /// Packets it finished, well or not.
    pub packets: u64,
    /// Its part of all packets finished (0 to 1).
    pub share: f64,
    /// Packets whose work failed.
    pub failed: u64,
    /// Packets that it took from the inbox of another worker.
    #[serde(default)]
    pub stolen: u64,
    /// Its speed relative to the fastest, as believed at the end of the run.
    pub capacity: f64,
    /// Mean foreign load of its core (0 to 1).
    pub foreign_load: f64,
    /// Mean frequency of its core, where the machine tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mhz_mean: Option<f64>,
    /// The part of the run it spent working (0 to 1).
    pub utilization: f64,
    /// From dispatch to the start of the work.
    pub wait_ns: LatencySummary,
    /// The work itself.
    pub service_ns: LatencySummary,
}

/// One class of cores, so that performance and efficiency cores can be compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// The class.
    pub name: Class,
    /// Its CPUs that had a worker.
    pub cpus: Vec<CpuId>,
    /// Its workers.
    pub workers: Vec<WorkerId>,
    /// Packets its workers finished, well or not.
    pub packets: u64,
    /// Its part of all packets finished (0 to 1).
    pub share: f64,
    /// Packets whose work failed.
    pub failed: u64,
    /// Mean service time of its packets.
    pub service_mean_ns: f64,
    /// Mean utilization of its workers (0 to 1).
    pub utilization: f64,
    /// From dispatch to the start of the work.
    pub wait_ns: LatencySummary,
    /// The distribution of that waiting time: `[upper edge in ns, packets]`, empty bars left
    /// out, four bars a factor of ten.
    pub wait_bars: Vec<(u64, u64)>,
    /// What its workers added to the board's idle power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergyFigures>,
}
