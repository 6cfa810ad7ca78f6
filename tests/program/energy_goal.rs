//! `--policy-goal energy`: what a run and a simulation say of it.

use serde_json::Value;

use super::place::{Place, books_balance};

#[test]
fn a_run_under_the_goal_of_energy_says_whether_the_target_was_held_and_what_the_model_saves() {
    let place = Place::new();
    let line = "run --duration 1s --rate 500 --workers 3 --policy-goal energy --latency-slo 30s";
    let said = place.run(&format!("{line} --results D")).exits(0);
    let summary = place.summary("D");
    books_balance(&summary, &place.rows("D"));
    let goal = summary.goal.as_ref().unwrap();
    assert_eq!((goal.policy_goal.as_str(), goal.latency_slo_ns), ("energy", 30_000_000_000));
    assert!(goal.slo_held && goal.p99_ns == summary.latency_ns.total.p99, "{goal:?}");
    assert!((1.0..=3.0).contains(&goal.workers_active_mean), "{goal:?}");
    assert!(goal.joules_model > 0.0 && goal.joules_all_active_model > 0.0, "{goal:?}");
    let settings = ["policy-goal", "latency-slo", "idle-active"];
    let settings = settings.map(|key| summary.settings.get(key).map(String::as_str));
    assert_eq!(settings, [Some("energy"), Some("30s"), Some("0.1")]);
    said.prints(&["goal energy", "held", "of 3 workers active", "by a model", "with all active"]);
}

#[test]
fn without_the_goal_nothing_is_said_of_it_and_its_settings_have_no_effect() {
    let place = Place::new();
    let said = place.run("run --duration 200ms --rate 50 --latency-slo 5ms --results D").exits(0);
    said.complains(&["latency-slo has no effect: policy-goal is latency"]);
    let summary = place.summary("D");
    assert_eq!(summary.goal, None);
    assert_eq!(summary.settings.get("policy-goal").map(String::as_str), Some("latency"));
}

#[test]
fn a_simulation_sets_all_active_beside_the_goal_of_energy() {
    let place = Place::new();
    let line = "simulate --machine rk3588 --load 0.1 --packets 50000 --policy-goal energy";
    let said = place.run(&format!("{line} --json")).exits(0);
    let figures: Value = serde_json::from_str(&said.stdout).unwrap();
    let number = |pointer: &str| figures.pointer(pointer).and_then(Value::as_f64).unwrap();
    assert!(number("/energy/joules") < number("/all_active/energy/joules"), "{figures}");
    assert!(number("/energy/active_mean") < number("/all_active/energy/active_mean"));
    assert_eq!(number("/all_active/energy/active_mean"), 8.0);
    assert!(number("/p99") <= 20.0 && figures["energy"]["slo_held"] == Value::Bool(true));
    assert!(number("/all_active/cores_saved") > number("/all_active/saved"));
    let text = place.run(line).exits(0);
    text.prints(&["energy by a model (rk3588)", "saved by the model", "latency-slo 20: held"]);
    // Under the other goal there is energy and nothing beside it.
    let other = place.run("simulate --workers 2 --packets 2000 --policy-goal latency").exits(0);
    let other = other.prints(&["energy by a model (generic-arm)"]);
    assert!(!other.stdout.contains("saved"), "{}", other.stdout);
}

#[test]
fn a_goal_that_cannot_be_is_refused() {
    let place = Place::new();
    for (line, remedy) in [
        ("--policy-goal speed", "latency or energy"),
        ("--latency-slo 5", "--policy-goal"),
        ("--policy-goal energy --latency-slo 0", "0.01"),
        ("--policy-goal energy --power toaster", "raspberry-pi-5"),
        ("--policy-goal energy --idle-active 2", "0 to 1"),
    ] {
        place.run(&format!("simulate --packets 1000 {line}")).exits(64).complains(&[remedy]);
    }
    let plan = "name = \"e\"\ntitle = \"t\"\nmode = \"live\"\npolicies = [\"random:energy\"]\n\
                [[setting]]\nname = \"one\"\nworkers = 2\n";
    place.write("plan.toml", plan);
    let said = place.run("compare plan.toml").exits(78);
    said.complains(&["random:energy", "can be simulated only"]);
}

#[test]
fn a_study_of_the_goal_has_joules_in_its_files() {
    let place = Place::new();
    let line = "compare energy --packets 3000 --repeats 2 --out D";
    place.run(&format!("{line} --policies round-robin,round-robin:energy")).exits(0);
    assert!(place.names("D").contains(&"energy.png".to_owned()));
    let results = std::fs::read_to_string(place.path("D/results.csv")).unwrap();
    assert!(results.lines().next().unwrap().contains("joules_per_packet_model"), "{results}");
    let report = std::fs::read_to_string(place.path("D/summary_report.md")).unwrap();
    for part in ["## Energy, by a model", "round-robin:energy", "not measured"] {
        assert!(report.contains(part), "{part}\n{report}");
    }
}
