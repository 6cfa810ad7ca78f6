//! `edge-dispatch run`: the main job.

use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, select};

use super::args::RunArgs;
use super::emulate::Emulate;
use super::exit::{Exit, Fault, OrExit};
use super::files::{self, ResultsFolder};
use super::outcome::Outcome;
use super::plan::{self, Plan};
use super::q_settings::Lessons;
use super::saving::Saving;
use super::service::Service;
use super::sources::{self, Opened};
use super::status::Status;
use super::{finish, given, log_output, power_settings, signals};
use crate::clock::{Clock, unix_ns};
use crate::engine::{About, Closing, Ended, Engine, Ready, StartError};
use crate::names::SensorNames;
use crate::packet::Packet;
use crate::policy::Maker;
use crate::recorder::RecordOptions;
use crate::report::{self, units};
use crate::summary::Machine;
use crate::topology::{Placement, Roots, Topology, place, platform};

/// Runs until the time is over, the sources end, or a signal comes.
pub fn run(args: RunArgs) -> Result<Exit, Fault> {
    let plan = plan::plan(args)?;
    let mut status = Status::new();
    log_output::start(status.line());
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    given::misspelt(variables).iter().for_each(|line| log::warn!("{line}"));
    plan::without_effect(&plan).iter().for_each(|line| log::warn!("{line}"));
    log_output::hush_workers();
    let topology = look_at_machine(&plan)?;
    let placement = seats(&topology, &plan)?;
    power_settings::without_effect(&plan, &placement).iter().for_each(|line| log::warn!("{line}"));
    let lessons = Lessons::begin(&plan, &placement)?;
    let maker = lessons.maker(&plan)?;
    let signals = signals::listen().or_exit(Exit::Io)?;
    let names = SensorNames::default();
    let mut opened = sources::open(&plan, &placement, &names)?;
    let mut folder = ResultsFolder::open(&plan.results)?;
    lessons.can_be_kept()?;
    let saving = match &plan.save_packets {
        Some(path) => Some(Saving::start(path, plan.save_limit)?),
        None => None,
    };
    let earlier = folder.set_aside()?;
    let outcome = Outcome::open(&plan, &folder, &names)?;
    let mut machine = machine(&topology, &placement, &plan);
    let started_unix_ms = unix_ns() / 1_000_000;
    let mut engine = ready(&plan, topology, maker, &folder, &names, &saving, &outcome)
        .start()
        .map_err(|error| start_fault(error, &plan))?;
    for (order, source) in std::mem::take(&mut opened.sources) {
        engine.attach_in(source, order).map_err(|error| start_fault(error, &plan))?;
    }
    // From now, when the sources run: a slow disk at the start shortens no run.
    let end_ns = plan.duration.map(|duration| later(engine.clock(), duration));
    earlier.remove();
    let closing = carry(engine, &mut opened, &plan, (&mut status, end_ns), signals);
    status.clear();
    if let Some(pacer) = &opened.pacer {
        machine.notes.extend(pacer.notes(&closing.last));
    }
    let (alarms, alarms_failed) = outcome.close();
    machine.notes.extend(alarms);
    let mut files = folder.list(plan.record, closing.ended != Ended::Aborted);
    let learned = lessons.end(&mut files);
    let about = About {
        machine,
        settings: plan.texts.clone(),
        started_unix_ms,
        findings: outcome.findings.by_name(),
        files,
    };
    let exit = finish::finish(closing, about, &mut folder, saving, &opened)?;
    Ok(alarms_failed.into_iter().chain(learned.err()).fold(exit, |exit, fault| {
        log::error!("{fault}");
        exit.or(fault.exit)
    }))
}

/// The machine's CPUs, measured where they are of several classes.
fn look_at_machine(plan: &Plan) -> Result<Topology, Fault> {
    let topology = Topology::read(&Roots::this_machine()).or_exit(Exit::MissingInput)?;
    Ok(calibrated(topology, plan))
}

fn calibrated(topology: Topology, plan: &Plan) -> Topology {
    let asked = plan.placement.cpus.as_ref();
    if plan.calibration { topology.calibrated(asked, &Clock::start()) } else { topology }
}

