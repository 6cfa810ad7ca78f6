//! The laws of a row.

use super::*;
use crate::ids::SensorId;
use proptest::prelude::*;

fn reason(line: &str) -> &'static str {
    read(line.as_bytes(), 1.0).unwrap_err().reason()
}

#[test]
fn a_row_reads_as_it_says() {
    let row = read(b"7,\"cpu,host=a \"\"b\"\" v\",load,3,1.5", 1.0).unwrap();
    assert_eq!(row.sensor, "cpu,host=a \"b\" v");
    assert_eq!((row.offset_ns, row.kind, row.sequence), (7, Kind::Load, 3));
    assert_eq!(row.payload, Payload::Value(1.5));
    let row = read(b"0,vib,vibration,0,1;-2.5", 12_800.0).unwrap();
    let block = Block { samples: [1.0, -2.5].into(), sample_rate_hz: 12_800.0 };
    assert_eq!(row.payload, Payload::Block(block));
}

#[test]
fn every_bad_row_has_its_reason() {
    for (line, expected) in [
        ("", "columns"),
        ("0,a,load,1", "columns"),
        ("0,a,load,1,2,3", "columns"),
        ("0,a,load,1,2,", "columns"),
        ("0,\"a,load,1,2", "columns"),
        ("0,\"a\"b,load,1,2", "columns"),
        ("-1,a,load,1,2", "bad-number"),
        ("18446744073709551616,a,load,1,2", "bad-number"),
        ("0,a,load,1.5,2", "bad-number"),
        ("0,a,load,1,x", "bad-number"),
        ("0,a,load,1,1;;2", "bad-number"),
        ("0,a,load,1,1;", "bad-number"),
        ("0,a,Load,1,2", "unknown-kind"),
        ("0,a,load,1,", "no-values"),
        ("0,a,load,1,inf", "not-finite"),
        ("0,a,load,1,1;NaN", "not-finite"),
        ("0,a,load,1,1e400", "not-finite"),
        ("0,a,vibration,1,1;1e39", "not-finite"),
        ("0,,load,1,2", "bad-name"),
        ("0,a\x1b[31m,load,1,2", "bad-name"),
    ] {
        assert_eq!(reason(line), expected, "{line:?}");
    }
    assert_eq!(read(b"0,\xff,load,1,2", 1.0), Err(BadRow::NotUtf8));
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let packet = |payload| Packet {
        sensor: SensorId(0),
        kind: Kind::Other,
        sequence: 0,
        stamped_unix_ns: None,
        payload,
    };
    let mut out = Vec::new();
    let empty = Block { samples: [].into(), sample_rate_hz: 1.0 };
    assert!(!write(&mut out, 0, "a", &packet(Payload::Value(f64::NAN))));
    assert!(!write(&mut out, 0, "a", &packet(Payload::Block(empty))));
    assert!(!write(&mut out, 0, "a\nb", &packet(Payload::Value(1.0))));
    assert!(!write(&mut out, 0, "", &packet(Payload::Value(1.0))));
    assert!(out.is_empty());
}

fn payloads() -> impl Strategy<Value = Payload> {
    let value = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |v| v.is_finite());
    let sample = any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |v| v.is_finite());
    prop_oneof![
        value.prop_map(Payload::Value),
        prop::collection::vec(sample, 2..40).prop_map(|samples| {
            Payload::Block(Block { samples: samples.into(), sample_rate_hz: 12_800.0 })
        }),
    ]
}

fn bits(payload: &Payload) -> Vec<u64> {
    match payload {
        Payload::Value(value) => vec![value.to_bits()],
        Payload::Block(block) => block.samples.iter().map(|s| u64::from(s.to_bits())).collect(),
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same_to_the_bit(
        offset_ns in any::<u64>(),
        sensor in "[^\\p{Cc}]{1,20}",
        kind in prop::sample::select(&Kind::ALL[..]),
        sequence in any::<u64>(),
        payload in payloads(),
    ) {
        let packet =
            Packet { sensor: SensorId(0), kind, sequence, stamped_unix_ns: None, payload };
        let mut out = Vec::new();
        prop_assert!(write(&mut out, offset_ns, &sensor, &packet));
        prop_assert_eq!(out.pop(), Some(b'\n'));
        let row = read(&out, 12_800.0).unwrap();
        prop_assert_eq!(bits(&row.payload), bits(&packet.payload));
        prop_assert_eq!(row, Row {
            offset_ns, sensor: sensor.into(), kind, sequence, payload: packet.payload,
        });
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, 1.0);
    }

    #[test]
    fn any_text_of_the_formats_own_signs_is_read(text in "[0-9a,\";.e-]{0,60}") {
        let _ = read(text.as_bytes(), 1.0);
    }
}
