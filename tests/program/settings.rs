//! Where a setting comes from: flag over environment over file over default.

use std::collections::BTreeMap;

use super::place::Place;

const SHORT: &str = "run --duration 150ms --rate 200 --record off";

fn settings(place: &Place, line: &str, environment: &[(&str, &str)]) -> BTreeMap<String, String> {
    place.run_with(line, environment).exits(0);
    place.summary("results").settings
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let place = Place::new();
    let file = "sensors = 10\ninbox-bound = 11\nchoices = 1\n";
    place.write("own.toml", file);
    let environment = [("EDGE_DISPATCH_SENSORS", "20"), ("EDGE_DISPATCH_INBOX_BOUND", "21")];
    let line = format!("{SHORT} --sensors 30 --config own.toml");
    let settings = settings(&place, &line, &environment);
    let of = |key: &str| settings[key].as_str();
    assert_eq!(of("sensors"), "30", "flag");
    assert_eq!(of("inbox-bound"), "21", "environment");
    assert_eq!(of("choices"), "1", "file");
    assert_eq!(of("drain-limit"), "5s", "default");
    assert_eq!(of("config"), "own.toml");
}

#[test]
fn the_file_of_the_working_directory_is_read_unless_another_is_named() {
    let place = Place::new();
    place.write("edge-dispatch.toml", "sensors = 3\n");
    place.write("other.toml", "inbox-bound = 5\n");
    assert_eq!(settings(&place, SHORT, &[])["sensors"], "3");
    let named = settings(&place, SHORT, &[("EDGE_DISPATCH_CONFIG", "other.toml")]);
    assert_eq!((named["sensors"].as_str(), named["inbox-bound"].as_str()), ("64", "5"));
    let flagged = format!("{SHORT} --config edge-dispatch.toml");
    let flagged = settings(&place, &flagged, &[("EDGE_DISPATCH_CONFIG", "other.toml")]);
    assert_eq!(flagged["sensors"], "3");
}

#[test]
fn a_pace_replaces_the_other_kind_of_pace_below_it() {
    let place = Place::new();
    place.write("edge-dispatch.toml", "load = 0.5\n");
    let paced = settings(&place, SHORT, &[("EDGE_DISPATCH_LOAD", "0.3")]);
    assert_eq!((paced.get("rate").map(String::as_str), paced.get("load")), (Some("200"), None));
    let line = "run --duration 150ms --record off";
    let paced = settings(&place, line, &[("EDGE_DISPATCH_RATE", "300")]);
    assert_eq!((paced.get("rate").map(String::as_str), paced.get("load")), (Some("300"), None));
}

/// What the summary repeats can be written into a file, and means the same run.
#[test]
fn the_settings_of_a_summary_are_a_valid_file() {
    let place = Place::new();
    let line = format!("{SHORT} --emulate-class 0=0.5 --source virtual --source host");
    let first = settings(&place, &line, &[]);
    let lines = first.iter().map(|(key, value)| match key.as_str() {
        "source" | "emulate-class" => {
            let values: Vec<String> = value.split(',').map(|value| format!("{value:?}")).collect();
            format!("{key} = [{}]\n", values.join(", "))
        }
        _ => format!("{key} = {value:?}\n"),
    });
    place.write("again.toml", lines.collect::<String>());
    place.run("validate --config again.toml").exits(0).prints(&["is valid", "rate = 200"]);
    let mut again = settings(&place, "run --config again.toml", &[]);
    assert_eq!(again.remove("config").as_deref(), Some("again.toml"));
    assert_eq!(again, first);
}

#[test]
fn help_teaches_exit_codes_and_where_settings_come_from() {
    let place = Place::new();
    let all = ["Exit codes", "130", "EDGE_DISPATCH_", "--config", "--drain-limit", "Examples"];
    place.run("--help").exits(0).prints(&all).prints(&["plot", "topology", "validate"]);
    place.run("run --help").exits(0).prints(&all);
    place.run("--version").exits(0).prints(&[env!("CARGO_PKG_VERSION")]);
    place.run("walk").exits(64).complains(&["walk"]);
    place.run("run --wrokers 3").exits(64).complains(&["--wrokers", "--workers"]);
}

#[test]
fn completions_are_printed_for_each_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = place.run(&format!("completions {shell}")).exits(0);
        assert!(said.stdout.contains("edge-dispatch") && said.stdout.contains("record-limit"));
    }
    place.run("completions cobol").exits(64).complains(&["cobol", "bash"]);
}