/// The workers' seats, as fast as the slowed-down among them pretend to be.
fn seats(topology: &Topology, plan: &Plan) -> Result<Placement, Fault> {
    let mut placement = place(topology, &plan.placement)
        .map_err(|error| plan.blame.fault(&["cpus", "workers", "reserve"], error))?;
    let last = placement.seats.len() as u32 - 1;
    for Emulate { worker, slowdown } in &plan.emulate {
        let seat = placement.seats.get_mut(worker.index());
        let seat = seat.ok_or(StartError::NoSuchWorker { worker: *worker, last });
        let seat = seat.map_err(|error| plan.blame.fault(&["emulate-class"], error))?;
        seat.capacity *= slowdown.factor_at_start();
    }
    Ok(placement)
}

fn ready(
    plan: &Plan,
    topology: Topology,
    maker: Maker,
    folder: &ResultsFolder,
    names: &SensorNames,
    saving: &Option<Saving>,
    outcome: &Outcome,
) -> Ready<Packet> {
    let mut builder = power_settings::apply(Engine::builder(), plan, &topology)
        .topology(topology)
        .placement(plan.placement.clone())
        .policy_maker_of(maker)
        .seed(plan.seed)
        .inbox_bound(plan.inbox_bound)
        .overflow(plan.overflow)
        .order_window(plan.order_window)
        .priorities(plan.priorities)
        .steal(plan.steal);
    // The first is the engine's own, too.
    for rule in plan.sources.iter().map(|source| plan.orders.of(source)) {
        builder = builder.order(rule).also_order(rule);
    }
    if let Some(deadline) = plan.deadline {
        builder = builder.deadline(deadline);
    }
    if let Some(goal) = plan.goal.for_engine() {
        builder = builder.energy_goal(goal);
    }
    for emulate in &plan.emulate {
        builder = builder.slow_down(emulate.worker, emulate.slowdown);
    }
    if plan.record {
        builder = builder.record(RecordOptions {
            path: folder.path(files::ROWS),
            limit_bytes: plan.record_limit,
            names: names.clone(),
        });
    }
    if let Some(saving) = saving {
        builder = builder.tap(saving.tap(names.clone()));
    }
    outcome.work_of(builder)
}

fn start_fault(error: StartError, plan: &Plan) -> Fault {
    let exit = match error {
        StartError::Record { path, error } => return files::cannot_create(&path, error),
        StartError::Topology(_) => Exit::MissingInput,
        StartError::Thread(_) => Exit::Io,
        StartError::StateNeedsOrder => return plan.blame.fault(&["order", "work"], error),
        StartError::WrongGoal { .. } => {
            return plan.blame.fault(&["latency-slo", "idle-active"], error);
        }
        _ => return plan.blame.fault(&["cpus", "workers", "emulate-class", "policy"], error),
    };
    Fault::new(exit, error)
}

/// Runs the engine and drains it.
fn carry(
    engine: Engine<Packet>,
    opened: &mut Opened,
    plan: &Plan,
    (status, end_ns): (&mut Status, Option<u64>),
    signals: Receiver<&'static str>,
) -> Closing {
    let workers = plan.placement.workers.map(|n| units::counted(n.into(), "worker"));
    let workers = workers.unwrap_or_default();
    log::info!(
        "running{}{workers}; Ctrl+C ends it and draws {}",
        if workers.is_empty() { "" } else { " " },
        plan.results.join(files::PICTURE).display()
    );
    let mut service = Service::of_environment();
    service.ready();
    let asked = wait_for_the_end(&engine, opened, end_ns, (status, &mut service), &signals);
    service.stopping(plan.drain_limit);
    signals::halt_on_second(signals, asked, engine.clock().clone(), engine.halt());
    engine.finish(plan.drain_limit)
}

