//! A record as a line of CSV.

use std::sync::Arc;

use crate::ids::SensorId;
use crate::job::Key;
use crate::names::SensorNames;
use crate::record::{COLUMNS, Record};

/// Makes lines, without allocating for each.
#[derive(Debug)]
pub struct LineMaker {
    names: SensorNames,
    known: Vec<Option<Arc<str>>>,
    line: Vec<u8>,
}

impl LineMaker {
    /// Lines with sensors called by `names`.
    pub fn new(names: SensorNames) -> Self {
        LineMaker { names, known: Vec::new(), line: Vec::with_capacity(256) }
    }

    /// The header line.
    pub fn header() -> String {
        format!("{}\n", COLUMNS.join(","))
    }

    /// The line of `record`, with its end.
    pub fn make(&mut self, record: &Record, weight: u64) -> &[u8] {
        let sensor = self.name(record.key);
        let line = &mut self.line;
        line.clear();
        number(line, Some(record.sequence));
        text(line, sensor.as_deref().unwrap_or_default());
        plain(line, record.kind.as_str());
        let assignment = record.assignment;
        number(line, assignment.map(|assignment| assignment.chosen.0));
        number(line, record.ran.map(|ran| ran.worker.0));
        number(line, record.ran.map(|ran| ran.cpu.0));
        plain(line, &record.ran.map(|ran| ran.class.to_string()).unwrap_or_default());
        number(line, assignment.map(|assignment| assignment.in_flight));
        hundredths(line, assignment.map(|assignment| assignment.foreign_load));
        number(line, assignment.map(|assignment| assignment.enqueued_ns));
        number(line, record.ran.map(|ran| ran.started_ns));
        number(line, record.ran.map(|ran| ran.finished_ns));
        plain(line, record.outcome.as_str());
        number(line, Some(weight));
        line.pop();
        line.push(b'\n');
        line
    }

    /// The name of `key`; looked up once. Past the table's bound names are looked up each
    /// time, which only an embedder's own keys can reach.
    fn name(&mut self, key: Key) -> Option<Arc<str>> {
        if key.0 == u64::MAX {
            return None;
        }
        let look_up = |names: &SensorNames| -> Arc<str> {
            let id = u32::try_from(key.0).ok().map(SensorId);
            let name = id.and_then(|id| names.name(id)).map(on_one_line);
            name.unwrap_or_else(|| key.0.to_string().into())
        };
        if key.0 >= crate::names::SENSORS_MAX as u64 {
            return Some(look_up(&self.names));
        }
        let index = key.0 as usize;
        if index >= self.known.len() {
            self.known.resize(index + 1, None);
        }
        Some(self.known[index].get_or_insert_with(|| look_up(&self.names)).clone())
    }
}

/// A name without line breaks: a row is a line, so that a torn file can be mended line by line.
fn on_one_line(name: Arc<str>) -> Arc<str> {
    if name.contains(['\n', '\r']) { name.replace(['\n', '\r'], " ").into() } else { name }
}

/// A whole number and a comma; nothing and a comma for `None`.
fn number<N: itoa::Integer>(line: &mut Vec<u8>, value: Option<N>) {
    if let Some(value) = value {
        line.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }
    line.push(b',');
}

/// A part (0 to 1) with two decimals and a comma.
fn hundredths(line: &mut Vec<u8>, value: Option<f32>) {
    if let Some(value) = value {
        let hundredths = (value.clamp(0.0, 1.0) * 100.0).round() as u8;
        let digits =
            [b'0' + hundredths / 100, b'.', b'0' + hundredths / 10 % 10, b'0' + hundredths % 10];
        line.extend_from_slice(&digits);
    }
    line.push(b',');
}

/// Text that needs no quotes.
fn plain(line: &mut Vec<u8>, value: &str) {
    line.extend_from_slice(value.as_bytes());
    line.push(b',');
}

/// Text from outside: quoted where CSV (RFC 4180) asks for it, by the csv crate's own rule.
fn text(line: &mut Vec<u8>, value: &str) {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./ =:".contains(byte);
    if value.as_bytes().iter().all(safe) {
        return plain(line, value);
    }
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory cannot fail; an unreadable name would be an empty field.
    let _ = writer.write_record([value]);
    let quoted = writer.into_inner().unwrap_or_default();
    line.extend_from_slice(quoted.strip_suffix(b"\n").unwrap_or(&quoted));
    line.push(b',');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::ids::{CpuId, WorkerId};
    use crate::ledger::Outcome;
    use crate::packet::Kind;
    use crate::record::{Assignment, Ran, Row};
    use proptest::prelude::*;

    proptest! {
        /// Whatever the sensor is called, the csv crate reads back what was written.
        #[test]
        fn a_line_reads_back(name in "\\PC{0,20}|[,\"\n\r a]{0,9}", weight in 1u64.., fine: bool, load in 0u8..=100) {
            let names = SensorNames::default();
            let id = names.register(&name).unwrap();
            let assignment = Assignment {
                chosen: WorkerId(1),
                in_flight: 7,
                foreign_load: f32::from(load) / 100.0,
                enqueued_ns: u64::MAX,
            };
            let ran = Ran {
                worker: WorkerId(2),
                cpu: CpuId(9),
                class: Class::Efficiency,
                started_ns: 1,
                finished_ns: 2,
            };
            let record = Record {
                sequence: 3,
                key: Key(u64::from(id.0)),
                kind: Kind::Load,
                assignment: Some(assignment),
                ran: fine.then_some(ran),
                outcome: if fine { Outcome::Processed } else { Outcome::Abandoned },
            };
            let mut lines = LineMaker::new(names);
            let mut text = LineMaker::header().into_bytes();
            text.extend_from_slice(lines.make(&record, weight));
            let row: Row = csv::Reader::from_reader(&*text).deserialize().next().unwrap().unwrap();
            prop_assert_eq!(row.sensor, name.replace(['\n', '\r'], " "));
            prop_assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 2);
            prop_assert_eq!((row.sequence, row.weight, row.in_flight), (3, weight, Some(7)));
            prop_assert_eq!(row.worker, fine.then_some(2));
            prop_assert_eq!(row.class, fine.then_some(Class::Efficiency));
            prop_assert_eq!(row.foreign_load, Some(f32::from(load) / 100.0));
            prop_assert_eq!(row.enqueued_ns, Some(u64::MAX));
            prop_assert_eq!(row.outcome, record.outcome.as_str());
        }
    }
}
