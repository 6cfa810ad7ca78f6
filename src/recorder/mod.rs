//! The recorder: writes assignments to `assignments.csv`, off the hot path.
//!
//! Threads that record leave their records in buffers of their own; the recorder's thread
//! comes by ten times a second, or sooner when a buffer is a quarter full. It never holds a worker
//! up: a disk that is full, gone or too slow costs rows, which are counted, never work.
//!
//! The file is bounded and yet covers the whole run; `thinning.rs` says how.

mod file;
mod line;
mod thinning;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use crate::job::Key;
use crate::ledger::Outcome;
use crate::names::SensorNames;
use crate::packet::Kind;
use crate::record::Record;
use crate::record_buffer::{RecordBuffer, Waiting};

use file::RowFile;
use line::LineMaker;
use thinning::{Thinning, Verdict};

/// The least that a record may be limited to, in bytes: with less, the shares of late stretches
/// would be smaller than a row, and a long run's end would not be recorded. With this, rows of
/// 300 bytes cover 2^58 packets, and the longest there are (2.3 KB, names of 1,000 quotes) still
/// 2^20.
pub const LIMIT_MIN: u64 = 1024 * 1024;

/// How often the recorder comes by when nobody calls it.
const VISIT_EVERY: Duration = Duration::from_millis(100);

/// Visits after which rows are on disk and the file is checked to be still there.
const VISITS_PER_FLUSH: u32 = 10;

/// What to record where.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    /// The file; it is created, or emptied if it exists.
    pub path: PathBuf,
    /// The most bytes it may have; at least [`LIMIT_MIN`].
    pub limit_bytes: u64,
    /// The names behind the keys; a key without a name is written as its number.
    pub names: SensorNames,
}

/// What was written in the end.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Rows in the file.
    pub rows: u64,
    /// Packets that should have had a row and got none.
    pub not_recorded: u64,
    /// What stopped the writing, if anything did.
    pub error: Option<std::io::Error>,
}

/// The buffers of all threads that record.
#[derive(Debug, Default)]
pub struct Buffers(Mutex<Vec<RecordBuffer>>);

impl Buffers {
    /// A new buffer, emptied by the recorder's thread.
    pub fn add(&self, recorder: Thread) -> RecordBuffer {
        let buffer = RecordBuffer::new(recorder);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer.clone());
        buffer
    }

    /// The buffers there are; those whose thread is gone are handed out a last time.
    fn visit(&self) -> Vec<RecordBuffer> {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = buffers.clone();
        // Two holders: the list and the clone just made.
        buffers.retain(|buffer| !buffer.is_left_to(2));
        all
    }
}

/// Writes records until told to close.
#[derive(Debug)]
pub struct Recorder {
    buffers: Arc<Buffers>,
    file: RowFile,
    lines: LineMaker,
    thinning: Thinning,
    spare: Waiting,
    seen: u64,
    lost: u64,
    last: Option<Record>,
}

impl Recorder {
    /// Creates the file and writes its header.
    ///
    /// # Errors
    /// When the file cannot be created or written: said before anything starts.
    pub fn create(options: RecordOptions, buffers: Arc<Buffers>) -> std::io::Result<Self> {
        let mut file = RowFile::create(options.path)?;
        let lines = LineMaker::new(options.names);
        let header = LineMaker::header();
        file.append(header.as_bytes());
        file.flush()?;
        let thinning = Thinning::new(options.limit_bytes.max(LIMIT_MIN), header.len() as u64);
        Ok(Recorder {
            buffers,
            file,
            lines,
            thinning,
            spare: Waiting::default(),
            seen: 0,
            lost: 0,
            last: None,
        })
    }

    /// Comes by again and again until `stop`; unpark the thread to be visited sooner.
    pub fn run(&mut self, stop: &AtomicBool) {
        let mut visits = 0;
        // Relaxed: a flag that is looked at again and again.
        while !stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(VISIT_EVERY);
            self.visit();
            visits += 1;
            if visits % VISITS_PER_FLUSH == 0 {
                self.file.check();
            }
        }
    }

    /// Empties every buffer once.
    pub fn visit(&mut self) {
        self.visit_up_to(u64::MAX);
    }

    /// Empties every buffer; packets beyond `received` in all came after the account was closed.
    fn visit_up_to(&mut self, received: u64) {
        for buffer in self.buffers.visit() {
            let mut waiting = buffer.swap(std::mem::take(&mut self.spare));
            let last = waiting.records.pop();
            for record in waiting.records.drain(..) {
                if self.seen < received {
                    self.take(record);
                }
            }
            self.skip(waiting.skipped.min(received - self.seen.min(received)));
            if let Some(last) = last.filter(|_| self.seen < received) {
                self.take(last);
            }
            self.spare = Waiting { records: waiting.records, skipped: 0 };
        }
    }

    /// Writes what is left and the closing rows, so that the weights add up to `received`
    /// packets: the last packet seen, with those since the row before, and then one row for
    /// those that no record came of, because the run ended before they did.
    pub fn close(mut self, received: u64) -> Recorded {
        self.visit_up_to(received);
        if let (weight @ 1.., Some(last)) = (self.thinning.pending(), self.last) {
            self.file.append_row(self.lines.make(&last, weight));
        }
        let unseen = received.saturating_sub(self.seen);
        if unseen > 0 {
            self.file.append_row(self.lines.make(&ABANDONED, unseen));
        }
        self.file.check();
        let (rows, unwritten, error) = self.file.close();
        Recorded { rows, not_recorded: self.lost + unwritten, error }
    }

    fn take(&mut self, record: Record) {
        self.seen += 1;
        self.last = Some(record);
        if self.thinning.count(1) == Verdict::Write {
            let line = self.lines.make(&record, self.thinning.pending());
            if self.thinning.admit(line.len() as u64) {
                self.file.append_row(line);
            }
        }
    }

    fn skip(&mut self, packets: u64) {
        self.seen += packets;
        self.lost += packets;
        self.thinning.carry(packets);
    }
}

/// The row for packets that left no record.
const ABANDONED: Record = Record {
    sequence: 0,
    key: Key(u64::MAX),
    kind: Kind::Other,
    assignment: None,
    ran: None,
    outcome: Outcome::Abandoned,
};

#[cfg(test)]
mod tests;
