//! `edge-dispatch simulate`: one policy on virtual workers.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use super::aims::{self, Beside, EnergyArgs};
use super::exit::{Exit, Fault, OrExit};
use super::files::exit_of;
use super::q_settings::QArgs;
use super::values::{PolicyName, Seed};
use crate::arrival::Arrivals;
use crate::report::{self, units};
use crate::sim::{self, Fault as SimFault, Faults, Outcome, Replications, Service, Setup, Speeds};
use crate::sorting;

/// The most workers that are simulated.
const WORKERS_MAX: i64 = sim::WORKERS_MAX as i64;

/// What `simulate` is told.
#[derive(Debug, clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct SimulateArgs {
    /// The rule that chooses a worker; docs/policies.md has them all
    #[arg(long, value_name = "NAME", default_value = "randomized-least-connection")]
    pub policy: PolicyName,
    /// How many workers of speed 1 [default: 16]
    #[arg(long, value_name = "N", conflicts_with_all = ["speeds", "machine"], value_parser = clap::value_parser!(u32).range(1..=WORKERS_MAX))]
    pub workers: Option<u32>,
    /// How fast the workers are, such as 1x8,0.55x8
    #[arg(long, value_name = "SPEEDxCOUNT,…", conflicts_with = "machine")]
    pub speeds: Option<Speeds>,
    /// A board: i7-1370p, i5-13400, rk3588, rk3399, sdm845, pi5, pi4
    #[arg(long, value_name = "BOARD")]
    pub machine: Option<String>,
    /// Work that arrives, over the sum of all speeds
    #[arg(long, value_name = "FRACTION", default_value_t = 0.8)]
    pub load: f64,
    /// The work of a packet: exponential, deterministic, uniform, erlang:PHASES, hyper:SCV,
    /// recorded:FILE (an assignments.csv)
    #[arg(long, value_name = "SERVICE", default_value = "exponential")]
    pub service: String,
    /// How packets follow each other: periodic, poisson, bursty
    #[arg(long, value_name = "PROCESS", default_value = "poisson")]
    pub arrivals: Arrivals,
    /// Workers to look at for each packet, where the rule can be told
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(1..))]
    pub choices: Option<u32>,
    /// The rule sees one board of loads, written every T mean service times
    #[arg(long, value_name = "T")]
    pub stale: Option<f64>,
    /// The rule is not told the workers' speeds and must learn them from service times
    #[arg(long)]
    pub learn_capacity: bool,
    /// What goes wrong: crash:0@100+50, stall:…, offline:…, throttle:3@100+50=0.5,
    /// foreign:0@100+50=0.7 (KIND:WORKER@AT+FOR, in mean service times); or random:SEED.
    /// May be given several times
    #[arg(long, value_name = "FAULT", value_delimiter = ',')]
    pub faults: Vec<String>,
    /// Keys that packets have
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub sensors: u32,
    /// Packets of each replication
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub packets: u64,
    /// The part of the packets, from the first on, that is not measured
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    pub warmup: f64,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: Seed,
    /// Independent runs, on all cores
    #[arg(long, value_name = "R", default_value_t = 1)]
    pub replications: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub energy: EnergyArgs,
    #[command(flatten)]
    pub q: QArgs,
}

pub fn simulate(args: SimulateArgs) -> Result<Exit, Fault> {
    let setup = setup(&args)?;
    setup.check().map_err(|error| Fault::says(Exit::Usage, format!("--{error}")))?;
    let outcome = run(&setup)?;
    if let (Some(path), Some(table)) = (&args.q.q_table, &outcome.q_table) {
        super::q_settings::save(path, table)?;
    }
    let twin = aims::twin(&setup).map(|twin| run(&twin)).transpose()?;
    let beside = Beside::new(&outcome, twin.as_ref());
    if args.json {
        let json =
            serde_json::to_string_pretty(&beside).context("cannot write JSON").or_exit(Exit::Io)?;
        return super::print(&(json + "\n"));
    }
    super::print(&(text(&outcome) + &beside.text()))
}

/// Simulates with a progress bar, where somebody looks.
fn run(setup: &Setup) -> Result<Outcome, Fault> {
    let shown = std::io::stderr().is_terminal() && setup.replications > 1;
    let bar =
        if shown { ProgressBar::new(u64::from(setup.replications)) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} replications, {eta} left")
    {
        bar.set_style(style);
    }
    let done = || bar.inc(1);
    let outcome = sim::simulate(setup, Replications { done: &done, ..Replications::default() });
    bar.finish_and_clear();
    outcome.or_exit(Exit::Usage)
}

