//! Zones of real boards, signs of throttling, relief over whole trajectories.

use proptest::prelude::*;

use super::signs::{Bits, bits};
use super::zones::{Of, what};
use super::*;
use crate::clock::Clock;
use crate::derating::FLOOR;
use crate::energy::Board;
use crate::energy::tests::tree::{Tree, look};
use crate::topology::Topology;

const EIGHT: [f32; 8] = [0.5; 8];

/// A Rock 5B at 40 °C everywhere, with the trip points of its kernel.
fn rk3588() -> Tree {
    let zones = [
        "soc-thermal",
        "bigcore0-thermal",
        "bigcore1-thermal",
        "littlecore-thermal",
        "center-thermal",
        "gpu-thermal",
        "npu-thermal",
    ];
    let tree = (0..).zip(zones).fold(Tree::rk3588(), |tree, (id, kind)| tree.zone(id, kind, 40.0));
    tree.trip(0, 0, "passive", 75).trip(0, 1, "passive", 85).trip(0, 2, "critical", 115)
}

fn watched(tree: &Tree, limit: ThermalLimit) -> (Board, Topology) {
    let topology = tree.topology();
    (Board::new(&tree.settings(limit), &topology, 0), topology)
}

/// The factors after one more second.
fn factors(board: &mut Board, topology: &Topology, now_s: u64, workers: usize) -> Vec<f32> {
    board.look(&look(topology, now_s, &EIGHT[..workers]))
}

fn cores(tree: &Tree) -> Cores {
    Cores::new(&tree.topology(), &tree.path("sys"), &mut Notes::default())
}

fn cpus(ids: &[u32]) -> Of {
    Of::Cpus(ids.iter().copied().map(CpuId).collect())
}

#[test]
fn a_zone_is_of_the_cpus_that_its_name_says() {
    let rk = cores(&Tree::rk3588());
    let cases = [
        ("bigcore0-thermal", cpus(&[4, 5])),
        ("bigcore1-thermal", cpus(&[6, 7])),
        ("bigcore-thermal", cpus(&[4, 5, 6, 7])),
        ("littlecore-thermal", cpus(&[0, 1, 2, 3])),
        ("cpu3-thermal", cpus(&[3])),
        ("cpu-thermal", Of::Processor),
        ("cpu_thermal", Of::Processor),
        ("soc-thermal", Of::Processor),
        ("x86_pkg_temp", Of::Processor),
        ("gpu-thermal", Of::Other),
        ("npu-thermal", Of::Other),
        ("center-thermal", Of::Other),
        ("acpitz", Of::Other),
        ("iwlwifi_1", Of::Other),
        ("", Of::Other),
    ];
    for (name, of) in cases {
        assert_eq!(what(name, &rk), of, "{name}");
    }
    assert_eq!(what("cpu99-thermal", &rk), Of::Processor, "no such CPU: better all than none");
}

#[test]
fn the_limit_is_a_little_below_where_the_board_throttles() {
    let limit_of = |tree: &Tree, limit| {
        let figures = watched(tree, limit).0.thermal().unwrap();
        (figures.limit_c, figures.limit_source)
    };
    let (known, why) = limit_of(&rk3588(), ThermalLimit::Known);
    assert_eq!((known, why.as_str()), (Some(73.0), "throttled at 75 °C (soc-thermal), less 2 °C"));
    assert_eq!(limit_of(&rk3588(), ThermalLimit::Off).0, None);
    assert_eq!(limit_of(&rk3588(), ThermalLimit::Celsius(60.0)), (Some(60.0), "given".into()));
    // A Pi's only trip points are the fan's and the emergency's.
    let pi = Tree::board("Raspberry Pi 5 Model B Rev 1.0", 4).zone(0, "cpu-thermal", 50.0);
    let pi = pi.trip(0, 0, "critical", 110).trip(0, 1, "active", 50);
    assert_eq!(limit_of(&pi, ThermalLimit::Known).0, Some(78.0));
    let blind = Tree::board("Model 9000", 2).zone(0, "gpu-thermal", 50.0);
    let notes = watched(&blind, ThermalLimit::Celsius(60.0)).0.notes();
    assert!(notes.iter().any(|note| note.contains("has no effect")), "{notes:?}");
    let nothing = Tree::board("Model 9000", 2).zone(0, "cpu-thermal", 50.0);
    let nothing = nothing.trip(0, 0, "passive", 0).trip(0, 1, "hot", 90);
    assert_eq!(limit_of(&nothing, ThermalLimit::Known), (None, String::new()));
}

