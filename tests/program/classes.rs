//! What every output says of classes that are not the machine's own, and of shared CPUs.

use edge_dispatch::class::Class;

use super::place::{Place, allowed_cpus};

#[test]
fn emulated_classes_stand_in_table_and_summary_and_are_said_to_be_emulated() {
    let place = Place::new();
    let said = place
        .run("run --duration 1s --rate 2000 --drain-limit 60s --emulate-class 1=0.4 --workers 2 --results D")
        .exits(0)
        .prints(&["performance", "efficiency", "emulated"]);
    let summary = place.summary("D");
    let names: Vec<Class> = summary.classes.iter().map(|class| class.name).collect();
    assert_eq!(names, [Class::Performance, Class::Efficiency], "{}", said.stdout);
    assert!(summary.machine.emulated);
    assert!(summary.machine.notes.iter().any(|note| note.contains("emulated: 1=0.4")));
    let rows = place.rows("D");
    for class in &summary.classes {
        let weights = rows.iter().filter(|row| row.class == Some(class.name));
        assert_eq!(weights.map(|row| row.weight).sum::<u64>(), class.packets, "{}", class.name);
    }
    // Short for people, whole in the settings.
    place.run("run --duration 100ms --rate 100 --emulate-class 1=0.123456789 --workers 2").exits(0);
    let summary = place.summary("results");
    assert!(summary.machine.notes.iter().any(|note| note.ends_with("emulated: 1=0.123")));
    assert_eq!(summary.settings["emulate-class"], "1=0.123456789");
    // Drawn from the rows alone, without the summary's word for it, they keep their names.
    std::fs::remove_file(place.path("D/summary.json")).unwrap();
    place.run("plot D/assignments.csv").exits(0);
}

#[test]
fn more_workers_than_cpus_share_them_and_every_output_says_so() {
    let place = Place::new();
    let cpus = allowed_cpus();
    let workers = cpus.len() + 3;
    let said = place
        .run(&format!("run --duration 300ms --rate 1000 --workers {workers}"))
        .exits(0)
        .prints(&["share", "in turn"]);
    let summary = place.summary("results");
    assert_eq!(summary.workers.len(), workers, "{}", said.stdout);
    let shared = format!("{workers} workers share");
    assert!(summary.machine.notes.iter().any(|note| note.contains(&shared)), "{:?}", summary);
    // One CPU for all: the same, whatever the machine.
    let first = cpus[0];
    let line = format!("run --duration 200ms --rate 500 --workers 3 --cpus {first}");
    let said = place.run(&line).exits(0);
    assert_eq!(said.stdout.matches("workers share").count(), 1, "said once: {}", said.stdout);
    said.prints(&["3 workers share 1 CPU in turn"]);
    let summary = place.summary("results");
    assert!(summary.workers.iter().all(|worker| worker.cpu.index() == first));
}

#[test]
fn every_policy_names_itself_and_its_choices() {
    let place = Place::new();
    // The third is the default.
    for (options, policy, choices) in [
        ("--policy round-robin", "round-robin", None),
        ("--policy random --choices 2", "random", None),
        ("", "randomized-least-connection", Some(3)),
        ("--choices 2", "randomized-least-connection", Some(2)),
    ] {
        let line = format!("run --duration 100ms --rate 500 --workers 3 --record off {options}");
        place.run(&line).exits(0).prints(&[policy]);
        let summary = place.summary("results");
        assert_eq!(summary.policy, policy);
        assert!(choices.is_none_or(|choices| summary.choices == choices), "{options}");
    }
}
