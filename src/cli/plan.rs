//! From settings to a plan: every default filled in, nothing contradictory left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::RunArgs;
use super::config;
use super::exit::{Exit, Fault, OrExit};
use super::files::FILES;
use super::settings::{PathBufText, Settings};
use super::values::{Emulate, SourceSpec};
use crate::arrival::Arrivals;
use crate::dispatch::Overflow;
use crate::engine::INBOX_BOUND;
use crate::in_flight::BOUND_MAX;
use crate::process::WorkChoice;
use crate::recorder;
use crate::source::replay::Pace as ReplayPace;
use crate::source::save::SAVE_LIMIT_BYTES;
use crate::source::virtual_sensors::Fleet;
use crate::topology::PlacementRequest;

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
    /// The code for a placement that cannot be: whose fault it is depends on who asked.
    pub placement_exit: Exit,
    pub work: WorkChoice,
    pub emulate: Vec<Emulate>,
    pub policy: String,
    pub choices: Option<u32>,
    pub overflow: Overflow,
    pub inbox_bound: u32,
    pub drain_limit: Duration,
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
    let from_file =
        flags.cpus.is_none() && flags.workers.is_none() && flags.emulate_class.is_empty();
    let blame = if path.is_some() && from_file { Exit::Config } else { Exit::Usage };
    let mut plan = decide(flags.laid_over(file), blame)?;
    plan.placement_exit = blame;
    if let Some(path) = path {
        plan.texts.insert("config".to_owned(), path.display().to_string());
    }
    Ok(plan)
}

/// `edge-dispatch validate`.
pub fn validate(path: &Path) -> Result<Exit, Fault> {
    let plan = decide(config::read(path)?, Exit::Config)
        .map_err(|fault| Fault::says(fault.exit, format!("{}: {fault}", path.display())))?;
    let settings = plan.texts.iter().map(|(key, value)| format!("  {key} = {value}\n"));
    let settings: String = settings.collect();
    super::print(&format!("{} is valid; a run with it has\n{settings}", path.display()))
}

/// Fills in the defaults and checks what no single value can show. Faults end with `blame`.
fn decide(settings: Settings, blame: Exit) -> Result<Plan, Fault> {
    let seed = settings.seed.as_ref().map_or_else(crate::random::fresh_seed, |seed| seed.0);
    let mut texts = settings.texts();
    let sources: Vec<SourceSpec> = if settings.source.is_empty() {
        vec![SourceSpec::Virtual]
    } else {
        settings.source.iter().map(|source| source.0.clone()).collect()
    };
    let pace = match (&settings.rate, &settings.load) {
        (Some(rate), _) => VirtualPace::Rate(rate.0.0),
        (None, load) => VirtualPace::Load(load.as_ref().map_or(LOAD, |load| load.0.0)),
    };
    let sample_rate_hz =
        settings.sample_rate.map_or(Fleet::default().sample_rate_hz, |rate| rate.0.0 as f32);
    let fleet = Fleet {
        sensors: settings.sensors.map_or(Fleet::default().sensors, |sensors| sensors.0.0),
        seed,
        arrivals: settings.arrivals.map_or(Arrivals::Poisson, |arrivals| arrivals.0),
        block_samples: settings
            .block_samples
            .map_or(Fleet::default().block_samples, |samples| samples.0.0 as usize),
        sample_rate_hz,
    };
    fleet.check().or_exit(blame)?;
    let plan = Plan {
        sources,
        duration: settings.duration.map(|duration| duration.0.0),
        pace,
        fleet,
        source_threads: settings.source_threads.map(|threads| threads.0.0),
        replay_pace: settings.speed.map_or(ReplayPace::RECORDED, |speed| speed.0),
        sample_rate_hz,
        save_packets: settings.save_packets.map(path_of),
        save_limit: settings.save_limit.map_or(SAVE_LIMIT_BYTES, |limit| limit.0.0),
        seed,
        placement: PlacementRequest {
            cpus: settings.cpus.map(|cpus| cpus.0),
            workers: settings.workers.map(|workers| workers.0.0),
        },
        placement_exit: blame,
        work: settings.work.map_or_else(WorkChoice::default, |work| work.0),
        emulate: settings.emulate_class.iter().map(|emulate| emulate.0).collect(),
        policy: settings
            .policy
            .map_or_else(|| crate::policy::NAMES[0].to_owned(), |policy| policy.0.0),
        choices: settings.choices.map(|choices| choices.0.0),
        overflow: settings.overflow.map_or_else(Overflow::default, |overflow| overflow.0),
        inbox_bound: settings.inbox_bound.map_or(INBOX_BOUND, |bound| bound.0.0),
        drain_limit: settings.drain_limit.map_or(Duration::from_secs(5), |limit| limit.0.0),
        results: settings.results.map_or_else(|| PathBuf::from("results"), path_of),
        record: settings.record.is_none_or(|record| record.0.0),
        record_limit: settings.record_limit.map_or(RECORD_LIMIT, |limit| limit.0.0),
        texts: BTreeMap::new(),
    };
    check(&plan, blame)?;
    fill_in(&mut texts, &plan);
    Ok(Plan { texts, ..plan })
}

fn path_of(path: super::values::Set<PathBufText>) -> PathBuf {
    path.0.0
}

fn check(plan: &Plan, blame: Exit) -> Result<(), Fault> {
    let wrong = |message: String| Err(Fault::says(blame, message));
    if plan.record && plan.record_limit < recorder::LIMIT_MIN {
        let (limit, least) = (plan.record_limit, recorder::LIMIT_MIN / 1024);
        return wrong(format!(
            "record-limit: {limit} bytes are too few: give {least}KiB or more, or record = off"
        ));
    }
    if plan.inbox_bound > BOUND_MAX {
        return wrong(format!("inbox-bound: {} is above {BOUND_MAX}", plan.inbox_bound));
    }
    let twice = |spec: &SourceSpec| plan.sources.iter().filter(|other| *other == spec).count() > 1;
    if let Some(spec) = plan.sources.iter().find(|spec| twice(spec)) {
        return wrong(format!("source: {spec} is named twice: name each once"));
    }
    if let Some(to) = &plan.save_packets
        && FILES.iter().any(|name| same_place(to, &plan.results.join(name)))
    {
        let file = to.display();
        return wrong(format!("save-packets: {file} is a file of the results: name another"));
    }
    for spec in &plan.sources {
        if let (SourceSpec::Replay(from), Some(to)) = (spec, &plan.save_packets)
            && same_place(from, to)
        {
            let file = to.display();
            return wrong(format!("save-packets: {file} is being replayed: save to another file"));
        }
    }
    Ok(())
}

fn same_place(a: &Path, b: &Path) -> bool {
    // Without the links for what is still to be made.
    matches!((std::path::absolute(a), std::path::absolute(b)), (Ok(a), Ok(b)) if a == b)
        || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
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
    set("overflow", plan.overflow.to_string());
    set("inbox-bound", plan.inbox_bound.to_string());
    set("drain-limit", humantime::format_duration(plan.drain_limit).to_string());
    set("results", plan.results.display().to_string());
    set("record", super::values::Switch(plan.record).to_string());
    if plan.record {
        set("record-limit", super::values::Bytes(plan.record_limit).to_string());
    }
}
