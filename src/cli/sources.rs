//! Opens the sources of a plan, before anything starts.

use std::time::Duration;

use super::exit::{Exit, Fault, OrExit};
use super::plan::{Plan, VirtualPace};
use super::values::SourceSpec;
use crate::class::Class;
use crate::clock::process_cpu_ns;
use crate::engine::{Snapshot, pacing};
use crate::ids::{CpuId, WorkerId};
use crate::names::SensorNames;
use crate::order::OrderRule;
use crate::packet::Packet;
use crate::process::{Monitor, WorkerInfo};
use crate::sorting;
use crate::source::Source;
use crate::source::host::Host;
use crate::source::replay::{BadRows, Replay, ReplayError, ReplayOptions};
use crate::source::udp::{BindError, Udp};
use crate::source::virtual_sensors::{Fleet, Pace};
use crate::topology::Placement;

/// How often the host's own sensors are read.
const HOST_PERIOD: Duration = Duration::from_secs(1);

/// What a run takes packets from.
pub struct Opened {
    /// Each with the rule for the order of its packets.
    pub sources: Vec<(OrderRule, Box<dyn Source<Packet>>)>,
    /// Counts of the replays' bad rows.
    pub bad_rows: Vec<BadRows>,
    /// The virtual sensors' pace, where there are any.
    pub pacer: Option<Pacer>,
}

/// Opens every source of `plan`.
pub fn open(plan: &Plan, placement: &Placement, names: &SensorNames) -> Result<Opened, Fault> {
    let mut opened = Opened { sources: Vec::new(), bad_rows: Vec::new(), pacer: None };
    for spec in &plan.sources {
        let order = plan.orders.of(spec);
        match spec {
            SourceSpec::Virtual => open_virtual(plan, placement, names, &mut opened)?,
            SourceSpec::Host => {
                let host = Host::new(HOST_PERIOD, names.clone());
                opened.sources.push((order, Box::new(host)));
            }
            SourceSpec::Udp(address) => {
                let udp = Udp::bind(address, names.clone())
                    .map_err(|error| Fault::new(exit_of_bind(&error), error))?;
                log::info!("listening for line protocol on {}", udp.local_addr());
                opened.sources.push((order, Box::new(udp)));
            }
            SourceSpec::Replay(path) => {
                let options =
                    ReplayOptions { pace: plan.replay_pace, sample_rate_hz: plan.sample_rate_hz };
                let replay = Replay::open(path, names.clone(), options)
                    .map_err(|error| Fault::new(exit_of_replay(&error), error))?;
                opened.bad_rows.push(replay.bad_rows());
                opened.sources.push((order, Box::new(replay)));
            }
        }
    }
    Ok(opened)
}

fn exit_of_bind(error: &BindError) -> Exit {
    match error {
        BindError::NotAnAddress { .. } => Exit::Usage,
        _ => Exit::CannotCreate,
    }
}

fn exit_of_replay(error: &ReplayError) -> Exit {
    match error {
        ReplayError::Missing { .. }
        | ReplayError::Unreadable { .. }
        | ReplayError::NotAFile { .. } => Exit::MissingInput,
        ReplayError::Empty { .. } | ReplayError::Header { .. } => Exit::BadData,
    }
}

fn open_virtual(
    plan: &Plan,
    placement: &Placement,
    names: &SensorNames,
    opened: &mut Opened,
) -> Result<(), Fault> {
    let (rate, load) = match plan.pace {
        VirtualPace::Rate(rate) => (rate, None),
        VirtualPace::Load(load) => (carried(plan, placement, load)?, Some(load)),
    };
    let pace = Pace::new(rate);
    let cpus = distinct(placement).len();
    let threads = plan.source_threads.unwrap_or_else(|| cpus.div_ceil(4) as u32);
    let parts = plan.fleet.divide(threads as usize, &pace, names).or_exit(Exit::Usage)?;
    for part in parts {
        opened.sources.push((plan.orders.of(&SourceSpec::Virtual), Box::new(part)));
    }
    opened.pacer = Some(Pacer { pace, load, cpus: cpus as f64, before: None, corrections: 0 });
    Ok(())
}

/// The pace that loads the workers' CPUs to `load`, by trying some packets here and now.
fn carried(plan: &Plan, placement: &Placement, load: f64) -> Result<f64, Fault> {
    let fleet: Fleet = plan.fleet.clone();
    let endless = Pace::new(1e9);
    let mut parts = fleet.divide(1, &endless, &SensorNames::default()).or_exit(Exit::Usage)?;
    let info = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };
    let mut stateless = plan.work.stateless();
    let mut monitor = Monitor::default();
    let trial: &mut dyn FnMut(&Packet) = match &mut stateless {
        Some(work) => &mut pacing::as_trial(work, &info),
        None => &mut pacing::as_trial(&mut monitor, &info),
    };
    let cost_ns = parts.first_mut().and_then(|part| pacing::cost_of_packet_ns(part, trial));
    let capacity = distinct(placement).iter().map(|(_, capacity)| capacity).sum();
    // Begin at half of that: dispatch, recording and waking up are not in the trial, and a first
    // second of overload would stand in every figure of a short run. Without any packet in the
    // trial there is no telling: begin low.
    Ok(cost_ns.map_or(100.0, |cost_ns| pacing::rate_for(load, capacity, cost_ns) / 2.0))
}

/// The CPUs that have workers, each once, with its capacity.
pub fn distinct(placement: &Placement) -> Vec<(CpuId, f64)> {
    let mut cpus: Vec<_> = placement.seats.iter().map(|seat| (seat.cpu, seat.capacity)).collect();
    sorting::sort_by_key(&mut cpus, |(cpu, _)| *cpu);
    cpus.dedup_by_key(|(cpu, _)| *cpu);
    cpus
}

/// Keeps the virtual sensors' pace at the load asked for, in the first seconds.
pub struct Pacer {
    pace: Pace,
    load: Option<f64>,
    cpus: f64,
    before: Option<(u64, u64)>,
    corrections: u32,
}

/// Corrections, one a second.
const CORRECTIONS: u32 = 6;

impl Pacer {
    /// One step; call it about once a second, with the packets finished so far.
    pub fn step(&mut self, finished: u64) {
        let Some(load) = self.load.filter(|_| self.corrections < CORRECTIONS) else {
            return;
        };
        let cpu_ns = process_cpu_ns();
        let (cpu_then_ns, finished_then) =
            self.before.replace((cpu_ns, finished)).unwrap_or((0, 0));
        if finished > finished_then && finished_then > 0 {
            let cost_ns = (cpu_ns - cpu_then_ns) as f64 / (finished - finished_then) as f64;
            let rate = self.pace.rate_packets_per_s();
            self.pace.set_rate(pacing::corrected(rate, load, self.cpus, cost_ns));
            self.corrections += 1;
        }
    }

    /// What a reader of the results should know of the pace.
    pub fn notes(&self, last: &Snapshot) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(load) = self.load {
            let rate = self.pace.rate_packets_per_s();
            notes.push(format!("pace {rate:.0} packets/s, found for a load of {load}"));
        }
        if self.pace.behind() > 0 {
            let (behind, received) = (self.pace.behind(), last.ledger.received);
            notes.push(format!(
                "the virtual sensors could not keep the pace: {behind} packets were due and not \
                 made, beside {received} that were"
            ));
        }
        notes
    }
}