#[test]
fn a_hot_cluster_is_relieved_alone_and_gets_everything_back() {
    let mut tree = rk3588();
    let (mut board, topology) = watched(&tree, ThermalLimit::Known);
    assert_eq!(factors(&mut board, &topology, 1, 8), [1.0; 8]);
    tree = tree.warm(1, 74.0);
    let hot = factors(&mut board, &topology, 2, 8);
    let floor = FLOOR as f32;
    assert_eq!(hot, [1.0, 1.0, 1.0, 1.0, floor, floor, 1.0, 1.0]);
    let figures = board.thermal().unwrap();
    assert_eq!((figures.least_factor, figures.relieved_s), (FLOOR, 1.0));
    let _cool = tree.warm(1, 60.0);
    for second in 3..=10 {
        factors(&mut board, &topology, second, 8);
    }
    assert_eq!(factors(&mut board, &topology, 11, 8), [1.0; 8]);
    assert_eq!(board.thermal().unwrap().zones[1].celsius_max, Some(74.0));
}

#[test]
fn equal_cores_that_are_equally_hot_are_left_alone_and_that_is_said() {
    let tree = Tree::board("Raspberry Pi 5 Model B Rev 1.0", 4).zone(0, "cpu-thermal", 84.0);
    let (mut board, topology) = watched(&tree, ThermalLimit::Known);
    for second in 1..=5 {
        assert_eq!(factors(&mut board, &topology, second, 4), [1.0; 4]);
    }
    let figures = board.thermal().unwrap();
    assert_eq!((figures.relieved_s, figures.equally_hot_s), (0.0, 4.0));
}

#[test]
fn where_all_share_one_temperature_the_frugal_cores_are_left_whole() {
    let tree = Tree::rk3588().zone(0, "soc-thermal", 84.0).trip(0, 0, "passive", 85);
    let (mut board, topology) = watched(&tree, ThermalLimit::Known);
    let floor = FLOOR as f32;
    let expected = [1.0, 1.0, 1.0, 1.0, floor, floor, floor, floor];
    assert_eq!(factors(&mut board, &topology, 1, 8), expected);
}

#[test]
fn a_pcs_sensors_are_of_the_cores_that_their_labels_name() {
    let mut tree = Tree::board("Intel Xeon", 4);
    for (cpu, core) in [(0, 0), (1, 0), (2, 4), (3, 4)] {
        tree = tree.cpu(&format!("cpu{cpu}/topology/core_id"), core.to_string());
    }
    let tree = tree.hwmon(
        2,
        "coretemp",
        &[
            ("temp1_label", "Package id 0"),
            ("temp1_input", "95000"),
            ("temp1_crit", "100000"),
            ("temp2_label", "Core 0"),
            ("temp2_input", "50000"),
            ("temp2_crit", "100000"),
            ("temp6_label", "Core 4"),
            ("temp6_input", "95500"),
            ("temp6_crit", "100000"),
        ],
    );
    let (mut board, topology) = watched(&tree, ThermalLimit::Known);
    let seen = factors(&mut board, &topology, 1, 4);
    assert_eq!((seen[0], seen[1]), (1.0, 1.0), "the package's heat is not this core's");
    assert!(seen[2] < 0.7 && seen[2] == seen[3], "{seen:?}");
    let figures = board.thermal().unwrap();
    assert_eq!(figures.zones[1].cpus, [CpuId(0), CpuId(1)]);
    assert_eq!(figures.limit_c, Some(98.0));
}

#[test]
fn the_firmwares_bits_are_decoded() {
    use ThrottleSign::*;
    let set = |signs: &[ThrottleSign]| signs.iter().copied().collect::<BTreeSet<_>>();
    // The golden vector: undervoltage and throttled, now and before.
    let golden =
        Bits { now: set(&[Undervoltage, Throttled]), before: set(&[Undervoltage, Throttled]) };
    assert_eq!(bits("0x50005"), Some(golden.clone()));
    assert_eq!(
        (bits("throttled=0x50005\n"), bits("50005\n")),
        (Some(golden.clone()), Some(golden))
    );
    let capped = Bits { now: set(&[FrequencyCapped]), before: set(&[SoftTemperatureLimit]) };
    assert_eq!(bits("80002"), Some(capped));
    assert_eq!(bits("0"), Some(Bits::default()));
    for bad in ["", "throttled=", "0x", "yes", "-1", "100000000", "error=1"] {
        assert_eq!(bits(bad), None, "{bad}");
    }
}