fn setup(args: &SimulateArgs) -> Result<Setup, Fault> {
    let speeds = speeds(args)?;
    let board = args.machine.as_ref().and_then(|name| sim::machine(name).ok());
    let aim = args.energy.aim(&speeds, board.map(|board| board.power))?;
    let horizon = args.packets as f64 / (args.load * speeds.sum());
    let mut setup = Setup {
        policy: args.policy.0.clone(),
        own: None,
        choices: args.choices,
        q: args.q.settings(),
        q_table: None,
        load: args.load,
        service: service(&args.service)?,
        arrivals: args.arrivals,
        sensors: args.sensors,
        stale: args.stale,
        learn_capacity: args.learn_capacity,
        faults: faults(&args.faults, speeds.workers(), horizon)?,
        aim,
        packets: args.packets,
        warmup: args.warmup,
        seed: args.seed.0,
        replications: args.replications,
        first_replication: 0,
        log_rows: 0,
        speeds,
    };
    if let Some(path) = &args.q.q_table {
        setup.q_table = super::q_settings::load(path, &setup.capacities())?;
        super::q_settings::can_be_saved(path)?;
    }
    Ok(setup)
}

fn speeds(args: &SimulateArgs) -> Result<Speeds, Fault> {
    if let Some(name) = &args.machine {
        let machine = sim::machine(name).context("--machine").or_exit(Exit::Usage)?;
        return Ok(machine.speeds());
    }
    let uniform = || Speeds::uniform(args.workers.unwrap_or(16));
    Ok(args.speeds.clone().unwrap_or_else(uniform))
}

/// A service by its text; a recorded one from its file.
pub fn service(text: &str) -> Result<Service, Fault> {
    let Some(path) = text.strip_prefix("recorded:").filter(|path| !path.is_empty()) else {
        return text.parse().context("--service").or_exit(Exit::Usage);
    };
    let services = report::read_services(Path::new(path))
        .map_err(|error| Fault::says(exit_of(&error), error))?;
    let name = PathBuf::from(path)
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Service::recorded(&name, &services).map_err(|error| Fault::new(Exit::BadData, error))
}

fn faults(texts: &[String], workers: u32, horizon: f64) -> Result<Faults, Fault> {
    let mut faults = Vec::new();
    for text in texts {
        if let Some(seed) = text.strip_prefix("random:") {
            let seed = seed.parse().map_err(|_| anyhow!("--faults: '{text}': give random:SEED"));
            let plan = Faults::random(seed.or_exit(Exit::Usage)?, workers, horizon);
            faults.extend_from_slice(plan.each());
        } else {
            let fault: Result<SimFault, _> = text.parse();
            faults.push(fault.context("--faults").or_exit(Exit::Usage)?);
        }
    }
    Ok(Faults::new(faults))
}

fn text(outcome: &Outcome) -> String {
    let mut text = String::new();
    let o = outcome;
    let short = |speed: &f64| (speed * 1000.0).round() / 1000.0;
    let speeds = Speeds::new(o.speeds.iter().map(short).collect());
    let stale = o.stale.map_or_else(String::new, |t| format!(", loads seen every {t} units"));
    let _ = writeln!(
        text,
        "{}: {} ({speeds}), load {}, {} work, {} arrivals{stale}\n\
         {} x {}, seed {}; times in mean service times on a worker of speed 1\n",
        o.policy,
        units::counted(u64::from(o.workers), "worker"),
        o.load,
        o.service,
        o.arrivals,
        o.replications,
        units::counted(o.packets, "packet"),
        o.seed,
    );
    let over = if o.replications > 1 { "replications" } else { "batches" };
    let _ = writeln!(text, "mean    {:>12.4}  ± {:.4} (95 %, over {over})", o.mean, o.mean_ci95);
    for (name, value) in
        [("p50", o.p50), ("p95", o.p95), ("p99", o.p99), ("p99.9", o.p999), ("dev", o.deviation)]
    {
        let _ = writeln!(text, "{name:<6}  {value:>12.4}");
    }
    let _ = writeln!(text, "waited  {:>12.4}  of the packets", o.waited);
    let _ = writeln!(text, "most in flight {:>5}", o.max_in_flight);
    text.push_str(&by_speed(o));
    if o.failed > 0 {
        let _ = writeln!(text, "failed in crashes: {}", units::counted(o.failed, "packet"));
    }
    if let Some(learning) = &o.learning {
        let _ = writeln!(
            text,
            "learned {} of {} values; took over {} times, handed back {} times",
            learning.learned, learning.values, learning.take_overs, learning.hand_backs
        );
    }
    if o.unstable {
        text.push_str(
            "\nUNSTABLE: the queues went on growing; the figures say how far they came.\n",
        );
    }
    text
}

/// Share and utilization of the workers of each speed.
fn by_speed(outcome: &Outcome) -> String {
    let mut text = String::from("\nspeed   workers   share  busy\n");
    let mut speeds = outcome.speeds.clone();
    sorting::sort_by(&mut speeds, |a, b| b.total_cmp(a));
    speeds.dedup();
    for speed in speeds {
        let at = || (0..outcome.speeds.len()).filter(|at| outcome.speeds[*at] == speed);
        let (count, share): (usize, f64) = (at().count(), at().map(|at| outcome.share[at]).sum());
        let busy = at().map(|at| outcome.utilization[at]).sum::<f64>() / count as f64;
        let (share, busy) = (100.0 * share, 100.0 * busy);
        let _ = writeln!(text, "{speed:<6.3}  {count:>7}  {share:>4.1} %  {busy:>3.0} %");
    }
    text
}
