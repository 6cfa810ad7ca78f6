//! From settings to a plan: every default filled in, nothing contradictory left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::RunArgs;
use super::blame::Blame;
use super::config;
use super::emulate::Emulate;
use super::exit::{Exit, Fault};
use super::files::FILES;
use super::goal_settings::{self, GoalPlan};
use super::orders::{self, Orders};
use super::power_settings::{self, PowerPlan};
use super::q_settings;
use super::same_place::same_place;
use super::settings::{PathBufText, Settings};
use super::values::SourceSpec;
use crate::arrival::Arrivals;
use crate::class::Class;
use crate::dispatch::Overflow;
use crate::engine::{INBOX_BOUND, ORDER_WINDOW};
use crate::ids::{CpuId, SensorId, WorkerId};
use crate::in_flight::BOUND_MAX;
use crate::order::Order;
use crate::packet::{Block, Kind, Packet, Payload};
use crate::policy::QSettings;
use crate::priority::Priorities;
use crate::process::{Analysis, Failure, Process, WorkChoice, WorkerInfo};
use crate::recorder;
use crate::source::replay::Pace as ReplayPace;
use crate::source::save::SAVE_LIMIT_BYTES;
use crate::source::virtual_sensors::Fleet;
use crate::topology::{PlacementRequest, WORKERS_MAX};

/// The part of what the workers can carry that a run takes by default.
const LOAD: f64 = 0.6;

/// Most bytes of `assignments.csv` by default: an SD card is small and wears out.
const RECORD_LIMIT: u64 = 256 << 20;

/// How fast virtual packets come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VirtualPace {
    /// So many packets/s.
    Rate(f64),
    /// This part of what the workers can carry.
    Load(f64),
}

/// A run, decided.
#[derive(Clone, Debug)]
pub struct Plan {
    pub sources: Vec<SourceSpec>,
    pub duration: Option<Duration>,
    pub pace: VirtualPace,
    pub fleet: Fleet,
    pub source_threads: Option<u32>,
    pub replay_pace: ReplayPace,
    pub sample_rate_hz: f32,
    pub save_packets: Option<PathBuf>,
    pub save_limit: u64,
    pub seed: u64,
    pub placement: PlacementRequest,
    /// Whether the classes' capacities are measured at the start.
    pub calibration: bool,
    /// Who gave what.
    pub blame: Blame,
    pub work: WorkChoice,
    pub emulate: Vec<Emulate>,
    pub policy: String,
    pub choices: Option<u32>,
    pub goal: GoalPlan,
    pub q: QSettings,
    pub q_table: Option<PathBuf>,
    pub overflow: Overflow,
    pub orders: Orders,
    pub order_window: u32,
    pub steal: bool,
    pub priorities: Priorities,
    pub deadline: Option<Duration>,
    pub inbox_bound: u32,
    pub drain_limit: Duration,
    pub power: PowerPlan,
    pub results: PathBuf,
    pub record: bool,
    pub record_limit: u64,
    /// Every setting in force, as text.
    pub texts: BTreeMap<String, String>,
}

/// Reads the file and lays the flags and the environment over it.
pub fn plan(args: RunArgs) -> Result<Plan, Fault> {
    let (file, path) = config::find(args.config.as_deref())?;
    let flags = args.settings;
    let blame = Blame::new(&flags, &file, path.as_deref());
    let mut plan = decide(flags.laid_over(file), blame)?;
    if let Some(path) = path {
        plan.texts.insert("config".to_owned(), path.display().to_string());
    }
    Ok(plan)
}

/// `edge-dispatch validate`.
pub fn validate(path: &Path) -> Result<Exit, Fault> {
    let file = config::read(path)?;
    let blame = Blame::new(&Settings::default(), &file, Some(path));
    let mut plan = decide(file, blame)?;
    if !plan.blame.is_given("seed") {
        plan.texts.insert("seed".to_owned(), "(a fresh one each run)".to_owned());
    }
    let settings = plan.texts.iter().map(|(key, value)| format!("  {key} = {value}\n"));
    let settings: String = settings.collect();
    super::print(&format!(
        "{} is valid; a run with it has\n{settings}\
         not checked: the CPUs and workers of this machine, addresses, files and folders\n",
        path.display()
    ))
}

