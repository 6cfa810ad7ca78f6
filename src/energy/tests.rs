//! Whole boards: which source is taken, what it adds up to, what bad files do.

mod asked;
mod dead;
pub mod tree;

use proptest::prelude::*;
use tree::{SECOND, Tree, class, look};

use super::*;

/// Watches `tree` for some seconds, each changed by `change` before the look, with these parts
/// of busy CPUs; what was used.
fn used(mut tree: Tree, seconds: u64, busy: &[f32], change: impl Fn(Tree, u64) -> Tree) -> Used {
    let mut board = tree.watched();
    let topology = tree.topology();
    for second in 1..=seconds {
        tree = change(tree, second);
        board.look(&look(&topology, second, busy));
    }
    board.close(seconds * SECOND);
    board.used(&[], seconds * SECOND)
}

fn unchanged(tree: Tree, _: u64) -> Tree {
    tree
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a} instead of {b}");
}

#[test]
fn without_a_sensor_it_is_the_model_and_says_so() {
    let used =
        used(Tree::board("Raspberry Pi 5 Model B Rev 1.0", 4), 10, &[1.0, 0.5, 0.0], unchanged);
    near(used.joules, 10.0 * (2.586 + 1.5 * 1.163));
    near(used.shared_joules, 10.0 * 2.586);
    assert_eq!(used.source, "model (raspberry-pi-5)");
    assert_eq!((used.split_source.as_str(), used.uncertainty), ("model (raspberry-pi-5)", 0.3));
    assert!(used.covers.contains("model"));
}

#[test]
fn a_class_is_charged_with_what_its_workers_added() {
    let tree = Tree::rk3588();
    let topology = tree.topology();
    let (slow, fast) = (class(&topology, 0), class(&topology, 7));
    let used = used(tree, 4, &[1.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.25], unchanged);
    let of = |class| used.by_class.iter().find(|(name, _)| *name == class).unwrap().1;
    near(of(slow), 4.0 * 0.1624);
    near(of(fast), 4.0 * 0.75 * 0.720);
    near(used.joules, used.shared_joules + of(slow) + of(fast));
}

#[test]
fn a_worker_that_changes_class_is_told_and_every_joule_is_in_a_class() {
    let tree = Tree::rk3588();
    let topology = tree.topology();
    let (slow, fast) = (class(&topology, 0), class(&topology, 7));
    let mut board = tree.watched();
    let mut one = look(&topology, 1, &[1.0]);
    (one.workers[0].cpu, one.workers[0].class) = (crate::ids::CpuId(7), fast);
    board.look(&one);
    let stayed = board.used(&[(fast, SECOND)], SECOND);
    assert!(!stayed.between_classes, "it has had one class");
    let after_the_last_look = board.used(&[(slow, SECOND)], SECOND);
    assert!(after_the_last_look.between_classes);
    board.look(&look(&topology, 2, &[1.0]));
    let used = board.used(&[(slow, 2 * SECOND)], 2 * SECOND);
    assert!(used.between_classes);
    let classes: Vec<Class> = used.by_class.iter().map(|(class, _)| *class).collect();
    assert_eq!(classes, [fast, slow]);
    let parts = used.shared_joules + used.by_class.iter().map(|(_, joules)| joules).sum::<f64>();
    near(parts, used.joules);
}

#[test]
fn what_others_use_is_nobodys_and_siblings_share_a_core() {
    let tree = Tree::board("Model 9000", 2)
        .cpu("cpu0/topology/core_cpus_list", "0-1")
        .cpu("cpu1/topology/core_cpus_list", "0-1");
    let mut board = tree.watched();
    let model = board.model().clone();
    let mut both = look(&tree.topology(), 1, &[1.0, 1.0]);
    board.look(&both);
    let core = model.active_watts(Class::Uniform);
    near(board.used(&[], SECOND).joules, model.idle_watts() + core);
    both.workers.pop();
    both.workers[0].own = 0.25;
    both.now_ns = 2 * SECOND;
    board.look(&both);
    let used = board.used(&[], 2 * SECOND);
    near(used.joules, 2.0 * (model.idle_watts() + core));
    near(used.by_class[0].1, core + core * 0.25 / 2.0);
}

#[test]
fn a_run_that_ended_before_the_first_look_is_modelled_by_its_work() {
    let board = Tree::board("Raspberry Pi 4 Model B", 4).watched();
    let used = board.used(&[(Class::Uniform, SECOND / 5)], SECOND / 10);
    near(used.joules, 0.1 * 2.45 + 0.2 * 0.8625);
    near(used.by_class[0].1, 0.2 * 0.8625);
}

