//! RAPL: counters of energy in Intel and AMD processors, through `powercap`.
//!
//! Counted are the packages alone (`intel-rapl:N` named `package-…`), all of them together. Left
//! out are their parts (`intel-rapl:N:M`: cores, uncore, memory), which are in the package or
//! beside it; `psys`, which contains the packages; and `intel-rapl-mmio:N`, the same counters
//! reached in another way.
//!
//! A counter starts again at `max_energy_range_uj`. At 65 W one of 262,143 J does so after 67
//! minutes; it is looked at four times a second.

use std::path::{Path, PathBuf};

use super::files::{Fault, Notes, noted, number, numbered, text};
use super::step::Step;

/// A package that is said to draw more than this is not believed, in watts.
const WATTS_MAX: f64 = 2_000.0;

/// After so long without a reading a counter may have started again more than once, in
/// nanoseconds: 65,532 J, the smallest range in use, are 1,092 W over it.
const GAP_MAX_NS: u64 = 60_000_000_000;

/// The counters of all packages.
#[derive(Debug)]
pub(super) struct Rapl {
    packages: Vec<Package>,
}

#[derive(Debug)]
struct Package {
    file: PathBuf,
    /// Where the counter starts again, where it says.
    range_uj: Option<u64>,
    last_uj: u64,
    last_ns: u64,
}

impl Rapl {
    /// The packages under `sys`, read a first time; none where there are none or they may not be
    /// read.
    pub fn open(sys: &Path, now_ns: u64, notes: &mut Notes) -> Option<Self> {
        let mut names = Vec::new();
        let mut packages = Vec::new();
        for (_, dir) in numbered(&sys.join("class/powercap"), "intel-rapl:") {
            let name = match text(&dir.join("name")) {
                Ok(name) => name,
                Err(fault) => {
                    notes.add(unnamed(&dir, &fault));
                    continue;
                }
            };
            // A name that comes again is another way to the same counter.
            if name.starts_with("package-") && !names.contains(&name) {
                packages.extend(Package::open(&dir, now_ns, notes));
                names.push(name);
            }
        }
        // A sum without one of the packages would be taken for the whole.
        (!packages.is_empty() && packages.len() == names.len()).then_some(Rapl { packages })
    }

    /// How many packages are counted.
    pub fn packages(&self) -> usize {
        self.packages.len()
    }

    /// What the packages used since they were last read; none if one of them has no reading, or
    /// one that cannot be.
    pub fn look(&mut self, now_ns: u64, notes: &mut Notes) -> Option<Step> {
        // All are read, even after one that fails, so that each knows its own last reading.
        let steps: Vec<Option<Step>> =
            self.packages.iter_mut().map(|package| package.look(now_ns, notes)).collect();
        let steps: Option<Vec<Step>> = steps.into_iter().collect();
        let steps = steps?;
        // After a failure of one package the others' steps are shorter: power is added, not energy.
        let for_ns = steps.iter().map(|step| step.for_ns).min()?;
        let watts: f64 = steps.iter().map(Step::watts).sum();
        Some(Step { joules: watts * for_ns as f64 / 1e9, for_ns })
    }
}

/// What is said of a counter that does not even tell its name. In containers its folder is
/// masked: the link to it is there and leads nowhere.
fn unnamed(dir: &Path, fault: &Fault) -> String {
    let why = match fault {
        Fault::Missing => "leads nowhere (containers hide it)",
        Fault::Forbidden => "may not be read",
        Fault::Malformed(what) => what,
    };
    format!(
        "{}/name {why}: energy is not measured there; to measure it, run outside a container, or \
         give it /sys/devices/virtual/powercap",
        dir.display()
    )
}

impl Package {
    fn open(dir: &Path, now_ns: u64, notes: &mut Notes) -> Option<Self> {
        let reading = number(&dir.join("energy_uj"), 0..=i64::MAX);
        Package::begin(dir, reading, now_ns, notes)
    }

