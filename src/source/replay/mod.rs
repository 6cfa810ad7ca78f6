//! Packets from a recording, at the pace they were recorded with, faster, or slower.
//!
//! The format is the module `row`'s; [`save`](super::save) writes it. The file is streamed: one row is
//! read ahead, none may be longer than 4 MiB. The first good row is due at once and every
//! other one as long after it as its offset says, so a recording may begin at any number. A row
//! whose offset goes back is due at once.
//!
//! A bad row is counted by reason and skipped, the first ten are logged with their number (the
//! line of the file, the header being 1); so is a last row without its line end, since a
//! number cut in the middle is still a number. Blank rows are nothing.

mod lines;
mod pace;
mod refusal;

pub use pace::{BadPace, Pace};
pub use refusal::ReplayError;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;
use crate::job::Job;
use crate::ledger::Input;
use crate::names::SensorNames;
use crate::packet::Packet;

use super::row::{self, BadRow};
use super::{Source, SourceError, TURN_MAX, Turn};
use lines::{Line, Lines};
use refusal::check_header;

/// The longest row, in bytes: a block of some 400,000 samples.
const ROW_MAX: usize = 4 * 1024 * 1024;

/// Past so many bytes a turn ends, so that a stop is noticed.
const TURN_BYTES: usize = 1024 * 1024;

/// Bad rows that are logged one by one.
const LOGGED_MAX: u64 = 10;

/// How to play a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayOptions {
    /// How fast.
    pub pace: Pace,
    /// Samples per second of its blocks: the file does not say.
    pub sample_rate_hz: f32,
}

impl Default for ReplayOptions {
    /// As recorded, 12.8 kHz.
    fn default() -> Self {
        ReplayOptions { pace: Pace::RECORDED, sample_rate_hz: 12_800.0 }
    }
}

/// The count of a replay's bad rows, readable while and after it plays.
#[derive(Clone, Debug, Default)]
pub struct BadRows(Arc<AtomicU64>);

impl BadRows {
    /// Rows that gave no packet, so far.
    pub fn count(&self) -> u64 {
        // Relaxed, here and where it grows: the number is all there is to see.
        self.0.load(Ordering::Relaxed)
    }
}

/// A recording being played.
#[derive(Debug)]
pub struct Replay {
    name: String,
    lines: Lines<BufReader<File>>,
    names: SensorNames,
    options: ReplayOptions,
    /// When the first row was due, and its offset.
    start: Option<(u64, u64)>,
    /// The row read ahead, and when it is due.
    ahead: Option<(u64, Job<Packet>)>,
    input: Input,
    bad_rows: BadRows,
}

/// What one step through the file gave.
enum Step {
    Packet(u64, Job<Packet>),
    Nothing,
    End,
}

impl Replay {
    /// Opens a recording and checks its header. Sensors are registered in `names`.
    ///
    /// # Errors
    /// By what the caller can do about it, see [`ReplayError`].
    pub fn open(
        path: &Path,
        names: SensorNames,
        options: ReplayOptions,
    ) -> Result<Self, ReplayError> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => ReplayError::Missing { path: path.to_owned() },
            _ => ReplayError::Unreadable { path: path.to_owned(), error },
        };
        // Looked at before it is opened: opening a pipe waits for somebody to write to it, and no
        // signal ends that.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(ReplayError::NotAFile { path: path.to_owned() });
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, file), ROW_MAX);
        check_header(path, lines.next().map_err(unreadable)?)?;
        Ok(Replay {
            name: format!("replay:{}", path.display()),
            lines,
            names,
            options,
            start: None,
            ahead: None,
            input: Input::default(),
            bad_rows: BadRows::default(),
        })
    }

    /// The count of its bad rows; ask for it before giving the source away.
    pub fn bad_rows(&self) -> BadRows {
        self.bad_rows.clone()
    }

    /// One line of the file, and how many bytes it took.
    fn step(&mut self, now_ns: u64) -> io::Result<(Step, usize)> {
        let (read, bytes) = match self.lines.next()? {
            Line::End => return Ok((Step::End, 0)),
            Line::Skipping => return Ok((Step::Nothing, ROW_MAX)),
            Line::Whole([]) => return Ok((Step::Nothing, 1)),
            Line::Whole(line) => {
                (packet(line, &self.names, self.options.sample_rate_hz), line.len())
            }
            Line::Torn => (Err(BadRow::Torn), 0),
            Line::Oversized => (Err(BadRow::Oversized), ROW_MAX),
        };
        Ok(match read {
            Ok((offset_ns, job)) => (Step::Packet(self.due_ns(offset_ns, now_ns), job), bytes),
            Err(bad) => {
                self.count(&bad);
                (Step::Nothing, bytes)
            }
        })
    }

    fn due_ns(&mut self, offset_ns: u64, now_ns: u64) -> u64 {
        let (start_ns, first_ns) = *self.start.get_or_insert((now_ns, offset_ns));
        let after_ns = self.options.pace.after_ns(offset_ns.saturating_sub(first_ns));
        start_ns.saturating_add(after_ns)
    }

    fn count(&mut self, bad: &BadRow) {
        self.input.reject(bad.reason());
        let before = self.bad_rows.0.fetch_add(1, Ordering::Relaxed);
        let (name, number) = (&self.name, self.lines.number());
        if before < LOGGED_MAX {
            log::warn!("{name}: row {number} is left out: {bad}");
        }
        if before == LOGGED_MAX {
            log::warn!("{name}: more bad rows, from row {number} on; they are counted only");
        }
    }
}

impl Source<Packet> for Replay {
    fn name(&self) -> &str {
        &self.name
    }

    /// Never waits, but for the disk.
    fn bring(&mut self, clock: &Clock, out: &mut Vec<Job<Packet>>) -> Result<Turn, SourceError> {
        let now_ns = clock.now_ns();
        let mut bytes_left = TURN_BYTES;
        for _ in 0..TURN_MAX {
            match self.ahead.take() {
                Some((due_ns, job)) if due_ns > now_ns => {
                    self.ahead = Some((due_ns, job));
                    return Ok(Turn::NotBefore(due_ns));
                }
                Some((_, job)) => out.push(job),
                None => {}
            }
            let (step, bytes) = self.step(now_ns).map_err(|error| SourceError {
                name: self.name.clone(),
                what: format!("reading row {}", self.lines.number() + 1),
                error,
            })?;
            match step {
                Step::Packet(due_ns, job) => self.ahead = Some((due_ns, job)),
                Step::Nothing => {}
                Step::End => return Ok(Turn::Ended),
            }
            bytes_left = bytes_left.saturating_sub(bytes);
            if bytes_left == 0 {
                break;
            }
        }
        Ok(Turn::Again)
    }

    fn input(&self) -> Input {
        self.input.clone()
    }
}

fn packet(
    line: &[u8],
    names: &SensorNames,
    sample_rate_hz: f32,
) -> Result<(u64, Job<Packet>), BadRow> {
    let row = row::read(line, sample_rate_hz)?;
    let packet = Packet {
        sensor: names.register(&row.sensor).ok_or(BadRow::TooManySensors)?,
        kind: row.kind,
        sequence: row.sequence,
        stamped_unix_ns: None,
        payload: row.payload,
    };
    Ok((row.offset_ns, packet.into()))
}

#[cfg(test)]
mod tests;
