//! The settings of a run: flags over environment over file over defaults.
//!
//! One table describes them all, every field optional; `given` fills it from
//! flags, `EDGE_DISPATCH_*` and the file. [`Settings::over`] lays one on the other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::emulate::Emulate;
use super::field::Field;
use super::goal_settings::Slo;
use super::orders::{OrderSpec, PrioritySpec};
use super::power_settings::{ClassWatts, Limit, Watts};
use super::q_settings::{BelowOne, Fraction};
use super::values::{
    AboveZero, Bytes, Count, Load, PolicyName, Positive, Seed, SourceSpec, Span, Switch,
};
use crate::arrival::Arrivals;
use crate::dispatch::Overflow;
use crate::packing::Goal;
use crate::process::WorkChoice;
use crate::source::replay::Pace as ReplayPace;
use crate::topology::{CpuList, Smt};

/// A setting: its names, its words of help, and where its value goes.
#[derive(Debug)]
pub struct Entry {
    /// As the file writes it, and the flag after `--`.
    pub key: &'static str,
    pub variable: &'static str,
    pub value_name: &'static str,
    pub heading: &'static str,
    pub help: &'static str,
    /// Whether it may be given several times.
    pub many: bool,
    /// What the flag means where no value follows it.
    pub alone: Option<&'static str>,
    /// Reads the text of a value into its field, or says what to give.
    pub put: fn(&mut Settings, &str) -> Result<(), String>,
}

macro_rules! settings {
    ($( $(#[doc = $doc:literal])+
        $name:ident : $container:ident < $type:ty >, $key:literal $env:literal $value:literal $heading:literal $($alone:literal)? )*) => {
        /// Every setting of a run, where it is given.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Settings {
            $( $(#[doc = $doc])+ pub $name: $container<$type>, )*
        }

        impl Settings {
            /// All settings, in the order of the help.
            pub const ENTRIES: &'static [Entry] = &[$( Entry {
                key: $key,
                variable: $env,
                value_name: $value,
                heading: $heading,
                help: concat!($($doc),+),
                many: <$container<$type> as Field>::MANY,
                alone: [$(Some($alone),)? None][0],
                put: |settings, text| settings.$name.put(text),
            } ),*];

            /// These settings where they are given, `below` elsewhere.
            pub fn over(self, below: Settings) -> Settings {
                Settings { $( $name: self.$name.over(below.$name), )* }
            }

            /// The settings that are given, as text.
            pub fn texts(&self) -> BTreeMap<String, String> {
                let texts = [$( ($key, self.$name.text()) ),*];
                let given = |(key, text): (&str, Option<String>)| Some((key.to_owned(), text?));
                texts.into_iter().filter_map(given).collect()
            }
        }
    };
}

