//! What does a vibration block cost to make, and what to analyse?
//!
//! Virtual sensors run beside the workers that they feed, so making a 1,024-sample block must
//! cost at most a quarter of analysing it. `cargo bench --bench signal` prints the ratio from
//! interleaved rounds (both sides meet the same clock speed and the same neighbours), then
//! the single figures.
//!
//! Making includes allocating the block, freeing it, drawing the arrival and filling the job.
//! What this cannot show: in a run the block is freed by another thread, and the analysis
//! finds it in another core's cache.

use divan::{Bencher, black_box};
use edge_dispatch::class::Class;
use edge_dispatch::clock::Clock;
use edge_dispatch::ids::{CpuId, WorkerId};
use edge_dispatch::job::Job;
use edge_dispatch::names::SensorNames;
use edge_dispatch::packet::Packet;
use edge_dispatch::process::{Analysis, Process, WorkerInfo};
use edge_dispatch::source::virtual_sensors::{Fleet, Pace, VirtualSensors};
use edge_dispatch::source::{Source, TURN_MAX};

/// Sensors of the default fleet by number.
const TEMPERATURE: usize = 0;
const HEALTHY: usize = 2;
const DAMAGED: usize = 6;

const WORKER: WorkerInfo = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };

fn main() {
    for (name, sensor) in [("healthy", HEALTHY), ("damaged", DAMAGED)] {
        ratio(name, sensor);
    }
    divan::main();
}

/// One sensor alone, always far behind its pace: every turn brings [`TURN_MAX`] packets.
struct Bringer {
    source: VirtualSensors,
    clock: Clock,
    jobs: Vec<Job<Packet>>,
}

impl Bringer {
    fn new(sensor: usize) -> Self {
        let fleet = Fleet::default();
        let parts = fleet.divide(fleet.sensors as usize, &Pace::new(1e12), &SensorNames::default());
        let source = parts.expect("the default fleet is possible").swap_remove(sensor);
        let mut bringer = Bringer { source, clock: Clock::start(), jobs: Vec::new() };
        while bringer.turn() < TURN_MAX {}
        bringer
    }

    fn turn(&mut self) -> usize {
        self.jobs.clear();
        self.source.bring(&self.clock, &mut self.jobs).expect("virtual sensors never fail");
        self.jobs.len()
    }
}

/// Prints the median costs and their ratio over rounds of one turn each.
fn ratio(name: &str, sensor: usize) {
    let (mut bringer, mut analysis) = (Bringer::new(sensor), Analysis::default());
    let (mut made_ns, mut analysed_ns, mut ratios) = (vec![], vec![], vec![]);
    for round in 0..5_000 {
        let start_ns = bringer.clock.now_ns();
        let packets = black_box(bringer.turn()) as f64;
        let middle_ns = bringer.clock.now_ns();
        for job in &bringer.jobs {
            black_box(analysis.work(&job.payload, &WORKER).is_ok());
        }
        let end_ns = bringer.clock.now_ns();
        if round >= 500 {
            let (made, analysed) = ((middle_ns - start_ns) as f64, (end_ns - middle_ns) as f64);
            made_ns.push(made / packets);
            analysed_ns.push(analysed / packets);
            ratios.push(made / analysed);
        }
    }
    let [made, analysed, ratio] = [made_ns, analysed_ns, ratios].map(quartiles);
    println!("{name} block of 1,024 samples, median (quartiles) of 4,500 rounds of {TURN_MAX}:");
    println!("  make    {:7.0} ns ({:.0}–{:.0})", made[1], made[0], made[2]);
    println!("  analyse {:7.0} ns ({:.0}–{:.0})", analysed[1], analysed[0], analysed[2]);
    println!("  ratio   {:7.3}    ({:.3}–{:.3})", ratio[1], ratio[0], ratio[2]);
}

fn quartiles(mut figures: Vec<f64>) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[figures.len() * quarter / 4])
}

/// One turn: 32 packets.
#[divan::bench(args = [TEMPERATURE, HEALTHY, DAMAGED])]
fn bring_32(bencher: Bencher, sensor: usize) {
    let mut bringer = Bringer::new(sensor);
    bencher.bench_local(|| bringer.turn());
}

/// The analysis of one packet.
#[divan::bench(args = [TEMPERATURE, HEALTHY, DAMAGED])]
fn analyse(bencher: Bencher, sensor: usize) {
    let mut bringer = Bringer::new(sensor);
    bringer.turn();
    let mut analysis = Analysis::default();
    bencher.bench_local(|| analysis.work(black_box(&bringer.jobs[0].payload), &WORKER));
}
