//! From what was read to the topology: pure, so that invented machines can be tried.

use super::capacity::{COMPARE, Capacity, Figures, capacities};
use super::classify::{by_core_type, classify};
use super::cpu_list::CpuList;
use super::model::{ClassGroup, Cpu, Topology};
use super::presence::Presence;
use crate::class::Class;
use crate::ids::CpuId;
use crate::sorting;

/// What was read of one CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CpuFacts {
    pub cpu: CpuId,
    pub figures: Figures,
    pub min_khz: Option<u64>,
    pub package: Option<u32>,
    /// The CPUs that share its core, itself among them.
    pub core: Option<CpuList>,
    /// The first CPU of its cluster.
    pub cluster: Option<CpuId>,
}

/// What was read of a machine; `cpus` is one a present CPU, by ascending id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub presence: Presence,
    pub cpus: Vec<CpuFacts>,
    pub core_types: Vec<CpuList>,
    pub model: String,
    pub notes: Vec<String>,
}

/// Decides capacity and class of every CPU.
pub(super) fn assemble(facts: Facts) -> Topology {
    let Facts { presence, mut cpus, core_types, model, mut notes } = facts;
    notes.extend(forget_contradictory_cores(&mut cpus));
    let figures: Vec<_> = cpus.iter().map(|cpu| (cpu.cpu, cpu.figures)).collect();
    let (capacities, odd) = capacities(&figures, &presence.online);
    notes.extend(odd);
    let online: Vec<(CpuId, f64)> = (cpus.iter().zip(&capacities))
        .filter(|(cpu, _)| presence.online.contains(cpu.cpu))
        .map(|(cpu, capacity)| (cpu.cpu, capacity.0))
        .collect();
    let classes = group(&online, &classes(&online, &presence.online, &core_types, &mut notes));
    if classes.windows(2).any(|pair| pair[0].capacity < pair[1].capacity) {
        notes.push(format!(
            "the core types contradict the capacities: a slower one is called faster; {COMPARE}"
        ));
    }
    let cpus = cpus.into_iter().zip(capacities);
    let cpus = cpus.map(|(cpu, capacity)| describe(cpu, capacity, &presence, &classes)).collect();
    let quota_cpus = presence.quota_cpus;
    Topology { cpus, hybrid: classes.len() > 1, classes, quota_cpus, model, notes }
}

/// Whose lists of the threads of a core do not agree: each of them is taken for a core of its own.
fn forget_contradictory_cores(cpus: &mut [CpuFacts]) -> Option<String> {
    let of = |id: CpuId| cpus.iter().find(|cpu| cpu.cpu == id).and_then(|cpu| cpu.core.as_ref());
    // An offline thread has no list.
    let agree = |core: &CpuList| core.iter().all(|id| of(id).is_none_or(|other| other == core));
    let agrees =
        |cpu: &CpuFacts| cpu.core.as_ref().is_none_or(|core| core.contains(cpu.cpu) && agree(core));
    let odd: CpuList = cpus.iter().filter(|cpu| !agrees(cpu)).map(|cpu| cpu.cpu).collect();
    if odd.is_empty() {
        return None;
    }
    let contradict = cpus.iter_mut().filter(|cpu| odd.contains(cpu.cpu));
    contradict.for_each(|cpu| cpu.core = None);
    Some(format!(
        "the lists topology/core_cpus_list of CPU {odd} contradict each other: not used, each is \
         taken for a core of its own"
    ))
}

/// The class of each online CPU: by core type where there are lists, else by capacity.
fn classes(
    online: &[(CpuId, f64)],
    online_list: &CpuList,
    core_types: &[CpuList],
    notes: &mut Vec<String>,
) -> Vec<Class> {
    let by_capacity = classify(&online.iter().map(|(_, capacity)| *capacity).collect::<Vec<_>>());
    match by_core_type(online_list, core_types) {
        Ok(Some(by_type)) => {
            if by_type.contains(&Class::Performance) && by_capacity.contains(&Class::Uniform) {
                notes.push("the core types differ and no source says by how much".into());
            }
            if by_type.contains(&Class::Uniform) && !by_capacity.contains(&Class::Uniform) {
                // As with every source: one that calls all CPUs equal gives way to one that does not.
                notes.push(format!(
                    "there is one core type and the capacities differ: classes by capacity; \
                     {COMPARE}"
                ));
                return by_capacity;
            }
            by_type
        }
        Ok(None) => by_capacity,
        Err(note) => {
            notes.push(note);
            by_capacity
        }
    }
}

