//! One row of a recording: `offset_ns,sensor,kind,sequence,values`.
//!
//! | column | meaning |
//! |---|---|
//! | offset_ns | when the packet was brought, ns since the recording began |
//! | sensor | the sensor's name; between quotes, and a quote doubled, where CSV needs it |
//! | kind | temperature, vibration, load or other |
//! | sequence | the sensor's own count |
//! | values | numbers separated by semicolons: one is a value, several are a block |
//!
//! A row is one line: names with line ends (or other control characters) are not saved and not
//! read, so that a damaged row never takes its neighbours with it. Numbers are written as
//! the shortest text that gives the same bits again. Not in the file, and so lost: a packet's
//! stamp, a block's sample rate, and that a block of one sample was a block.

use std::borrow::Cow;
use std::io::Write;
use std::str::FromStr;

use crate::packet::{Block, Kind, Packet, Payload};

/// The first line of every recording.
pub(super) const HEADER: &str = "offset_ns,sensor,kind,sequence,values";

/// Why a row gave no packet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadRow {
    #[error("it has not the five columns {HEADER}")]
    Columns,
    #[error("'{0}' is no number that fits there")]
    Number(String),
    #[error("'{0}' is no kind: temperature, vibration, load, other")]
    Kind(String),
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("no line end follows: it may be cut")]
    Torn,
    #[error("it has no values")]
    NoValues,
    #[error("'{0}' is not finite")]
    NotFinite(String),
    #[error("its sensor has no name, or one with control characters")]
    Name,
    #[error("it is longer than 4 MiB")]
    Oversized,
    #[error("there is no room for one more sensor")]
    TooManySensors,
}

impl BadRow {
    /// The reason's name in the ledger.
    pub fn reason(&self) -> &'static str {
        match self {
            BadRow::Columns => "columns",
            BadRow::Number(_) => "bad-number",
            BadRow::Kind(_) => "unknown-kind",
            BadRow::NotUtf8 => "not-utf8",
            BadRow::Torn => "torn",
            BadRow::NoValues => "no-values",
            BadRow::NotFinite(_) => "not-finite",
            BadRow::Name => "bad-name",
            BadRow::Oversized => "oversized",
            BadRow::TooManySensors => "too-many-sensors",
        }
    }
}

/// A row that is whole.
#[derive(Debug, PartialEq)]
pub(super) struct Row<'a> {
    pub offset_ns: u64,
    pub sensor: Cow<'a, str>,
    pub kind: Kind,
    pub sequence: u64,
    pub payload: Payload,
}

/// Reads one row, without its line end; a block gets `sample_rate_hz`.
pub(super) fn read(line: &[u8], sample_rate_hz: f32) -> Result<Row<'_>, BadRow> {
    let line = str::from_utf8(line).map_err(|_| BadRow::NotUtf8)?;
    let (offset_ns, rest) = line.split_once(',').ok_or(BadRow::Columns)?;
    let (sensor, rest) = split_name(rest).ok_or(BadRow::Columns)?;
    let mut columns = rest.split(',');
    let (Some(kind), Some(sequence), Some(values), None) =
        (columns.next(), columns.next(), columns.next(), columns.next())
    else {
        return Err(BadRow::Columns);
    };
    if !is_name(&sensor) {
        return Err(BadRow::Name);
    }
    Ok(Row {
        offset_ns: number(offset_ns)?,
        sensor,
        kind: kind.parse().map_err(|_| BadRow::Kind(excerpt(kind)))?,
        sequence: number(sequence)?,
        payload: payload(values, sample_rate_hz)?,
    })
}

/// The first column of `text`, unquoted, and what follows its comma.
fn split_name(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (name, rest) = text.split_once(',')?;
        return Some((name.into(), rest));
    };
    let mut from = 0;
    loop {
        let quote = from + quoted.get(from..)?.find('"')?;
        match quoted.as_bytes().get(quote + 1)? {
            b'"' => from = quote + 2,
            b',' => {
                return Some((quoted[..quote].replace("\"\"", "\"").into(), &quoted[quote + 2..]));
            }
            _ => return None,
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(char::is_control)
}

fn payload(values: &str, sample_rate_hz: f32) -> Result<Payload, BadRow> {
    if values.is_empty() {
        return Err(BadRow::NoValues);
    }
    if !values.contains(';') {
        return Ok(Payload::Value(finite(values, f64::is_finite)?));
    }
    let samples: Result<Box<[f32]>, BadRow> =
        values.split(';').map(|value| finite(value, f32::is_finite)).collect();
    Ok(Payload::Block(Block { samples: samples?, sample_rate_hz }))
}

fn finite<T: FromStr + Copy>(text: &str, is_finite: impl Fn(T) -> bool) -> Result<T, BadRow> {
    let value = number(text)?;
    if is_finite(value) { Ok(value) } else { Err(BadRow::NotFinite(excerpt(text))) }
}

fn number<T: FromStr>(text: &str) -> Result<T, BadRow> {
    text.parse().map_err(|_| BadRow::Number(excerpt(text)))
}

/// As much of a bad value as a message should show.
fn excerpt(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// Appends `packet` to `out` as one row; `false`, and nothing appended, if it could not be
/// read again (no name, no values, one that is not finite).
pub(super) fn write(out: &mut Vec<u8>, offset_ns: u64, sensor: &str, packet: &Packet) -> bool {
    if !is_name(sensor) || !is_readable(&packet.payload) {
        return false;
    }
    let (kind, sequence) = (packet.kind, packet.sequence);
    let sensor = quoted(sensor);
    // Writing into a Vec cannot fail.
    let _ = write!(out, "{offset_ns},{sensor},{kind},{sequence},");
    match &packet.payload {
        Payload::Value(value) => drop(write!(out, "{value:?}")),
        Payload::Block(block) => write_samples(out, &block.samples),
    }
    out.push(b'\n');
    true
}

fn write_samples(out: &mut Vec<u8>, samples: &[f32]) {
    for (i, sample) in samples.iter().enumerate() {
        if i > 0 {
            out.push(b';');
        }
        // Debug, not Display: as exact, and 1e300 instead of 300 zeros.
        let _ = write!(out, "{sample:?}");
    }
}

fn is_readable(payload: &Payload) -> bool {
    match payload {
        Payload::Value(value) => value.is_finite(),
        Payload::Block(block) => {
            !block.samples.is_empty() && block.samples.iter().all(|sample| sample.is_finite())
        }
    }
}

fn quoted(name: &str) -> Cow<'_, str> {
    if name.contains([',', '"']) {
        format!("\"{}\"", name.replace('"', "\"\"")).into()
    } else {
        name.into()
    }
}

#[cfg(test)]
mod tests;
