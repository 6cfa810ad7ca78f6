//! Line protocol from a real client, and this machine's own sensors.

use std::collections::BTreeMap;
use std::net::UdpSocket;

use rustix::process::Signal;

use super::place::{Place, books_balance};

/// Datagrams sent before the program is given time to fetch them: few enough for any socket.
const BURST: usize = 50;

#[test]
fn every_numeric_field_is_a_packet_and_the_rest_is_counted_by_reason() {
    let place = Place::new();
    let mut started = place.start("run --source udp://127.0.0.1:0 --results U");
    let client = started.client();
    let good: Vec<String> = (0..400)
        .map(|n| {
            format!("cpu,host=a idle={n},user={n}i,name=\"x\"\n\n# note\ntemp\\ 1 v={n}u,on=true\n")
        })
        .collect();
    for burst in good.chunks(BURST) {
        burst.iter().for_each(|datagram| client.send(datagram.as_bytes()));
        client.fetched();
    }
    let long = format!("long v={}", "1".repeat(9_000));
    for bad in [&b"no fields"[..], b"", b"\xFF\xFE\x00\xFF", long.as_bytes(), b"v =1", b"\0\0\0"] {
        client.send(bad);
    }
    client.send(b"mixed v=1\nbroken\nmixed v=2");
    client.fetched();
    started.signal(Signal::INT);
    started.end().exits(0).complains(&["lines rejected"]).prints(&["malformed", "oversized"]);
    let (summary, rows) = (place.summary("U"), place.rows("U"));
    books_balance(&summary, &rows);
    let input = &summary.ledger.input;
    assert_eq!(input.kernel_drops, 0);
    assert_eq!(summary.ledger.received, 400 * 3 + 2);
    assert_eq!(input.fields_not_numeric, 400 * 2);
    let reasons = [("empty", 1), ("malformed", 4), ("not-utf8", 1), ("oversized", 1)];
    let reasons = reasons.map(|(reason, count)| (reason.to_owned(), count));
    assert_eq!(input.lines_rejected, BTreeMap::from(reasons));
    let mut sequences: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in &rows {
        sequences.entry(&row.sensor).or_default().push(row.sequence);
    }
    let sensors: Vec<&str> = sequences.keys().copied().collect();
    assert_eq!(sensors, ["cpu,host=a idle", "cpu,host=a user", "mixed v", "temp\\ 1 v"]);
    for (sensor, mut seen) in sequences {
        seen.sort_unstable();
        assert!(seen.iter().enumerate().all(|(n, sequence)| n as u64 == *sequence), "{sensor}");
    }
}

/// The source waits for room while the socket fills up: what is in it at the stop is counted.
#[test]
fn what_is_still_in_the_socket_at_the_stop_is_counted() {
    let place = Place::new();
    let line = "run --source udp://127.0.0.1:0 --workers 1 --inbox-bound 1 --work spin:50ms";
    let mut started = place.start(&format!("{line} --drain-limit 60s"));
    let client = started.client();
    started.logs("running");
    (0..100).for_each(|n| client.send(format!("load a={n}").as_bytes()));
    started.signal(Signal::INT);
    started.end().exits(0).prints(&["left-at-stop"]);
    let (summary, rows) = (place.summary("results"), place.rows("results"));
    books_balance(&summary, &rows);
    let input = &summary.ledger.input;
    assert_eq!(input.lines_rejected.keys().collect::<Vec<_>>(), ["left-at-stop"]);
    assert_eq!(summary.ledger.received + input.rejected() + input.kernel_drops, 100);
}

#[test]
fn rubbish_alone_is_no_packet_and_the_log_stays_short() {
    let place = Place::new();
    let mut started = place.start("run --source udp://127.0.0.1:0");
    let client = started.client();
    for _ in 0..20 {
        (0..BURST).for_each(|n| client.send(&[n as u8 | 0x80; 40]));
        client.fetched();
    }
    started.signal(Signal::TERM);
    let said = started.end().exits(0);
    let ledger = place.summary("results").ledger;
    assert_eq!((ledger.received, ledger.input.rejected()), (0, 20 * BURST as u64));
    let warnings = said.stderr.matches("lines rejected").count();
    assert!(warnings > 0 && warnings < 200, "{warnings} warnings for 1000 bad datagrams");
}

#[test]
fn a_port_in_use_is_said_before_the_start() {
    let place = Place::new();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = place.run(&format!("run --source udp://{address}")).exits(73);
    said.complains(&[&address, "in use", "another port"]);
    assert!(!place.path("results").exists());
}

#[test]
fn an_address_that_is_not_ours_is_said_before_the_start() {
    let place = Place::new();
    // A documentation network: nobody has it.
    let said = place.run("run --source udp://192.0.2.1:8089").exits(73);
    said.complains(&["192.0.2.1:8089", "ip address"]);
    place.run("run --source udp://[::zz]:8089").exits(64).complains(&["ADDR:PORT"]);
}

#[test]
fn the_machines_own_sensors_bring_packets_and_are_no_virtual_ones() {
    let place = Place::new();
    place.run("run --source host --duration 4s").exits(0);
    let (summary, rows) = (place.summary("results"), place.rows("results"));
    books_balance(&summary, &rows);
    assert!(summary.ledger.processed > 0, "{}", summary.ledger);
    assert!(!summary.settings.contains_key("sensors"));
}

#[test]
fn several_sources_at_once_share_one_ledger() {
    let place = Place::new();
    let line = "run --source udp://127.0.0.1:0 --source virtual --rate 200";
    let mut started = place.start(line);
    let client = started.client();
    client.send(b"mine v=1\nbad");
    started.logs("lines rejected");
    started.signal(Signal::INT);
    started.end().exits(0);
    let rows = place.rows("results");
    books_balance(&place.summary("results"), &rows);
    assert_eq!(rows.iter().filter(|row| row.sensor == "mine v").count(), 1);
}