#[test]
fn every_board_has_its_own_signs() {
    const BITS: &str = "devices/platform/soc/soc:firmware/get_throttled";
    let pi = || Tree::board("Raspberry Pi 4 Model B", 4);
    let seen = |tree: Tree, change: fn(Tree) -> Tree| {
        let (mut board, topology) = watched(&tree, ThermalLimit::Known);
        factors(&mut board, &topology, 1, 2);
        let tree = change(tree);
        factors(&mut board, &topology, 2, 2);
        drop(tree);
        let figures = board.thermal().unwrap_or_default();
        (figures.signs_during, figures.signs_before)
    };
    use ThrottleSign::*;
    let by_file = seen(pi().sys(BITS, "0\n"), |tree| tree.sys(BITS, "40001\n"));
    assert_eq!(by_file, (vec![Undervoltage], vec![Throttled]));
    let newer = "devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled";
    assert_eq!(seen(pi().sys(newer, "8\n"), |tree| tree).0, [SoftTemperatureLimit]);
    let broken = seen(pi().sys(BITS, "yes\n"), |tree| tree);
    assert_eq!(broken, (vec![], vec![]));
    let volt = pi().hwmon(1, "rpi_volt", &[("in0_lcrit_alarm", "1")]);
    assert_eq!(seen(volt, |tree| tree).0, [Undervoltage]);
    let cooling = |tree: Tree, kind: &str, state: &str| {
        tree.sys("class/thermal/cooling_device0/type", kind)
            .sys("class/thermal/cooling_device0/cur_state", state)
    };
    let kernel = cooling(Tree::rk3588(), "thermal-cpufreq-0", "3");
    assert_eq!(seen(kernel, |tree| tree).0, [Cooling]);
    let count = "cpu1/thermal_throttle/core_throttle_count";
    let counted = Tree::board("Intel Xeon", 2).cpu(count, "7");
    assert_eq!(seen(counted, |tree| tree).0, [], "what happened before is not of this run");
    let counted = Tree::board("Intel Xeon", 2).cpu(count, "7");
    let counts = |tree: Tree| tree.cpu("cpu1/thermal_throttle/core_throttle_count", "8");
    assert_eq!(seen(counted, counts).0, [ThrottleSign::Throttled]);
    // A fan that runs slows nobody down, and a board without any of it says nothing.
    let fan = cooling(Tree::board("Raspberry Pi 5", 2), "pwm-fan", "2");
    assert!(watched(&fan, ThermalLimit::Known).0.thermal().is_none());
}

#[test]
fn a_counter_that_goes_away_and_comes_back_tells_of_no_throttling() {
    let count = |cpu| format!("cpu{cpu}/thermal_throttle/core_throttle_count");
    let mut tree = Tree::board("Intel Xeon", 2).cpu(&count(0), "10").cpu(&count(1), "7");
    let mut signs = Signs::find(&tree.path("sys"), tree.path("bin").as_os_str());
    let mut notes = Notes::default();
    let mut seen = Vec::new();
    seen.push(signs.look(1, &mut notes).now);
    tree = tree.without(&format!("devices/system/cpu/{}", count(1)));
    seen.push(signs.look(2, &mut notes).now);
    tree = tree.cpu(&count(1), "7");
    seen.push(signs.look(3, &mut notes).now);
    assert!(seen.iter().all(|now| now.is_empty()), "{seen:?}");
    let _tree = tree.cpu(&count(1), "8");
    assert_eq!(
        signs.look(4, &mut notes).now.into_iter().collect::<Vec<_>>(),
        [ThrottleSign::Throttled]
    );
}

/// Whether signs are told once the firmware's program has answered or failed.
fn told_by(answer: Option<&str>) -> bool {
    let tree = Tree::board("Raspberry Pi 5 Model B", 2);
    let tree = match answer {
        Some(answer) => tree.vcgencmd("get_throttled", answer),
        None => tree.vcgencmd("version", ""),
    };
    let mut signs = Signs::find(&tree.path("sys"), tree.path("bin").as_os_str());
    let mut notes = Notes::default();
    // The program needs real time to answer; the run's clock stands meanwhile.
    let clock = Clock::start();
    while clock.now_ns() < 60_000_000_000 {
        signs.look(1, &mut notes);
        if signs.are_told() || !notes.lines().is_empty() {
            break;
        }
        std::thread::yield_now();
    }
    signs.are_told()
}

