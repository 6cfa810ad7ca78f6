//! `simulate`: the figures it gives, and what it says where there can be none.
//!
//! A seed decides every figure, so none of these hangs on the machine.

use edge_dispatch::record::COLUMNS;
use serde_json::Value;

use super::place::{Place, Said};

/// The JSON of a simulation that goes well.
#[track_caller]
fn figures(place: &Place, line: &str) -> Value {
    let said = place.run(&format!("simulate --json {line}")).exits(0);
    serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", said.stdout))
}

fn number(figures: &Value, name: &str) -> f64 {
    figures[name].as_f64().unwrap_or_else(|| panic!("{name} is no number in {figures}"))
}

/// Demands a mean within three of its own 95 % intervals.
#[track_caller]
fn mean_is(figures: &Value, theory: f64) {
    let (mean, ci95) = (number(figures, "mean"), number(figures, "mean_ci95"));
    assert!((mean - theory).abs() <= 3.0 * ci95, "{mean} ± {ci95}, and not {theory}");
}

/// Rows of packets that each took one of these times.
fn rows(services_ns: &[u64]) -> String {
    let row = |(at, ns): (usize, &u64)| {
        let (started, finished) = (at * 10_000, at as u64 * 10_000 + ns);
        format!("{at},s,load,0,0,0,uniform,0,0.00,{started},{started},{finished},processed,1\n")
    };
    let rows: String = services_ns.iter().enumerate().map(row).collect();
    format!("{}\n{rows}", COLUMNS.join(","))
}

#[test]
fn the_figures_have_their_names_and_repeat_what_was_asked() {
    let figures = figures(&Place::new(), "--speeds 1x2,0.5 --packets 2000 --replications 2");
    for (name, value) in [
        ("policy", Value::from("randomized-least-connection")),
        ("workers", 3.into()),
        ("speeds", vec![1.0, 1.0, 0.5].into()),
        ("load", 0.8.into()),
        ("seed", 1.into()),
        ("packets", 2000.into()),
        ("replications", 2.into()),
        ("unstable", false.into()),
    ] {
        assert_eq!(figures[name], value, "{name}");
    }
    let of = |name| number(&figures, name);
    assert!(of("mean") > 1.0 && of("mean_ci95") > 0.0 && of("max_in_flight") >= 1.0);
    let quantiles = ["p50", "p95", "p99", "p999"].map(of);
    assert!(quantiles.is_sorted(), "{quantiles:?}");
    let share = figures["share"].as_array().unwrap();
    let sum: f64 = share.iter().map(|part| part.as_f64().unwrap()).sum();
    assert_eq!(share.len(), 3);
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
}

#[test]
fn a_seed_decides_every_byte() {
    let place = Place::new();
    let [first, again, other] = ["7", "7", "8"].map(|seed| {
        place.run(&format!("simulate --json --packets 3000 --seed {seed}")).exits(0).stdout
    });
    assert_eq!(first, again);
    assert_ne!(first, other);
}

/// One worker under Poisson arrivals at load 1/2: 1 / (1 − 1/2) with exponential work, and with
/// constant work 1 + 1/2 / (2 (1 − 1/2)), whether it is said or recorded.
#[test]
fn one_worker_waits_as_long_as_theory_says() {
    let place = Place::new();
    let line = "--workers 1 --load 0.5 --packets 60000";
    mean_is(&figures(&place, line), 2.0);
    mean_is(&figures(&place, &format!("{line} --service deterministic")), 1.5);
    place.write("rows.csv", rows(&[700; 10]));
    let recorded = figures(&place, &format!("{line} --service recorded:rows.csv"));
    assert_eq!(recorded["service"], "recorded:rows.csv");
    mean_is(&recorded, 1.5);
}

