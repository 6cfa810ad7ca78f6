//! Which of the figures that a machine gives says how fast its CPUs are.
//!
//! Three sources give numbers and none is right everywhere, so the first one that tells the
//! CPUs apart is believed: a source that says all are equal is often one that does not know
//! (a device tree without `capacity-dmips-mhz` makes every `cpu_capacity` 1024). Examples of
//! what they make of the same cores: an E-core of a 13th-generation i5 is 0.61 by CPPC, 0.72
//! by frequency and 0.78 when measured.

use super::cpu_list::CpuList;
use super::model::CapacitySource;
use crate::ids::CpuId;

/// What the sources say of one CPU, each in its own unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub cpu_capacity: Option<u64>,
    pub highest_perf: Option<u64>,
    pub max_khz: Option<u64>,
    /// `highest_perf` is the order in which AMD's driver prefers cores, not a speed.
    pub highest_perf_is_rank: bool,
}

impl Figures {
    fn of(&self, source: CapacitySource) -> Option<u64> {
        match source {
            CapacitySource::CpuCapacity => self.cpu_capacity,
            CapacitySource::AcpiCppc => self.highest_perf.filter(|_| !self.highest_perf_is_rank),
            CapacitySource::MaxFrequency => self.max_khz,
            CapacitySource::Assumed | CapacitySource::Measured | CapacitySource::Emulated => None,
        }
    }
}

/// A CPU's capacity in (0, 1], and where it comes from.
pub(super) type Capacity = (f64, CapacitySource);

/// The sources, most trusted first.
const SOURCES: [CapacitySource; 3] =
    [CapacitySource::CpuCapacity, CapacitySource::AcpiCppc, CapacitySource::MaxFrequency];

/// The capacities of `cpus`, relative to the fastest that is online, and what is odd about
/// them. A CPU of which the chosen source says nothing is taken for as slow as the slowest: it
/// is not credited with a speed that nothing shows.
pub(super) fn capacities(
    cpus: &[(CpuId, Figures)],
    online: &CpuList,
) -> (Vec<Capacity>, Vec<String>) {
    let online_figures: Vec<Figures> =
        cpus.iter().filter(|(cpu, _)| online.contains(*cpu)).map(|(_, figures)| *figures).collect();
    let Some(chosen) = choose(&online_figures) else {
        let note = "no cpu_capacity, acpi_cppc/highest_perf or cpuinfo_max_freq: \
                    all CPUs are taken as equal";
        return (vec![(1.0, CapacitySource::Assumed); cpus.len()], vec![note.into()]);
    };
    let known = || online_figures.iter().filter_map(|figures| figures.of(chosen));
    let fastest = known().max().unwrap_or(1) as f64;
    let slowest = known().min().unwrap_or(1) as f64 / fastest;
    let of_cpu = |(_, figures): &(CpuId, Figures)| match figures.of(chosen) {
        // An offline CPU can have a figure above that of the fastest online one.
        Some(figure) => ((figure as f64 / fastest).min(1.0), chosen),
        None => (slowest, CapacitySource::Assumed),
    };
    (cpus.iter().map(of_cpu).collect(), notes(chosen, cpus, &online_figures, online))
}

/// The first source that tells the CPUs apart; of several, or of none, one that knows all of
/// them before one that knows some.
fn choose(cpus: &[Figures]) -> Option<CapacitySource> {
    let given =
        SOURCES.into_iter().filter(|&source| cpus.iter().any(|cpu| cpu.of(source).is_some()));
    given.min_by_key(|&source| (!differs(cpus, source), !is_complete(cpus, source)))
}

fn differs(cpus: &[Figures], source: CapacitySource) -> bool {
    let mut known = cpus.iter().filter_map(|cpu| cpu.of(source));
    let first = known.next();
    known.any(|figure| Some(figure) != first)
}

fn is_complete(cpus: &[Figures], source: CapacitySource) -> bool {
    cpus.iter().all(|cpu| cpu.of(source).is_some())
}

/// What a reader of a contradiction can do.
pub(super) const COMPARE: &str = "`edge-dispatch topology --measure` shows how fast they are";

