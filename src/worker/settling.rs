//! What the workers of an engine know together of its streams.

use std::sync::Arc;

use crate::job::Key;
use crate::record::Record;
use crate::streams::{OrderedTable, States, StickyTable};

/// Shared by all workers, and in part with the dispatchers.
#[derive(Debug)]
pub struct Settling<State, Out> {
    /// Where streams are in flight that stay with a worker.
    pub sticky: Arc<StickyTable>,
    /// What was finished too early.
    pub ordered: Arc<OrderedTable<Finished<Out>>>,
    /// What the work remembers of each key; nothing where it remembers nothing.
    pub states: Option<States<State>>,
}

/// Work that was done, waiting to be settled and released in its stream's sequence.
#[derive(Debug)]
pub struct Finished<Out> {
    /// Its stream.
    pub key: Key,
    /// The result; nothing where the work failed.
    pub out: Option<Out>,
    /// Its row, where it is recorded; whether it was processed or failed is still to be said.
    pub record: Option<Record>,
}