#[test]
fn recorded_work_varies_as_it_did() {
    let place = Place::new();
    place.write("rows.csv", rows(&[100, 100, 100, 700]));
    let line = "--workers 1 --load 0.1 --packets 20000 --service recorded:rows.csv";
    let figures = figures(&place, line);
    // A mean of 250 ns, so the longest is 2.8 of it; little waits at this load.
    let (p50, p95) = (number(&figures, "p50"), number(&figures, "p95"));
    assert!((0.39..0.5).contains(&p50) && (2.79..3.3).contains(&p95), "{p50} {p95}");
}

/// A slow worker gets 1/16 of 0.8 × 12.4, which is 1.13 of what it can do.
#[test]
fn slow_workers_that_get_as_much_as_fast_ones_are_overwhelmed() {
    let place = Place::new();
    let line = "--speeds 1x8,0.55x8 --load 0.8 --packets 20000 --policy";
    assert_eq!(figures(&place, &format!("{line} round-robin"))["unstable"], true);
    assert_eq!(figures(&place, &format!("{line} weighted-round-robin"))["unstable"], false);
    let said = place.run(&format!("simulate {line} round-robin")).exits(0);
    said.prints(&["round-robin: 16 workers (1x8,0.55x8), load 0.8", "UNSTABLE: the queues"]);
    let said = place.run("simulate --packets 2000").exits(0);
    assert!(!said.stdout.contains("UNSTABLE"), "{}", said.stdout);
}

/// What everybody believes to be the freest core gets all packets of a stale period.
#[test]
fn the_freest_core_by_old_news_herds() {
    let line = "--policy freest-core --stale 50 --workers 16 --packets 40000";
    let mean = number(&figures(&Place::new(), line), "mean");
    assert!((mean / 296.0 - 1.0).abs() < 0.05, "{mean}");
}

#[test]
fn faults_boards_and_kinds_of_work_are_simulated() {
    let place = Place::new();
    let short = "simulate --packets 2000";
    place.run(&format!("{short} --faults random:7")).exits(0);
    let line = "--workers 2 --load 0.5 --packets 5000 --faults crash:0@100+50,stall:1@300+20";
    assert!(number(&figures(&place, line), "failed") >= 1.0);
    let said = place.run(&format!("{short} --machine rk3588")).exits(0);
    said.prints(&["8 workers (0.388x4,1x4)"]);
    for service in ["uniform", "erlang:3", "hyper:4"] {
        assert_eq!(
            figures(&place, &format!("--packets 1000 --service {service}"))["service"],
            service
        );
    }
}

#[test]
fn what_is_learned_is_kept_and_gone_on_with() {
    let place = Place::new();
    let line = "--policy q-learning --unguarded --speeds 1x2,0.5x2 --packets 3000";
    let kept = format!("{line} --q-table q.json");
    let table = || std::fs::read_to_string(place.path("q.json")).unwrap();
    let first = figures(&place, &kept);
    assert_eq!(first, figures(&place, line), "a table that is not there is an empty one");
    let learned = table();
    assert_ne!(figures(&place, &kept), first, "begun with what was learned");
    assert_ne!(table(), learned);
    let said = place.run(&format!("simulate {kept}")).exits(0);
    said.prints(&["learned ", " of 72 values; took over 0 times"]);
    let other = "--policy q-learning --workers 4 --packets 1000 --q-table q.json";
    let said = place.run(&format!("simulate {other}")).exits(65);
    said.complains(&["q.json: cannot be used here", "2 classes", "1 classes", "remove it"]);
}

/// Nobody tells it that two are slow, so to the table all are alike; the next time, too.
#[test]
fn a_table_that_was_learned_without_capacities_fits_again() {
    let place = Place::new();
    let line = "simulate --policy q-learning --speeds 1x2,0.5x2 --packets 2000 --q-table q.json";
    // A fault from the beginning, that changes what is known before the first packet.
    for line in [format!("{line} --learn-capacity"), format!("{line} --faults throttle:0@0+9=0.2")]
    {
        place.run(&line).exits(0);
        place.run(&line).exits(0);
        std::fs::remove_file(place.path("q.json")).unwrap();
    }
}

