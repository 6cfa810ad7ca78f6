//! How fast the classes of CPUs really are, by a short loop on each CPU at the start.
//!
//! What sysfs says of a slow core is off by up to a third (an RK3588's: 0.39 by `cpu_capacity`,
//! 0.52 measured), and until packets have shown it, shares follow what is believed. So every core
//! works on the same small problem for a moment, all at once, as it will be in a run: floating
//! point passes over a block that fits every first-level cache, and bytes to be told apart. The
//! first quarter is not counted, in which a governor raises the frequency. A round's time is the thread's own CPU
//! time, and the shortest round counts: whoever else uses the core only makes others longer.
//!
//! One figure a class: within it, differences of a few percent are noise or favoured cores, and
//! ties must stay ties. A machine with one class has nothing to compare, and is not kept waiting.
//! A core that pretends to be like the others and is not, is found while running.

use std::thread;

use serde::Serialize;

use super::cpu_list::CpuList;
use super::model::{CapacitySource, ClassGroup, Topology};
use super::pinning::{Pin, pin};
use crate::clock::{Clock, thread_cpu_ns};
use crate::ids::CpuId;
use crate::sorting;

/// How long a core works, and from when on it counts.
const UNTIL_NS: u64 = 80_000_000;
const COUNTS_FROM_NS: u64 = 20_000_000;

/// A start that waits longer is noticed.
const _: () = assert!(2 * UNTIL_NS < 200_000_000);

/// No core on one chip is this much slower than another.
const SLOWEST: f64 = 0.05;

/// What the loop measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Speed of each measured CPU, relative to the fastest of them, in (0, 1].
    pub speeds: Vec<(CpuId, f64)>,
}

impl Calibration {
    /// Measures `cpus`, of cores with several threads the first alone. Takes a tenth of a second,
    /// whatever their number. A CPU to which no thread can be pinned is left out.
    pub fn measure(topology: &Topology, cpus: &CpuList, clock: &Clock) -> Calibration {
        let is_first = |cpu: CpuId| {
            let siblings = topology.cpu(cpu).into_iter().flat_map(|cpu| &cpu.smt_siblings);
            !siblings.into_iter().any(|&sibling| sibling < cpu && cpus.contains(sibling))
        };
        let started_ns = clock.now_ns();
        let until = Until { started_ns, clock: clock.clone() };
        let start = |cpu: CpuId| {
            let until = until.clone();
            let work = move || (pin(cpu) == Pin::InForce).then(|| shortest_round_ns(&until));
            let thread = thread::Builder::new().name(format!("calibrate-{cpu}")).spawn(work);
            Some((cpu, thread.ok()?))
        };
        let threads: Vec<_> = cpus.only(is_first).iter().filter_map(start).collect();
        let finish = |(cpu, thread): (CpuId, thread::JoinHandle<_>)| {
            Some((cpu, thread.join().ok().flatten()?))
        };
        Calibration::relative(threads.into_iter().filter_map(finish).collect())
    }

    /// From the time of a round to the speed.
    fn relative(rounds_ns: Vec<(CpuId, u64)>) -> Calibration {
        let best_ns = rounds_ns.iter().map(|(_, ns)| *ns).min().unwrap_or(1).max(1) as f64;
        let speed = |(cpu, ns): (CpuId, u64)| (cpu, (best_ns / ns.max(1) as f64).max(SLOWEST));
        Calibration { speeds: rounds_ns.into_iter().map(speed).collect() }
    }

    /// The speed of one CPU, relative to the fastest measured.
    pub fn speed(&self, cpu: CpuId) -> Option<f64> {
        self.speeds.iter().find(|(measured, _)| *measured == cpu).map(|(_, speed)| *speed)
    }

    /// The median speed of a class; none where none of its CPUs was measured.
    fn of_class(&self, group: &ClassGroup) -> Option<f64> {
        let mut speeds: Vec<f64> = group.cpus.iter().filter_map(|&cpu| self.speed(cpu)).collect();
        sorting::sort_by(&mut speeds, f64::total_cmp);
        speeds.get(speeds.len() / 2).copied()
    }
}

impl Topology {
    /// The same machine, measured where the CPUs of `asked` (all of them where none are named) that
    /// are allowed are of several classes ([`Calibration::measure`]): a tenth of a second. At once
    /// and unchanged where they are of one.
    pub fn calibrated(self, asked: Option<&CpuList>, clock: &Clock) -> Topology {
        let cpus = self.allowed().only(|cpu| asked.is_none_or(|asked| asked.contains(cpu)));
        let is_used = |group: &&ClassGroup| group.cpus.iter().any(|&cpu| cpus.contains(cpu));
        if self.classes.iter().filter(is_used).count() < 2 {
            return self;
        }
        let calibration = Calibration::measure(&self, &cpus, clock);
        self.with_measured(&calibration)
    }