/// Two packages that use 10 W and 5 W; beside them what must not be counted.
fn two_packages() -> Tree {
    Tree::board("Intel Xeon", 2)
        .rapl("intel-rapl:0", "package-0", 1_000_000)
        .rapl("intel-rapl:0:0", "core", 0)
        .rapl("intel-rapl:0:1", "dram", 0)
        .rapl("intel-rapl:1", "package-1", 262_143_000_000)
        .rapl("intel-rapl:2", "psys", 0)
        .rapl("intel-rapl-mmio:0", "package-0", 1_000_000)
        .rapl("intel-rapl:3", "package-0", 1_000_000)
}

fn two_packages_used(tree: Tree, second: u64) -> Tree {
    let micro = |joules: u64| (joules * 1_000_000) as i64;
    let second_counter = (262_143_000_000 + micro(5 * second)) % 262_143_328_850;
    tree.rapl("intel-rapl:0", "package-0", 1_000_000 + micro(10 * second))
        .rapl("intel-rapl:1", "package-1", second_counter)
        .rapl("intel-rapl:0:0", "core", micro(9 * second))
        .rapl("intel-rapl:2", "psys", micro(99 * second))
        .rapl("intel-rapl-mmio:0", "package-0", 1_000_000 + micro(10 * second))
        .rapl("intel-rapl:3", "package-0", 1_000_000 + micro(10 * second))
}

#[test]
fn rapl_adds_up_packages_once_and_over_their_start() {
    let used = used(two_packages(), 5, &[0.5, 0.5], two_packages_used);
    near(used.joules, 5.0 * 15.0);
    assert_eq!(used.source, "RAPL (2 packages)");
    assert!(used.split_source.starts_with("measured total (RAPL (2 packages)), split by model"));
    near(used.uncertainty, 0.05);
}

#[test]
fn a_package_that_vanishes_leaves_the_model_and_a_note() {
    let mut tree = two_packages();
    let mut board = tree.watched();
    let topology = tree.topology();
    for second in 1..=10 {
        tree = two_packages_used(tree, second);
        if second > 2 {
            tree = tree.without("class/powercap/intel-rapl:1");
        }
        board.look(&look(&topology, second, &[1.0, 1.0]));
    }
    let used = board.used(&[], 10 * SECOND);
    assert!(used.source.contains("RAPL (2 packages) covers too little"), "{}", used.source);
    assert!(used.source.starts_with("model (generic-x86)") && used.uncertainty >= 1.0);
    assert!(
        board.notes().iter().any(|note| note.contains("is gone (8 times)")),
        "{:?}",
        board.notes()
    );
}

#[test]
fn a_reading_that_fails_once_costs_only_uncertainty() {
    let fails_once = |tree: Tree, second| {
        let tree = two_packages_used(tree, second);
        if second == 4 { tree.sys("class/powercap/intel-rapl:0/energy_uj", "x") } else { tree }
    };
    let used = used(two_packages(), 10, &[0.5], fails_once);
    near(used.joules, 150.0);
    assert!(used.uncertainty > 0.05 && used.uncertainty < 0.3, "{}", used.uncertainty);
}

#[test]
fn malformed_counters_fall_through_to_the_next_source_with_a_note() {
    for (bytes, said) in
        [(&b"lots"[..], "'lots'"), (b"", "''"), (b"-5", "'-5'"), (b"\xff", "UTF-8")]
    {
        let tree = Tree::board("Intel Xeon", 2)
            .rapl("intel-rapl:0", "package-0", 0)
            .sys("class/powercap/intel-rapl:0/energy_uj", bytes)
            .hwmon(0, "ina226", &[("power1_input", "4000000")]);
        let board = tree.watched();
        assert!(board.notes().iter().any(|note| note.contains(said)), "{:?}", board.notes());
        let used = used(tree, 4, &[0.1], unchanged);
        near(used.joules, 16.0);
        assert_eq!(used.source, "hwmon (ina226)");
    }
}

/// As root any file can be read, and then it is.
#[test]
fn a_counter_without_rights_is_said_and_the_next_source_taken() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::board("Intel Xeon", 2).rapl("intel-rapl:0", "package-0", 0).hwmon(
        0,
        "ina226",
        &[("power1_input", "4000000")],
    );
    let file = tree.path("sys/class/powercap/intel-rapl:0/energy_uj");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = std::fs::read(&file).is_ok();
    let said = tree.watched().notes().iter().any(|note| note.contains("no rights"));
    let source = used(tree, 2, &[0.5], unchanged).source;
    assert_eq!(
        (said, &*source),
        match is_root {
            true => (false, "model (generic-x86): RAPL read no energy at all"),
            false => (true, "hwmon (ina226)"),
        }
    );
}

#[test]
fn a_counter_that_leaps_is_not_believed() {
    let leaps = |tree: Tree, second: u64| {
        let leap = if second >= 3 { 200_000_000_000 } else { 0 };
        tree.rapl("intel-rapl:0", "package-0", leap + 8_000_000 * second as i64)
    };
    let tree = Tree::board("Intel Xeon", 2).rapl("intel-rapl:0", "package-0", 0);
    let used = used(tree, 10, &[0.5], leaps);
    near(used.joules, 80.0);
}