#[test]
fn signs_are_told_only_by_who_has_answered_once() {
    assert!(told_by(Some("throttled=0x0\n")));
    assert!(!told_by(Some("error=1\n")), "garbage");
    assert!(!told_by(None), "a program that fails");
    const BITS: &str = "devices/platform/soc/soc:firmware/get_throttled";
    let count = "devices/system/cpu/cpu1/thermal_throttle/core_throttle_count";
    let alarm = "class/hwmon/hwmon1/in0_lcrit_alarm";
    let state = "class/thermal/cooling_device0/cur_state";
    for file in [BITS, count, alarm, state] {
        for (text, told) in [("0\n", true), ("what?", false)] {
            let tree = Tree::board("Model 9000", 2).zone(0, "cpu-thermal", 50.0);
            let tree = tree.hwmon(1, "rpi_volt", &[]).sys(file, text);
            let tree = tree.sys("class/thermal/cooling_device0/type", "Processor");
            let (mut board, topology) = watched(&tree, ThermalLimit::Known);
            assert!(!board.thermal().unwrap().signs_are_told, "nobody has looked");
            factors(&mut board, &topology, 1, 2);
            assert_eq!(board.thermal().unwrap().signs_are_told, told, "{file} {text}");
        }
    }
}

#[test]
fn broken_sensors_are_counted_notes_and_relieve_nobody() {
    let bad = [&b"hot"[..], b"", b"\xff", b"999999999", b"-274000"];
    let mut tree = rk3588();
    let (mut board, topology) = watched(&tree, ThermalLimit::Known);
    for (second, bytes) in (1..).zip(bad) {
        tree = tree.sys("class/thermal/thermal_zone1/temp", bytes);
        assert_eq!(factors(&mut board, &topology, second, 8), [1.0; 8]);
    }
    tree = tree.without("class/thermal/thermal_zone1").warm(3, 74.0);
    let seen = factors(&mut board, &topology, 6, 8);
    assert!(seen[0] < 1.0 && seen[4..] == [1.0; 4], "{seen:?}");
    let notes = board.notes();
    assert!(notes.len() >= 4 && notes.iter().all(|note| note.contains("zone1")), "{notes:?}");
    // A zone that is broken from the start is not there at all.
    tree = tree.sys("class/thermal/thermal_zone2/temp", "x");
    let (board, _) = watched(&tree, ThermalLimit::Known);
    assert!(board.thermal().unwrap().zones.iter().all(|zone| zone.name != "bigcore1-thermal"));
}

#[test]
fn the_figures_survive_their_file() {
    let tree = rk3588();
    let (mut board, topology) = watched(&tree, ThermalLimit::Known);
    for second in 1..=6 {
        factors(&mut board, &topology, second, 8);
    }
    let figures = board.thermal().unwrap();
    assert_eq!((figures.over_time.rows.len(), figures.over_time.steps()), (7, 5));
    assert!(figures.over_time.rows.iter().flatten().all(|c| *c == 40.0));
    let text = serde_json::to_string(&figures).unwrap();
    let back: ThermalFigures = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Over any trajectory: factors are within their bounds, somebody is always whole, and a
    /// hotter cluster is never believed more of than a cooler one that began alike.
    #[test]
    fn relief_is_bounded_relative_and_goes_to_the_hotter(
        readings in prop::collection::vec((30.0f64..100.0, 0.0f64..20.0), 1..20)
    ) {
        let mut tree = rk3588();
        let (mut board, topology) = watched(&tree, ThermalLimit::Known);
        for (second, (cool, more)) in (1..).zip(readings) {
            tree = tree.warm(1, cool + more).warm(2, cool);
            let seen = factors(&mut board, &topology, second, 8);
            prop_assert!(seen.iter().all(|f| (FLOOR as f32..=1.0).contains(f)), "{seen:?}");
            prop_assert!(seen.contains(&1.0), "{seen:?}");
            prop_assert!(seen[4] <= seen[6] && seen[4] == seen[5] && seen[6] == seen[7], "{seen:?}");
        }
    }
}
