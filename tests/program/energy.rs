//! What a run says of energy and heat, on whatever machine this is.

use super::place::Place;

#[test]
fn a_run_tells_its_energy_and_what_it_comes_from() {
    let place = Place::new();
    let said = place.run("run --duration 1500ms --rate 2000 --idle-watts 4").exits(0);
    let summary = place.summary("results");
    let energy = summary.energy.as_ref().expect("every run has one");
    let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} instead of {b}");
    near(energy.watts_mean * summary.duration_s, energy.joules);
    let finished = summary.ledger.processed + summary.ledger.failed;
    near(energy.joules_per_packet.unwrap() * finished as f64, energy.joules);
    assert!(energy.joules > 0.0 && energy.uncertainty > 0.0 && !energy.covers.is_empty());
    let of_classes: Vec<_> = summary.classes.iter().map(|c| c.energy.as_ref().unwrap()).collect();
    let parts = of_classes.iter().map(|energy| energy.joules).sum::<f64>();
    near(parts + energy.shared_joules.unwrap(), energy.joules);
    // The split is the model's wherever the whole comes from, and the model was told something.
    assert!(of_classes.iter().all(|energy| energy.source.contains("idle watts given")));
    said.prints(&["energy: ", "energy by model", "idle watts given"]);
    assert_eq!(energy.is_modelled(), energy.source.starts_with("model ("));
}

#[test]
fn a_class_named_twice_or_without_a_worker_is_told() {
    let place = Place::new();
    let said = place.run("run --active-watts efficiency=1,efficiency=2").exits(64);
    said.complains(&["--active-watts", "efficiency is named twice"]);
    let said = place.run("run --duration 100ms --rate 100 --active-watts middle-7=1").exits(0);
    said.complains(&["active-watts of middle-7 has no effect"]);
}

#[test]
fn energy_settings_of_a_summary_are_what_was_given() {
    let place = Place::new();
    place.write("edge-dispatch.toml", "active-watts = [\"uniform=2\", \"efficiency=1\"]\n");
    place.run("run --duration 100ms --rate 100 --thermal-limit off").exits(0);
    let settings = place.summary("results").settings;
    assert_eq!(settings["active-watts"], "uniform=2,efficiency=1");
    assert_eq!(settings["thermal-limit"], "off");
}