    /// The package in `dir` whose counter gave this first reading.
    fn begin(
        dir: &Path,
        reading: Result<i64, Fault>,
        now_ns: u64,
        notes: &mut Notes,
    ) -> Option<Self> {
        let file = dir.join("energy_uj");
        match reading {
            Ok(uj) => {
                let range = noted(&dir.join("max_energy_range_uj"), 1..=i64::MAX, notes);
                let range_uj = range.map(i64::cast_unsigned);
                Some(Package { file, range_uj, last_uj: uj.cast_unsigned(), last_ns: now_ns })
            }
            Err(Fault::Forbidden) => {
                notes.add(format!(
                    "{} cannot be read: no rights (kernels since 2020 give it to root alone); to \
                     measure energy run as root, or let root run: chmod a+r {}",
                    file.display(),
                    file.display()
                ));
                None
            }
            Err(fault) => {
                notes.fault(&file, &fault);
                None
            }
        }
    }

    fn look(&mut self, now_ns: u64, notes: &mut Notes) -> Option<Step> {
        let now_uj = match number(&self.file, 0..=i64::MAX) {
            Ok(uj) => uj.cast_unsigned(),
            Err(Fault::Missing) => {
                notes.add(format!("{} is gone", self.file.display()));
                return None;
            }
            Err(fault) => {
                notes.fault(&self.file, &fault);
                return None;
            }
        };
        let (before_uj, before_ns) = (self.last_uj, self.last_ns);
        let for_ns = now_ns.checked_sub(before_ns).filter(|ns| *ns > 0)?;
        (self.last_uj, self.last_ns) = (now_uj, now_ns);
        let used = used_uj(before_uj, now_uj, self.range_uj)
            .map(|uj| Step { joules: uj as f64 / 1e6, for_ns })
            .filter(|step| for_ns <= GAP_MAX_NS && step.watts() <= WATTS_MAX);
        if used.is_none() {
            let file = self.file.display();
            notes.add(format!("{file} made a step that cannot be: left out"));
        }
        used
    }
}

/// What was used between two readings of a counter that starts again at `range_uj`; none where
/// the readings contradict that.
fn used_uj(before_uj: u64, now_uj: u64, range_uj: Option<u64>) -> Option<u64> {
    if let Some(more) = now_uj.checked_sub(before_uj) {
        return range_uj.is_none_or(|range| now_uj <= range).then_some(more);
    }
    range_uj?.checked_sub(before_uj)?.checked_add(now_uj)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_counter_that_started_again_gives_the_golden_figure() {
        assert_eq!(used_uj(262_143_000_000, 500_000, Some(262_143_328_850)), Some(828_850));
        assert_eq!(used_uj(100, 350, Some(1_000)), Some(250));
    }

    #[test]
    fn readings_that_contradict_the_range_give_nothing() {
        assert_eq!(used_uj(100, 50, None), None, "it fell, and nobody says where it starts again");
        assert_eq!(used_uj(2_000, 50, Some(1_000)), None);
        assert_eq!(used_uj(100, 2_000, Some(1_000)), None);
    }

    /// Not with a file: whoever runs the tests as root may read any.
    #[test]
    fn a_counter_that_may_not_be_read_is_said_with_the_remedy() {
        let mut notes = Notes::default();
        let dir = Path::new("/sys/class/powercap/intel-rapl:0");
        assert!(Package::begin(dir, Err(Fault::Forbidden), 0, &mut notes).is_none());
        let said = notes.lines().join("\n");
        for part in ["intel-rapl:0/energy_uj cannot be read", "run as root", "chmod a+r"] {
            assert!(said.contains(part), "{said}");
        }
    }

    proptest! {
        /// However often it starts again: what is counted is what was used.
        #[test]
        fn steps_add_up_over_any_number_of_starts(
            range_uj in 1_000u64..1 << 40,
            start in 0.0f64..1.0,
            parts in prop::collection::vec(0.0f64..0.9, 1..50),
        ) {
            let mut counter = (start * range_uj as f64) as u64;
            for part in parts {
                let used = (part * range_uj as f64) as u64;
                let next = (counter + used) % range_uj;
                prop_assert_eq!(used_uj(counter, next, Some(range_uj)), Some(used));
                counter = next;
            }
        }
    }
}
