//! One line of `assignments.csv` as what the totals need of it.
//!
//! Not through a CSV reader: a quote that a power cut or a bad sector left open would make it
//! take the rest of the file for one field. Only the second column, the sensor's name, may
//! hold commas or quotes, and no name holds a line's end; so a line is taken apart from both
//! ends, and what is left between them is the name, which no total needs.

use std::str::FromStr;

use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::ledger::Outcome;
use crate::packet::Kind;
use crate::record::{COLUMNS, Ran};

/// Ten years. A stamp beyond it is a damaged one, and would stretch the time axis to nothing.
const STAMP_NS_MAX: u64 = 10 * 365 * 86_400 * 1_000_000_000;

/// More packets than any run has: at 10 million a second it takes three years.
const WEIGHT_MAX: u64 = 1_000_000_000_000_000;

/// What a row says, as far as totals need it.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) chosen: Option<WorkerId>,
    pub(super) foreign_load: Option<f32>,
    pub(super) enqueued_ns: Option<u64>,
    /// Always there with the outcomes processed and failed.
    pub(super) ran: Option<Ran>,
    pub(super) outcome: Outcome,
    /// At least 1.
    pub(super) weight: u64,
}

/// Reads a line; the error says what is wrong with which column.
pub(super) fn parse(line: &[u8]) -> Result<Entry, String> {
    let line = std::str::from_utf8(line).map_err(|_| "bytes that are not UTF-8".to_owned())?;
    let fields = split(line).ok_or_else(|| {
        let seen = line.matches(',').count() + 1;
        format!("{seen} columns where {} are due", COLUMNS.len())
    })?;
    required::<u64>(&fields, 0)?;
    required::<Kind>(&fields, 2)?;
    let entry = Entry {
        chosen: optional(&fields, 3)?.map(WorkerId),
        foreign_load: optional(&fields, 8)?,
        enqueued_ns: stamp(&fields, 9)?,
        ran: ran(&fields)?,
        outcome: outcome(fields[12])?,
        weight: required(&fields, 13)?,
    };
    check(entry)
}

type Fields<'a> = [&'a str; COLUMNS.len()];

fn split(line: &str) -> Option<Fields<'_>> {
    let mut fields = [""; COLUMNS.len()];
    let (sequence, rest) = line.split_once(',')?;
    fields[0] = sequence;
    let mut from_behind = rest.rsplitn(COLUMNS.len() - 1, ',');
    for field in fields[1..].iter_mut().rev() {
        *field = from_behind.next()?;
    }
    let quoted = fields[1].len() >= 2 && fields[1].starts_with('"') && fields[1].ends_with('"');
    (quoted || !fields[1].contains(',')).then_some(fields)
}

fn required<T: FromStr>(fields: &Fields, column: usize) -> Result<T, String> {
    let wrong = |_| format!("{} is '{}'", COLUMNS[column], shown(fields[column]));
    fields[column].parse().map_err(wrong)
}

fn optional<T: FromStr>(fields: &Fields, column: usize) -> Result<Option<T>, String> {
    if fields[column].is_empty() { Ok(None) } else { required(fields, column).map(Some) }
}

fn stamp(fields: &Fields, column: usize) -> Result<Option<u64>, String> {
    match optional(fields, column)? {
        Some(ns) if ns > STAMP_NS_MAX => {
            Err(format!("{} is {ns}, more than ten years", COLUMNS[column]))
        }
        stamp => Ok(stamp),
    }
}

/// Columns 4 to 6, 10 and 11 are all filled or all empty.
fn ran(fields: &Fields) -> Result<Option<Ran>, String> {
    let worker = optional(fields, 4)?;
    let (cpu, class) = (optional(fields, 5)?, optional::<Class>(fields, 6)?);
    let (started_ns, finished_ns) = (stamp(fields, 10)?, stamp(fields, 11)?);
    match (worker, cpu, class, started_ns, finished_ns) {
        (Some(worker), Some(cpu), Some(class), Some(started_ns), Some(finished_ns)) => {
            let (worker, cpu) = (WorkerId(worker), CpuId(cpu));
            Ok(Some(Ran { worker, cpu, class, started_ns, finished_ns }))
        }
        (None, None, None, None, None) => Ok(None),
        _ => Err("worker, cpu, class, started_ns and finished_ns are only partly filled".into()),
    }
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let known = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text);
    known.ok_or_else(|| format!("outcome is '{}'", shown(text)))
}

