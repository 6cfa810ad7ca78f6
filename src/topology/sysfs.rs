//! Reads a machine's CPUs from sysfs and procfs, or from a copy of those trees.

use std::path::{Path, PathBuf};

use super::assemble::{CpuFacts, Facts, assemble};
use super::capacity::Figures;
use super::cpu_list::CpuList;
use super::machine;
use super::model::Topology;
use super::presence::presence;
use super::reader::Reader;
use crate::ids::CpuId;

/// Where the trees of a machine stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    pub(super) sys: PathBuf,
    proc: Option<PathBuf>,
    this_machine: bool,
}

impl Roots {
    /// `/sys` and `/proc`, and the calling thread's own affinity mask.
    pub fn this_machine() -> Self {
        Roots { sys: "/sys".into(), proc: Some("/proc".into()), this_machine: true }
    }

    /// A tree that stands for `/sys`, and perhaps one that stands for `/proc`. What is allowed
    /// comes from that `proc` alone (`self/status`); without it every online CPU is.
    pub fn tree(sys: impl Into<PathBuf>, proc: Option<PathBuf>) -> Self {
        Roots { sys: sys.into(), proc, this_machine: false }
    }

    pub(super) fn is_this_machine(&self) -> bool {
        self.this_machine
    }

    pub(super) fn cpu_dir(&self) -> PathBuf {
        self.sys.join("devices/system/cpu")
    }

    pub(super) fn proc_file(&self, name: &str) -> Option<PathBuf> {
        Some(self.proc.as_ref()?.join(name))
    }
}

impl Default for Roots {
    fn default() -> Self {
        Roots::this_machine()
    }
}

/// Why the CPUs of a machine are unknown.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TopologyError {
    /// Nothing says which CPUs there are. The remedy is in the message.
    #[error(
        "no CPU list is readable: tried online, present, possible and the cpuN directories in \
         {}, and the affinity mask; mount sysfs there, or name a root that holds \
         devices/system/cpu{}", .cpu_dir.display(), found(.notes)
    )]
    NoCpuList {
        /// Where they were looked for.
        cpu_dir: PathBuf,
        /// What was there and could not be used, one line each.
        notes: Vec<String>,
    },
}

fn found(notes: &[String]) -> String {
    if notes.is_empty() { String::new() } else { format!("; found: {}", notes.join("; ")) }
}

impl TopologyError {
    pub(super) fn no_cpu_list(roots: &Roots, reader: Reader) -> Self {
        TopologyError::NoCpuList { cpu_dir: roots.cpu_dir(), notes: reader.into_notes() }
    }
}

impl Topology {
    /// Reads the CPUs under `roots`. Takes about a millisecond for 16 CPUs.
    ///
    /// Of this machine, call it before pinning anything: what is allowed is what the calling
    /// thread may use.
    ///
    /// # Errors
    /// Only if nothing says which CPUs there are. Every other fault is one of the notes.
    pub fn read(roots: &Roots) -> Result<Topology, TopologyError> {
        let mut reader = Reader::default();
        let presence = presence(roots, &mut reader)?;
        let dir = roots.cpu_dir();
        let cpus = presence
            .present
            .iter()
            .map(|cpu| cpu_facts(&dir, cpu, &mut reader))
            .collect::<Vec<_>>();
        note_what_is_missing(&cpus, &mut reader);
        let core_types = core_types(roots, &mut reader);
        let model = machine::model(roots, &mut reader);
        Ok(assemble(Facts { presence, cpus, core_types, model, notes: reader.into_notes() }))
    }
}

/// The CPUs of each core type, fastest type first. Only hybrid x86 has such lists.
fn core_types(roots: &Roots, reader: &mut Reader) -> Vec<CpuList> {
    let list = |name| reader.list(&roots.sys.join("devices").join(name).join("cpus"));
    ["cpu_core", "cpu_atom", "cpu_lowpower"].into_iter().filter_map(list).collect()
}

/// Frequencies in kHz and the firmware's scale: more than 100 GHz is no frequency.
const LARGEST: i64 = 100_000_000;

fn cpu_facts(dir: &Path, cpu: CpuId, reader: &mut Reader) -> CpuFacts {
    let dir = dir.join(format!("cpu{cpu}"));
    let mut number = |name, range| reader.number(&dir.join(name), range);
    let mut positive = |name, most| number(name, 1..=most)?.try_into().ok();
    let figures = Figures {
        cpu_capacity: positive("cpu_capacity", 1024),
        highest_perf: positive("acpi_cppc/highest_perf", LARGEST),
        max_khz: positive("cpufreq/cpuinfo_max_freq", LARGEST),
        highest_perf_is_rank: dir.join("cpufreq/amd_pstate_prefcore_ranking").exists(),
    };
    let min_khz = positive("cpufreq/cpuinfo_min_freq", LARGEST);
    // -1 where the firmware does not say.
    let package = number("topology/physical_package_id", -1..=LARGEST);
    let mut list = |name| reader.list(&dir.join("topology").join(name));
    CpuFacts {
        cpu,
        figures,
        min_khz,
        package: package.and_then(|id| id.try_into().ok()),
        // Kernels before 5.3 have only the second name.
        core: list("core_cpus_list").or_else(|| list("thread_siblings_list")),
        cluster: list("cluster_cpus_list").and_then(|cpus| cpus.iter().next()),
    }
}

fn note_what_is_missing(cpus: &[CpuFacts], reader: &mut Reader) {
    if cpus.iter().all(|cpu| cpu.core.is_none()) {
        reader.note("no topology/core_cpus_list: SMT siblings are unknown".into());
    }
    if cpus.iter().all(|cpu| cpu.figures.max_khz.is_none()) {
        reader.note("no cpufreq/cpuinfo_max_freq: frequencies are unknown".into());
    }
}