#[test]
fn power_is_integrated_between_looks() {
    let rises = |tree: Tree, second: u64| {
        let (millivolts, milliamperes) = ("5000", (200 + 200 * second).to_string());
        tree.hwmon(3, "ina219", &[("in1_input", millivolts), ("curr1_input", &milliamperes)])
    };
    let tree = Tree::board("Model 9000", 1).hwmon(
        3,
        "ina219",
        &[("in1_input", "5000"), ("curr1_input", "200")],
    );
    let used = used(tree, 10, &[0.5], rises);
    // From 1 W, 1 W more each second: the area under a straight line.
    near(used.joules, 60.0);
}

#[test]
fn only_what_tells_of_the_board_counts_as_its_power() {
    let others: [(&str, &[(&str, &str)]); 4] = [
        ("amdgpu", &[("power1_average", "50000000")]),
        ("sfp", &[("power1_input", "900")]),
        ("nvme", &[("power1_input", "3000000")]),
        ("BAT0", &[("in0_input", "12000"), ("curr1_input", "1000"), ("power1_input", "9000000")]),
    ];
    let mut tree = Tree::board("Model 9000", 1);
    for (id, (driver, files)) in (0..).zip(others) {
        tree = tree.hwmon(id, driver, files);
    }
    let of = |tree: Tree| {
        let used = used(tree, 2, &[0.0], unchanged);
        (used.source, used.joules / 2.0)
    };
    let rails: [(&str, &str); 6] = [
        ("in1_label", "VDD_IN"),
        ("in1_input", "5000"),
        ("curr1_input", "1200"),
        ("in2_label", "VDD_CPU"),
        ("in2_input", "5000"),
        ("curr2_input", "400"),
    ];
    let jetson = Tree::board("Jetson", 1).hwmon(0, "ina3221", &rails);
    assert_eq!(of(jetson), ("hwmon (ina3221 VDD_IN)".to_owned(), 6.0));
    let off = [("in3_enable", "0"), ("in3_input", "5000"), ("curr3_input", "5000")];
    // A shunt's voltage in µV, and the sum of the currents.
    let no_rail = [("in4_input", "10000"), ("curr4_input", "1600")];
    let unnamed: Vec<_> = rails
        .into_iter()
        .filter(|(file, _)| !file.ends_with("label"))
        .chain(off)
        .chain(no_rail)
        .collect();
    let (source, watts) = of(Tree::board("Model 9000", 1).hwmon(0, "ina3221", &unnamed));
    assert_eq!((source.as_str(), watts), ("hwmon (ina3221)", 8.0));
    let meter = Tree::board("Server", 1).hwmon(0, "ina219", &[("power1_input", "90000000")]).hwmon(
        1,
        "power_meter",
        &[("power1_average", "60000000")],
    );
    assert_eq!(of(meter), ("hwmon (power_meter)".to_owned(), 60.0));
    assert!(of(tree).0.starts_with("model"));
}

#[test]
fn two_sensors_that_may_be_in_line_are_not_added() {
    let tree = Tree::board("Model 9000", 1)
        .hwmon(0, "ina219", &[("power1_input", "3000000")])
        .hwmon(1, "ina226", &[("power1_input", "5000000")]);
    let notes = tree.watched().notes();
    assert!(notes.iter().any(|note| note.contains("ina226 reads most")), "{notes:?}");
    near(used(tree, 4, &[0.0], unchanged).joules, 20.0);
}

proptest! {
    /// Whatever a counter shows: no energy is negative or absurd, and the parts make the whole.
    #[test]
    fn any_counter_gives_a_sensible_energy_whose_parts_are_the_whole(
        readings in prop::collection::vec("[-0-9]{1,12}|.{0,4}", 2..12),
        busy in prop::collection::vec(prop::num::f32::ANY, 2),
    ) {
        let tree = Tree::board("Intel Xeon", 2).rapl("intel-rapl:0", "package-0", 5);
        let seconds = readings.len() as u64;
        let shows = |tree: Tree, second: u64| {
            tree.sys("class/powercap/intel-rapl:0/energy_uj", &readings[second as usize - 1])
        };
        let used = used(tree, seconds, &busy, shows);
        let whole = used.shared_joules + used.by_class.iter().map(|(_, j)| j).sum::<f64>();
        prop_assert!(used.joules >= 0.0 && used.joules <= 2_000.0 * seconds as f64, "{used:?}");
        prop_assert!(used.by_class.iter().all(|(_, joules)| *joules >= 0.0));
        prop_assert!((whole - used.joules).abs() <= 1e-6 * whole.max(1.0), "{used:?}");
    }
}