fn later(clock: &Clock, duration: Duration) -> u64 {
    clock.now_ns().saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// Shows the status until something ends the run, `end_ns` at the latest; whether that was a signal.
fn wait_for_the_end(
    engine: &Engine<Packet>,
    opened: &mut Opened,
    end_ns: Option<u64>,
    (status, service): (&mut Status, &mut Service),
    signals: &Receiver<&'static str>,
) -> bool {
    const SECOND: Duration = Duration::from_secs(1);
    let clock = engine.clock();
    let (mut pace_ns, mut status_ns) = (SECOND.as_nanos() as u64, status.every().as_nanos() as u64);
    loop {
        let now_ns = clock.now_ns();
        if end_ns.is_some_and(|end_ns| now_ns >= end_ns) || engine.sources_ended() {
            return false;
        }
        if now_ns >= pace_ns {
            // From now, not from when it was due: after a stop of the machine nothing is made up.
            pace_ns = now_ns + SECOND.as_nanos() as u64;
            if let Some(pacer) = &mut opened.pacer {
                let ledger = engine.ledger();
                pacer.step(ledger.processed + ledger.failed);
            }
        }
        if now_ns >= status_ns {
            status_ns = now_ns + status.every().as_nanos() as u64;
            status.show(&engine.snapshot(), service);
        }
        service.look(now_ns, || engine.strides());
        let next_ns = end_ns.unwrap_or(u64::MAX).min(pace_ns).min(status_ns).min(service.due_ns());
        let wait = Duration::from_nanos(next_ns.saturating_sub(now_ns));
        select! {
            recv(signals) -> signal => match signal {
                Ok(signal) => {
                    log::info!("{signal}: sources stop, accepted packets are finished");
                    return true;
                }
                Err(_) => std::thread::park_timeout(wait),
            },
            recv(engine.source_ends()) -> _ => {}
            default(wait) => {}
        }
    }
}

/// What a run lacks in a container or a service that hides the system's part of /proc.
fn load_unseen(stat: &Path) -> Option<String> {
    let error = std::fs::File::open(stat).err()?;
    let text = format!(
        "{}: {error}: the load of the cores is not seen, and what others use of them counts as \
         nothing; a service needs ProcSubset=all",
        stat.display()
    );
    log::warn!("{text}");
    Some(text)
}

/// For people: the factor with at most three digits behind the point.
fn in_short(emulate: &Emulate) -> String {
    let factor = (emulate.slowdown.factor() * 1000.0).round() / 1000.0;
    format!("{}={factor}{}", emulate.worker, emulate.from())
}

fn machine(topology: &Topology, placement: &Placement, plan: &Plan) -> Machine {
    let mut notes = topology.notes.clone();
    notes.extend(placement.reasons.iter().cloned());
    notes.extend(load_unseen(Path::new("/proc/stat")));
    if placement.shared {
        notes.push(report::sharing(placement.seats.len(), sources::distinct(placement).len()));
    }
    if !plan.emulate.is_empty() {
        let texts: Vec<String> = plan.emulate.iter().map(in_short).collect();
        notes.push(format!("classes are emulated: {}", texts.join(", ")));
    }
    Machine {
        model: topology.model.clone(),
        platform: platform(),
        cpus_online: topology.cpus.iter().filter(|cpu| cpu.online).count() as u32,
        cpus_allowed: topology.allowed().len() as u32,
        hybrid: topology.hybrid,
        emulated: !plan.emulate.is_empty(),
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::CapacitySource;

    fn plan(settings: &str) -> Plan {
        let settings = toml::from_str(settings).expect("settings");
        plan::plan(RunArgs { config: None, settings }).expect("a plan")
    }

    #[test]
    fn classes_are_measured_unless_that_is_not_wanted() {
        let Some(topology) = Topology::of_two_classes_here() else {
            return eprintln!("one CPU: nothing to compare");
        };
        let sources = |settings| -> Vec<_> {
            let topology = calibrated(topology.clone(), &plan(settings));
            topology.cpus.iter().map(|cpu| cpu.capacity_source).collect()
        };
        assert_eq!(sources(""), [CapacitySource::Measured; 2]);
        assert_eq!(sources("no-calibration = true"), [CapacitySource::CpuCapacity; 2]);
    }
}
