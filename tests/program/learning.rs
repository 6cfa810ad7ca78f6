//! `run --policy q-learning`: what it is told, and the table it keeps.

use super::place::{Place, Said};

const SHORT: &str = "run --duration 1s --rate 500 --record off --workers 1";

/// One class of workers, so six values: one that nobody learned, five from before.
const TABLE: &str =
    "{\"version\":1,\"levels\":6,\"actions\":1,\"values\":[0.0,-2.0,-3.0,-4.0,-5.0,-6.0]}";

/// Two classes.
const OTHER: &str = "{\"version\":1,\"levels\":6,\"actions\":2,\"values\":[0.0]}";

fn learn(place: &Place, line: &str) -> Said {
    place.run(&format!("{SHORT} --policy q-learning {line}"))
}

#[test]
fn what_is_learned_is_told_kept_and_gone_on_with() {
    let place = Place::new();
    let said = learn(&place, "--unguarded --q-table results/q.json").exits(0);
    let said = said.complains(&["q-learning: learned ", " of 6 values; took over 0 times"]);
    said.prints(&["results/q.json"]);
    assert_eq!(place.summary("results").files["q-table"], "results/q.json");
    let text = std::fs::read_to_string(place.path("results/q.json")).unwrap();
    assert!(text.starts_with("{\"version\":1,"), "{text}");
    let line = "--unguarded --q-table results/q.json";
    learn(&place, line).exits(0);

    place.write("q.json", TABLE);
    // Three packets meet no depth beyond the third, however the machine is loaded.
    let rows = "0,s,load,0,1\n1000000000,s,load,1,1\n2000000000,s,load,2,1\n";
    place.write("few.csv", format!("offset_ns,sensor,kind,sequence,values\n{rows}"));
    let line = "run --source replay:few.csv --record off --workers 1 --policy q-learning";
    let said = place.run(&format!("{line} --unguarded --q-table q.json")).exits(0);
    said.complains(&["learned 6 of 6 values"]);
    let kept = std::fs::read_to_string(place.path("q.json")).unwrap();
    assert!(kept.contains("-6.0]"), "a depth that no packet met keeps its value: {kept}");
    let names = place.names(".");
    assert_eq!(names, ["few.csv", "q.json", "results"], "nothing half-written is left");
}

#[test]
fn no_packet_teaches_nothing_and_the_table_stays() {
    let place = Place::new();
    place.write("q.json", TABLE);
    place.write("none.csv", "offset_ns,sensor,kind,sequence,values\n");
    let line = "run --policy q-learning --q-table q.json --source replay:none.csv --record off";
    let said = place.run(&format!("{line} --workers 1")).exits(0);
    said.complains(&["nothing was learned"]);
    assert_eq!(std::fs::read_to_string(place.path("q.json")).unwrap(), TABLE);
}

#[test]
fn what_it_is_told_comes_from_flag_environment_and_file() {
    let place = Place::new();
    place.write("edge-dispatch.toml", "policy = \"q-learning\"\nunguarded = true\nq-gamma = 0.5\n");
    let environment = [
        ("EDGE_DISPATCH_Q_ALPHA", "0.3"),
        ("EDGE_DISPATCH_Q_GAMMA", "0.4"),
        ("EDGE_DISPATCH_UNGUARDED", "on"),
    ];
    let settings = |line: &str, environment: &[(&str, &str)]| {
        place.run_with(&format!("{SHORT} {line}"), environment).exits(0);
        let settings = place.summary("results").settings;
        let keys = ["unguarded", "q-alpha", "q-gamma", "q-epsilon", "q-decay"];
        keys.map(|key| settings[key].clone())
    };
    let first = settings("--unguarded off --q-epsilon 0.2", &environment);
    assert_eq!(first, ["off", "0.3", "0.4", "0.2", "0.995"]);
    assert_eq!(settings("", &[]), ["on", "0.1", "0.5", "0.1", "0.995"]);
    let alone = settings("--q-decay 1 --unguarded --q-alpha 1", &[]);
    assert_eq!(alone, ["on", "1", "0.5", "0.1", "1"]);
    place.run("run --unguarded=perhaps").exits(64).complains(&["--unguarded", "perhaps"]);
}

/// Under another policy nothing of it is in force, and the table is not even opened.
#[test]
fn without_q_learning_its_settings_have_no_effect() {
    let place = Place::new();
    place.write("q.json", "no table");
    let line = "--policy round-robin --unguarded off --q-alpha 0.2 --q-table q.json";
    let said = place.run(&format!("{SHORT} {line}")).exits(0);
    said.complains(&[
        "unguarded has no effect: the policy is round-robin",
        "q-alpha has no effect",
        "q-table has no effect",
    ]);
    assert_eq!(std::fs::read_to_string(place.path("q.json")).unwrap(), "no table");
    let said = learn(&place, "--unguarded --q-alpha 0.2").exits(0);
    assert!(!said.stderr.contains("no effect"), "{}", said.stderr);
}

#[test]
fn a_table_that_does_not_serve_is_said_before_anything_starts() {
    let place = Place::new();
    place.write("text.json", "no table");
    place.write("other.json", OTHER);
    for (file, code, expected) in [
        ("text.json", 65, &["no table of q-learning", "name another file or remove it"][..]),
        ("other.json", 65, &["2 classes", "1 classes", "name another file or remove it"]),
        ("/dev/zero", 65, &["no table of q-learning", "name another file"]),
        (".", 65, &["directory", "name another file"]),
        ("none/q.json", 73, &["q-table: cannot create", "name a directory that exists"]),
        ("results/summary.json", 64, &["--q-table", "is a file of the run", "name another"]),
    ] {
        place.write("results/summary.json", "of an earlier run");
        let said = learn(&place, &format!("--q-table {file}")).exits(code);
        let said = said.complains(&[file]).complains(expected);
        assert!(!said.stderr.contains("running"), "{file}: {}", said.stderr);
        assert_eq!(place.names("results"), ["summary.json"], "{file}: files of a run before stay");
    }
    let line = "--q-table saved.csv --save-packets ./saved.csv";
    learn(&place, line).exits(64).complains(&["--q-table", "saved.csv"]);
}

/// A folder that goes away while the run learns.
#[test]
fn a_table_that_cannot_be_written_is_an_error_and_the_run_is_told_all_the_same() {
    let place = Place::new();
    place.write("kept/file", "");
    let line = "run --policy q-learning --q-table kept/q.json --source udp://127.0.0.1:0";
    let mut started = place.start(&format!("{line} --workers 1"));
    let client = started.client();
    started.logs("running");
    client.send(b"load a=1\nbad");
    started.logs("lines rejected");
    std::fs::remove_dir_all(place.path("kept")).unwrap();
    started.signal(rustix::process::Signal::INT);
    let said = started.end().exits(73).complains(&["q-table: cannot create kept/q.json"]);
    said.prints(&["received 1 = processed 1"]);
    assert!(!place.summary("results").files.contains_key("q-table"));
}

#[test]
fn help_names_every_policy() {
    let place = Place::new();
    let said = place.run("run --help").exits(0);
    said.prints(&edge_dispatch::policy::NAMES);
    place.run("simulate --help").exits(0).prints(&["--q-table", "docs/policies.md"]);
}
