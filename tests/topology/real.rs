//! The machines of `fixtures/hardware_cpus.csv`.

use std::collections::BTreeSet;

use edge_dispatch::class::Class::{self, Efficiency, Performance, Uniform};
use edge_dispatch::ids::CpuId;
use edge_dispatch::topology::{
    CapacitySource, CpuList, PlacementRequest, Roots, Smt, Topology, place,
};

use crate::tree::Tree;

/// A class as it should be: name, CPUs, mean capacity.
type Expected = (Class, &'static str, f64);

/// Reads the machine and checks its classes, its source, and that every CPU has a worker.
fn check(machine: &str, source: CapacitySource, classes: &[Expected]) -> Topology {
    let topology = Tree::machine(machine).read().expect("a topology");
    let found: Vec<(Class, String, f64)> = (topology.classes.iter())
        .map(|group| {
            let cpus = CpuList::from_iter(group.cpus.iter().copied());
            (group.name, cpus.to_string(), (group.capacity * 1000.0).round() / 1000.0)
        })
        .collect();
    let expected: Vec<_> =
        classes.iter().map(|&(name, cpus, capacity)| (name, cpus.to_owned(), capacity)).collect();
    assert_eq!(found, expected, "{machine}");
    assert_eq!(topology.hybrid, classes.len() > 1);
    assert!(topology.cpus.iter().all(|cpu| cpu.capacity_source == source && cpu.allowed));
    assert!(topology.cpus.iter().any(|cpu| cpu.capacity == 1.0));
    let placement = place(&topology, &PlacementRequest::default()).expect("a placement");
    assert_eq!(placement.seats.len(), topology.cpus.len());
    topology
}

#[test]
fn i7_1370p_has_two_core_types_by_cppc_alone() {
    // Four of its six P-cores reach 64 of 67, two are favoured and reach 67: (4 × 64 + 2 × 67)
    // / 6 / 67 = 0.970.
    let expected = [(Performance, "0-11", 0.970), (Efficiency, "12-19", 0.582)];
    let topology = check("i7-1370P", CapacitySource::AcpiCppc, &expected);
    assert_eq!(topology.cpus[1].smt_siblings, [CpuId(0)]);
    assert_eq!(topology.cpus[12].smt_siblings, []);
    assert_eq!(topology.cpus[17].cluster, Some(CpuId(16)));
    let three = PlacementRequest { workers: Some(3), ..PlacementRequest::default() };
    let seats = place(&topology, &three).expect("a placement").seats;
    assert_eq!(seats.iter().map(|seat| seat.cpu.0).collect::<Vec<_>>(), [0, 2, 4], "whole cores");
}

#[test]
fn without_siblings_a_hybrid_chip_has_a_worker_a_core() {
    let topology = Tree::machine("i7-1370P").read().expect("a topology");
    let request = PlacementRequest { smt: Smt::Avoid, ..PlacementRequest::default() };
    let placement = place(&topology, &request).expect("a placement");
    let cpus: Vec<u32> = placement.seats.iter().map(|seat| seat.cpu.0).collect();
    assert_eq!(cpus, [0, 2, 4, 6, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19]);
    assert!(placement.reasons.iter().any(|reason| reason.contains("CPU 1,3,5,7,9,11 ")));
}

#[test]
fn housekeeping_goes_to_the_little_cores() {
    let topology = Tree::machine("RK3588").read().expect("a topology");
    let default = place(&topology, &PlacementRequest::default()).expect("a placement");
    assert_eq!(default.housekeeping.to_string(), "0-3", "no room, but slower ones");
    let request = PlacementRequest { reserve: 1, ..PlacementRequest::default() };
    let reserved = place(&topology, &request).expect("a placement");
    assert_eq!((reserved.housekeeping.to_string().as_str(), reserved.seats.len()), ("0", 7));
}

#[test]
fn i5_13400_constructed_has_its_core_type_lists() {
    let expected = [(Performance, "0-11", 1.0), (Efficiency, "12-15", 0.717)];
    check("i5-13400", CapacitySource::MaxFrequency, &expected);
}

#[test]
fn rk3588_is_little_big_by_cpu_capacity() {
    let expected = [(Performance, "4-7", 1.0), (Efficiency, "0-3", 0.388)];
    let topology = check("RK3588", CapacitySource::CpuCapacity, &expected);
    assert_eq!(topology.cpus[7].cluster, Some(CpuId(6)));
    assert_eq!(
        (topology.cpus[0].min_khz, topology.cpus[0].max_khz),
        (Some(408_000), Some(1_800_000))
    );
}

#[test]
fn rk3399_is_little_big_by_cpu_capacity() {
    let expected = [(Performance, "4-5", 1.0), (Efficiency, "0-3", 0.372)];
    check("RK3399", CapacitySource::CpuCapacity, &expected);
}

#[test]
fn sdm845_gives_a_frequency_for_half_its_cpus() {
    let expected = [(Performance, "4-7", 1.0), (Efficiency, "0-3", 0.368)];
    check("SDM845", CapacitySource::CpuCapacity, &expected);
}

#[test]
fn raspberry_pis_are_uniform() {
    for machine in ["Raspberry Pi 4B", "Raspberry Pi 5"] {
        let topology = check(machine, CapacitySource::CpuCapacity, &[(Uniform, "0-3", 1.0)]);
        assert_eq!(topology.notes, [] as [String; 0]);
    }
}

#[test]
fn this_machine_has_cpus_and_a_name() {
    let topology = Topology::read(&Roots::default()).expect("a real machine has CPUs");
    assert!(!topology.allowed().is_empty() && !topology.model.is_empty());
    assert!(topology.cpus.iter().all(|cpu| cpu.capacity > 0.0 && cpu.capacity <= 1.0));
}

#[test]
fn json_has_the_documented_fields() {
    let topology = Tree::machine("RK3588").read().expect("a topology");
    let json = serde_json::to_value(&topology).expect("JSON");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let fields = value.as_object().into_iter().flatten();
        fields.map(|(key, _)| key.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    assert_eq!(keys(&json), ["classes", "cpus", "hybrid", "model", "notes", "quota_cpus"]);
    assert_eq!(keys(&json["classes"][0]), ["capacity", "cpus", "name"]);
    let cpu = "allowed capacity capacity_source class cluster cpu isolated max_khz min_khz \
               online package smt_siblings";
    assert_eq!(keys(&json["cpus"][0]), cpu.split(' ').collect::<Vec<_>>());
    assert_eq!(json["classes"][1]["cpus"], serde_json::json!([0, 1, 2, 3]));
    assert_eq!(json["cpus"][0]["class"], "efficiency");
}