/// What no single column shows.
fn check(entry: Entry) -> Result<Entry, String> {
    if !(1..=WEIGHT_MAX).contains(&entry.weight) {
        return Err(format!("weight is {}", entry.weight));
    }
    if entry.foreign_load.is_some_and(|load| !(0.0..=1.0).contains(&load)) {
        return Err(format!("foreign_load is {:?}, not within 0 and 1", entry.foreign_load));
    }
    match (entry.enqueued_ns, &entry.ran) {
        (_, Some(ran)) if ran.finished_ns < ran.started_ns => Err(format!(
            "finished_ns {} lies before started_ns {}",
            ran.finished_ns, ran.started_ns
        )),
        (Some(enqueued_ns), Some(ran)) if ran.started_ns < enqueued_ns => {
            Err(format!("started_ns {} lies before enqueued_ns {enqueued_ns}", ran.started_ns))
        }
        (None, Some(_)) => Err("enqueued_ns is empty, yet the packet ran".into()),
        (_, None) if matches!(entry.outcome, Outcome::Processed | Outcome::Failed) => {
            Err(format!("outcome is {}, yet no worker ran it", entry.outcome.as_str()))
        }
        _ => Ok(entry),
    }
}

/// What a message shows of a value: its beginning, without control characters.
fn shown(text: &str) -> String {
    text.chars().take(24).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "4,vib-07,vibration,1,2,3,performance,2,0.25,10,20,30,processed,8";

    #[test]
    fn a_row_is_read_whole_whatever_its_sensor_is_called() {
        let entry = parse(GOOD.as_bytes()).unwrap();
        let ran = entry.ran.unwrap();
        assert_eq!((ran.worker, ran.cpu, ran.class), (WorkerId(2), CpuId(3), Class::Performance));
        assert_eq!((entry.enqueued_ns, ran.started_ns, ran.finished_ns), (Some(10), 20, 30));
        assert_eq!((entry.outcome, entry.weight), (Outcome::Processed, 8));
        assert_eq!((entry.chosen, entry.foreign_load), (Some(WorkerId(1)), Some(0.25)));
        for name in ["", "\"cpu,host=a \"\"x\"\" usage\"", "ü"] {
            let line = GOOD.replace("vib-07", name);
            assert_eq!(parse(line.as_bytes()).unwrap().weight, 8, "{line}");
        }
        let refused = "0,s,load,,,,,,,5,,,inbox-full,3";
        assert_eq!(parse(refused.as_bytes()).unwrap().ran, None);
    }

    #[test]
    fn a_bad_row_says_which_column_and_what_was_seen() {
        for (from, to, says) in [
            ("4,", "x,", "sequence is 'x'"),
            ("vibration", "noise", "kind is 'noise'"),
            ("performance", "fast", "class is 'fast'"),
            ("performance", "", "only partly filled"),
            (",30,", ",19,", "finished_ns 19 lies before started_ns 20"),
            (",10,", ",21,", "started_ns 20 lies before enqueued_ns 21"),
            (",10,", ",,", "enqueued_ns is empty"),
            (",30,", ",18446744073709551615,", "more than ten years"),
            ("0.25", "NaN", "foreign_load"),
            ("processed", "done", "outcome is 'done'"),
            (",2,3,performance,", ",,,,", "only partly filled"),
            (",8", ",0", "weight is 0"),
            (",8", ",18446744073709551615", "weight is"),
            (",8", "", "13 columns where 14 are due"),
            (",8", ",8,9", "columns where 14 are due"),
            ("vib-07", "vib\u{0}07,\u{1b}", "columns where 14 are due"),
        ] {
            let line = GOOD.replacen(from, to, 1);
            let error = parse(line.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
        assert!(parse(b"\xff\xfe").unwrap_err().contains("UTF-8"));
        assert!(parse(b"0,s,load,,,,,,,5,,,processed,3").unwrap_err().contains("no worker ran"));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_damaged_row_makes_it_panic(at in 0..GOOD.len(), byte in any::<u8>()) {
            let mut line = GOOD.as_bytes().to_vec();
            line[at] = byte;
            if let Ok(entry) = parse(&line) {
                prop_assert!(entry.weight >= 1);
            }
        }
    }
}
