//! `edge-dispatch compare`, `experiment` and `report`: studies.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use super::exit::{Exit, Fault, OrExit};
use super::study_files;
use super::values::{Seed, Span};
use super::{log_output, signals};
use crate::clock::{Clock, utc_text};
use crate::experiment::{
    self, LiveError, PLANS, Plan, PolicySpec, Progress, Store, StoreError, StudyError,
};
use crate::study::Mode;
use crate::topology::{Roots, Topology, platform};

/// The largest plan read.
const PLAN_BYTES_MAX: u64 = 1 << 20;

/// What a study is told beside its plan.
#[derive(Debug, clap::Args)]
pub struct StudyArgs {
    /// In virtual time (the plan's default)
    #[arg(long, conflicts_with = "live")]
    pub simulated: bool,
    /// On this machine's cores
    #[arg(long)]
    pub live: bool,
    /// Only these policies: NAME, NAME:D to look at D workers, NAME:energy for the goal of energy,
    /// q-learning:unguarded
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub policies: Vec<PolicySpec>,
    /// Runs of each policy in each setting
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeats: Option<u32>,
    /// How long all live runs take together; each takes at least a second
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Span>,
    /// Packets of each simulated run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1000..=1_000_000_000))]
    pub packets: Option<u64>,
    /// Seed of everything random
    #[arg(long, value_name = "N")]
    pub seed: Option<Seed>,
    /// Folder for the study; it must not be there yet [default: results/PLAN-DATE]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with a study that was interrupted
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
}

/// What `compare` is told.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// A plan: a file (also a study's manifest.toml), or A1, A2, B, hybrid, overload, bursts,
    /// stale, faults, stealing, energy [default: B]
    pub plan: Option<String>,
    #[command(flatten)]
    pub study: StudyArgs,
}

/// What `experiment` is told.
#[derive(Debug, clap::Args)]
pub struct ExperimentArgs {
    /// A1 (three workers), A2 (from one to many), B (all policies on the same traffic), or another
    /// plan that is built in: hybrid, overload, bursts, stale, faults, stealing,
    /// energy
    pub name: String,
    #[command(flatten)]
    pub study: StudyArgs,
}

/// What `report` is told.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The folder of a study, finished or not
    pub folder: PathBuf,
}

pub fn compare(args: CompareArgs) -> Result<Exit, Fault> {
    let plan = match (&args.plan, &args.study.resume) {
        (Some(name), _) => parse(plan_text(name)?)?,
        // Resumed without a plan: the one that is there, which flags must not change.
        (None, Some(folder)) => experiment::read_plan(folder).map_err(store_fault)?,
        (None, None) => parse(built_in("B")?)?,
    };
    study(plan, args.study)
}

pub fn experiment(args: ExperimentArgs) -> Result<Exit, Fault> {
    study(parse(built_in(&args.name)?)?, args.study)
}

/// Report and pictures again, from the runs that are saved.
pub fn report(args: ReportArgs) -> Result<Exit, Fault> {
    let (plan, runs) = experiment::read(&args.folder).map_err(store_fault)?;
    let study = experiment::study(&plan, &runs);
    if study.cells.is_empty() {
        let message = format!("{}: no run is saved there yet", args.folder.display());
        return Err(Fault::says(Exit::BadData, message));
    }
    let all = plan.repeats as usize * plan.policies.len() * study.settings.len();
    let mut said = String::new();
    if runs.len() < all {
        said = format!("{} of {all} runs are there: the study is not finished\n", runs.len());
    }
    let files = study_files::write(&args.folder, &study, &runs)?;
    super::print(&(said + &study_files::listed(&args.folder, &files)))
}

/// A plan's text and where it stands.
struct PlanText {
    from: String,
    text: String,
}

