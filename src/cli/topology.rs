//! `edge-dispatch topology`: the CPUs as the program sees them, and where a run would put what.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use super::args::TopologyArgs;
use super::config;
use super::exit::{Exit, Fault, OrExit};
use super::plan;
use super::print;
use super::settings::Settings;
use crate::clock::Clock;
use crate::topology::{
    Calibration, CpuList, Placement, PlacementError, PlacementRequest, Roots, Topology, place,
};

/// All that is printed, as JSON.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    topology: &'a Topology,
    /// Where `run` would put its threads; none where it would refuse to start.
    placement: Option<&'a Placement>,
    /// Why it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    placement_error: Option<String>,
    /// With `--measure`: speed of each measured CPU relative to the fastest.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<&'a Calibration>,
}

pub fn topology(args: TopologyArgs) -> Result<Exit, Fault> {
    if args.measure && (args.sysfs.is_some() || args.proc.is_some()) {
        let message = "--measure measures this machine: it cannot be given with --sysfs or --proc";
        return Err(Fault::new(Exit::Usage, anyhow::anyhow!(message)));
    }
    let request = request(&args)?;
    let topology = Topology::read(&roots(args.sysfs, args.proc)).or_exit(Exit::MissingInput)?;
    let measure = || Calibration::measure(&topology, &topology.allowed(), &Clock::start());
    let measured = args.measure.then(measure);
    let placement = place(&topology, &request);
    if args.json {
        let printed = Printed {
            topology: &topology,
            placement: placement.as_ref().ok(),
            placement_error: placement.as_ref().err().map(ToString::to_string),
            measured: measured.as_ref(),
        };
        let json = serde_json::to_string_pretty(&printed)
            .context("cannot write JSON")
            .or_exit(Exit::Io)?;
        return print(&(json + "\n"));
    }
    print(&text(&topology, &placement, measured.as_ref()))
}

/// What a run would ask for: flags and environment over the configuration. Another machine's tree
/// has no file here that is meant for it, unless it is named.
fn request(args: &TopologyArgs) -> Result<PlacementRequest, Fault> {
    let is_here = args.sysfs.is_none() && args.proc.is_none();
    let settings = match is_here || args.config.is_some() {
        true => config::find(args.config.as_deref())?.0,
        false => Settings::default(),
    };
    let below = plan::placement_of(&settings);
    Ok(PlacementRequest {
        cpus: args.cpus.clone().or(below.cpus),
        workers: args.workers.as_ref().map(|workers| workers.0).or(below.workers),
        smt: args.smt.unwrap_or(below.smt),
        reserve: args.reserve.as_ref().map_or(below.reserve, |reserve| reserve.0),
    })
}

/// A tree given alone is all there is: this process's own allowances say nothing about it.
fn roots(sysfs: Option<PathBuf>, proc: Option<PathBuf>) -> Roots {
    match (sysfs, proc) {
        (None, None) => Roots::this_machine(),
        (sys, proc) => Roots::tree(sys.unwrap_or_else(|| PathBuf::from("/sys")), proc),
    }
}

fn text(
    topology: &Topology,
    placement: &Result<Placement, PlacementError>,
    measured: Option<&Calibration>,
) -> String {
    let mut text = format!("{}\n\n", topology.model);
    cpus(&mut text, topology, measured);
    let _ = writeln!(text);
    for class in &topology.classes {
        let cpus: CpuList = class.cpus.iter().copied().collect();
        let _ = writeln!(text, "{}: CPUs {cpus}, capacity {:.2}", class.name, class.capacity);
    }
    if !topology.hybrid {
        let _ = writeln!(text, "All cores are equal, as far as this machine tells.");
    }
    match placement {
        Ok(placement) => explain(&mut text, placement),
        Err(error) => {
            let _ = writeln!(text, "A run would not start: {error}.");
        }
    }
    for note in &topology.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn cpus(text: &mut String, topology: &Topology, measured: Option<&Calibration>) {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let more = if measured.is_some() { "  measured" } else { "" };
    let _ = writeln!(
        text,
        "{:>4}  {:<6}  {:<7}  {:<12}  {:>8}  {:<13}{more}",
        "cpu", "online", "allowed", "class", "capacity", "from"
    );
    for cpu in &topology.cpus {
        let figure = measured.map(|all| match all.speed(cpu.cpu) {
            Some(speed) => format!("  {speed:>8.2}"),
            None => format!("  {:>8}", "-"),
        });
        let line = format!(
            "{:>4}  {:<6}  {:<7}  {:<12}  {:>8.2}  {:<13}{}",
            cpu.cpu,
            yes(cpu.online),
            yes(cpu.allowed),
            cpu.class.to_string(),
            cpu.capacity,
            cpu.capacity_source,
            figure.unwrap_or_default(),
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// The placement in words.
fn explain(text: &mut String, placement: &Placement) {
    let cpus: CpuList = placement.seats.iter().map(|seat| seat.cpu).collect();
    let workers = crate::report::units::counted(placement.seats.len() as u64, "worker");
    let how = if placement.shared { "in turn" } else { "one on each" };
    let _ = writeln!(text, "\nA run would place {workers} on CPU {cpus}, {how}:");
    for reason in placement.reasons.iter().chain([&placement.housekeeping_reason]) {
        let _ = writeln!(text, "- {reason}");
    }
}
