//! Totals of the rows of `assignments.csv`: what is kept of them, whatever their number.

use std::collections::BTreeMap;
use std::fmt;

use super::busy::Busy;
use super::line::Entry;
use crate::class::Class;
use crate::ids::CpuId;
use crate::ledger::{DropReason, Ledger, Outcome};
use crate::record::Ran;
use crate::stats::Latency;

/// The most workers told apart in a file of rows; each costs up to 80 kB of totals. Rows of
/// further ones are left out.
pub const WORKERS_MAX: usize = 1024;

/// Totals of the rows of one file; see [`super::read_rows`].
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub(super) rows: u64,
    /// False as soon as one row stands for several packets.
    pub(super) every_packet: bool,
    pub(super) ledger: Ledger,
    pub(super) workers: BTreeMap<u32, WorkerRows>,
    pub(super) wait: Latency,
    pub(super) service: Latency,
    pub(super) total: Latency,
    pub(super) busy: Busy,
    pub(super) last_ns: u64,
    previous_ns: u64,
    skipped: u64,
    first_skipped: Option<LeftOut>,
    torn: Option<LeftOut>,
}

/// One worker's part of the rows.
#[derive(Clone, Debug)]
pub(super) struct WorkerRows {
    pub(super) cpu: CpuId,
    pub(super) class: Class,
    pub(super) packets: u64,
    pub(super) failed: u64,
    pub(super) wait: Latency,
    pub(super) service: Latency,
    /// Sum of foreign load × weight where this worker was the chosen one, and of the weights.
    pub(super) foreign: (f64, f64),
    pub(super) busy_row: usize,
}

/// A row that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The line of the file, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl Rows {
    /// Rows that were used.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Packets that those rows stand for: the sum of their weights.
    pub fn packets(&self) -> u64 {
        self.ledger.received
    }

    /// Whether every row stands for one packet and none was left out, so that counts are
    /// exact and not estimates.
    pub fn is_exact(&self) -> bool {
        self.every_packet && self.skipped == 0 && self.torn.is_none()
    }

    /// What could not be used, a sentence each: empty for a sound file.
    pub fn left_out(&self) -> Vec<String> {
        let skipped = self.first_skipped.as_ref().map(|first| match self.skipped {
            1 => format!("1 bad row left out, {first}"),
            count => format!("{count} bad rows left out, the first one on {first}"),
        });
        let torn = self.torn.as_ref().map(|torn| format!("1 torn row left out, {torn}"));
        [skipped, torn].into_iter().flatten().collect()
    }

    pub(super) fn new() -> Self {
        Rows { every_packet: true, ..Rows::default() }
    }

    /// Leaves out a bad row.
    pub(super) fn skip(&mut self, row: LeftOut) {
        self.skipped += 1;
        self.first_skipped.get_or_insert(row);
    }

    /// Leaves out the last row, which was cut.
    pub(super) fn tear(&mut self, row: LeftOut) {
        self.torn = Some(row);
    }

    /// Why there is no row at all, and on which line; `None` when there is one.
    pub(super) fn why_none(&self) -> Option<(u64, String)> {
        match (self.rows, &self.first_skipped, &self.torn) {
            (0, Some(first), _) => Some((first.line, format!("no good row; {}", first.why))),
            (0, None, Some(torn)) => Some((torn.line, "no whole row; the only one was cut".into())),
            (0, None, None) => Some((1, "there is the header and no row".into())),
            _ => None,
        }
    }

    /// Counts a row; the error says why it cannot be.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), String> {
        if let Some(ran) = &entry.ran {
            self.add_work(ran, entry)?;
        }
        self.rows += 1;
        self.every_packet &= entry.weight == 1;
        self.last_ns = self.last_ns.max(entry.enqueued_ns.unwrap_or(0));
        self.count(entry.outcome, entry.weight);
        let chosen = entry.chosen.and_then(|chosen| self.workers.get_mut(&chosen.0));
        if let (Some(worker), Some(load)) = (chosen, entry.foreign_load) {
            worker.foreign.0 += f64::from(load) * entry.weight as f64;
            worker.foreign.1 += entry.weight as f64;
        }
        Ok(())
    }

    fn add_work(&mut self, ran: &Ran, entry: &Entry) -> Result<(), String> {
        let full = self.workers.len() >= WORKERS_MAX;
        if full && !self.workers.contains_key(&ran.worker.0) {
            return Err(format!("worker {} is one more than {WORKERS_MAX}", ran.worker));
        }
        let busy = &mut self.busy;
        let worker =
            self.workers.entry(ran.worker.0).or_insert_with(|| WorkerRows::new(busy.new_row()));
        worker.add(ran, entry);
        let enqueued_ns = entry.enqueued_ns.unwrap_or(ran.started_ns);
        let service_ns = ran.finished_ns - ran.started_ns;
        self.wait.record(ran.started_ns - enqueued_ns, entry.weight);
        self.service.record(service_ns, entry.weight);
        self.total.record(ran.finished_ns - enqueued_ns, entry.weight);
        // A row's weight stands for the packets since the row before: that long they took.
        let from_ns =
            if entry.weight > 1 { self.previous_ns.min(ran.started_ns) } else { ran.started_ns };
        let busy_ns = service_ns as f64 * entry.weight as f64;
        self.busy.add(worker.busy_row, from_ns, ran.finished_ns, busy_ns);
        self.previous_ns = ran.finished_ns;
        self.last_ns = self.last_ns.max(ran.finished_ns);
        Ok(())
    }

    /// Saturating, for a damaged file may say anything.
    fn count(&mut self, outcome: Outcome, weight: u64) {
        let ledger = &mut self.ledger;
        let count = match outcome {
            Outcome::Processed => &mut ledger.processed,
            Outcome::Failed => &mut ledger.failed,
            Outcome::Dropped(DropReason::InboxFull) => &mut ledger.dropped.inbox_full,
            Outcome::Dropped(DropReason::Closed) => &mut ledger.dropped.closed,
            Outcome::Dropped(DropReason::Evicted) => &mut ledger.dropped.evicted,
            Outcome::Dropped(DropReason::OrderWindow) => &mut ledger.dropped.order_window,
            Outcome::Dropped(DropReason::Expired) => &mut ledger.dropped.expired,
            Outcome::Abandoned => &mut ledger.abandoned,
        };
        *count = count.saturating_add(weight);
        ledger.received = ledger.received.saturating_add(weight);
    }
}

impl WorkerRows {
    fn new(busy_row: usize) -> Self {
        WorkerRows {
            cpu: CpuId(0),
            class: Class::Uniform,
            packets: 0,
            failed: 0,
            wait: Latency::default(),
            service: Latency::default(),
            foreign: (0.0, 0.0),
            busy_row,
        }
    }

    fn add(&mut self, ran: &Ran, entry: &Entry) {
        // A worker may be moved to another CPU; where it was last is what is shown.
        (self.cpu, self.class) = (ran.cpu, ran.class);
        self.packets = self.packets.saturating_add(entry.weight);
        if entry.outcome == Outcome::Failed {
            self.failed = self.failed.saturating_add(entry.weight);
        }
        let enqueued_ns = entry.enqueued_ns.unwrap_or(ran.started_ns);
        self.wait.record(ran.started_ns - enqueued_ns, entry.weight);
        self.service.record(ran.finished_ns - ran.started_ns, entry.weight);
    }
}
