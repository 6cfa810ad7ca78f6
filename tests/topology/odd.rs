//! Machines that are in order and yet unusual.

use edge_dispatch::class::Class;
use edge_dispatch::ids::CpuId;
use edge_dispatch::topology::{CapacitySource, Topology};

use crate::tree::Tree;

/// The ids of the CPUs that this is true of, as a list.
fn which(topology: &Topology, keep: impl Fn(&edge_dispatch::topology::Cpu) -> bool) -> String {
    let cpus = topology.cpus.iter().filter(|cpu| keep(cpu)).map(|cpu| cpu.cpu);
    edge_dispatch::topology::CpuList::from_iter(cpus).to_string()
}

fn read(tree: &Tree) -> Topology {
    tree.read().expect("a topology")
}

#[test]
fn ids_may_have_holes() {
    let topology = read(&Tree::bare("0-1,3,6,8,10\n", &[0, 1, 3, 6, 8, 10]));
    assert_eq!(topology.allowed().to_string(), "0-1,3,6,8,10");
    assert_eq!(topology.classes[0].cpus.len(), 6);
}

#[test]
fn a_board_without_cpufreq_and_topology_is_uniform_and_says_so() {
    let topology = read(&Tree::bare("0-3\n", &[0, 1, 2, 3]));
    assert_eq!((topology.hybrid, topology.classes[0].name), (false, Class::Uniform));
    let source = CapacitySource::Assumed;
    assert!(topology.cpus.iter().all(|cpu| cpu.capacity_source == source && cpu.capacity == 1.0));
    assert_eq!(topology.notes.len(), 3, "{:?}", topology.notes);
}

#[test]
fn offline_cpus_are_shown_and_not_used() {
    let tree = Tree::machine("RK3588").cpu("online", "0-5\n").cpu("offline", "6-7\n");
    let topology = read(&tree);
    assert_eq!(which(&topology, |cpu| cpu.online), "0-5");
    assert_eq!(which(&topology, |cpu| cpu.allowed), "0-5");
    assert_eq!(topology.cpus.len(), 8);
    assert_eq!(topology.classes.iter().map(|group| group.cpus.len()).sum::<usize>(), 6);
    assert_eq!(topology.cpus[7].class, Class::Performance);
}

#[test]
fn without_the_online_list_each_cpu_is_asked_and_cpu_0_has_no_answer() {
    let tree = Tree::bare("", &[0, 1, 2]).without("online");
    let topology = read(&tree.cpu("cpu1/online", "0\n").cpu("cpu2/online", "1\n"));
    assert_eq!(which(&topology, |cpu| cpu.online), "0,2");
    assert_eq!(topology.cpus.len(), 3);
}

#[test]
fn cpus_that_may_never_come_are_not_counted() {
    let topology = read(&Tree::bare("0-1\n", &[0, 1]).cpu("possible", "0-127\n"));
    assert_eq!(topology.cpus.len(), 2);
    let unlisted = read(&Tree::bare("", &[0, 1]).cpu("possible", "0-127\n").without("online"));
    assert_eq!(unlisted.cpus.len(), 2);
}

#[test]
fn each_cpu_list_can_stand_alone() {
    for name in ["online", "present", "possible"] {
        let topology = read(&Tree::empty().cpu(name, "0-3\n"));
        assert_eq!(topology.allowed().to_string(), "0-3", "{name}");
    }
    let mask = Tree::empty().proc("self/status", "Name:\tx\nCpus_allowed_list:\t2-3\n");
    assert_eq!(read(&mask).allowed().to_string(), "2-3");
}

#[test]
fn the_affinity_mask_narrows_what_is_allowed() {
    let tree = Tree::machine("RK3588").proc("self/status", "Cpus_allowed_list:\t4-7,9\n");
    let topology = read(&tree);
    assert_eq!(topology.allowed().to_string(), "4-7");
    assert_eq!(which(&topology, |cpu| cpu.online), "0-7");
    assert!(topology.hybrid, "the classes are those of the machine");
}

#[test]
fn a_mask_without_an_online_cpu_allows_none_and_says_so() {
    let topology =
        read(&Tree::bare("0-1\n", &[0, 1]).proc("self/status", "Cpus_allowed_list:\t4\n"));
    assert!(topology.allowed().is_empty());
    assert!(topology.notes.iter().any(|note| note.contains("only CPU 4 is allowed")));
}

