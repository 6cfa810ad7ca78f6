//! Values that cannot be, from wherever they come: told before anything starts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::place::{Place, end};

/// A setting, a value that cannot be, and what the message must hold beside the value.
const IMPOSSIBLE: &[(&str, &str, &str)] = &[
    ("workers", "0", "1 or more"),
    ("workers", "-2", "1 or more"),
    ("workers", "100000", "4096"),
    ("workers", "4294967296", "at most 4294967295"),
    ("reserve", "-1", "0 or more"),
    ("reserve", "4096", "one must be left for a worker"),
    ("smt", "maybe", "neither use nor avoid"),
    ("no-calibration", "perhaps", "'on' or 'off'"),
    ("load", "-1", "above 0"),
    ("load", "nan", "above 0"),
    ("load", "1e300", "at most 1000"),
    ("rate", "0", "above 0"),
    ("rate", "fast", "above 0"),
    ("cpus", "4095", "CPUs that can be used"),
    ("cpus", "3-1", "0-3,6,8"),
    ("cpus", "all", "0-3,6,8"),
    ("source", "mqtt://x", "udp://ADDR:PORT"),
    ("source", "udp://localhost", "udp://0.0.0.0:8089"),
    ("policy", "round_robin", "did you mean round-robin?"),
    ("policy", "q-lerning", "did you mean q-learning?"),
    ("policy", "best", "there are randomized-least-connection, shortest-expected-delay"),
    ("unguarded", "maybe", "'on' or 'off'"),
    ("q-alpha", "1.1", "from 0 to 1"),
    ("q-gamma", "1", "from 0 to below 1"),
    ("q-epsilon", "-0.1", "from 0 to 1"),
    ("q-decay", "nan", "from 0 to 1"),
    ("record-limit", "10", "1024KiB"),
    ("record-limit", "1.5MiB", "256MiB"),
    ("record", "maybe", "'on' or 'off'"),
    ("duration", "5", "10s"),
    ("drain-limit", "0s", "above 0"),
    ("emulate-class", "1=2", "1=0.4"),
    ("emulate-class", "1=1e-300", "from 0.01 to 1"),
    ("emulate-class", "4000=0.5", "there are workers 0 to"),
    ("overflow", "drop", "drop-newest"),
    ("inbox-bound", "0", "1 or more"),
    ("sensors", "70000", "65536"),
    ("sample-rate", "1", "200000 Hz"),
    ("work", "spin", "spin:200us"),
    ("speed", "fast", "max"),
    ("order", "atomic", "vibration=ordered"),
    ("order", "pressure=sticky", "temperature, vibration, load, other"),
    ("order-window", "0", "1 or more"),
    ("steal", "perhaps", "'on' or 'off'"),
    ("priority", "vibration", "vibration=low"),
    ("priority", "vibration=urgent", "low, normal, high"),
    ("deadline", "0s", "above 0"),
    ("idle-watts", "-1", "from 0 to 10000"),
    ("idle-watts", "inf", "such as 2.5"),
    ("active-watts", "efficiency", "efficiency=0.5"),
    ("active-watts", "fast=1", "none of uniform, performance"),
    ("active-watts", "uniform=nan", "from 0 to 10000"),
    ("thermal-limit", "200", "from 30 to 125"),
    ("thermal-limit", "warm", "or off"),
    ("policy-goal", "speed", "latency or energy"),
    ("latency-slo", "100us", "1ms to 1h"),
    ("latency-slo", "20", "1ms to 1h"),
    ("idle-active", "1.5", "from 0 to 1"),
];

#[test]
fn an_impossible_flag_is_a_usage_error_with_the_remedy() {
    for &(key, value, remedy) in IMPOSSIBLE {
        let place = Place::new();
        // As most people type it: the value apart.
        let said = place.run(&format!("run --{key} {value}")).exits(64).complains(&[remedy]);
        assert!(said.stderr.contains(number(value)), "{key} {value}: {}", said.stderr);
        assert!(!place.path("results").exists(), "{key} {value}: said before anything starts");
    }
}

#[test]
fn an_impossible_environment_is_a_usage_error_too() {
    for &(key, value, remedy) in IMPOSSIBLE {
        let name = format!("EDGE_DISPATCH_{}", key.replace('-', "_").to_uppercase());
        let place = Place::new();
        place.run_with("run", &[(&name, value)]).exits(64).complains(&[number(value), remedy]);
        assert!(!place.path("results").exists(), "{key} {value}: said before anything starts");
    }
    let place = Place::new();
    let said = place.run_with("run", &[("EDGE_DISPATCH_WORKERS", "0")]).exits(64);
    said.complains(&["comes from the environment: EDGE_DISPATCH_WORKERS"]);
}

#[test]
fn what_the_environment_says_of_a_run_is_nothing_to_other_commands() {
    let place = Place::new();
    let wrong = [("EDGE_DISPATCH_RATE", "x"), ("EDGE_DISPATCH_CONFIG", "none.toml")];
    place.write("good.toml", "rate = 5\n");
    for command in ["completions bash", "validate --config good.toml", "help", "simulate --help"] {
        place.run_with(command, &wrong).exits(0);
    }
    // What it does read is still said to be wrong.
    place.run_with("", &wrong).exits(64).complains(&["EDGE_DISPATCH_RATE"]);
    place.run_with("topology", &[("EDGE_DISPATCH_WORKERS", "0")]).exits(64);
}