/// Fills in the defaults and checks what no single value can show.
fn decide(settings: Settings, blame: Blame) -> Result<Plan, Fault> {
    let seed = settings.seed.as_ref().map_or_else(crate::random::fresh_seed, |seed| seed.0);
    let mut texts = settings.texts();
    let sample_rate_hz =
        settings.sample_rate.as_ref().map_or(Fleet::default().sample_rate_hz, |rate| rate.0 as f32);
    let fleet = fleet(&settings, seed, sample_rate_hz);
    fleet
        .check()
        .map_err(|error| blame.fault(&["sensors", "block-samples", "sample-rate"], error))?;
    let (work, q) = (work_of(&settings), q_settings::of(&settings));
    let power = power_settings::of(&settings);
    let (orders, priorities) = orders_of(&settings, work, &blame)?;
    let placement = placement_of(&settings);
    let plan = Plan {
        sources: sources_of(&settings),
        pace: pace_of(&settings),
        goal: GoalPlan::of(&settings),
        duration: settings.duration.map(|duration| duration.0),
        fleet,
        source_threads: settings.source_threads.map(|threads| threads.0),
        replay_pace: settings.speed.unwrap_or(ReplayPace::RECORDED),
        sample_rate_hz,
        save_packets: settings.save_packets.map(path_of),
        save_limit: settings.save_limit.map_or(SAVE_LIMIT_BYTES, |limit| limit.0),
        seed,
        placement,
        calibration: !settings.no_calibration.is_some_and(|skip| skip.0),
        blame,
        work,
        emulate: settings.emulate_class,
        policy: settings
            .policy
            .map_or_else(|| crate::policy::NAMES[0].to_owned(), |policy| policy.0),
        choices: settings.choices.map(|choices| choices.0),
        q,
        q_table: settings.q_table.map(path_of),
        overflow: settings.overflow.unwrap_or_default(),
        orders,
        order_window: settings.order_window.map_or(ORDER_WINDOW, |window| window.0),
        steal: settings.steal.is_none_or(|steal| steal.0),
        priorities,
        deadline: settings.deadline.map(|deadline| deadline.0),
        inbox_bound: settings.inbox_bound.map_or(INBOX_BOUND, |bound| bound.0),
        drain_limit: settings.drain_limit.map_or(Duration::from_secs(5), |limit| limit.0),
        power,
        results: settings.results.map_or_else(|| PathBuf::from("results"), path_of),
        record: settings.record.is_none_or(|record| record.0),
        record_limit: settings.record_limit.map_or(RECORD_LIMIT, |limit| limit.0),
        texts: BTreeMap::new(),
    };
    check(&plan)?;
    fill_in(&mut texts, &plan);
    Ok(Plan { texts, ..plan })
}

fn pace_of(settings: &Settings) -> VirtualPace {
    match (&settings.rate, &settings.load) {
        (Some(rate), _) => VirtualPace::Rate(rate.0),
        (None, load) => VirtualPace::Load(load.as_ref().map_or(LOAD, |load| load.0)),
    }
}

fn sources_of(settings: &Settings) -> Vec<SourceSpec> {
    if settings.source.is_empty() {
        return vec![SourceSpec::Virtual];
    }
    settings.source.clone()
}

/// Where the workers shall be.
pub fn placement_of(settings: &Settings) -> PlacementRequest {
    PlacementRequest {
        cpus: settings.cpus.clone(),
        workers: settings.workers.as_ref().map(|workers| workers.0),
        smt: settings.smt.unwrap_or_default(),
        reserve: settings.reserve.as_ref().map_or(0, |reserve| reserve.0),
    }
}

