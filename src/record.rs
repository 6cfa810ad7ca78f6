//! The record: one row for each assignment, as `assignments.csv` holds it.
//!
//! [`Record`] is what the hot path fills in: numbers only. [`Row`] is what a reader gets back
//! from the file. `docs/csv-schema.md` says what each column means; a change of columns is a
//! change of [`SCHEMA_VERSION`].

use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::job::Key;
use crate::ledger::Outcome;
use crate::packet::Kind;

/// The version of the columns and of `summary.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// The columns, in order.
pub const COLUMNS: [&str; 14] = [
    "sequence",
    "sensor",
    "kind",
    "chosen",
    "worker",
    "cpu",
    "class",
    "in_flight",
    "foreign_load",
    "enqueued_ns",
    "started_ns",
    "finished_ns",
    "outcome",
    "weight",
];

/// What was known when a worker was chosen; travels with the packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assignment {
    /// The worker the policy chose.
    pub chosen: WorkerId,
    /// Packets in flight at that worker, as the choice saw them.
    pub in_flight: u32,
    /// Foreign load of that worker's core (0 to 1), as the choice saw it.
    pub foreign_load: f32,
    /// When the packet was given to dispatch, in nanoseconds since the run began.
    pub enqueued_ns: u64,
}

/// Who ran a packet, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ran {
    /// The worker that ran it.
    pub worker: WorkerId,
    /// That worker's CPU.
    pub cpu: CpuId,
    /// That CPU's class.
    pub class: Class,
    /// When its work began, in nanoseconds since the run began.
    pub started_ns: u64,
    /// When its work ended.
    pub finished_ns: u64,
}

/// One packet's history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// The packet's place in its sensor's sequence.
    pub sequence: u64,
    /// The packet's sensor.
    pub key: Key,
    /// The packet's kind.
    pub kind: Kind,
    /// How it was assigned; `None` in the closing row of packets that left no record.
    pub assignment: Option<Assignment>,
    /// Who ran it; `None` when nobody did.
    pub ran: Option<Ran>,
    /// What came of it.
    pub outcome: Outcome,
}

/// A row of `assignments.csv`. An empty field means that the step never happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The packet's place in its sensor's sequence.
    pub sequence: u64,
    /// The sensor's name.
    pub sensor: String,
    /// The packet's kind.
    pub kind: Kind,
    /// The worker the policy chose.
    pub chosen: Option<u32>,
    /// The worker that ran the packet.
    pub worker: Option<u32>,
    /// That worker's CPU.
    pub cpu: Option<u32>,
    /// That CPU's class.
    pub class: Option<Class>,
    /// Packets in flight at the chosen worker, as the choice saw them.
    pub in_flight: Option<u32>,
    /// Foreign load of the chosen worker's core (0 to 1), as the choice saw it.
    pub foreign_load: Option<f32>,
    /// When the packet was given to dispatch, in nanoseconds since the run began.
    pub enqueued_ns: Option<u64>,
    /// When its work began.
    pub started_ns: Option<u64>,
    /// When its work ended.
    pub finished_ns: Option<u64>,
    /// What came of it: a name of [`Outcome::ALL`].
    pub outcome: String,
    /// How many packets this row stands for: itself and those since the row before.
    pub weight: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_documented_columns_in_order() {
        let line = "4,vib-07,vibration,1,1,3,performance,2,0.25,10,20,30,processed,8\n";
        let text = format!("{}\n{line}", COLUMNS.join(","));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let row: Row = reader.deserialize().next().unwrap().unwrap();
        assert_eq!((row.worker, row.weight, row.class), (Some(1), 8, Some(Class::Performance)));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(row).unwrap();
        assert_eq!(String::from_utf8(writer.into_inner().unwrap()).unwrap(), text);
    }
}
