//! How does the engine compare with what else one would use to spread packets over cores?
//!
//! `cargo bench --bench rivals`, with options behind `--` (`--help` prints them);
//! `scripts/rivals` writes `results/rivals.json` too. The same 64-byte packets, of 64 sensors
//! in turn, with the same work, through every side: one bringing thread that is not pinned, a
//! worker pinned to every CPU that the process may use, at most 1,024 packets in flight for
//! each worker. Rounds are interleaved; a checksum tells that every packet was worked on once.
//!
//! Sides: `engine` on its whole path, with nothing recorded, its packets in any order;
//! `engine-sticky` and `engine-ordered` with order, and `engine-recorded` with every packet in
//! `assignments.csv`, in a few cells; `inline`, the ceiling, where each
//! worker makes its packets itself; `rtrb`, bare rings in batches of 32, near the limit of
//! handing over; `two-choices` and `round-robin`, a bare crossbeam channel for each worker;
//! `shared-channel` (crossbeam), `flume` and `kanal`, one channel for all; `rayon`,
//! `threadpool` and `tokio-spawn`, a closure or a task for each packet; `tokio-mpsc`, a task
//! with a channel for each worker. Each waits in the way that it is documented to.
//!
//! Work: `none`; `1us`; `10us`, exponential; `unequal`, 10 µs where the last worker is three
//! times slower, which nobody is told. Shapes: `single` and `batch` push as fast as they may.
//! `open` sends by a Poisson schedule, and a packet's wait counts from when it *should* have
//! been sent. `load` is the schedule's pace as a part of what `inline` does.
//!
//! What this cannot show: several bringing threads; payloads that miss the cache; the delay of
//! single packets with CPUs to spare. The bringing thread has no CPU to itself: on few CPUs it
//! takes a large part of one from the workers, and a load of 0.95 is then more than there is
//! room for. Waits in a closed loop tell how full the queues are, not how fast a side is.
//! Some sides promise more than others (the engine: a ledger, closing, measured capacities;
//! tokio: waiting for I/O; rayon: work that spawns work); what that is worth to you is not in
//! the figures.

mod asynchronous;
mod channels;
mod crew;
mod engine;
mod inline;
mod open_loop;
mod options;
mod packet;
mod pools;
mod ring;
mod rows;
mod seat;
#[path = "../rounds/setting.rs"]
mod setting;
mod side;
#[path = "../rounds/spread.rs"]
mod spread;
mod table;

use std::sync::Arc;

use edge_dispatch::ids::CpuId;
use edge_dispatch::topology::{Roots, Topology};

use inline::Inline;
use options::Options;
use packet::{Speed, Work};
use rows::Row;
use setting::Setting;
use side::{Run, Shape, Side};

const LOADS: [f64; 3] = [0.5, 0.8, 0.95];

/// How long a run is to take: long beside the time in which the last packets are waited for,
/// which is thirty milliseconds where the last worker is slow.
const CLOSED_LOOP_NS: f64 = 0.35e9;
const UNEQUAL_NS: f64 = 1e9;
const OPEN_LOOP_NS: f64 = 0.8e9;

/// Packets of the run that tells how many packets a run is to have.
const FIRST_PACKETS: u64 = 5_000;

fn main() {
    let options = Options::read();
    let setting = Setting::read();
    let bench = Bench { cpus: cpus(), speed: Speed::measure(), quick: options.quick };
    println!("{setting}");
    println!("{} iterations are a microsecond", (1e3 / bench.speed.iteration_ns) as u64);
    let mut cells = bench.cells(&options.only);
    let mut rows = Vec::new();
    for round in 1..=options.rounds {
        for cell in &mut cells {
            rows.push(cell.run(round));
        }
        eprintln!("round {round} of {} done", options.rounds);
        if let Some(path) = &options.json {
            rows::write(path, &setting, bench.speed, &rows)
                .unwrap_or_else(|error| panic!("{}: cannot write: {error}", path.display()));
        }
    }
    println!("median (least–most) of {} interleaved rounds", options.rounds);
    table::print(&rows);
}

/// Every side, the engine's first.
fn sides() -> Vec<Arc<dyn Side>> {
    vec![
        Arc::new(engine::ThroughEngine(engine::Variant::Plain)),
        Arc::new(engine::ThroughEngine(engine::Variant::Sticky)),
        Arc::new(engine::ThroughEngine(engine::Variant::Ordered)),
        Arc::new(engine::ThroughEngine(engine::Variant::Recorded)),
        Arc::new(Inline),
        Arc::new(ring::Rings),
        Arc::new(channels::TwoChoices),
        Arc::new(channels::RoundRobin),
        Arc::new(channels::SharedChannel),
        Arc::new(pools::Rayon),
        Arc::new(asynchronous::TokioSpawn),
        Arc::new(asynchronous::TokioMpsc),
        Arc::new(pools::Threadpool),
        Arc::new(channels::Flume),
        Arc::new(channels::Kanal),
    ]
}

