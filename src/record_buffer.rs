//! Where records wait for the recorder.
//!
//! Problem: a worker that sends each record through a channel wakes the recorder for each, and
//! a wake-up costs more than many packets' work. Choice: each thread that records has a buffer
//! of its own, and the recorder comes by ten times a second, or sooner when told that one is
//! a quarter full. Consequence: recording costs a worker an uncontended lock and a copy. Limit:
//! the buffer is bounded and never blocks; past it only the newest record is kept, and the
//! weight of those before goes to its row.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use crate::record::Record;

/// The most records that wait in one buffer.
pub const CAPACITY: usize = 8192;

/// The recorder is called when so many wait: a quarter, so that it may be some milliseconds late
/// on a busy machine.
const CALL_AT: usize = CAPACITY / 4;

/// The buffer of one recording thread; clones share it.
#[derive(Clone, Debug)]
pub struct RecordBuffer {
    waiting: Arc<Mutex<Waiting>>,
    recorder: Thread,
}

/// What waits in a buffer.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Records, oldest first.
    pub records: Vec<Record>,
    /// Packets that had no place, between the last record and the one before.
    pub skipped: u64,
}

impl Waiting {
    fn push(&mut self, record: Record) {
        if self.records.len() < CAPACITY {
            self.records.push(record);
            return;
        }
        // The newest takes the place of the one before: so the end of a run has its row.
        self.skipped += 1;
        if let Some(last) = self.records.last_mut() {
            *last = record;
        }
    }
}

impl RecordBuffer {
    /// An empty buffer, emptied by the thread `recorder`.
    pub fn new(recorder: Thread) -> Self {
        RecordBuffer { waiting: Arc::default(), recorder }
    }

    /// Leaves a record; never blocks for long.
    pub fn push(&self, record: Record) {
        self.push_all(std::iter::once(record));
    }

    /// Leaves records, oldest first, under one lock; never blocks for long.
    pub fn push_all(&self, records: impl Iterator<Item = Record>) {
        let mut waiting = self.lock();
        let before = waiting.records.len();
        records.for_each(|record| waiting.push(record));
        let call = (before..waiting.records.len()).contains(&(CALL_AT - 1));
        drop(waiting);
        if call {
            self.recorder.unpark();
        }
    }

    /// Takes all that waits, leaving `empty` (an emptied one, so that no memory is allocated
    /// for each visit) in its place.
    pub fn swap(&self, empty: Waiting) -> Waiting {
        std::mem::replace(&mut *self.lock(), empty)
    }

    /// Whether only `holders` hold this buffer. When those are the recorder's own, nothing
    /// will ever come again.
    pub fn is_left_to(&self, holders: usize) -> bool {
        Arc::strong_count(&self.waiting) == holders
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Key;
    use crate::ledger::Outcome;
    use crate::packet::Kind;

    #[test]
    fn what_has_no_place_is_counted() {
        let buffer = RecordBuffer::new(std::thread::current());
        let record = Record {
            sequence: 0,
            key: Key(0),
            kind: Kind::Other,
            assignment: None,
            ran: None,
            outcome: Outcome::Abandoned,
        };
        (0..CAPACITY + 5).for_each(|_| buffer.push(record));
        let waiting = buffer.swap(Waiting::default());
        assert_eq!((waiting.records.len(), waiting.skipped), (CAPACITY, 5));
        assert_eq!(buffer.swap(Waiting::default()).records.len(), 0);
        assert!(buffer.is_left_to(1) && !buffer.clone().is_left_to(1));
    }
}
