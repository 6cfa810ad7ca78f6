//! Order modes, deadlines and alarms, as a run shows them.

use std::collections::BTreeMap;

use edge_dispatch::record::Row;

use super::place::{Place, books_balance};

/// The rows of each sensor, by sequence.
fn by_sensor(rows: &[Row]) -> BTreeMap<&str, Vec<&Row>> {
    let mut sensors: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| sensors.entry(&row.sensor).or_default().push(row));
    sensors.values_mut().for_each(|rows| rows.sort_by_key(|row| row.sequence));
    sensors
}

/// While a sensor has packets in flight they stay at one worker, one after the other: each begins
/// when the one before it has ended, whatever was in flight.
#[test]
fn a_sticky_sensor_is_worked_on_one_packet_after_the_other() {
    let place = Place::new();
    place
        .run("run --duration 500ms --rate 6000 --workers 3 --work spin:100us --order sticky")
        .exits(0);
    let (summary, rows) = (place.summary("results"), place.rows("results"));
    books_balance(&summary, &rows);
    let sensors = by_sensor(&rows);
    assert_eq!(sensors.len(), 64);
    for (sensor, rows) in sensors {
        for pair in rows.windows(2) {
            assert!(pair[0].finished_ns <= pair[1].started_ns, "{sensor}: {pair:?}");
            assert_eq!(pair[0].sequence + 1, pair[1].sequence, "{sensor}");
        }
    }
}

#[test]
fn every_order_accounts_for_every_packet() {
    for order in ["parallel", "ordered", "sticky,vibration=ordered,virtual=parallel"] {
        let place = Place::new();
        let line = format!("run --duration 300ms --rate 3000 --work analysis --order {order}");
        place.run(&line).exits(0);
        let summary = place.summary("results");
        books_balance(&summary, &place.rows("results"));
        assert_eq!(summary.ledger.processed, summary.ledger.received, "{order}");
    }
}

#[test]
fn work_that_remembers_is_refused_in_any_order() {
    let place = Place::new();
    let said = place.run("run --duration 1s --work monitor --order parallel").exits(64);
    said.complains(&["--order", "sticky or ordered", "--work analysis"]);
    // Without a choice of work, the one that remembers nothing is taken.
    place.run("run --duration 200ms --rate 500 --order parallel").exits(0);
    assert_eq!(place.summary("results").settings["work"], "analysis");
    assert!(!place.path("results/alarms.csv").exists());
}

#[test]
fn what_is_too_old_is_dropped_and_recorded_so() {
    let place = Place::new();
    place
        .run("run --duration 400ms --rate 4000 --workers 1 --work spin:2ms --deadline 1ms --inbox-bound 64")
        .exits(0);
    let (summary, rows) = (place.summary("results"), place.rows("results"));
    books_balance(&summary, &rows);
    let expired = rows.iter().filter(|row| row.outcome == "expired").count() as u64;
    assert!(expired > 0 && expired == summary.ledger.dropped.expired, "{}", summary.ledger);
}

#[test]
fn a_sensor_beyond_its_limits_raises_an_alarm_once() {
    let place = Place::new();
    let mut packets = "offset_ns,sensor,kind,sequence,values\n".to_owned();
    for (number, celsius) in [20.0, 99.0, 99.5, 98.0, 20.0, 20.1, 20.0, 20.2].iter().enumerate() {
        packets += &format!("{},boiler,temperature,{number},{celsius}\n", number * 1_000_000);
    }
    place.write("packets.csv", packets);
    place.run("run --source replay:packets.csv --speed max").exits(0);
    let alarms = std::fs::read_to_string(place.path("results/alarms.csv")).unwrap();
    let lines: Vec<&str> = alarms.lines().collect();
    assert_eq!(lines.len(), 3, "{alarms}");
    assert!(lines[1].starts_with("1,boiler,temperature,,raised,limit-high,99"), "{alarms}");
    assert!(lines[2].starts_with("6,boiler,temperature,,cleared,limit-high,"), "{alarms}");
}
