//! What energy and heat need to know of the CPUs.

use std::collections::BTreeMap;
use std::path::Path;

use super::files::{Notes, noted};
use crate::class::Class;
use crate::ids::CpuId;
use crate::sorting;
use crate::topology::Topology;

/// The CPUs of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Cores(BTreeMap<CpuId, Core>);

/// One CPU.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Core {
    pub class: Class,
    /// The first CPU of its core: one with an SMT sibling shares the core's power with it.
    pub first_sibling: CpuId,
    /// The cluster, by its first CPU.
    pub cluster: Option<CpuId>,
    pub package: u32,
    /// The number of its core within the package, as temperature sensors name it.
    pub core_id: Option<u32>,
    pub max_khz: Option<u64>,
}

impl Cores {
    pub fn new(topology: &Topology, sys: &Path, notes: &mut Notes) -> Self {
        let core = |cpu: &crate::topology::Cpu| {
            let file = sys.join(format!("devices/system/cpu/cpu{}/topology/core_id", cpu.cpu));
            let core_id = noted(&file, -1..=i64::from(u32::MAX), notes);
            let core = Core {
                class: cpu.class,
                first_sibling: cpu.smt_siblings.iter().copied().fold(cpu.cpu, CpuId::min),
                cluster: cpu.cluster,
                package: cpu.package.unwrap_or(0),
                core_id: core_id.and_then(|id| u32::try_from(id).ok()),
                max_khz: cpu.max_khz,
            };
            (cpu.cpu, core)
        };
        Cores(topology.cpus.iter().filter(|cpu| cpu.online).map(core).collect())
    }

    pub fn get(&self, cpu: CpuId) -> Option<&Core> {
        self.0.get(&cpu)
    }

    /// The CPUs of which `is` holds, by ascending id.
    pub fn which(&self, is: impl Fn(CpuId, &Core) -> bool) -> Vec<CpuId> {
        self.0.iter().filter(|(cpu, core)| is(**cpu, core)).map(|(cpu, _)| *cpu).collect()
    }

    /// The first CPUs of the clusters of `class`, ascending; empty where clusters are not known.
    pub fn clusters(&self, class: Class) -> Vec<CpuId> {
        let of_class = self.0.values().filter(|core| core.class == class);
        let mut clusters: Vec<CpuId> = of_class.filter_map(|core| core.cluster).collect();
        sorting::sort(&mut clusters);
        clusters.dedup();
        clusters
    }

    /// The frequency `mhz` of `cpu` relative to its highest; 1 where either is not known.
    pub fn relative_frequency(&self, cpu: CpuId, mhz: Option<f64>) -> f64 {
        let max_khz = self.get(cpu).and_then(|core| core.max_khz);
        match (mhz, max_khz) {
            (Some(mhz), Some(max_khz)) if mhz.is_finite() && mhz > 0.0 => {
                (mhz * 1000.0 / max_khz as f64).min(1.0)
            }
            _ => 1.0,
        }
    }
}
