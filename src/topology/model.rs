//! What is known of a machine's CPUs, as plain data.

use std::fmt;

use serde::Serialize;

use super::cpu_list::CpuList;
use crate::class::Class;
use crate::ids::CpuId;

/// The CPUs of a machine, as they were at one moment.
///
/// As JSON it is what `edge-dispatch topology --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topology {
    /// Every CPU that is present, by ascending id. Ids may have holes.
    pub cpus: Vec<Cpu>,
    /// The classes of the online CPUs, fastest first.
    pub classes: Vec<ClassGroup>,
    /// Whether there is more than one class.
    pub hybrid: bool,
    /// How much CPU time per time this process may use (`cpu.max` of its control groups): 1.5 is
    /// one CPU and a half. None without a limit.
    pub quota_cpus: Option<f64>,
    /// The machine in words, such as "Raspberry Pi 5 Model B Rev 1.0".
    pub model: String,
    /// What was missing, malformed or contradictory, one line each.
    pub notes: Vec<String>,
}

/// One logical CPU.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cpu {
    /// The kernel's number.
    pub cpu: CpuId,
    /// Whether it runs anything at all at the moment.
    pub online: bool,
    /// Whether this process may run there: online, and in the affinity mask.
    pub allowed: bool,
    /// Whether the kernel was told to keep its scheduler off it (`isolcpus`).
    pub isolated: bool,
    /// How it compares with the others.
    pub class: Class,
    /// Its speed relative to the fastest online CPU, in (0, 1]: a prior, to be corrected by
    /// measurement.
    pub capacity: f64,
    /// Where `capacity` comes from.
    pub capacity_source: CapacitySource,
    /// The *other* CPUs that share its core; none without SMT or where that is unknown.
    pub smt_siblings: Vec<CpuId>,
    /// The cluster it belongs to, named by that cluster's first CPU (the kernel's own cluster
    /// ids are firmware addresses); none where unknown.
    pub cluster: Option<CpuId>,
    /// The socket it sits in; none where unknown.
    pub package: Option<u32>,
    /// The lowest frequency it can be set to, kHz.
    pub min_khz: Option<u64>,
    /// The highest frequency it can reach, kHz.
    pub max_khz: Option<u64>,
}

/// The online CPUs of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassGroup {
    /// The class.
    pub name: Class,
    /// Its CPUs, by ascending id.
    pub cpus: Vec<CpuId>,
    /// Their mean capacity, in (0, 1].
    pub capacity: f64,
}

/// Where the figure of a CPU's capacity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum CapacitySource {
    /// `cpu_capacity`, on Arm from the device tree: instructions per MHz times the top frequency.
    #[serde(rename = "cpu_capacity")]
    CpuCapacity,
    /// `acpi_cppc/highest_perf`, the firmware's performance scale.
    #[serde(rename = "acpi_cppc")]
    AcpiCppc,
    /// `cpufreq/cpuinfo_max_freq`: right only where the cores do the same per cycle.
    #[serde(rename = "max-frequency")]
    MaxFrequency,
    /// Nothing says; taken as equal to the others, or as the slowest where those differ.
    #[serde(rename = "assumed")]
    Assumed,
    /// A short loop at the start: see [`Calibration`](super::Calibration).
    #[serde(rename = "measured")]
    Measured,
    /// Set by `--emulate-class`.
    #[serde(rename = "emulated")]
    Emulated,
}

impl fmt::Display for CapacitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            CapacitySource::CpuCapacity => "cpu_capacity",
            CapacitySource::AcpiCppc => "acpi_cppc",
            CapacitySource::MaxFrequency => "max-frequency",
            CapacitySource::Assumed => "assumed",
            CapacitySource::Measured => "measured",
            CapacitySource::Emulated => "emulated",
        })
    }
}

impl Topology {
    /// The CPU with this id, if it is present.
    pub fn cpu(&self, id: CpuId) -> Option<&Cpu> {
        self.cpus.iter().find(|cpu| cpu.cpu == id)
    }

    /// The CPUs that this process may run on.
    pub fn allowed(&self) -> CpuList {
        self.cpus.iter().filter(|cpu| cpu.allowed).map(|cpu| cpu.cpu).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_alike_in_text_and_json() {
        let all = [
            CapacitySource::CpuCapacity,
            CapacitySource::AcpiCppc,
            CapacitySource::MaxFrequency,
            CapacitySource::Assumed,
            CapacitySource::Measured,
            CapacitySource::Emulated,
        ];
        for source in all {
            let json = serde_json::to_value(source).expect("a source is a string");
            assert_eq!(json, source.to_string());
        }
    }
}
