//! The laws of the UDP source, over real sockets on the loopback.

use super::*;
use crate::packet::Payload;

/// Brings until `enough` says so; a bound on the turns, so that a loss fails the test.
fn bring_until(
    udp: &mut Udp,
    out: &mut Vec<Job<Packet>>,
    enough: impl Fn(&[Job<Packet>], &Input) -> bool,
) {
    let clock = Clock::manual();
    for _ in 0..100 {
        if enough(out, &udp.input()) {
            return;
        }
        assert_eq!(udp.bring(&clock, out).unwrap(), Turn::Again);
        clock.advance(PATIENCE_MS * 1_000_000);
    }
    panic!("after {} packets and {:?}", out.len(), udp.input());
}

fn loopback(address: &str) -> (Udp, UdpSocket) {
    let udp = Udp::bind(&format!("{address}:0"), SensorNames::default()).unwrap();
    let sender = UdpSocket::bind((udp.local_addr().ip(), 0)).unwrap();
    sender.connect(udp.local_addr()).unwrap();
    (udp, sender)
}

fn every_datagram_arrives(address: &str) {
    let (mut udp, sender) = loopback(address);
    for i in 0..100 {
        sender.send(format!("m v={i},w={i}i\n# c\nm,a=b v={i}").as_bytes()).unwrap();
    }
    let mut out = Vec::new();
    bring_until(&mut udp, &mut out, |out, _| out.len() >= 300);
    let values: Vec<_> = out.iter().step_by(3).map(|job| &job.payload.payload).collect();
    assert_eq!(
        values,
        (0..100)
            .map(|i| Payload::Value(f64::from(i)))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
    assert!(
        out.chunks(3).enumerate().all(|(i, jobs)| jobs.iter().all(|job| job.sequence == i as u64))
    );
    assert_eq!(udp.input(), Input::default());
}

#[test]
fn every_datagram_arrives_over_ipv4() {
    every_datagram_arrives("127.0.0.1");
}

#[test]
fn every_datagram_arrives_over_ipv6() {
    // A machine may have IPv6 switched off.
    if UdpSocket::bind("[::1]:0").is_ok() {
        every_datagram_arrives("[::1]");
    }
}

#[test]
fn bad_datagrams_are_counted_and_the_good_go_on() {
    let (mut udp, sender) = loopback("127.0.0.1");
    for bad in [&b""[..], b"\0\x01", b"\xff\xfe", b"nonsense", &[b'x'; 9_000], b"m v=1"] {
        sender.send(bad).unwrap();
    }
    let mut out = Vec::new();
    bring_until(&mut udp, &mut out, |out, _| out.len() == 1);
    let counts = [("empty", 1), ("malformed", 2), ("not-utf8", 1), ("oversized", 1)];
    assert_eq!(
        udp.input().lines_rejected,
        counts.map(|(reason, count)| (reason.to_owned(), count)).into()
    );
}

#[test]
fn a_turn_stops_when_it_has_enough() {
    let (mut udp, sender) = loopback("127.0.0.1");
    for _ in 0..2 {
        sender.send("m v=1\n".repeat(TURN_MAX).as_bytes()).unwrap();
    }
    let mut out = Vec::new();
    bring_until(&mut udp, &mut out, |out, _| !out.is_empty());
    assert_eq!(out.len(), TURN_MAX);
}

/// What was sent was brought, counted as left over, or counted as dropped: more is sent than any
/// buffer holds.
#[test]
fn what_the_kernel_drops_is_counted() {
    let sent = 12_000;
    // What the loopback device itself drops, on a busy machine, is counted by nobody: a thousand at
    // a time, and not every time.
    let mut tries = (0..20).map_while(|_| counted_of(sent));
    let Some(first) = tries.next() else {
        return; // No /proc/net/udp here: nothing to check against.
    };
    let is_all = |counted: u64| counted >= sent - sent / 50;
    assert!(is_all(first) || tries.any(is_all), "{first} of {sent} at first");
}

/// How many of so many datagrams are known of; none where the system does not count.
fn counted_of(sent: u64) -> Option<u64> {
    let (mut udp, sender) = loopback("127.0.0.1");
    udp.drops.refresh();
    if udp.drops.missed() {
        return None;
    }
    let datagram = format!("m v=1\n#{}", "x".repeat(1_000));
    for _ in 0..sent {
        sender.send(datagram.as_bytes()).unwrap();
    }
    let (clock, mut out) = (Clock::manual(), Vec::new());
    udp.bring(&clock, &mut out).unwrap();
    assert_eq!(out.len(), TURN_MAX);
    udp.finish(&clock);
    let input = udp.input();
    assert!(input.kernel_drops > 0, "no buffer holds {sent} KiB");
    assert!(input.rejected() > 0, "the rest of the buffer is left over");
    assert_eq!(input.lines_rejected[LEFT_AT_STOP], input.rejected());
    let counted = out.len() as u64 + input.rejected() + input.kernel_drops;
    assert!(counted <= sent, "{counted} of {sent}");
    Some(counted)
}

/// A sender that never stops does not keep the run from ending.
#[test]
fn counting_what_is_left_ends_in_time() {
    let (mut udp, sender) = loopback("127.0.0.1");
    // Waits until it is there: the system may deliver a moment later.
    let send = |udp: &Udp| {
        sender.send(b"m v=1").unwrap();
        udp.socket.peek(&mut [0]).unwrap();
    };
    send(&udp);
    let clock = Clock::manual();
    assert_eq!((udp.count_left(&clock), udp.count_left(&clock)), (1, 0));
    send(&udp);
    clock.advance(u64::MAX);
    assert_eq!(udp.count_left(&clock), 0, "the clock stands past any limit");
}

#[test]
fn an_address_that_cannot_be_had_says_why() {
    let udp = Udp::bind("127.0.0.1:0", SensorNames::default()).unwrap();
    let bind = |address: &str| Udp::bind(address, SensorNames::default()).unwrap_err();
    let taken = udp.local_addr().to_string();
    assert!(matches!(bind(&taken), BindError::InUse { address } if address == taken));
    // 192.0.2.0/24 is kept for documentation: no machine has it, but one may be told to bind to
    // what it has not (net.ipv4.ip_nonlocal_bind).
    if UdpSocket::bind("192.0.2.1:0").is_err() {
        assert!(matches!(bind("192.0.2.1:0"), BindError::NotAvailable { .. }));
    }
    for text in ["", "8089", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000"] {
        assert!(matches!(bind(text), BindError::NotAnAddress { .. }), "{text:?}");
    }
    let denied = BindError::new("0.0.0.0:80", std::io::ErrorKind::PermissionDenied.into());
    assert!(denied.to_string().contains("CAP_NET_BIND_SERVICE"), "{denied}");
}
