//! Sources: what brings packets in.
//!
//! A source owns no thread and no pace of its own. The engine gives it a thread and asks it,
//! turn by turn, for what is due; between turns the engine dispatches, counts, or stops.

pub mod host;
pub mod line_protocol;
pub mod replay;
mod row;
pub mod save;
pub mod udp;
pub mod virtual_sensors;

use crate::clock::Clock;
use crate::job::Job;
use crate::ledger::Input;

/// The most jobs that a source brings in one turn where it has the choice.
pub const TURN_MAX: usize = 32;

/// The longest that a source may wait inside one turn, in milliseconds: so long a stop may
/// take to be noticed.
pub const PATIENCE_MS: u64 = 100;

/// What a source says after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ask again at once.
    Again,
    /// Nothing is due before this moment, in nanoseconds of the run's clock.
    NotBefore(u64),
    /// Nothing will ever come again.
    Ended,
}

/// A source that cannot go on. What it brought before stays valid.
#[derive(Debug, thiserror::Error)]
#[error("source {name}: {what}: {error}")]
pub struct SourceError {
    /// Which source.
    pub name: String,
    /// What it was doing.
    pub what: String,
    /// What the system said.
    pub error: std::io::Error,
}

/// Something that brings jobs.
pub trait Source<P>: Send {
    /// What it is, for messages: `virtual`, `udp://0.0.0.0:8089`.
    fn name(&self) -> &str;

    /// Appends what is due to `out`. May wait for input itself, at most [`PATIENCE_MS`].
    fn bring(&mut self, clock: &Clock, out: &mut Vec<Job<P>>) -> Result<Turn, SourceError>;

    /// The last call of a run, before the last [`Source::input`]: counts what has arrived and
    /// is not brought any more, looks once more at what is counted elsewhere (the kernel's
    /// drops), and says what was still to be said. Takes at most [`PATIENCE_MS`].
    fn finish(&mut self, _clock: &Clock) {}

    /// What arrived so far and never became a packet.
    fn input(&self) -> Input {
        Input::default()
    }
}
