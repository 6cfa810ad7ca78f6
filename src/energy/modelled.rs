//! What the model says that a run used, look by look: the whole where nothing measures, and
//! always the split over classes.
//!
//! A class is charged with what its workers' threads added to idle. The board at idle, other
//! programs, and CPUs without a worker are charged to nobody: any key for dividing them would be
//! made up. Two SMT siblings share one core: together they draw what the busier of them would
//! alone, each in proportion to its work.

use std::collections::BTreeMap;

use super::cores::Cores;
use crate::class::Class;
use crate::ids::CpuId;
use crate::look::{CpuLook, Look};
use crate::power::{CoreLoad, PowerModel};

/// Energy by the model so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Modelled {
    /// What no class is charged with, in joules.
    pub shared_j: f64,
    /// What each class added, in joules.
    pub by_class: BTreeMap<Class, f64>,
    /// The time that was looked at.
    pub covered_ns: u64,
    /// Whether a worker had another class at one look than at the look before.
    pub between_classes: bool,
    /// The class of each worker at the last look.
    classes: Vec<Class>,
}

/// One CPU in one look.
struct Used {
    utilization: f64,
    frequency: f64,
    /// What is left of its power beside a busy SMT sibling.
    part: f64,
}

impl Modelled {
    /// Everything, in joules.
    pub fn joules(&self) -> f64 {
        self.shared_j + self.by_class.values().sum::<f64>()
    }

    /// Adds one look.
    pub fn add(&mut self, model: &PowerModel, cores: &Cores, look: &Look) {
        let seconds = look.elapsed_ns as f64 / 1e9;
        let mut used = used(cores, look);
        share_cores(cores, &mut used);
        self.covered_ns += look.elapsed_ns;
        self.shared_j += model.idle_watts() * seconds;
        let classes: Vec<Class> = look.workers.iter().map(|worker| worker.class).collect();
        self.between_classes |= self.classes.iter().zip(&classes).any(|(was, is)| was != is);
        self.classes = classes;
        let joules = |class: Class, busy: f64, used: &Used| {
            let load = CoreLoad { class, busy, frequency: used.frequency };
            model.core_watts(&load) * used.part * seconds
        };
        for worker in &look.workers {
            let (Some(used), own) = (used.get_mut(&worker.cpu), part(worker.own)) else { continue };
            *self.by_class.entry(worker.class).or_default() += joules(worker.class, own, used);
            used.utilization -= own;
        }
        for (cpu, used) in &used {
            let class = cores.get(*cpu).map_or(Class::Uniform, |core| core.class);
            self.shared_j += joules(class, used.utilization.max(0.0), used);
        }
    }

    /// What a run would have used whose workers were busy for so long, where no look was taken.
    pub fn without_looks(model: &PowerModel, busy_ns: &[(Class, u64)], duration_ns: u64) -> Self {
        let mut modelled = Modelled {
            shared_j: model.joules(&[], duration_ns),
            covered_ns: duration_ns,
            ..Modelled::default()
        };
        for busy in busy_ns {
            *modelled.by_class.entry(busy.0).or_default() += model.joules(&[*busy], 0);
        }
        modelled
    }
}

/// Every CPU that was seen, or that a worker ran on, with its utilization: never less than its
/// workers used, for the kernel counts that in ticks.
fn used(cores: &Cores, look: &Look) -> BTreeMap<CpuId, Used> {
    let new = |cpu: CpuId, mhz: Option<f64>, utilization: f64| Used {
        utilization,
        frequency: cores.relative_frequency(cpu, mhz),
        part: 1.0,
    };
    let seen = |cpu: &CpuLook| (cpu.cpu, new(cpu.cpu, cpu.mhz, part(cpu.utilization)));
    let mut used: BTreeMap<CpuId, Used> = look.cpus.iter().map(seen).collect();
    let mut own: BTreeMap<CpuId, f64> = BTreeMap::new();
    for worker in &look.workers {
        *own.entry(worker.cpu).or_default() += part(worker.own);
    }
    for (cpu, own) in own {
        let used = used.entry(cpu).or_insert_with(|| new(cpu, None, 0.0));
        used.utilization = used.utilization.max(own);
    }
    used
}

/// A core with several busy CPUs draws what the busiest of them would.
fn share_cores(cores: &Cores, used: &mut BTreeMap<CpuId, Used>) {
    let first = |cpu: &CpuId| cores.get(*cpu).map_or(*cpu, |core| core.first_sibling);
    let mut by_core: BTreeMap<CpuId, (f64, f64)> = BTreeMap::new();
    for (cpu, used) in used.iter() {
        let (most, sum) = by_core.entry(first(cpu)).or_default();
        (*most, *sum) = (most.max(used.utilization), *sum + used.utilization);
    }
    for (cpu, used) in used.iter_mut() {
        if let Some((most, sum)) = by_core.get(&first(cpu)).filter(|(_, sum)| *sum > 0.0) {
            used.part = most / sum;
        }
    }
}

fn part(of: f32) -> f64 {
    if of.is_finite() { f64::from(of).clamp(0.0, 1.0) } else { 0.0 }
}