/// What is asked for, and what the message must hold.
const IMPOSSIBLE: [(&str, &[&str]); 26] = [
    ("--policy round_robin", &["--policy", "round_robin", "did you mean round-robin?"]),
    ("--policy best", &["--policy", "best", "there are randomized-least-connection,"]),
    ("--machine pi9", &["--machine", "pi9", "rk3588"]),
    ("--service lumpy", &["--service", "lumpy", "recorded:FILE"]),
    ("--service erlang:0", &["--service", "erlang:0", "1 to 1000"]),
    ("--service recorded:", &["--service", "recorded:FILE"]),
    ("--speeds 1y2", &["--speeds", "1y2", "1x8,0.55x8"]),
    ("--speeds 1x2 --workers 2", &["--speeds", "--workers", "cannot be used with"]),
    ("--workers 0", &["--workers", "'0'", "1..=65536"]),
    ("--workers 70000", &["--workers", "70000", "65536"]),
    ("--load 0", &["--load is 0", "give 0.001 to 100"]),
    ("--load -1", &["--load is -1", "give 0.001 to 100"]),
    ("--load nan", &["--load is NaN", "give 0.001 to 100"]),
    ("--warmup 1", &["--warmup is 1", "0 to 0.95"]),
    ("--packets 5", &["--packets is 5", "at least 100"]),
    ("--choices 0", &["--choices", "'0'", "1.."]),
    ("--stale 0", &["--stale is 0", "0.001 to"]),
    ("--sensors 0", &["--sensors is 0", "1 or more"]),
    ("--replications 0", &["--replications is 0", "1 to 100,000"]),
    ("--seed -1", &["--seed", "'-1'", "0 or more"]),
    ("--arrivals never", &["--arrivals", "never", "poisson"]),
    ("--faults nonsense", &["--faults", "nonsense", "crash:0@100+50"]),
    ("--faults random:x", &["--faults", "random:x", "random:SEED"]),
    ("--faults crash:16@1+1", &["--faults", "worker 16", "0 to 15"]),
    ("--q-alpha 1.5", &["--q-alpha", "1.5", "0 to 1"]),
    ("--q-gamma 1", &["--q-gamma", "'1'", "below 1"]),
];

#[test]
fn what_cannot_be_simulated_is_a_usage_error_with_the_remedy() {
    let place = Place::new();
    for (line, expected) in IMPOSSIBLE {
        place.run(&format!("simulate {line}")).exits(64).complains(expected);
    }
}

#[test]
fn a_file_that_does_not_serve_is_named_with_the_remedy() {
    let place = Place::new();
    let simulate = |line: &str| -> Said { place.run(&format!("simulate --packets 1000 {line}")) };
    simulate("--service recorded:none.csv").exits(66).complains(&["none.csv", "--results DIR"]);
    place.write("other.csv", "time,value\n1,2\n");
    let said = simulate("--service recorded:other.csv").exits(65);
    said.complains(&["other.csv, line 1"]);
    place.write("empty.csv", rows(&[]));
    simulate("--service recorded:empty.csv").exits(65).complains(&["empty.csv", "no row"]);
    place.write("still.csv", rows(&[0, 0]));
    simulate("--service recorded:still.csv").exits(65).complains(&["still.csv", "above 0"]);
    place.write("q.json", "no table");
    let q = "--policy q-learning --q-table";
    let said = simulate(&format!("{q} q.json")).exits(65);
    said.complains(&["q.json: no table of q-learning", "name another file or remove it"]);
    assert_eq!(std::fs::read_to_string(place.path("q.json")).unwrap(), "no table");
    simulate(&format!("{q} none/q.json")).exits(73).complains(&["none/q.json", "a directory"]);
    simulate(&format!("{q} .")).exits(65).complains(&["directory", "name another file"]);
}
