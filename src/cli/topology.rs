//! `edge-dispatch topology`: the CPUs as the program sees them.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;

use super::args::TopologyArgs;
use super::exit::{Exit, Fault, OrExit};
use crate::topology::{CpuList, Roots, Topology};

pub fn topology(args: TopologyArgs) -> Result<Exit, Fault> {
    let topology = Topology::read(&roots(args.sysfs, args.proc)).or_exit(Exit::MissingInput)?;
    if args.json {
        let json = serde_json::to_string_pretty(&topology)
            .context("cannot write JSON")
            .or_exit(Exit::Io)?;
        return super::print(&(json + "\n"));
    }
    super::print(&text(&topology))
}

/// A tree given alone is all there is: this process's own allowances say nothing about it.
fn roots(sysfs: Option<PathBuf>, proc: Option<PathBuf>) -> Roots {
    match (sysfs, proc) {
        (None, None) => Roots::this_machine(),
        (sys, proc) => Roots::tree(sys.unwrap_or_else(|| PathBuf::from("/sys")), proc),
    }
}

fn text(topology: &Topology) -> String {
    let mut text = format!("{}\n\n", topology.model);
    let yes = |is: bool| if is { "yes" } else { "no" };
    let _ = writeln!(
        text,
        "{:>4}  {:<6}  {:<7}  {:<12}  {:>8}  from",
        "cpu", "online", "allowed", "class", "capacity"
    );
    for cpu in &topology.cpus {
        let _ = writeln!(
            text,
            "{:>4}  {:<6}  {:<7}  {:<12}  {:>8.2}  {}",
            cpu.cpu,
            yes(cpu.online),
            yes(cpu.allowed),
            cpu.class.to_string(),
            cpu.capacity,
            cpu.capacity_source,
        );
    }
    let _ = writeln!(text);
    for class in &topology.classes {
        let cpus: CpuList = class.cpus.iter().copied().collect();
        let _ = writeln!(text, "{}: CPUs {cpus}, capacity {:.2}", class.name, class.capacity);
    }
    if !topology.hybrid {
        let _ = writeln!(text, "All cores are equal, as far as this machine tells.");
    }
    for note in &topology.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}