#[test]
fn isolated_cpus_are_marked() {
    let none = read(&Tree::bare("0-3\n", &[]).cpu("isolated", "\n"));
    assert_eq!(which(&none, |cpu| cpu.isolated), "");
    let some = read(&Tree::bare("0-3\n", &[]).cpu("isolated", "2-3\n"));
    assert_eq!(which(&some, |cpu| cpu.isolated), "2-3");
}

#[test]
fn a_prefcore_ranking_makes_no_classes() {
    let tree = (0..4).fold(Tree::bare("0-3\n", &[]), |tree, cpu| {
        tree.cpu(&format!("cpu{cpu}/acpi_cppc/highest_perf"), format!("{}\n", 166 + 20 * cpu))
            .cpu(&format!("cpu{cpu}/cpufreq/amd_pstate_prefcore_ranking"), "166\n")
            .cpu(&format!("cpu{cpu}/cpufreq/cpuinfo_max_freq"), "5881000\n")
    });
    let topology = read(&tree);
    assert!(!topology.hybrid && topology.cpus[0].capacity == 1.0, "{:?}", topology.classes);
}

#[test]
fn older_kernels_call_the_siblings_threads() {
    let topology =
        read(&Tree::bare("0-1\n", &[]).cpu("cpu0/topology/thread_siblings_list", "0-1\n"));
    assert_eq!(topology.cpus[0].smt_siblings, [CpuId(1)]);
}

#[test]
fn an_unknown_package_is_minus_one() {
    let tree = Tree::bare("0-1\n", &[]);
    let topology = read(
        &tree
            .cpu("cpu0/topology/physical_package_id", "-1\n")
            .cpu("cpu1/topology/physical_package_id", "1\n"),
    );
    assert_eq!((topology.cpus[0].package, topology.cpus[1].package), (None, Some(1)));
    assert!(!topology.notes.iter().any(|note| note.contains("physical_package_id")));
}

#[test]
fn the_model_is_read_from_the_device_tree_of_either_root() {
    let pi = "Raspberry Pi 5 Model B Rev 1.0\0";
    let by_proc = Tree::bare("0-3\n", &[]).proc("device-tree/model", pi);
    let by_sys = Tree::bare("0-3\n", &[]).sys("firmware/devicetree/base/model", pi);
    let by_cpuinfo = Tree::bare("0-3\n", &[]).proc("cpuinfo", "model name\t: AMD EPYC\n");
    let names = [by_proc, by_sys, by_cpuinfo, Tree::bare("0\n", &[])].map(|tree| read(&tree).model);
    assert_eq!(
        names,
        [pi.trim_end_matches('\0'), pi.trim_end_matches('\0'), "AMD EPYC", "unknown"]
    );
}

#[test]
fn what_contradicts_is_said() {
    let said = |tree: &Tree, part: &str| {
        let notes = read(tree).notes;
        assert!(notes.iter().any(|note| note.contains(part)), "{notes:?}");
    };
    let core_types = Tree::bare("0-3\n", &[])
        .sys("devices/cpu_core/cpus", "0-1\n")
        .sys("devices/cpu_atom/cpus", "2-3\n")
        .cpu("cpu0/cpu_capacity", "400\n")
        .cpu("cpu1/cpu_capacity", "400\n")
        .cpu("cpu2/cpu_capacity", "1024\n")
        .cpu("cpu3/cpu_capacity", "1024\n");
    said(&core_types, "contradict the capacities");
    let one_type = Tree::bare("0-1\n", &[])
        .sys("devices/cpu_core/cpus", "0-1\n")
        .cpu("cpu0/cpu_capacity", "800\n")
        .cpu("cpu1/cpu_capacity", "1024\n");
    said(&one_type, "one core type and the capacities differ: classes by capacity");
    assert_eq!(read(&one_type).classes.len(), 2);
    let chain = Tree::bare("0-2\n", &[])
        .cpu("cpu0/topology/core_cpus_list", "0-1\n")
        .cpu("cpu1/topology/core_cpus_list", "1-2\n")
        .cpu("cpu2/topology/core_cpus_list", "2\n");
    said(&chain, "core_cpus_list of CPU 0-1 contradict");
    assert!(read(&chain).cpus.iter().all(|cpu| cpu.smt_siblings.is_empty()));
    let some = Tree::bare("0-1\n", &[])
        .cpu("cpu0/cpu_capacity", "1024\n")
        .cpu("cpu0/cpufreq/cpuinfo_max_freq", "1000000\n")
        .cpu("cpu1/cpufreq/cpuinfo_max_freq", "1000000\n");
    said(&some, "cpu_capacity is not given for every CPU");
}
