//! One line of line protocol, into readings.

use influxdb_line_protocol::{EscapedStr, FieldValue, ParsedLine, Series, parse_lines};

use crate::ids::SensorId;
use crate::names::SensorNames;
use crate::packet::Kind;

use super::{LINE_MAX, NAME_MAX, Reject, kind, stamp};

/// What one line says.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The kind of all its readings.
    pub kind: Kind,
    /// When it was measured, in nanoseconds since 1970.
    pub stamped_unix_ns: Option<i64>,
    /// Fields that are no finite number.
    pub not_numeric: u64,
    /// One reading a numeric field.
    pub readings: &'a [(SensorId, f64)],
}

/// Reads lines; keeps its buffers between them.
#[derive(Debug)]
pub(super) struct LineReader {
    names: SensorNames,
    name: String,
    readings: Vec<(SensorId, f64)>,
}

impl LineReader {
    pub fn new(names: SensorNames) -> Self {
        LineReader { names, name: String::new(), readings: Vec::new() }
    }

    /// Reads one line, neither blank nor a comment. Nothing of a rejected line is used; the
    /// names it registered before it was rejected stay registered.
    pub fn read(&mut self, line: &str) -> Result<Line<'_>, Reject> {
        if line.len() > LINE_MAX {
            return Err(Reject::Oversized);
        }
        let ParsedLine { series, field_set, timestamp } = parse(line)?;
        self.begin(&series)?;
        let mut not_numeric = 0;
        for (field, value) in &field_set {
            match number(value) {
                Some(value) => self.push(field, value)?,
                None => not_numeric += 1,
            }
        }
        Ok(Line {
            kind: kind::of(&series.measurement),
            stamped_unix_ns: timestamp.and_then(stamp::unix_ns),
            not_numeric,
            readings: &self.readings,
        })
    }

    /// Starts a line: what the names of its sensors have in common.
    fn begin(&mut self, series: &Series<'_>) -> Result<(), Reject> {
        self.readings.clear();
        self.name.clear();
        append(&mut self.name, &series.measurement);
        let mut tags: Vec<&(EscapedStr<'_>, EscapedStr<'_>)> =
            series.tag_set.iter().flatten().collect();
        tags.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        if tags.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Reject::Malformed);
        }
        for (key, value) in tags {
            self.name.push(',');
            append(&mut self.name, key);
            self.name.push('=');
            append(&mut self.name, value);
        }
        self.name.push(' ');
        Ok(())
    }

    fn push(&mut self, field: &str, value: f64) -> Result<(), Reject> {
        let common = self.name.len();
        append(&mut self.name, field);
        let sensor = self.register();
        self.name.truncate(common);
        self.readings.push((sensor?, value));
        Ok(())
    }

    fn register(&self) -> Result<SensorId, Reject> {
        if self.name.len() > NAME_MAX {
            return Err(Reject::Oversized);
        }
        // Names end up in tables, rows and terminals.
        if self.name.chars().any(char::is_control) {
            return Err(Reject::Malformed);
        }
        self.names.register(&self.name).ok_or(Reject::TooManySensors)
    }
}

fn parse(line: &str) -> Result<ParsedLine<'_>, Reject> {
    let mut lines = parse_lines(line);
    match (lines.next(), lines.next()) {
        (Some(Ok(line)), None) => Ok(line),
        _ => Err(Reject::Malformed),
    }
}

fn number(value: &FieldValue<'_>) -> Option<f64> {
    let number = match value {
        FieldValue::F64(value) => *value,
        FieldValue::I64(value) => *value as f64,
        FieldValue::U64(value) => *value as f64,
        FieldValue::String(_) | FieldValue::Boolean(_) => return None,
    };
    number.is_finite().then_some(number)
}

/// Appends `part`, with a backslash before what would end it. No part ends in a backslash (the
/// crate sees to that), so a name can be cut back into its parts in one way only.
fn append(name: &mut String, part: &str) {
    for c in part.chars() {
        if matches!(c, ',' | ' ' | '=') {
            name.push('\\');
        }
        name.push(c);
    }
}
