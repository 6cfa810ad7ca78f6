//! One run on this machine's cores.
//!
//! The work of a packet is time: its worker is kept busy for the packet's work over the worker's
//! speed. A worker of speed below 1 pretends to be slow in this way; nobody tells the engine, which
//! must measure it as it would any slow core.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::figures::{LoggedRun, RunFigures};
use super::names::PolicySpec;
use super::open_loop::{OpenLoop, Timed, Traffic};
use super::plan::Plan;
use super::setting::Variant;
use super::store::LOG_ROWS;
use crate::clock::Clock;
use crate::engine::{Closing, Engine, StartError};
use crate::policy::{self, Options, QSettings, SharedQ};
use crate::process::{Failure, Process, WorkerInfo};
use crate::sim::{SLICES, Speeds};
use crate::sorting;
use crate::stats::{Latency, grows};
use crate::topology::{PlacementRequest, Roots, Topology, TopologyError};

/// How long what was accepted may take to be done when the packets end.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

const MS: f64 = 1e6;

/// Quantiles that are kept.
const KEPT: [f64; 16] =
    [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];

/// Why a live run was not made.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The machine could not be read.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// So few packets came that none was measured.
    #[error(
        "setting '{setting}': no packet was measured; give a longer --duration, more load, or shorter work"
    )]
    NothingMeasured {
        /// The setting.
        setting: String,
    },
    /// The engine did not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// The workers of a live setting on this machine: their number and speeds, and the CPUs.
#[derive(Clone, Debug)]
pub struct Cores {
    /// The speed that each worker pretends to have.
    pub speeds: Vec<f64>,
    /// How many CPUs there are for them.
    pub cpus: usize,
}

impl Cores {
    /// The cores for `setting`: its own workers, else one on each CPU.
    ///
    /// # Errors
    /// [`TopologyError`].
    pub fn of(setting: &Variant) -> Result<Cores, TopologyError> {
        let cpus = Topology::read(&Roots::this_machine())?.allowed().len().max(1);
        let speeds = setting.speeds().unwrap_or_else(|| Speeds::uniform(cpus as u32));
        Ok(Cores { speeds: speeds.each().to_vec(), cpus })
    }

    /// What they can do together: workers that share CPUs can do no more than those.
    pub fn capacity(&self) -> f64 {
        let shared = (self.cpus as f64 / self.speeds.len() as f64).min(1.0);
        self.speeds.iter().sum::<f64>() * shared
    }
}

/// What one worker saw.
#[derive(Debug)]
struct Tally {
    responses: Latency,
    squares: f64,
    busy_ns: u64,
    packets: u64,
    slices: Vec<(f64, u64)>,
    log: Vec<LoggedRun>,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            responses: Latency::default(),
            squares: 0.0,
            busy_ns: 0,
            packets: 0,
            slices: vec![(0.0, 0); SLICES],
            log: Vec::new(),
        }
    }
}

/// A packet that is done.
#[derive(Clone, Copy, Debug)]
struct Done {
    packet: Timed,
    started_ns: u64,
    finished_ns: u64,
}

/// How a run is counted.
#[derive(Clone, Copy, Debug)]
struct Rules {
    warm_ns: u64,
    lasts_ns: u64,
    log_every: u64,
}

impl Tally {
    fn count(&mut self, done: &Done, worker: u32, rules: Rules) {
        let Done { packet, started_ns, finished_ns } = *done;
        let response_ns = finished_ns.saturating_sub(packet.due_ns);
        let response_ms = response_ns as f64 / MS;
        self.busy_ns += finished_ns - started_ns;
        let slice = (packet.due_ns as f64 * SLICES as f64 / rules.lasts_ns as f64) as usize;
        let slice = &mut self.slices[slice.min(SLICES - 1)];
        *slice = (slice.0 + response_ms, slice.1 + 1);
        if packet.number.is_multiple_of(rules.log_every) {
            self.log.push(LoggedRun {
                packet: packet.number,
                worker,
                due: packet.due_ns as f64 / MS,
                wait: started_ns.saturating_sub(packet.due_ns) as f64 / MS,
                service: (finished_ns - started_ns) as f64 / MS,
            });
        }
        if packet.due_ns >= rules.warm_ns {
            self.packets += 1;
            self.responses.record(response_ns, 1);
            self.squares += response_ms * response_ms;
        }
    }
}

/// Keeps its worker busy for as long as the packet's work takes at the worker's speed.
#[derive(Clone)]
struct Busy {
    clock: Clock,
    speeds: Arc<[f64]>,
}

impl Process<Timed> for Busy {
    type Out = Done;
    type State = ();

    fn work(&mut self, packet: &Timed, info: &WorkerInfo) -> Result<Done, Failure> {
        let started_ns = self.clock.now_ns();
        let until_ns =
            started_ns + (packet.work_ns as f64 / self.speeds[info.worker.index()]) as u64;
        let mut finished_ns = started_ns;
        while finished_ns < until_ns {
            std::hint::spin_loop();
            finished_ns = self.clock.now_ns();
        }
        Ok(Done { packet: *packet, started_ns, finished_ns })
    }
}