    /// The same machine with the capacities of its classes as they were measured; unchanged where
    /// it has one class, or none of the fastest class was measured. Classes keep their names.
    pub fn with_measured(mut self, calibration: &Calibration) -> Topology {
        let measured: Vec<_> =
            self.classes.iter().map(|group| calibration.of_class(group)).collect();
        let known = || measured.iter().flatten();
        let fastest = known().copied().fold(0.0, f64::max);
        if self.classes.len() < 2 || known().count() < 2 || measured[0].is_none() {
            return self;
        }
        for (index, speed) in measured.iter().enumerate() {
            let Some(capacity) = speed.map(|speed| speed / fastest) else { continue };
            self.believe(index, capacity);
        }
        self
    }

    fn believe(&mut self, class: usize, capacity: f64) {
        let group = &mut self.classes[class];
        let prior = std::mem::replace(&mut group.capacity, capacity);
        if (capacity / prior - 1.0).abs() > 0.1 {
            self.notes.push(format!(
                "capacity of {}: {capacity:.2} measured at the start, {prior:.2} by the machine's \
                 own figures: the measured one is used",
                group.name
            ));
        }
        for cpu in self.cpus.iter_mut().filter(|cpu| group.cpus.contains(&cpu.cpu)) {
            (cpu.capacity, cpu.capacity_source) = (capacity, CapacitySource::Measured);
        }
    }
}

/// When a core stops, by the time since all were started.
#[derive(Clone)]
struct Until {
    started_ns: u64,
    clock: Clock,
}

impl Until {
    fn elapsed_ns(&self) -> u64 {
        self.clock.now_ns().saturating_sub(self.started_ns)
    }
}

/// CPU time of the shortest round that counts. Where none began in time, on a core that others
/// keep busy, that of the shortest early one; one round is always made.
fn shortest_round_ns(until: &Until) -> u64 {
    let mut problem = Problem::new();
    let (mut counted, mut early) = (None, None);
    loop {
        let begun_ns = until.elapsed_ns();
        let found = if begun_ns < 2 * UNTIL_NS { counted } else { counted.or(early) };
        if let Some(shortest) = found.filter(|_| begun_ns >= UNTIL_NS) {
            return shortest;
        }
        let cpu_ns = thread_cpu_ns();
        problem.round();
        let round_ns = thread_cpu_ns().saturating_sub(cpu_ns);
        let kind = if begun_ns < COUNTS_FROM_NS { &mut early } else { &mut counted };
        *kind = Some(kind.unwrap_or(u64::MAX).min(round_ns));
    }
}

/// 8 KiB of numbers and 4 KiB of text: a third of the smallest first-level cache.
struct Problem {
    numbers: Vec<f64>,
    text: Vec<u8>,
}

impl Problem {
    fn new() -> Self {
        let numbers = (0..1024).map(|n| f64::from(n % 17) - 8.0).collect();
        let text =
            (0..4096u32).map(|n| b"0123456789.,=- vibration"[(n * 7 % 24) as usize]).collect();
        Problem { numbers, text }
    }

    /// About a fifth of a millisecond on a fast core, two on a slow one.
    fn round(&mut self) {
        for _ in 0..16 {
            self.passes();
            std::hint::black_box(&mut self.numbers);
        }
        for _ in 0..16 {
            std::hint::black_box(self.count_digits());
        }
    }