/// The CPUs that this process may use.
fn cpus() -> Arc<[CpuId]> {
    let topology = Topology::read(&Roots::this_machine()).expect("the machine has CPUs");
    topology.allowed().iter().collect()
}

/// What all runs share.
struct Bench {
    cpus: Arc<[CpuId]>,
    speed: Speed,
    quick: bool,
}

impl Bench {
    /// All runs of one round whose names contain `only`, side by side where they are compared.
    fn cells(&self, only: &str) -> Vec<Cell> {
        let mut cells = Vec::new();
        let mut gap_ns = None;
        for (work, shape) in kinds() {
            for side in sides().into_iter().filter(|side| side.takes(shape) && side.does(work)) {
                if !name(&*side, work, shape).contains(only) {
                    continue;
                }
                let run = match shape.load() {
                    Some(load) => {
                        let full_gap_ns = *gap_ns.get_or_insert_with(|| self.inline_gap_ns(work));
                        self.open_loop(work, shape, full_gap_ns / load)
                    }
                    None => self.closed_loop(&*side, work, shape),
                };
                cells.push(Cell { side, run });
            }
        }
        cells
    }

    /// As many packets as the side can take in time, found out by a run that warms it up.
    fn closed_loop(&self, side: &dyn Side, work: Work, shape: Shape) -> Run {
        let mut run = self.start(work, shape, FIRST_PACKETS);
        let full_ns = if work == Work::Unequal { UNEQUAL_NS } else { CLOSED_LOOP_NS };
        for _ in 0..2 {
            let measured = side.run(&run);
            let pace = run.packets as f64 / measured.wall_ns as f64;
            run.packets = ((pace * self.length_ns(full_ns)) as u64).max(FIRST_PACKETS);
            // The first may have been too short to tell.
            if measured.wall_ns as f64 > self.length_ns(full_ns) / 10.0 {
                break;
            }
        }
        run
    }

    fn open_loop(&self, work: Work, shape: Shape, gap_ns: f64) -> Run {
        let packets = (self.length_ns(OPEN_LOOP_NS) / gap_ns) as u64;
        Run { gap_ns, ..self.start(work, shape, packets) }
    }

    /// Between two packets when the workers alone have all CPUs to themselves: by CPU time, so
    /// that whoever else runs here for a moment does not count; the least of three runs.
    fn inline_gap_ns(&self, work: Work) -> f64 {
        let run = self.closed_loop(&Inline, work, Shape::Single);
        let packets = (run.packets * self.cpus.len() as u64) as f64;
        let gap_ns = || Inline.run(&run).cpu_ns as f64 / packets;
        gap_ns().min(gap_ns()).min(gap_ns())
    }

    fn start(&self, work: Work, shape: Shape, packets: u64) -> Run {
        let (speed, cpus) = (self.speed, self.cpus.clone());
        Run { work, shape, packets, gap_ns: 0.0, seed: 0, speed, cpus }
    }

    fn length_ns(&self, full_ns: f64) -> f64 {
        if self.quick { full_ns / 10.0 } else { full_ns }
    }
}

/// Work and shape, in the order of the table.
fn kinds() -> Vec<(Work, Shape)> {
    let closed = Work::ALL.iter().flat_map(|work| [(*work, Shape::Single), (*work, Shape::Batch)]);
    let open = LOADS.iter().map(|load| (Work::TenMicros, Shape::Open { load: *load }));
    closed.chain(open).collect()
}

fn name(side: &dyn Side, work: Work, shape: Shape) -> String {
    let load = shape.load().map_or(String::new(), |load| format!(" {load}"));
    format!("{} {} {}{load}", side.name(), work.name(), shape.name())
}

/// A side with the run that it makes each round.
struct Cell {
    side: Arc<dyn Side>,
    run: Run,
}

impl Cell {
    fn run(&mut self, round: usize) -> Row {
        // The same packets at the same times for all sides of a round.
        self.run.seed = round as u64;
        let measured = self.side.run(&self.run);
        let row = Row::new(self.side.name(), &self.run, round, &measured);
        if measured.lost != 0 {
            let name = name(&*self.side, self.run.work, self.run.shape);
            eprintln!("{name}: {} packets lost in round {round}", measured.lost);
        }
        row
    }
}
