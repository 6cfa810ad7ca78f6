//! Machines whose files are malformed or gone: a note each, and never a panic.

use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use edge_dispatch::topology::{CapacitySource, PlacementRequest, TopologyError, place};
use proptest::prelude::*;

use crate::tree::Tree;

/// Every file under `sys/devices/system/cpu` that is read, for two CPUs, and what else is.
const CPU_FILES: [&str; 15] = [
    "online",
    "present",
    "possible",
    "isolated",
    "cpu0/online",
    "cpu1/online",
    "cpu0/cpu_capacity",
    "cpu1/acpi_cppc/highest_perf",
    "cpu0/cpufreq/cpuinfo_max_freq",
    "cpu0/cpufreq/cpuinfo_min_freq",
    "cpu0/topology/core_cpus_list",
    "cpu1/topology/thread_siblings_list",
    "cpu0/topology/cluster_cpus_list",
    "cpu0/topology/physical_package_id",
    "cpu0/cpufreq/amd_pstate_prefcore_ranking",
];
const SYS_FILES: [&str; 4] = [
    "devices/cpu_core/cpus",
    "devices/cpu_atom/cpus",
    "devices/cpu_lowpower/cpus",
    "firmware/devicetree/base/model",
];
const PROC_FILES: [&str; 3] = ["self/status", "cpuinfo", "device-tree/model"];

#[test]
fn nothing_readable_is_the_only_error_and_has_a_remedy() {
    let error = Tree::empty().read().expect_err("there is nothing");
    assert!(matches!(error, TopologyError::NoCpuList { .. }));
    assert!(error.to_string().contains("mount sysfs"), "{error}");
    let garbage = Tree::empty().cpu("online", "all\n").cpu("present", "").cpu("possible", b"\xff");
    let error = garbage.read().expect_err("no list is one").to_string();
    assert!(
        error.contains("online has no CPU list") && error.contains("possible is not UTF-8"),
        "{error}"
    );
}

#[test]
fn a_malformed_list_is_noted_and_the_next_one_serves() {
    let bad: [&[u8]; 6] = [b"zero\n", b"", b"\0\0\0", b"\xff\xfe", b"3-1\n", b"0-99999999\n"];
    for bytes in bad {
        let topology = Tree::machine("RK3588").cpu("online", bytes).read().expect("a topology");
        assert_eq!(topology.allowed().to_string(), "0-7", "{bytes:?}");
        let note = topology.notes.iter().find(|note| note.contains("cpu/online"));
        assert!(note.is_some(), "{:?}", topology.notes);
    }
}

#[test]
fn a_malformed_figure_is_noted_and_another_source_serves() {
    for bytes in [b"-1\n".as_slice(), b"0\n", b"1025\n", b"fast\n", b"\0", b""] {
        let tree = Tree::machine("RK3588").cpu("cpu5/cpu_capacity", bytes);
        let topology = tree.read().expect("a topology");
        assert_eq!(topology.cpus[5].capacity_source, CapacitySource::MaxFrequency, "{bytes:?}");
        assert_eq!(topology.cpus[5].capacity, 1.0);
        assert!(topology.notes.iter().any(|note| note.contains("cpu5/cpu_capacity")));
    }
}

#[test]
fn a_malformed_mask_is_noted_and_all_online_cpus_are_allowed() {
    for status in ["Cpus_allowed_list:\tff\n", "Cpus_allowed_list:\n", "Name:\tx\n", ""] {
        let tree = Tree::machine("Raspberry Pi 5").proc("self/status", status);
        let topology = tree.read().expect("a topology");
        assert_eq!(topology.allowed().to_string(), "0-3", "{status}");
        assert!(topology.notes.iter().any(|note| note.contains("self/status")), "{status}");
    }
}

#[test]
fn contradicting_core_types_are_noted_and_capacity_decides() {
    let tree = Tree::machine("i5-13400").sys("devices/cpu_atom/cpus", "11-15\n");
    let topology = tree.read().expect("a topology");
    assert_eq!(topology.classes[1].cpus.len(), 4);
    assert!(topology.notes.iter().any(|note| note.contains("CPU 11 ")), "{:?}", topology.notes);
}

#[test]
fn a_directory_in_place_of_a_file_is_noted() {
    let tree = Tree::machine("Raspberry Pi 5").without("online").cpu("online/inside", "");
    let topology = tree.read().expect("a topology");
    assert_eq!(topology.allowed().to_string(), "0-3");
    assert!(topology.notes.iter().any(|note| note.contains("not a file")));
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let tree = Tree::machine("Raspberry Pi 5").without("online");
    let made = Command::new("mkfifo").arg(tree.cpu_path("online")).status();
    assert!(made.expect("mkfifo is there").success());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(tree.read().map(|topology| topology.allowed())));
    let allowed = receiver.recv_timeout(Duration::from_secs(20)).expect("it does not hang");
    assert_eq!(allowed.expect("a topology").to_string(), "0-3");
}

fn file_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[0-9,:\\-]{0,12}\n".prop_map(String::into_bytes),
        "(Cpus_allowed_list|Model|model name):[\t0-9,a-f-]{0,12}\n".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_bytes_in_any_file_are_read_or_noted(
        files in prop::collection::vec(prop::option::of(file_bytes()), 22)
    ) {
        // A list that holds keeps most machines readable.
        let mut tree = Tree::empty().cpu("present", "0-1\n");
        for (at, bytes) in files.iter().enumerate().filter_map(|(at, file)| Some((at, file.as_ref()?))) {
            tree = match at {
                0..15 => tree.cpu(CPU_FILES[at], bytes),
                15..19 => tree.sys(SYS_FILES[at - 15], bytes),
                _ => tree.proc(PROC_FILES[at - 19], bytes),
            };
        }
        if let Ok(topology) = tree.read() {
            for cpu in &topology.cpus {
                prop_assert!(cpu.capacity > 0.0 && cpu.capacity <= 1.0);
                prop_assert!(cpu.online || !cpu.allowed);
            }
            prop_assert_eq!(topology.hybrid, topology.classes.len() > 1);
            prop_assert!(topology.notes.iter().all(|note| !note.contains('\n')));
            let placement = place(&topology, &PlacementRequest::default());
            prop_assert_eq!(placement.is_ok(), !topology.allowed().is_empty());
        }
    }
}
