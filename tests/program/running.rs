//! A run that goes well, and what it leaves.

use edge_dispatch::record::SCHEMA_VERSION;
use edge_dispatch::summary::Summary;

use super::place::{Place, books_balance, packets_by_worker};

#[test]
fn a_run_leaves_files_that_agree_with_each_other() {
    let place = Place::new();
    let said = place.run("run --duration 1s --rate 5000 --drain-limit 60s --results D").exits(0);
    let files = ["alarms.csv", "assignments.csv", "results_graph.png", "summary.json"];
    assert_eq!(place.names("D"), files);
    let (summary, rows) = (place.summary("D"), place.rows("D"));
    books_balance(&summary, &rows);
    assert!(summary.ledger.processed > 0, "{}", summary.ledger);
    assert_eq!(summary.ledger.processed, summary.ledger.received);
    assert_eq!((summary.schema_version, summary.rows_not_recorded), (SCHEMA_VERSION, 0));
    assert_eq!(summary.ended, "complete");
    let by_worker = packets_by_worker(&rows);
    for worker in &summary.workers {
        let recorded = by_worker.get(&worker.worker.0).copied().unwrap_or_default();
        assert_eq!(worker.packets, recorded, "worker {}", worker.worker);
    }
    assert!(rows.iter().all(|row| row.weight == 1 && row.outcome == "processed"));
    assert!(rows.iter().all(|row| row.enqueued_ns <= row.started_ns));
    assert!(rows.iter().all(|row| row.started_ns <= row.finished_ns));
    shares_add_up(&summary);
    // In the table the thousands are set apart.
    assert!(said.stdout.replace(',', "").contains(&summary.ledger.to_string()), "{}", said.stdout);
    said.prints(&[&summary.machine.model]);
    for file in summary.files.values() {
        assert!(place.path(file).is_file(), "{file}");
    }
}

fn shares_add_up(summary: &Summary) {
    let workers: f64 = summary.workers.iter().map(|worker| worker.share).sum();
    let classes: f64 = summary.classes.iter().map(|class| class.share).sum();
    assert!((workers - 1.0).abs() < 1e-9 && (classes - 1.0).abs() < 1e-9, "{workers} {classes}");
    for class in &summary.classes {
        let of_class = summary.workers.iter().filter(|worker| worker.class == class.name);
        let (packets, count) =
            of_class.fold((0, 0), |(sum, count), worker| (sum + worker.packets, count + 1));
        assert_eq!((class.packets, class.workers.len()), (packets, count), "{}", class.name);
        let bars: u64 = class.wait_bars.iter().map(|(_, packets)| packets).sum();
        assert_eq!(bars, class.wait_ns.samples, "{}", class.name);
    }
}

#[test]
fn the_picture_is_large_and_not_blank() {
    let place = Place::new();
    place.run("run --duration 200ms --rate 1000 --record off").exits(0);
    let file = std::fs::File::open(place.path("results/results_graph.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let picture = reader.next_frame(&mut bytes).unwrap();
    assert!(picture.width >= 1600 && picture.height >= 1000);
    let pixels = bytes.as_chunks::<3>().0;
    let drawn = pixels.iter().filter(|pixel| **pixel != [255; 3]).count();
    let share = drawn as f64 / pixels.len() as f64;
    assert!((0.01..0.9).contains(&share), "{share}");
}

#[test]
fn no_command_is_a_run_into_results() {
    let place = Place::new();
    place.run("--duration 200ms --rate 500").exits(0);
    books_balance(&place.summary("results"), &place.rows("results"));
}

#[test]
fn without_a_pace_the_load_is_found() {
    let place = Place::new();
    place.run("run --duration 300ms").exits(0).prints(&["found for a load of 0.6"]);
    assert_eq!(place.summary("results").settings["load"], "0.6");
}

#[test]
fn record_off_records_nothing_and_takes_old_rows_away() {
    let place = Place::new();
    place.write("results/assignments.csv", "rows of an earlier run");
    place.run("run --duration 200ms --rate 500 --record off").exits(0);
    assert_eq!(place.names("results"), ["alarms.csv", "results_graph.png", "summary.json"]);
    let summary = place.summary("results");
    assert_eq!((summary.recorded_rows, summary.rows_not_recorded), (0, 0));
    assert!(!summary.files.contains_key("assignments"));
}

/// Thinned by the limit, the rows still cover every packet.
#[test]
fn a_small_record_limit_thins_and_covers_the_whole_run() {
    let place = Place::new();
    let packets: String = (0..20_000).map(|n| format!("{n},s,load,{n},0.5\n")).collect();
    place.write("saved.csv", format!("offset_ns,sensor,kind,sequence,values\n{packets}"));
    let said = place.run("run --source replay:saved.csv --speed max --record-limit 1MiB").exits(0);
    said.prints(&["assignments.csv is thinned: ", " rows stand for 20,000 packets"]);
    let (summary, rows) = (place.summary("results"), place.rows("results"));
    books_balance(&summary, &rows);
    assert_eq!(summary.ledger.received, 20_000);
    assert!(rows.iter().any(|row| row.weight > 1));
    let bytes = std::fs::metadata(place.path("results/assignments.csv")).unwrap().len();
    assert!(bytes <= 1 << 20, "{bytes}");
}

#[test]
fn a_seed_gives_the_same_packets_again() {
    let place = Place::new();
    let mut saved = ["7", "7", "8"].map(|seed| {
        let line = "run --duration 1s --rate 1000 --source-threads 1 --save-packets saved.csv";
        place.run(&format!("{line} --seed {seed}")).exits(0);
        assert_eq!(place.summary("results").seed.to_string(), seed);
        let text = std::fs::read_to_string(place.path("saved.csv")).unwrap();
        // All but the offset: when a packet is made is up to the machine.
        let lines = text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.to_owned());
        lines.collect::<Vec<_>>()
    });
    let count = saved.iter().map(Vec::len).min().unwrap();
    assert!(count > 0, "no packet in a run");
    saved.iter_mut().for_each(|lines| lines.truncate(count));
    assert_eq!(saved[0], saved[1]);
    assert_ne!(saved[0], saved[2]);
}