#[test]
fn a_value_in_another_encoding_is_named() {
    let place = Place::new();
    let latin = OsStr::from_bytes(b"r\xE9sultats");
    let said = end(place.program(&[OsStr::new("run"), OsStr::new("--results"), latin])).exits(64);
    said.complains(&["--results", "UTF-8"]);
    let mut command = place.program(&["run"]);
    command.env("EDGE_DISPATCH_RESULTS", latin);
    end(command).exits(64).complains(&["environment: EDGE_DISPATCH_RESULTS", "UTF-8"]);
}

#[test]
fn a_variable_that_is_nearly_a_setting_is_said() {
    let environment = [("EDGE_DISPATCH_RTE", "5"), ("EDGE_DISPATCH_SERVICE_HOST", "10.0.0.1")];
    let said = Place::new().run_with("run --duration 50ms", &environment).exits(0);
    assert!(!said.stderr.contains("SERVICE_HOST"), "a cluster's: {}", said.stderr);
    said.complains(&["EDGE_DISPATCH_RTE is no setting: did you mean EDGE_DISPATCH_RATE?"]);
}

#[test]
fn an_impossible_value_in_the_file_is_a_configuration_error() {
    for &(key, value, remedy) in IMPOSSIBLE {
        let place = Place::new();
        let list =
            matches!(key, "source" | "emulate-class" | "order" | "priority" | "active-watts");
        let value_text = if list { format!("[\"{value}\"]") } else { format!("\"{value}\"") };
        place.write("edge-dispatch.toml", format!("# mine\n{key} = {value_text}\n"));
        place.run("run").exits(78).complains(&[number(value), remedy]);
        assert!(!place.path("results").exists(), "{key} {value}: said before anything starts");
    }
}

/// The part of a value that every message about it repeats.
fn number(value: &str) -> &str {
    value.split('=').next().unwrap_or(value)
}

#[test]
fn two_kinds_of_pace_at_once_are_refused() {
    let place = Place::new();
    let both = &["both set the pace", "keep one"];
    place.run("run --rate 5 --load 0.5").exits(64).complains(both);
    place.run("--rate 5 --load 0.5").exits(64).complains(both);
    let environment = [("EDGE_DISPATCH_RATE", "5"), ("EDGE_DISPATCH_LOAD", "0.5")];
    place.run_with("run", &environment).exits(64).complains(both);
    place.write("edge-dispatch.toml", "rate = 5\nload = 0.5\n");
    place.run("run").exits(78).complains(both).complains(&["edge-dispatch.toml"]);
}

#[test]
fn a_wrong_file_is_named_with_line_and_remedy() {
    let cases: [(&[u8], &[&str]); 8] = [
        (b"rate = 5\nwokers = 3\n", &["line 2", "wokers", "did you mean 'workers'?"]),
        (b"block_samples = 3\n", &["line 1", "did you mean 'block-samples'?"]),
        (b"[run]\nworkers = 3\n", &["line 1", "run", "--help"]),
        (b"\n\nworkers = 0\n", &["line 3", "workers", "'0'"]),
        (b"rate == 3\n", &["line 1"]),
        (b"workers = [1, 2]\n", &["line 1", "workers", "a number"]),
        (b"source = \"hots\"\n", &["line 1", "source", "'hots'", "give virtual"]),
        (b"# \xFF\xFE\n", &["UTF-8"]),
    ];
    for (text, expected) in cases {
        let place = Place::new();
        place.write("edge.toml", text);
        for command in ["run", "validate"] {
            let said = place.run(&format!("{command} --config edge.toml")).exits(78);
            said.complains(&["edge.toml"]).complains(expected);
        }
    }
}

#[test]
fn a_missing_or_endless_file_is_refused() {
    let place = Place::new();
    for command in ["run", "validate"] {
        place.run(&format!("{command} --config none.toml")).exits(66).complains(&["none.toml"]);
        let endless = place.run(&format!("{command} --config /dev/zero")).exits(78);
        endless.complains(&["/dev/zero", "bytes"]);
        place.run(&format!("{command} --config .")).exits(78).complains(&["directory"]);
    }
    place.run("validate").exits(64).complains(&["--config"]);
    std::os::unix::fs::symlink("nowhere", place.path("edge-dispatch.toml")).unwrap();
    place.run("run --duration 50ms").exits(66).complains(&["edge-dispatch.toml"]);
}

#[test]
fn a_good_file_is_valid_and_shows_the_run_it_makes() {
    let place = Place::new();
    place.write("edge.toml", "rate = 20000\nworkers = 2\nrecord = false\nsource = [\"virtual\"]\n");
    let said = place.run("validate --config edge.toml").exits(0);
    let said =
        said.prints(&["edge.toml is valid", "rate = 20000", "record = off", "overflow = block"]);
    said.prints(&["seed = (a fresh one each run)", "not checked: the CPUs"]);
    place.write("edge.toml", "seed = 7\n");
    place.run("validate --config edge.toml").exits(0).prints(&["seed = 7"]);
    assert!(!place.path("results").exists());
}