fn plan_text(name: &str) -> Result<PlanText, Fault> {
    let path = Path::new(name);
    if !path.is_file() && experiment::built_in(name).is_some() {
        return built_in(name);
    }
    let file = File::open(path)
        .with_context(|| {
            format!("{name}: cannot open the plan; name a file or one of {}", known_plans())
        })
        .or_exit(Exit::MissingInput)?;
    let mut text = String::new();
    file.take(PLAN_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("{name}: cannot read the plan"))
        .or_exit(Exit::Config)?;
    if text.len() as u64 > PLAN_BYTES_MAX {
        let message = format!("{name}: more than {PLAN_BYTES_MAX} bytes are no plan");
        return Err(Fault::says(Exit::Config, message));
    }
    Ok(PlanText { from: name.to_owned(), text })
}

fn built_in(name: &str) -> Result<PlanText, Fault> {
    let text = experiment::built_in(name).ok_or_else(|| {
        let message = format!("there is no plan '{name}'; there are {}", known_plans());
        Fault::says(Exit::Usage, message)
    })?;
    Ok(PlanText { from: format!("plan {name}"), text: text.to_owned() })
}

fn known_plans() -> String {
    PLANS.map(|(name, _)| name).join(", ")
}

fn parse(PlanText { from, text }: PlanText) -> Result<Plan, Fault> {
    let plan = Plan::parse(&text).with_context(|| format!("{from}: it is no plan"));
    plan.or_exit(Exit::Config)
}

impl StudyArgs {
    /// Lays the flags over the plan.
    fn over(&self, mut plan: Plan) -> Plan {
        plan.mode = match (self.live, self.simulated) {
            (true, _) => Mode::Live,
            (_, true) => Mode::Simulated,
            _ => plan.mode,
        };
        if !self.policies.is_empty() {
            plan.policies = self.policies.clone();
        }
        plan.repeats = self.repeats.unwrap_or(plan.repeats);
        plan.duration = self.duration.map_or(plan.duration, |duration| duration.0);
        plan.packets = self.packets.unwrap_or(plan.packets);
        plan.seed = self.seed.map_or(plan.seed, |seed| seed.0);
        plan.manifest = None;
        plan
    }
}

fn study(plan: Plan, args: StudyArgs) -> Result<Exit, Fault> {
    let plan = args.over(plan);
    check(&plan)?;
    let (mut store, plan) = open(plan, &args)?;
    let shown = Shown::new();
    log_output::start(shown.bar.clone());
    log_output::hush_workers();
    shown.stop_on_signal()?;
    let begun = format!("{}, {}: {}", plan.name, plan.mode.as_str(), store.folder().display());
    log::info!("{begun}; Ctrl+C stops after the run at hand");
    let study = experiment::run(&plan, &mut store, &shown);
    shown.bar.finish_and_clear();
    match study {
        Ok(study) => {
            let files = study_files::write(store.folder(), &study, store.saved())?;
            super::print(&study_files::said(store.folder(), &study, &files))
        }
        Err(error @ StudyError::Stopped { .. }) => {
            let folder = store.folder().display();
            let how = format!("go on with: edge-dispatch compare --resume {folder}");
            Err(Fault::says(Exit::Unfinished, format!("{error}; {how}")))
        }
        Err(StudyError::Store(error)) => Err(store_fault(error)),
        Err(error @ (StudyError::NoSetting { .. } | StudyError::Setting { .. })) => {
            Err(Fault::new(Exit::Config, error))
        }
        Err(error @ StudyError::Live(LiveError::NothingMeasured { .. })) => {
            Err(Fault::new(Exit::Config, error))
        }
        Err(error) => Err(Fault::new(Exit::Io, error)),
    }
}

/// What flags may have made impossible.
fn check(plan: &Plan) -> Result<(), Fault> {
    let twice = plan.policies.iter().enumerate();
    if let Some((_, policy)) = twice.into_iter().find(|(at, p)| plan.policies[..*at].contains(p)) {
        return Err(Fault::says(Exit::Usage, format!("--policies: {policy} stands there twice")));
    }
    Ok(())
}

