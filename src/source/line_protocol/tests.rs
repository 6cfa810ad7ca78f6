//! The laws of reading line protocol.

use proptest::prelude::*;

use super::*;

/// What one datagram gives: `(name, kind, sequence, stamp, value)` a packet, and the counts.
type Row = (String, &'static str, u64, Option<i64>, f64);

fn read(datagram: &[u8]) -> (Vec<Row>, Input) {
    let names = SensorNames::default();
    let (mut out, mut input) = (Vec::new(), Input::default());
    LineProtocol::new(names.clone()).read(datagram, &mut out, &mut input);
    let row = |job: &Job<Packet>| {
        let packet = &job.payload;
        let Payload::Value(value) = packet.payload else { panic!("a field is one value") };
        let name = names.name(packet.sensor).unwrap().to_string();
        (name, packet.kind.as_str(), packet.sequence, packet.stamped_unix_ns, value)
    };
    (out.iter().map(row).collect(), input)
}

fn names(datagram: &str) -> Vec<String> {
    read(datagram.as_bytes()).0.into_iter().map(|row| row.0).collect()
}

fn rejects(datagram: &[u8]) -> Vec<(String, u64)> {
    read(datagram).1.lines_rejected.into_iter().collect()
}

const NS: i64 = 1_590_488_773_254_420_000;

#[test]
fn a_datagram_of_an_agent_is_read_field_by_field() {
    let datagram = "\
        cpu,host=pi4,cpu=cpu0 usage_idle=97.5,usage_user=1.25 1590488773254420000\n\
        mem,host=pi4 used=123456789i,total=18446744073709551615u,slab=-7i 1590488773\n\
        temp,sensor=cpu_thermal,host=pi4 temp=48.3 1590488773254\n\
        system,host=pi4 uptime_format=\"3 days, 2:01\",healthy=true,load1=0.5 1590488773254420\n\
        disk,path=/ used_percent=4e1\n";
    let (rows, input) = read(datagram.as_bytes());
    let row = |name: &str, kind, stamp, value| (name.to_owned(), kind, 0, stamp, value);
    let second = 1_590_488_773_000_000_000;
    assert_eq!(
        rows,
        [
            row("cpu,cpu=cpu0,host=pi4 usage_idle", "load", Some(NS), 97.5),
            row("cpu,cpu=cpu0,host=pi4 usage_user", "load", Some(NS), 1.25),
            row("mem,host=pi4 used", "other", Some(second), 123_456_789.0),
            row("mem,host=pi4 total", "other", Some(second), u64::MAX as f64),
            row("mem,host=pi4 slab", "other", Some(second), -7.0),
            row(
                "temp,host=pi4,sensor=cpu_thermal temp",
                "temperature",
                Some(NS / 1_000_000 * 1_000_000),
                48.3
            ),
            row("system,host=pi4 load1", "other", Some(NS / 1_000 * 1_000), 0.5),
            row("disk,path=/ used_percent", "other", None, 40.0),
        ]
    );
    assert_eq!(input, Input { fields_not_numeric: 2, ..Input::default() });
}

#[test]
fn escapes_are_read_and_names_stay_distinct() {
    assert_eq!(names(r"my\ disk,na\,me=a\=b v\ 1=1"), [r"my\ disk,na\,me=a\=b v\ 1"]);
    assert_eq!(names(r"a\,b=c v=1"), [r"a\,b\=c v"]);
    assert_eq!(names("a,b=c v=1"), ["a,b=c v"]);
    assert_eq!(names(r"win,path=C:\temp v=1"), [r"win,path=C:\temp v"]);
    assert_eq!(names("température,où=là v=1"), ["température,où=là v"]);
}

#[test]
fn the_order_of_tags_makes_no_sensor() {
    let (rows, _) = read(b"m,a=1,b=2 v=1\nm,b=2,a=1 v=2\nm,a=1 v=3");
    let sequences: Vec<_> = rows.iter().map(|row| (row.0.as_str(), row.2)).collect();
    assert_eq!(sequences, [("m,a=1,b=2 v", 0), ("m,a=1,b=2 v", 1), ("m,a=1 v", 0)]);
}

#[test]
fn good_lines_survive_the_bad_one_beside_them() {
    for bad in [
        "bad",
        "bad v=",
        ",tag=1 v=1",
        "bad,tag v=1",
        "bad v=1x",
        "bad v=NaN",
        "bad v=+1",
        "bad v=.5",
        "bad v=1.",
        "bad v=\"never closed",
        "bad\\",
        "bad,t=\\ v=\"",
        "bad v=9223372036854775808i",
        "bad v=-1u",
        "bad v=1 99999999999999999999",
        "bad,a=1,a=2 v=1",
        "bad\tname v=1",
        "\0\0\0\0",
        "\x1b[31mred v=1",
    ] {
        let datagram = format!("first v=1\n{bad}\nsecond v=2\n# say a=\"b\nthird v=3");
        assert_eq!(names(&datagram), ["first v", "second v", "third v"], "{bad:?}");
        assert_eq!(rejects(datagram.as_bytes()), [("malformed".into(), 1)], "{bad:?}");
    }
}

#[test]
fn blank_lines_comments_and_line_ends_are_nothing() {
    let (rows, input) = read(b"\r\n# cpu v=1\r\n   \n  a v=1 \r\n\n b v=2 7\r\n#\n");
    assert_eq!(rows.len(), 2);
    assert_eq!(input, Input::default());
}

#[test]
fn text_may_hold_a_line_end() {
    let (rows, input) = read(b"log msg=\"one\ntwo v=1\",code=7i\nnext v=1");
    assert_eq!(rows.len(), 2);
    assert_eq!(input, Input { fields_not_numeric: 1, ..Input::default() });
}

#[test]
fn what_is_not_text_costs_its_line_alone() {
    let (rows, input) = read(b"a v=1\nb\xff v=1\nc v=1\n\xfe\xff\xfd");
    assert_eq!(rows.len(), 2);
    assert_eq!(input.lines_rejected, [("not-utf8".into(), 2)].into());
}

#[test]
fn a_datagram_without_a_byte_is_counted() {
    assert_eq!(rejects(b""), [("empty".into(), 1)]);
    assert_eq!(rejects(b"\n"), []);
}

#[test]
fn a_number_beyond_all_numbers_is_no_reading() {
    let (rows, input) = read(b"a v=1e999,w=-1e999,x=1");
    assert_eq!(rows.len(), 1);
    assert_eq!(input, Input { fields_not_numeric: 2, ..Input::default() });
}

#[test]
fn a_line_has_a_longest_length_and_a_name_too() {
    let fits = format!("a s=\"{}\",v=1", "x".repeat(LINE_MAX - 10));
    assert_eq!((fits.len(), names(&fits).len()), (LINE_MAX, 1));
    assert_eq!(rejects(format!("{fits}0\nb v=1").as_bytes()), [("oversized".into(), 1)]);
    let named = |len: usize| format!("{} v=1", "n".repeat(len - 2));
    assert_eq!(names(&named(NAME_MAX)).len(), 1);
    assert_eq!(rejects(named(NAME_MAX + 1).as_bytes()), [("oversized".into(), 1)]);
}

#[test]
fn a_full_table_rejects_new_sensors_and_keeps_the_known() {
    let table = SensorNames::default();
    table.register("known v").unwrap();
    for i in 1..crate::names::SENSORS_MAX {
        table.register(&i.to_string()).unwrap();
    }
    let (mut out, mut input) = (Vec::new(), Input::default());
    let mut reader = LineProtocol::new(table);
    let last = reader.read(b"known v=1\nknown v=2,new=3\nknown v=4", &mut out, &mut input);
    assert_eq!(last, Some(Reject::TooManySensors));
    assert_eq!(input.lines_rejected, [("too-many-sensors".into(), 1)].into());
    let sequences: Vec<_> = out.iter().map(|job| job.sequence).collect();
    assert_eq!(sequences, [0, 1], "a rejected line uses up no sequence");
}

#[test]
fn lines_that_glue_themselves_to_the_next_are_each_judged_alone() {
    // A full datagram of them: judged in one pass, or this test would take minutes.
    let (rows, input) = read(&b"a\\\n".repeat(21_000));
    assert_eq!((rows.len(), input.rejected()), (0, 21_000));
}

/// A line that is good, with as many packets as it says.
fn good_line() -> impl Strategy<Value = (String, usize)> {
    let tags = prop::collection::btree_map("[a-z]{1,4}", "[a-z0-9]{1,4}(\\\\[ ,=][a-z])?", 0..4);
    let fields = prop::collection::vec("-?[0-9]{1,6}(\\.[0-9]{1,4}|i|e[0-9])?", 1..5);
    let stamp = prop::option::of(any::<i64>());
    ("[a-zA-Z_]{1,9}(\\\\[ ,][a-z])?", tags, fields, stamp).prop_map(
        |(measurement, tags, fields, stamp)| {
            let tags: String = tags.iter().map(|(key, value)| format!(",{key}={value}")).collect();
            let numbered = fields.iter().enumerate().map(|(i, value)| format!("f{i}={value}"));
            let stamp = stamp.map_or(String::new(), |stamp| format!(" {stamp}"));
            let set = numbered.collect::<Vec<_>>().join(",");
            (format!("{measurement}{tags} {set}{stamp}"), fields.len())
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (_, input) = read(&bytes);
        prop_assert!(input.rejected() <= 1 + bytes.iter().filter(|b| **b == b'\n').count() as u64);
    }

    #[test]
    fn any_text_of_the_protocols_own_signs_is_read(text in "[av=,\\\\ \"#\n\r1.ieuT\0é-]{0,200}") {
        let lines = text.split('\n').count() as u64;
        let (_, input) = read(text.as_bytes());
        prop_assert!(input.rejected() <= lines.max(1), "{input:?}");
    }

    #[test]
    fn good_lines_give_a_packet_a_field(
        lines in prop::collection::vec(good_line(), 1..8),
    ) {
        let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
        let (rows, input) = read(text.join("\n").as_bytes());
        prop_assert_eq!(input, Input::default());
        prop_assert_eq!(rows.len(), lines.iter().map(|(_, packets)| packets).sum::<usize>());
    }

    /// Wherever one byte of one line is spoilt (short of making it several lines), at most
    /// that line is lost, and the lines around it give the packets that they give alone.
    #[test]
    fn a_spoilt_byte_costs_its_own_line_at_most(
        lines in prop::collection::vec(good_line(), 3..6),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>().prop_filter("one line", |byte| *byte != b'\n'),
    ) {
        let mut spoilt = lines[1].0.clone().into_bytes();
        let at = at.index(spoilt.len());
        spoilt[at] = byte;
        let others: usize =
            lines.iter().enumerate().filter(|(i, _)| *i != 1).map(|(_, line)| line.1).sum();
        let mut parts: Vec<&[u8]> = lines.iter().map(|(line, _)| line.as_bytes()).collect();
        parts[1] = &spoilt;
        let (rows, input) = read(&parts.join(&b'\n'));
        prop_assert!(input.rejected() <= 1);
        prop_assert!(rows.len() >= others, "{} of {others}", rows.len());
        prop_assert!(input.rejected() == 0 || rows.len() == others);
    }
}