    /// The way of a Fourier transform through its block, with a turn that keeps the energy.
    fn passes(&mut self) {
        let (cos, sin) = (0.6, 0.8);
        let mut half = 1;
        while half < self.numbers.len() {
            for block in self.numbers.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for (a, b) in low.iter_mut().zip(high) {
                    (*a, *b) = (cos * *a + sin * *b, cos * *b - sin * *a);
                }
            }
            half *= 2;
        }
    }

    fn count_digits(&self) -> u32 {
        self.text.iter().fold(0, |count, byte| match byte {
            b'0'..=b'9' => count.rotate_left(3) ^ u32::from(*byte),
            b'.' | b',' => count.wrapping_mul(31),
            _ => count.wrapping_add(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::topology::Roots;

    /// Two classes by `cpu_capacity`: CPUs 0 and 1 fast, 2 and 3 slow.
    fn hybrid() -> Topology {
        tree(&[(0, 1024), (1, 1024), (2, 400), (3, 400)])
    }

    /// CPUs with their `cpu_capacity`.
    fn tree(capacities: &[(u32, u32)]) -> Topology {
        let dir = tempfile::tempdir().expect("a place for a tree");
        let cpus = dir.path().join("devices/system/cpu");
        for (cpu, capacity) in capacities {
            let cpu = cpus.join(format!("cpu{cpu}"));
            std::fs::create_dir_all(&cpu).expect("a directory");
            std::fs::write(cpu.join("cpu_capacity"), capacity.to_string()).expect("a file");
        }
        let online: CpuList = capacities.iter().map(|(cpu, _)| CpuId(*cpu)).collect();
        std::fs::write(cpus.join("online"), online.to_string()).expect("a file");
        Topology::read(&Roots::tree(dir.path(), None)).expect("a topology")
    }

    impl Topology {
        /// Two CPUs of this machine that a tree calls fast and slow; none where it has only one.
        pub(crate) fn of_two_classes_here() -> Option<Topology> {
            let here = Topology::read(&Roots::this_machine()).expect("a real machine");
            let cpus: Vec<CpuId> = here.allowed().iter().take(2).collect();
            (cpus.len() == 2).then(|| tree(&[(cpus[0].0, 1024), (cpus[1].0, 400)]))
        }
    }

    fn rounds(ns: [u64; 4]) -> Calibration {
        Calibration::relative((0..).map(CpuId).zip(ns).collect())
    }

    #[test]
    fn a_class_has_the_capacity_that_was_measured_and_it_is_said() {
        let topology = hybrid().with_measured(&rounds([100, 100, 200, 200]));
        let capacities: Vec<f64> = topology.cpus.iter().map(|cpu| cpu.capacity).collect();
        assert_eq!(capacities, [1.0, 1.0, 0.5, 0.5]);
        assert!(topology.cpus.iter().all(|cpu| cpu.capacity_source == CapacitySource::Measured));
        assert!(
            topology.notes.iter().any(|note| note.contains("efficiency") && note.contains("0.39"))
        );
    }

    #[test]
    fn classes_keep_their_names_whatever_is_measured() {
        let topology = hybrid().with_measured(&rounds([200, 200, 100, 100]));
        assert_eq!((topology.cpus[0].class, topology.cpus[0].capacity), (Class::Performance, 0.5));
        assert_eq!((topology.cpus[3].class, topology.cpus[3].capacity), (Class::Efficiency, 1.0));
    }

    #[test]
    fn a_class_that_was_not_measured_keeps_its_prior() {
        let fast = Calibration::relative(vec![(CpuId(0), 100), (CpuId(1), 100)]);
        assert_eq!(hybrid().with_measured(&fast), hybrid());
        assert_eq!(hybrid().with_measured(&Calibration::default()), hybrid());
    }

    #[test]
    fn two_classes_are_measured_and_one_is_left_at_once() {
        // On a clock that stands still the loop would never end.
        let one = tree(&[(0, 1024), (1, 1024)]);
        assert_eq!(one.clone().calibrated(None, &Clock::manual()), one);
        let alone = CpuList::from_iter([CpuId(3)]);
        assert_eq!(hybrid().calibrated(Some(&alone), &Clock::manual()), hybrid());
        let Some(two) = Topology::of_two_classes_here() else {
            return eprintln!("one CPU: nothing to compare");
        };
        let measured = two.calibrated(None, &Clock::start());
        assert!(measured.cpus.iter().all(|cpu| cpu.capacity_source == CapacitySource::Measured));
    }

    #[test]
    fn a_thread_that_comes_after_the_end_still_makes_a_round() {
        let clock = Clock::manual();
        clock.advance(10 * UNTIL_NS);
        assert!(shortest_round_ns(&Until { started_ns: 0, clock }) > 0);
    }

    /// The loop itself: every allowed CPU of this machine gets a figure.
    #[test]
    fn every_allowed_core_is_measured() {
        let topology = Topology::read(&Roots::this_machine()).expect("a real machine");
        let allowed = topology.allowed();
        let found = Calibration::measure(&topology, &allowed, &Clock::start());
        assert!(!found.speeds.is_empty());
        assert!(
            found
                .speeds
                .iter()
                .all(|(cpu, speed)| allowed.contains(*cpu) && (SLOWEST..=1.0).contains(speed))
        );
        assert!(found.speeds.iter().any(|(_, speed)| *speed == 1.0));
    }
}
