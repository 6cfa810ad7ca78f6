//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::compare::{CompareArgs, ExperimentArgs, ReportArgs};
use super::settings::Settings;
use super::simulate::SimulateArgs;
use super::values::{Count, Positive};
use crate::topology::{CpuList, Smt};

/// Dispatch telemetry over all cores of an edge box, and see how fast and slow cores share it.
///
/// Without a command it runs: virtual sensors on every CPU it may use, until Ctrl+C. Then look
/// at results/results_graph.png.
#[derive(Debug, Parser)]
#[command(name = "edge-dispatch", version, args_conflicts_with_subcommands = true)]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

const EXAMPLES: &str = "\
Examples:
  edge-dispatch                                  until Ctrl+C, at 60 % load
  edge-dispatch run --duration 10s --rate 20000  ten seconds at 20,000 packets/s
  edge-dispatch run --emulate-class 1=0.4        see P- and E-cores on equal cores
  edge-dispatch run --source udp://0.0.0.0:8089  line protocol from real agents
  edge-dispatch run --policy round-robin         compare with a simpler rule

Settings: flags, over the environment (--inbox-bound is EDGE_DISPATCH_INBOX_BOUND, and so on),
over --config FILE (else ./edge-dispatch.toml), over defaults. Log level: EDGE_DISPATCH_LOG=warn|info|debug.
Exit codes: 0 done, 64 usage, 65 bad data, 66 missing input, 73 cannot create, 74 I/O,
75 drain limit passed, 78 configuration, 130 stopped at once.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take packets in, spread them over the cores, until Ctrl+C (the default)
    #[command(after_help = EXAMPLES)]
    Run(Box<RunArgs>),
    /// Try a policy on virtual workers: a million packets in a fraction of a second
    Simulate(Box<SimulateArgs>),
    /// Compare policies by a plan, simulated or live; writes report and pictures
    Compare(Box<CompareArgs>),
    /// Make one of the studies that are built in
    Experiment(Box<ExperimentArgs>),
    /// Make report and pictures of a study again
    Report(ReportArgs),
    /// Draw the picture of a run again
    Plot(PlotArgs),
    /// Print the CPUs: online, allowed, class, capacity, and where a run would put its threads
    Topology(TopologyArgs),
    /// Check a configuration file without running
    Validate(ValidateArgs),
    /// Print completions for a shell: edge-dispatch completions bash
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Default, Args)]
#[command(allow_negative_numbers = true)]
pub struct RunArgs {
    /// Configuration file [default: ./edge-dispatch.toml where there is one]
    #[arg(long, env = "EDGE_DISPATCH_CONFIG", hide_env = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Debug, Args)]
pub struct PlotArgs {
    /// The rows of a run: results/assignments.csv
    pub rows: PathBuf,
    /// The picture [default: results_graph.png beside the rows]
    #[arg(long, value_name = "FILE.png")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct TopologyArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Measure the speed of each CPU as well, for a tenth of a second
    #[arg(long)]
    pub measure: bool,
    /// Read this tree instead of /sys
    #[arg(long, value_name = "ROOT")]
    pub sysfs: Option<PathBuf>,
    /// Read this tree instead of /proc
    #[arg(long, value_name = "ROOT")]
    pub proc: Option<PathBuf>,
    /// Explain the placement of a run with this configuration
    /// [default: ./edge-dispatch.toml where there is one; none with --sysfs or --proc]
    #[arg(long, env = "EDGE_DISPATCH_CONFIG", hide_env = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// ... on these CPUs
    #[arg(long, env = "EDGE_DISPATCH_CPUS", hide_env = true, value_name = "LIST")]
    pub cpus: Option<CpuList>,
    /// ... with so many workers
    #[arg(long, env = "EDGE_DISPATCH_WORKERS", hide_env = true, value_name = "N")]
    pub workers: Option<Positive>,
    /// ... with a worker on each thread of a core (use) or on the first alone (avoid)
    #[arg(long, env = "EDGE_DISPATCH_SMT", hide_env = true, value_name = "WAY")]
    pub smt: Option<Smt>,
    /// ... with so many CPUs kept without a worker
    #[arg(long, env = "EDGE_DISPATCH_RESERVE", hide_env = true, value_name = "N")]
    pub reserve: Option<Count>,
}

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The file to check
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// The command asked for.
pub fn parse() -> Result<Command, clap::Error> {
    let mut matches = asked_for().try_get_matches().map_err(from_environment)?;
    let given = match matches.subcommand() {
        Some(("run", run)) => pace_given(run)?,
        None => pace_given(&matches)?,
        Some(_) => Pace::AsParsed,
    };
    let cli = Cli::from_arg_matches_mut(&mut matches)?;
    let mut command = cli.command.unwrap_or_else(|| Command::Run(Box::new(cli.run)));
    if let Command::Run(run) = &mut command {
        match given {
            Pace::RateOnly => run.settings.load = None,
            Pace::LoadOnly => run.settings.rate = None,
            Pace::AsParsed => {}
        }
    }
    Ok(command)
}

/// The command line to read. The flags of a run also stand before every command, and what the
/// environment says of them is not for `plot` to fail on.
fn asked_for() -> clap::Command {
    let command = Cli::command();
    let first = std::env::args_os().nth(1);
    let is_command = |name: OsString| name == "help" || command.find_subcommand(name).is_some();
    if first.is_some_and(is_command) {
        return command.mut_args(|arg| arg.env(Resettable::Reset));
    }
    command
}

/// Says so where a refused value was not typed but stands in the environment.
fn from_environment(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let flag = flag.split(' ').next().unwrap_or_default();
    let typed =
        std::env::args_os().any(|arg| arg.to_string_lossy().split('=').next() == Some(flag));
    let name = flag.trim_start_matches('-').replace('-', "_").to_uppercase();
    let variable = format!("EDGE_DISPATCH_{name}");
    if !typed && std::env::var_os(&variable).is_some() {
        let tip = format!("the value comes from the environment: {variable}").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

/// The whole command, for completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Which of the two kinds of pace counts.
enum Pace {
    AsParsed,
    RateOnly,
    LoadOnly,
}

/// `--rate` and `--load` exclude each other, but a flag of one kind beats the environment's of
/// the other.
fn pace_given(matches: &clap::ArgMatches) -> Result<Pace, clap::Error> {
    let rate = matches.value_source("rate");
    let load = matches.value_source("load");
    match (rate, load) {
        (Some(a), Some(b)) if a == b => Err(Cli::command().error(
            clap::error::ErrorKind::ArgumentConflict,
            "--rate and --load both set the pace: keep one of them",
        )),
        (Some(ValueSource::CommandLine), Some(_)) => Ok(Pace::RateOnly),
        (Some(_), Some(ValueSource::CommandLine)) => Ok(Pace::LoadOnly),
        _ => Ok(Pace::AsParsed),
    }
}