fn fleet(settings: &Settings, seed: u64, sample_rate_hz: f32) -> Fleet {
    let default = Fleet::default();
    Fleet {
        sensors: settings.sensors.as_ref().map_or(default.sensors, |sensors| sensors.0),
        seed,
        arrivals: settings.arrivals.unwrap_or(Arrivals::Poisson),
        block_samples: settings
            .block_samples
            .as_ref()
            .map_or(default.block_samples, |samples| samples.0 as usize),
        sample_rate_hz,
    }
}

/// The work that was asked for; else the one that follows each sensor, unless an order is asked for
/// in which it cannot.
fn work_of(settings: &Settings) -> WorkChoice {
    let parallel = settings.order.iter().any(|spec| spec.order() == Order::Parallel);
    let otherwise = if parallel { WorkChoice::Analysis } else { WorkChoice::Monitor };
    settings.work.unwrap_or(otherwise)
}

fn orders_of(
    settings: &Settings,
    work: WorkChoice,
    blame: &Blame,
) -> Result<(Orders, Priorities), Fault> {
    let keeps_state = work == WorkChoice::Monitor;
    let otherwise = if keeps_state { Order::Sticky } else { Order::Parallel };
    let orders = Orders::new(settings.order.clone(), otherwise)
        .map_err(|spec| blame.says(&["order"], format!("{spec} says something again")))?;
    let priorities = orders::priorities(&settings.priority)
        .map_err(|spec| blame.says(&["priority"], format!("{spec} names a kind again")))?;
    if keeps_state && settings.order.iter().any(|spec| spec.order() == Order::Parallel) {
        let message = "the work monitor keeps a state for each sensor, which needs its packets in \
                       order: choose sticky or ordered, or --work analysis";
        return Err(blame.says(&["order"], message.to_owned()));
    }
    Ok((orders, priorities))
}

fn path_of(path: PathBufText) -> PathBuf {
    path.0
}

fn check(plan: &Plan) -> Result<(), Fault> {
    let wrong = |key: &str, message: String| Err(plan.blame.says(&[key], message));
    if plan.record && plan.record_limit < recorder::LIMIT_MIN {
        let (limit, least) = (plan.record_limit, recorder::LIMIT_MIN / 1024);
        let message = format!("{limit} bytes are too few: give {least}KiB or more, or record off");
        return wrong("record-limit", message);
    }
    if plan.inbox_bound > BOUND_MAX {
        return wrong("inbox-bound", format!("{} is above {BOUND_MAX}", plan.inbox_bound));
    }
    if let Some(workers) = plan.placement.workers.filter(|workers| *workers > WORKERS_MAX) {
        return wrong("workers", format!("{workers} is above {WORKERS_MAX}"));
    }
    if let Err(failure) = try_block(plan) {
        return wrong("block-samples", format!("the work would refuse every block: {failure}"));
    }
    let workers: Vec<_> = plan.emulate.iter().map(|emulate| emulate.worker).collect();
    if let Some(worker) = workers.iter().find(|w| workers.iter().filter(|o| o == w).count() > 1) {
        return wrong("emulate-class", format!("worker {worker} is named twice: name each once"));
    }
    let twice = |spec: &SourceSpec| plan.sources.iter().filter(|other| *other == spec).count() > 1;
    if let Some(spec) = plan.sources.iter().find(|spec| twice(spec)) {
        return wrong("source", format!("{spec} is named twice: name each once"));
    }
    if let Some(to) = &plan.save_packets
        && FILES.iter().any(|name| same_place(to, &plan.results.join(name)))
    {
        let message = format!("{} is a file of the results: name another", to.display());
        return wrong("save-packets", message);
    }
    if let (Some(config), Some(to)) = (plan.blame.path(), &plan.save_packets)
        && same_place(config, to)
    {
        let message = format!("{} is the configuration: save to another file", to.display());
        return wrong("save-packets", message);
    }
    for spec in &plan.sources {
        if let (SourceSpec::Replay(from), Some(to)) = (spec, &plan.save_packets)
            && same_place(from, to)
        {
            let message = format!("{} is being replayed: save to another file", to.display());
            return wrong("save-packets", message);
        }
    }
    power_settings::check(plan)?;
    q_settings::check(plan)
}