settings! {
    /// Where packets come from: virtual, host, udp://ADDR:PORT, replay:FILE. May be given
    /// several times [default: virtual]
    source: Vec<SourceSpec>, "source" "EDGE_DISPATCH_SOURCE" "SOURCE" "Input"
    /// Stop after this long; without it, run until Ctrl+C
    duration: Option<Span>, "duration" "EDGE_DISPATCH_DURATION" "TIME" "Input"
    /// How many virtual sensors [default: 64]
    sensors: Option<Positive>, "sensors" "EDGE_DISPATCH_SENSORS" "N" "Input"
    /// Pace of all virtual sensors together
    rate: Option<AboveZero>, "rate" "EDGE_DISPATCH_RATE" "PACKETS_PER_S" "Input"
    /// Pace of the virtual sensors as a part of what the workers can carry, measured in the
    /// first moments; above 1 is overload [default: 0.6]
    load: Option<Load>, "load" "EDGE_DISPATCH_LOAD" "FRACTION" "Input"
    /// How virtual packets follow each other: periodic, poisson, bursty [default: poisson]
    arrivals: Option<Arrivals>, "arrivals" "EDGE_DISPATCH_ARRIVALS" "PROCESS" "Input"
    /// Samples in a block of virtual vibration [default: 1024]
    block_samples: Option<Positive>, "block-samples" "EDGE_DISPATCH_BLOCK_SAMPLES" "N" "Input"
    /// Samples per second of vibration, virtual or replayed [default: 12800]
    sample_rate: Option<AboveZero>, "sample-rate" "EDGE_DISPATCH_SAMPLE_RATE" "HZ" "Input"
    /// Threads for the virtual sensors [default: one for four CPUs]
    source_threads: Option<Positive>, "source-threads" "EDGE_DISPATCH_SOURCE_THREADS" "N" "Input"
    /// Pace of a replay: a factor, or max for as fast as possible [default: 1]
    speed: Option<ReplayPace>, "speed" "EDGE_DISPATCH_SPEED" "FACTOR" "Input"
    /// Save every packet to a file that replay:FILE reads
    save_packets: Option<PathBufText>, "save-packets" "EDGE_DISPATCH_SAVE_PACKETS" "FILE" "Input"
    /// Most bytes of that file [default: 1GiB]
    save_limit: Option<Bytes>, "save-limit" "EDGE_DISPATCH_SAVE_LIMIT" "BYTES" "Input"
    /// Seed of everything random [default: a fresh one, which the summary shows]
    seed: Option<Seed>, "seed" "EDGE_DISPATCH_SEED" "N" "Input"

    /// CPUs to use, such as 0-3 or 0,2,4 [default: all that are allowed]
    cpus: Option<CpuList>, "cpus" "EDGE_DISPATCH_CPUS" "LIST" "Workers"
    /// How many workers; more than CPUs share them in turn [default: one a CPU]
    workers: Option<Positive>, "workers" "EDGE_DISPATCH_WORKERS" "N" "Workers"
    /// Cores that run two threads at once: a worker on each thread (use), or on the first alone
    /// (avoid) [default: use]
    smt: Option<Smt>, "smt" "EDGE_DISPATCH_SMT" "WAY" "Workers"
    /// CPUs to keep without a worker, for sources, sampler and recorder; the slowest [default: 0]
    reserve: Option<Count>, "reserve" "EDGE_DISPATCH_RESERVE" "N" "Workers"
    /// Believe what the machine says of its classes' speeds: do not measure them at the start
    no_calibration: Option<Switch>, "no-calibration" "EDGE_DISPATCH_NO_CALIBRATION" "ON|OFF" "Workers" "on"
    /// The work: monitor (analysis, trends, alarms), analysis alone, or spin:TIME in its place
    /// [default: monitor; analysis where an order is parallel]
    work: Option<WorkChoice>, "work" "EDGE_DISPATCH_WORK" "WORK" "Workers"
    /// Make a worker pretend to run at FACTOR of its speed, to see performance and efficiency
    /// cores on a machine whose cores are equal; with @TIME it is throttled that long after the
    /// start, and nobody is told. May be given several times
    emulate_class: Vec<Emulate>, "emulate-class" "EDGE_DISPATCH_EMULATE_CLASS" "WORKER=FACTOR[@TIME]" "Workers"

    /// The rule that chooses a worker: randomized-least-connection, shortest-expected-delay,
    /// least-connection, shortest-queue, least-work-left, join-idle-queue, peak-ewma,
    /// response-time, sensor-hash, q-learning, weighted-round-robin, round-robin,
    /// weighted-random, random, freest-core [default: randomized-least-connection]
    policy: Option<PolicyName>, "policy" "EDGE_DISPATCH_POLICY" "NAME" "Dispatch"
    /// Workers to look at for each packet; for randomized-least-connection,
    /// shortest-expected-delay, least-connection and shortest-queue
    /// [default: all up to 16, 2 above]
    choices: Option<Positive>, "choices" "EDGE_DISPATCH_CHOICES" "D" "Dispatch"
    /// What to aim at: latency (all workers are always active) or energy (as few and frugal ones as
    /// hold latency-slo, the others parked until they are needed) [default: latency]
    policy_goal: Option<Goal>, "policy-goal" "EDGE_DISPATCH_POLICY_GOAL" "GOAL" "Dispatch"
    /// Under energy: 99 of 100 packets shall be done within this time after they were dispatched
    /// [default: 20ms]
    latency_slo: Option<Slo>, "latency-slo" "EDGE_DISPATCH_LATENCY_SLO" "TIME" "Dispatch"
    /// Under energy: the part of its watts at work that an active core costs while it has nothing
    /// to do; an assumption of the model [default: 0.1]
    idle_active: Option<Fraction>, "idle-active" "EDGE_DISPATCH_IDLE_ACTIVE" "FRACTION" "Dispatch"
    /// When every inbox is full: block, drop-newest, drop-oldest [default: block]
    overflow: Option<Overflow>, "overflow" "EDGE_DISPATCH_OVERFLOW" "WAY" "Dispatch"
    /// What is promised of the order of a sensor's packets: parallel, sticky, ordered; for a kind
    /// or a source alone as vibration=ordered or udp=parallel. May be given several times
    /// [default: sticky; parallel for work without a state]
    order: Vec<OrderSpec>, "order" "EDGE_DISPATCH_ORDER" "[WHAT=]ORDER" "Dispatch"
    /// In ordered: packets of a sensor that may be out before its oldest is done [default: 1024]
    order_window: Option<Positive>, "order-window" "EDGE_DISPATCH_ORDER_WINDOW" "PACKETS" "Dispatch"
    /// Whether an idle worker takes packets from a loaded one, where order allows it: on, off
    /// [default: on]
    steal: Option<Switch>, "steal" "EDGE_DISPATCH_STEAL" "ON|OFF" "Dispatch"
    /// What is worked on first and shed last: low, normal, high. May be given several times
    /// [default: all are normal]
    priority: Vec<PrioritySpec>, "priority" "EDGE_DISPATCH_PRIORITY" "KIND=PRIORITY" "Dispatch"
    /// Drop packets that are older than this when their turn comes [default: none is too old]
    deadline: Option<Span>, "deadline" "EDGE_DISPATCH_DEADLINE" "TIME" "Dispatch"
    /// Packets that each worker may have in flight [default: 1024]
    inbox_bound: Option<Positive>, "inbox-bound" "EDGE_DISPATCH_INBOX_BOUND" "PACKETS" "Dispatch"
    /// How long accepted packets may take to finish after the stop [default: 5s]
    drain_limit: Option<Span>, "drain-limit" "EDGE_DISPATCH_DRAIN_LIMIT" "TIME" "Dispatch"

    /// q-learning: its table chooses from the first packet on, watched by nobody: on, off; on
    /// where nothing follows [default: off]
    unguarded: Option<Switch>, "unguarded" "EDGE_DISPATCH_UNGUARDED" "ON|OFF" "q-learning" "on"
    /// q-learning: learning rate, 0 to 1 [default: 0.1]
    q_alpha: Option<Fraction>, "q-alpha" "EDGE_DISPATCH_Q_ALPHA" "ALPHA" "q-learning"
    /// q-learning: discount, 0 to below 1 [default: 0.9]
    q_gamma: Option<BelowOne>, "q-gamma" "EDGE_DISPATCH_Q_GAMMA" "GAMMA" "q-learning"
    /// q-learning: the part of choices made at random, at first [default: 0.1]
    q_epsilon: Option<Fraction>, "q-epsilon" "EDGE_DISPATCH_Q_EPSILON" "EPSILON" "q-learning"
    /// q-learning: what that part is multiplied by after each choice [default: 0.995]
    q_decay: Option<Fraction>, "q-decay" "EDGE_DISPATCH_Q_DECAY" "FACTOR" "q-learning"
    /// q-learning: where the table is kept: read where it is there, written at the end
    q_table: Option<PathBufText>, "q-table" "EDGE_DISPATCH_Q_TABLE" "FILE" "q-learning"

    /// Energy model: what the board draws with every core asleep [default: built in by board]
    idle_watts: Option<Watts>, "idle-watts" "EDGE_DISPATCH_IDLE_WATTS" "WATTS" "Energy"
    /// Energy model: what one busy core of a class adds to that. May be given several times
    /// [default: built in by board]
    active_watts: Vec<ClassWatts>, "active-watts" "EDGE_DISPATCH_ACTIVE_WATTS" "CLASS=WATTS" "Energy"
    /// Give fewer packets to cores that come near this temperature: °C, or off [default: 2 °C
    /// below where the machine says that it throttles, if it does]
    thermal_limit: Option<Limit>, "thermal-limit" "EDGE_DISPATCH_THERMAL_LIMIT" "C|off" "Energy"

    /// Folder for the run's files [default: results]
    results: Option<PathBufText>, "results" "EDGE_DISPATCH_RESULTS" "DIR" "Output"
    /// Record every assignment in assignments.csv: on, off [default: on]
    record: Option<Switch>, "record" "EDGE_DISPATCH_RECORD" "ON|OFF" "Output"
    /// Most bytes of assignments.csv; it covers the whole run all the same [default: 256MiB]
    record_limit: Option<Bytes>, "record-limit" "EDGE_DISPATCH_RECORD_LIMIT" "BYTES" "Output"
}

impl Settings {
    /// These settings over `below`. A pace given here, as a rate or as a load, takes the place
    /// of either kind of pace below.
    pub fn laid_over(self, mut below: Settings) -> Settings {
        if self.rate.is_some() || self.load.is_some() {
            (below.rate, below.load) = (None, None);
        }
        self.over(below)
    }
}

/// A path that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathBufText(pub PathBuf);

impl std::str::FromStr for PathBufText {
    type Err = super::values::Impossible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(super::values::Impossible("give a path".to_owned()));
        }
        Ok(PathBufText(text.into()))
    }
}

impl std::fmt::Display for PathBufText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.display().fmt(f)
    }
}