/// Runs `policy` in `setting` for `lasts`.
///
/// # Errors
/// [`LiveError`].
pub fn run(
    plan: &Plan,
    setting: &Variant,
    policy: &PolicySpec,
    repeat: u32,
    lasts: Duration,
) -> Result<RunFigures, LiveError> {
    let cores = Cores::of(setting)?;
    let clock = Clock::start();
    let traffic = traffic(plan, setting, &cores, repeat, lasts);
    let expected = traffic.packets_per_s * lasts.as_secs_f64();
    let rules = Rules {
        lasts_ns: traffic.lasts_ns,
        warm_ns: (traffic.lasts_ns as f64 * plan.warmup()) as u64,
        log_every: if repeat == 0 {
            (expected as u64 / u64::from(LOG_ROWS)).max(1)
        } else {
            u64::MAX
        },
    };
    let tallies: Vec<Arc<Mutex<Tally>>> = cores.speeds.iter().map(|_| Arc::default()).collect();
    let q = QSettings { unguarded: policy.unguarded, ..QSettings::default() };
    let shared = SharedQ::new(q, None);
    let options = Options { choices: policy.choices, q: Some(shared.clone()) };
    let make = policy::maker(&policy.name, &options).map_err(StartError::from)?;
    let busy = Busy { clock: clock.clone(), speeds: cores.speeds.clone().into() };
    let sinks = tallies.clone();
    let workers = Some(cores.speeds.len() as u32);
    let mut engine = Engine::builder()
        .placement(PlacementRequest { workers, ..PlacementRequest::default() })
        .policy_maker_of(make)
        .seed(plan.seed.wrapping_add(u64::from(repeat)))
        .steal(setting.steal)
        .process_into(
            move |_| busy.clone(),
            move |info: WorkerInfo| {
                let tally = sinks[info.worker.index()].clone();
                move |done: Done| lock(&tally).count(&done, info.worker.0, rules)
            },
        )
        .start()?;
    let source = OpenLoop::new(traffic, clock);
    let late = source.late();
    engine.attach(Box::new(source))?;
    // The message may be of a source that has not yet said so: the ends are looked at again.
    while !engine.sources_ended() {
        let _ = engine.source_ends().recv_timeout(Duration::from_millis(100));
    }
    let closing = engine.finish(DRAIN_LIMIT);
    let learning = (policy.name == "q-learning").then(|| shared.report());
    let figures = figures(&closing, &tallies, rules);
    if tallies.iter().all(|tally| lock(tally).packets == 0) {
        return Err(LiveError::NothingMeasured { setting: setting.name.clone() });
    }
    // Relaxed: the source has ended.
    let unstable = figures.unstable || late.load(Ordering::Relaxed);
    Ok(RunFigures { learning, unstable, ..figures })
}

fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

fn traffic(plan: &Plan, setting: &Variant, cores: &Cores, repeat: u32, lasts: Duration) -> Traffic {
    let work_ns = plan.work.as_nanos() as f64;
    Traffic {
        arrivals: setting.arrivals(),
        service: setting.service(),
        work_ns,
        packets_per_s: setting.load() * cores.capacity() * 1e9 / work_ns,
        sensors: setting.sensors(),
        lasts_ns: lasts.as_nanos() as u64,
        seed: (plan.seed, repeat),
    }
}

fn figures(closing: &Closing, tallies: &[Arc<Mutex<Tally>>], rules: Rules) -> RunFigures {
    let (mut all, mut squares) = (Latency::default(), 0.0);
    let mut slices = vec![(0.0, 0u64); SLICES];
    let (mut log, mut packets, mut busy_ns) = (Vec::new(), Vec::new(), Vec::new());
    for tally in tallies {
        let mut tally = lock(tally);
        all.add(&tally.responses);
        squares += tally.squares;
        packets.push(tally.packets);
        busy_ns.push(tally.busy_ns);
        log.append(&mut tally.log);
        for (sum, part) in slices.iter_mut().zip(&tally.slices) {
            *sum = (sum.0 + part.0, sum.1 + part.1);
        }
    }
    sorting::sort_by_key(&mut log, |logged| logged.packet);
    let measured = packets.iter().sum::<u64>().max(1) as f64;
    let ledger = &closing.last.ledger;
    let mean = all.summary().mean / MS;
    let at = |part| all.quantile(part).unwrap_or(0) as f64 / MS;
    let span_ns = rules.lasts_ns as f64;
    let over_time: Vec<f64> = slices
        .iter()
        .map(|(sum, count)| if *count > 0 { sum / *count as f64 } else { 0.0 })
        .collect();
    RunFigures {
        energy: None,
        mean,
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        deviation: libm::sqrt((squares / measured - mean * mean).max(0.0)),
        throughput: measured / ((rules.lasts_ns - rules.warm_ns) as f64 / 1e9),
        packets: ledger.received,
        lost: ledger.received - ledger.processed,
        speeds: closing.last.workers.iter().map(|worker| worker.seat.capacity).collect(),
        share: packets.iter().map(|count| *count as f64 / measured).collect(),
        utilization: busy_ns.iter().map(|busy| (*busy as f64 / span_ns).min(1.0)).collect(),
        unstable: grows(&over_time) || ledger.abandoned > 0,
        over_time,
        quantiles: KEPT.map(|part| (part, at(part))).to_vec(),
        learning: None,
        log,
    }
}
