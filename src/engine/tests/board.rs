//! The board beside the engine: what it uses is in the summary, a hot core is relieved.

use super::*;
use crate::class::Class;
use crate::derating::{FLOOR, ThermalLimit};
use crate::energy::Roots;
use crate::energy::tests::tree::Tree;
use crate::engine::About;
use crate::ids::CpuId;
use crate::power::PowerModel;
use crate::topology::{self, Topology};

/// An engine on a board of two cores that is only files.
fn engine_on(tree: &Tree) -> Engine<u64> {
    let roots = Roots { sys: tree.path("sys"), programs: tree.path("bin").into() };
    let builder = Engine::builder().topology(tree.topology()).energy_roots(roots);
    let builder = builder.thermal_limit(ThermalLimit::Celsius(80.0));
    let work = |packet: &u64, _: &WorkerInfo| Ok(*packet);
    builder.process(work).start().unwrap()
}

/// Looks at the engine until `seen`; a minute is longer than any machine needs.
fn until(engine: &Engine<u64>, seen: impl Fn(&Snapshot) -> bool) -> Snapshot {
    const MINUTE_NS: u64 = 60_000_000_000;
    loop {
        let snapshot = engine.snapshot();
        if seen(&snapshot) {
            return snapshot;
        }
        assert!(snapshot.now_ns < MINUTE_NS, "{:?}", snapshot.thermal);
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[test]
fn a_hot_core_is_believed_to_be_slower_while_it_is_hot() {
    // Two that there really are: a worker on a CPU that is not allowed is moved.
    let here = Topology::read(&topology::Roots::this_machine()).unwrap().allowed();
    let mut here = here.iter();
    let (Some(CpuId(hot)), Some(CpuId(other))) = (here.next(), here.next()) else {
        return eprintln!("one CPU: both workers are on the hot core");
    };
    let tree = Tree::board("Model 9000", 2).cpu("online", format!("{hot},{other}\n"));
    let tree = tree.zone(0, &format!("cpu{hot}-thermal"), 90.0);
    let tree = tree.zone(1, &format!("cpu{other}-thermal"), 50.0);
    let engine = engine_on(&tree);
    let hot = until(&engine, |snapshot| snapshot.workers[0].capacity < 0.5);
    let capacities = [hot.workers[0].capacity, hot.workers[1].capacity];
    assert_eq!(capacities, [FLOOR as f32, 1.0]);
    let _cool = tree.warm(0, 40.0);
    until(&engine, |snapshot| snapshot.workers[0].capacity > 0.35);
    engine.drain(Duration::from_secs(60)).unwrap();
}

#[test]
fn what_the_counter_says_is_in_the_summary_whole_and_by_class() {
    let mut tree = Tree::board("Model 9000", 2).rapl("intel-rapl:0", "package-0", 1_000_000);
    let mut engine = engine_on(&tree);
    let mut dispatcher = engine.dispatcher();
    (0..50u64).for_each(|n| dispatcher.dispatch(Job::new(n, n)).unwrap());
    tree = tree.rapl("intel-rapl:0", "package-0", 1_350_000);
    until(&engine, |snapshot| snapshot.samples.core_utilization.steps() > 0);
    let closing = engine.finish(Duration::from_secs(60));
    drop(tree);
    let summary = closing.summary(About::default());
    let energy = summary.energy.unwrap();
    assert_eq!(energy.source, "RAPL");
    // The last reading is the drain's end: nothing has to be filled in.
    assert!((energy.joules - 0.35).abs() < 1e-9, "{energy:?}");
    assert!((energy.joules_per_packet.unwrap() - 0.007).abs() < 1e-9);
    let class = summary.classes[0].energy.as_ref().unwrap();
    assert!(class.source.starts_with("measured total (RAPL), split by model"));
    let parts = class.joules + energy.shared_joules.unwrap();
    assert!((parts - energy.joules).abs() < 1e-9, "{parts}");
}

#[test]
fn a_given_model_is_the_one_in_use() {
    let model = PowerModel::by_name("rk3588").unwrap().with_idle_watts(100.0).unwrap();
    let tree = Tree::board("Model 9000", 1);
    let roots = Roots { sys: tree.path("sys"), programs: tree.path("bin").into() };
    let builder = Engine::builder().power_model(model).energy_roots(roots);
    let work = |packet: &u64, _: &WorkerInfo| Ok(*packet);
    let engine: Engine<u64> = builder.process(work).start().unwrap();
    let closing = engine.finish(Duration::from_secs(60));
    let energy = closing.summary(About::default()).energy.unwrap();
    assert_eq!(energy.source, "model (rk3588, idle watts given)");
    assert!(energy.watts_mean > 100.0 - 1e-9 && energy.joules_per_packet.is_none(), "{energy:?}");
}

/// What a closed run says of classes: joules of those that nobody is in at the end too.
#[test]
fn a_class_that_everybody_left_keeps_its_joules_and_the_sums_close() {
    let tree = Tree::board("Model 9000", 2).rapl("intel-rapl:0", "package-0", 1_000_000);
    let mut closing = engine_on(&tree).finish(Duration::from_secs(60));
    let energy = &mut closing.last.energy;
    (energy.joules, energy.shared_joules, energy.between_classes) = (10.0, 4.0, true);
    energy.by_class = vec![(Class::Performance, 5.0), (Class::Efficiency, 1.0)];
    for worker in &mut closing.last.workers {
        (worker.seat.class, worker.packets) = (Class::Efficiency, 10);
    }
    let summary = closing.summary(About::default());
    let names: Vec<Class> = summary.classes.iter().map(|class| class.name).collect();
    assert_eq!(names, [Class::Performance, Class::Efficiency]);
    let energies = || summary.classes.iter().filter_map(|class| class.energy.as_ref());
    let parts: f64 = energies().map(|energy| energy.joules).sum();
    assert!((parts + 4.0 - 10.0).abs() < 1e-9, "{parts}");
    assert!(energies().all(|energy| energy.joules_per_packet.is_none()), "of whose packets?");
    let left = &summary.classes[0];
    assert_eq!((left.workers.len(), left.packets, left.utilization), (0, 0, 0.0));
    assert!(summary.seating.between_classes);
}

#[test]
fn a_temperature_that_no_sensor_can_show_is_not_the_hottest() {
    let tree = Tree::board("Model 9000", 2).zone(0, "cpu-thermal", 50.0);
    let mut tree = tree.zone(3, "gpu-thermal", 60.0);
    let engine = engine_on(&tree);
    let seen = |snapshot: &Snapshot| snapshot.thermal.as_ref().unwrap().zones[1].celsius_max;
    until(&engine, |snapshot| seen(snapshot) == Some(60.0));
    tree = tree.sys("class/thermal/thermal_zone3/temp", "99999999\n");
    until(&engine, |snapshot| !snapshot.board_notes.is_empty());
    let summary = engine.finish(Duration::from_secs(60)).summary(About::default());
    assert_eq!(summary.temperature_c_max, Some(60.0));
    drop(tree);
}