/// Lets the work try a silent block of the virtual sensors' length.
fn try_block(plan: &Plan) -> Result<(), Failure> {
    if !plan.sources.contains(&SourceSpec::Virtual) {
        return Ok(());
    }
    let samples = vec![0.0; plan.fleet.block_samples].into();
    let packet = Packet {
        sensor: SensorId(0),
        kind: Kind::Vibration,
        sequence: 0,
        stamped_unix_ns: None,
        payload: Payload::Block(Block { samples, sample_rate_hz: plan.sample_rate_hz }),
    };
    let info = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };
    match plan.work {
        WorkChoice::Monitor | WorkChoice::Analysis => {
            Analysis::default().work(&packet, &info).map(drop)
        }
        WorkChoice::Spin(_) => Ok(()),
    }
}

/// Settings that were given and have no effect, a sentence each.
pub fn without_effect(plan: &Plan) -> Vec<String> {
    let is_virtual = plan.sources.contains(&SourceSpec::Virtual);
    let is_replay = plan.sources.iter().any(|spec| matches!(spec, SourceSpec::Replay(_)));
    let needs_virtual = ["rate", "load", "sensors", "arrivals", "block-samples", "source-threads"];
    let mut said = Vec::new();
    for key in needs_virtual {
        if plan.blame.is_given(key) && !is_virtual {
            said.push(format!("{key} has no effect: no virtual sensors are among the sources"));
        }
    }
    let rules = || plan.sources.iter().map(|source| plan.orders.of(source));
    if plan.blame.is_given("order-window") && !rules().any(|rule| rule.has(Order::Ordered)) {
        said.push("order-window has no effect: no order is ordered".to_owned());
    }
    if plan.blame.is_given("steal")
        && rules().all(|rule| rule == crate::order::OrderRule::all(Order::Sticky))
    {
        said.push("steal has no effect: sticky packets stay with their worker".to_owned());
    }
    if plan.blame.is_given("speed") && !is_replay {
        said.push("speed has no effect: nothing is replayed".to_owned());
    }
    said.extend(goal_settings::without_effect(plan));
    said.extend(q_settings::without_effect(plan));
    said
}

/// The settings that were left open, as they were decided.
fn fill_in(texts: &mut BTreeMap<String, String>, plan: &Plan) {
    let mut set = |key: &str, value: String| {
        texts.entry(key.to_owned()).or_insert(value);
    };
    set("source", plan.sources.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    if plan.sources.contains(&SourceSpec::Virtual) {
        set("sensors", plan.fleet.sensors.to_string());
        set("arrivals", plan.fleet.arrivals.to_string());
        set("block-samples", plan.fleet.block_samples.to_string());
        set("sample-rate", plan.sample_rate_hz.to_string());
        match plan.pace {
            VirtualPace::Rate(rate) => set("rate", rate.to_string()),
            VirtualPace::Load(load) => set("load", load.to_string()),
        }
    }
    set("seed", plan.seed.to_string());
    set("work", plan.work.to_string());
    set("policy", plan.policy.clone());
    goal_settings::fill_in(&mut set, plan);
    q_settings::fill_in(&mut set, plan);
    set("overflow", plan.overflow.to_string());
    set("order-window", plan.order_window.to_string());
    set("steal", super::values::Switch(plan.steal).to_string());
    set("inbox-bound", plan.inbox_bound.to_string());
    set("drain-limit", humantime::format_duration(plan.drain_limit).to_string());
    set("results", plan.results.display().to_string());
    set("record", super::values::Switch(plan.record).to_string());
    if plan.record {
        set("record-limit", super::values::Bytes(plan.record_limit).to_string());
    }
}