/// The CPUs of each class, fastest class first.
fn group(online: &[(CpuId, f64)], classes: &[Class]) -> Vec<ClassGroup> {
    let mut names = classes.to_vec();
    sorting::sort(&mut names);
    names.dedup();
    let members = |name: Class| {
        let of_class = online.iter().zip(classes).filter(move |(_, class)| **class == name);
        let (cpus, capacities): (Vec<CpuId>, Vec<f64>) = of_class.map(|(cpu, _)| *cpu).unzip();
        let capacity = capacities.iter().sum::<f64>() / capacities.len() as f64;
        ClassGroup { name, cpus, capacity }
    };
    names.into_iter().map(members).collect()
}

fn describe(
    facts: CpuFacts,
    (capacity, capacity_source): Capacity,
    presence: &Presence,
    classes: &[ClassGroup],
) -> Cpu {
    let cpu = facts.cpu;
    Cpu {
        cpu,
        online: presence.online.contains(cpu),
        allowed: presence.allowed.contains(cpu),
        isolated: presence.isolated.contains(cpu),
        class: class_of(cpu, capacity, classes),
        capacity,
        capacity_source,
        smt_siblings: facts.core.iter().flat_map(CpuList::iter).filter(|&id| id != cpu).collect(),
        cluster: facts.cluster,
        package: facts.package,
        min_khz: facts.min_khz,
        max_khz: facts.figures.max_khz,
    }
}

/// An offline CPU belongs to no group; it is called what the group of nearest capacity is, the
/// slower one of two.
fn class_of(cpu: CpuId, capacity: f64, classes: &[ClassGroup]) -> Class {
    let own = classes.iter().find(|group| group.cpus.contains(&cpu));
    let distance = |group: &&ClassGroup| (group.capacity - capacity).abs();
    let nearest = || classes.iter().rev().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    own.or_else(nearest).map_or(Class::Uniform, |group| group.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> CpuList {
        text.parse().expect("a CPU list")
    }

    /// A machine with these `cpu_capacity` figures, all CPUs online but the last.
    fn machine(figures: &[u64], core_types: &[&str]) -> Topology {
        let last = figures.len() as u32 - 1;
        let present: CpuList = (0..=last).map(CpuId).collect();
        let online = present.only(|cpu| cpu.0 < last);
        let facts = |(cpu, &figure): (CpuId, &u64)| CpuFacts {
            cpu,
            figures: Figures { cpu_capacity: Some(figure), ..Figures::default() },
            min_khz: None,
            package: None,
            core: None,
            cluster: None,
        };
        assemble(Facts {
            cpus: present.iter().zip(figures).map(facts).collect(),
            presence: Presence {
                allowed: online.clone(),
                online,
                present,
                isolated: CpuList::default(),
                quota_cpus: None,
            },
            core_types: core_types.iter().map(|text| list(text)).collect(),
            ..Facts::default()
        })
    }

    #[test]
    fn core_types_decide_the_class_and_figures_the_capacity() {
        let topology = machine(&[512, 512, 1024, 1024], &["0-1", "2"]);
        let of =
            |cpu: u32| (topology.cpus[cpu as usize].class, topology.cpus[cpu as usize].capacity);
        assert_eq!(of(0), (Class::Performance, 0.5));
        assert_eq!(of(2), (Class::Efficiency, 1.0));
        assert!(topology.hybrid);
    }

    #[test]
    fn core_types_without_figures_are_noted() {
        let topology = machine(&[1024, 1024, 1024], &["0", "1"]);
        assert!(topology.notes.iter().any(|note| note.contains("by how much")));
    }

    #[test]
    fn an_offline_cpu_counts_for_no_class_and_is_named_like_its_nearest() {
        let topology = machine(&[1024, 512, 400], &[]);
        assert_eq!(topology.cpus[2].class, Class::Efficiency);
        assert_eq!(topology.classes.iter().map(|group| group.cpus.len()).sum::<usize>(), 2);
        let faster = machine(&[512, 512, 1024], &[]);
        assert_eq!((faster.cpus[2].class, faster.cpus[2].capacity), (Class::Uniform, 1.0));
        assert!(!faster.hybrid);
    }

    #[test]
    fn a_group_has_the_mean_capacity_of_its_cpus() {
        let topology = machine(&[1000, 950, 100, 100], &[]);
        assert_eq!(topology.classes[0].capacity, 0.975);
    }
}