fn notes(
    chosen: CapacitySource,
    cpus: &[(CpuId, Figures)],
    online_figures: &[Figures],
    online: &CpuList,
) -> Vec<String> {
    let mut notes = Vec::new();
    if cpus.iter().any(|(_, figures)| figures.highest_perf_is_rank) {
        notes.push("acpi_cppc/highest_perf only ranks the cores here: not used".into());
    }
    let trusted_more = SOURCES.into_iter().take_while(|&source| source != chosen);
    let knows_some = |source: &_| online_figures.iter().any(|cpu| cpu.of(*source).is_some());
    for source in trusted_more.filter(knows_some) {
        let why = match is_complete(online_figures, source) {
            true => format!("does not tell the CPUs apart and {chosen} does"),
            false => format!("is not given for every CPU and {chosen} is"),
        };
        notes.push(format!("{source} {why}: not used"));
    }
    let unknown = |cpu: &&(CpuId, Figures)| online.contains(cpu.0) && cpu.1.of(chosen).is_none();
    let unknown: CpuList = cpus.iter().filter(unknown).map(|(cpu, _)| *cpu).collect();
    if !unknown.is_empty() {
        notes.push(format!(
            "{chosen} is missing for CPU {unknown}: taken as the slowest; {COMPARE}"
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(cpu_capacity: u64, highest_perf: u64, max_khz: u64) -> Figures {
        let some = |figure| Some(figure).filter(|&figure| figure > 0);
        Figures {
            cpu_capacity: some(cpu_capacity),
            highest_perf: some(highest_perf),
            max_khz: some(max_khz),
            highest_perf_is_rank: false,
        }
    }

    /// The source and the two capacities that come of two CPUs' figures.
    fn of_two(cpus: [Figures; 2]) -> (CapacitySource, [f64; 2], Vec<String>) {
        let both = CpuList::from_iter([CpuId(0), CpuId(1)]);
        let (found, notes) = capacities(&[(CpuId(0), cpus[0]), (CpuId(1), cpus[1])], &both);
        (found[0].1, [found[0].0, found[1].0], notes)
    }

    #[test]
    fn the_first_source_that_tells_the_cpus_apart_is_believed() {
        use CapacitySource::*;
        let none: [String; 0] = [];
        let first = of_two([figures(1024, 60, 3000), figures(512, 15, 1000)]);
        assert_eq!(first, (CpuCapacity, [1.0, 0.5], none.to_vec()));
        let second = of_two([figures(1024, 60, 3000), figures(1024, 15, 1000)]);
        assert_eq!((second.0, second.1, second.2.len()), (AcpiCppc, [1.0, 0.25], 1));
        let third = of_two([figures(1024, 60, 3000), figures(1024, 60, 1500)]);
        assert_eq!((third.0, third.1, third.2.len()), (MaxFrequency, [1.0, 0.5], 2));
        let equal = of_two([figures(1024, 60, 3000); 2]);
        assert_eq!(equal, (CpuCapacity, [1.0, 1.0], none.to_vec()));
    }

    #[test]
    fn without_figures_all_are_equal_and_it_is_said() {
        let (source, capacities, notes) = of_two([Figures::default(); 2]);
        assert_eq!((source, capacities, notes.len()), (CapacitySource::Assumed, [1.0, 1.0], 1));
    }

    #[test]
    fn a_ranking_of_cores_is_no_speed() {
        let ranked = |rank| Figures { highest_perf_is_rank: true, ..figures(0, rank, 5000) };
        let (source, capacities, notes) = of_two([ranked(231), ranked(166)]);
        assert_eq!((source, capacities), (CapacitySource::MaxFrequency, [1.0, 1.0]));
        assert_eq!(notes.len(), 1, "{notes:?}");
    }

    #[test]
    fn a_source_that_knows_all_cpus_comes_before_one_that_knows_some() {
        let (source, capacities, _) = of_two([figures(1024, 0, 3000), figures(0, 0, 3000)]);
        assert_eq!((source, capacities), (CapacitySource::MaxFrequency, [1.0, 1.0]));
    }

    #[test]
    fn a_cpu_without_a_figure_is_taken_for_the_slowest() {
        let both = CpuList::from_iter([CpuId(0), CpuId(1), CpuId(2)]);
        let cpus = [(CpuId(0), 1024), (CpuId(1), 256), (CpuId(2), 0)]
            .map(|(cpu, capacity)| (cpu, figures(capacity, 0, 0)));
        let (found, notes) = capacities(&cpus, &both);
        assert_eq!(found[2], (0.25, CapacitySource::Assumed));
        assert!(notes[0].contains("CPU 2"), "{notes:?}");
    }
}