fn open(plan: Plan, args: &StudyArgs) -> Result<(Store, Plan), Fault> {
    if let Some(folder) = &args.resume {
        return Store::open(folder, Some(&plan)).map_err(store_fault);
    }
    experiment::check(&plan).or_exit(Exit::Config)?;
    let date = utc_text();
    let stamp = date.replace(':', "");
    let folder = args.out.clone();
    let folder =
        folder.unwrap_or_else(|| Path::new("results").join(format!("{}-{stamp}", plan.name)));
    let store = Store::create(&folder, &plan, &facts(&date)).map_err(store_fault)?;
    Ok((store, plan))
}

/// When and where: for the manifest only, so that all else can be the same to the byte.
fn facts(date: &str) -> toml::Table {
    let model = Topology::read(&Roots::this_machine()).map_or_else(
        |error| format!("unknown ({error})"),
        |topology| format!("{}, {} CPUs allowed", topology.model, topology.allowed().len()),
    );
    let facts = [
        ("made", date.to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("commit", env!("EDGE_DISPATCH_COMMIT").to_owned()),
        ("machine", model),
        ("platform", platform()),
    ];
    facts.map(|(key, value)| (key.to_owned(), toml::Value::String(value))).into_iter().collect()
}

fn store_fault(error: StoreError) -> Fault {
    let exit = match &error {
        StoreError::Write { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => {
            Exit::Io
        }
        StoreError::Write { what, .. } if what.contains("make") || what.contains("manifest") => {
            Exit::CannotCreate
        }
        StoreError::Write { .. } => Exit::Io,
        StoreError::Read { .. } => Exit::MissingInput,
        StoreError::Plan { .. } | StoreError::OtherPlan { .. } => Exit::Config,
        StoreError::Exists { .. } | StoreError::Taken { .. } => Exit::CannotCreate,
        StoreError::BadRun { .. } => Exit::BadData,
    };
    Fault::new(exit, anyhow!("{error}"))
}

/// What people see while a study is made.
struct Shown {
    bar: ProgressBar,
    on_terminal: bool,
    stop: Arc<AtomicBool>,
    count: Mutex<(usize, usize)>,
}

impl Shown {
    fn new() -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = if on_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = "{bar:30} {pos}/{len} runs, {eta} left: {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Shown { bar, on_terminal, stop: Arc::default(), count: Mutex::default() }
    }

    fn stop_on_signal(&self) -> Result<(), Fault> {
        let (signals, stop) = (signals::listen().or_exit(Exit::Io)?, self.stop.clone());
        let wait = move || {
            let (clock, mut first_ns) = (Clock::start(), None);
            for signal in signals {
                let now_ns = clock.now_ns();
                let since_ns = now_ns - *first_ns.get_or_insert(now_ns);
                if since_ns >= signals::SAME_REQUEST.as_nanos() as u64 {
                    log::warn!("{signal} again: stopping at once; finished runs are saved");
                    std::process::exit(Exit::Aborted as i32);
                }
                log::info!("{signal}: stopping after the run at hand; again to stop at once");
                // Relaxed: a flag that is looked at again and again.
                stop.store(true, Ordering::Relaxed);
            }
        };
        let thread = std::thread::Builder::new().name("stop".into()).spawn(wait);
        thread.map(drop).context("cannot start a thread").or_exit(Exit::Io)
    }
}

impl Progress for Shown {
    fn begin(&self, runs: usize, there: usize) {
        self.bar.set_length(runs as u64);
        self.bar.set_position(there as u64);
        // What was there took no time now.
        self.bar.reset_eta();
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) = (there, runs);
        if there > 0 {
            log::info!("{there} of {runs} runs are there already");
        }
    }

    fn saved(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.inc(1);
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        count.0 += 1;
        // Where nobody watches a bar, a line for each tenth.
        let tenth = |done: usize| done * 10 / count.1.max(1);
        if !self.on_terminal && tenth(count.0) > tenth(count.0 - 1) {
            log::info!("{} of {} runs", count.0, count.1);
        }
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
