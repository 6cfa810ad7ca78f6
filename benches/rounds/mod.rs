//! Interleaved rounds: every side runs once a round, so that all meet the same clock speed and
//! the same neighbours, and sides are compared within a round, never across. What is printed
//! is the median over the rounds with the least and the most beside it, under the machine and
//! the commit that the figures belong to.

mod setting;
mod spread;

use edge_dispatch::clock::{Clock, process_cpu_ns};

use setting::Setting;
use spread::Spread;

/// Rounds that count; one more before them warms up.
const ROUNDS: usize = 9;

/// One of the things compared.
pub struct Side<'a> {
    name: &'static str,
    /// The side whose pace this one's is divided by.
    against: &'static str,
    packets: u64,
    once: Box<dyn FnMut(u64) -> Took + 'a>,
}

/// What one round of one side took.
pub struct Took {
    wall_ns: u64,
    cpu_ns: u64,
}

impl<'a> Side<'a> {
    /// A side that takes `packets` through `once` each round.
    pub fn new(
        name: &'static str,
        against: &'static str,
        packets: u64,
        once: impl FnMut(u64) -> Took + 'a,
    ) -> Self {
        Side { name, against, packets, once: Box::new(once) }
    }
}

/// Times `work`: wall clock, and CPU time of the whole process.
pub fn time(work: impl FnOnce()) -> Took {
    let (clock, cpu_ns) = (Clock::start(), process_cpu_ns());
    work();
    Took { wall_ns: clock.now_ns(), cpu_ns: process_cpu_ns() - cpu_ns }
}

/// Runs the sides whose names contain the command line's first word, or all of them.
pub fn compare(mut sides: Vec<Side<'_>>) {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    sides.retain(|side| side.name.contains(&wanted));
    let mut rounds: Vec<Vec<Took>> = Vec::new();
    for _ in 0..=ROUNDS {
        rounds.push(sides.iter_mut().map(|side| (side.once)(side.packets)).collect());
    }
    rounds.remove(0);
    print_setting();
    println!("median (least–most) of {ROUNDS} interleaved rounds");
    println!("{:<34} {:^22}   {:^20}   pace in the same round", "", "M packets/s", "CPU ns/packet");
    for (at, side) in sides.iter().enumerate() {
        let of = |figure: &dyn Fn(&[Took]) -> f64| {
            Spread::of(rounds.iter().map(|round| figure(round)).collect())
        };
        let packets = side.packets as f64;
        let pace = |round: &[Took], at: usize, packets: f64| packets / round[at].wall_ns as f64;
        let throughput = of(&|round| 1e3 * pace(round, at, packets));
        let cpu = of(&|round| round[at].cpu_ns as f64 / packets);
        let neighbour =
            sides.iter().position(|other| other.name == side.against && !side.against.is_empty());
        let ratio = neighbour.map_or(String::new(), |other| {
            let others = sides[other].packets as f64;
            let ratio = of(&|round| pace(round, at, packets) / pace(round, other, others));
            format!("{} of {}", ratio.show(3), side.against)
        });
        println!("{:<34} {:<22}   {:<20}   {ratio}", side.name, throughput.show(3), cpu.show(0));
    }
}

/// The machine, its governor and the commit.
pub fn print_setting() {
    println!("{}", Setting::read());
}
