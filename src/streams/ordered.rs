//! Results that are released in the sequence in which their packets were dispatched.
//!
//! A packet gets a *ticket* of its stream when it is dispatched. Any worker may finish it. Whoever
//! finishes the ticket that is next releases it, and after it those that waited for it; others
//! leave their result and go. Only one worker at a time releases for a stream, and it holds no
//! lock meanwhile: what the work does with a result keeps nobody waiting.
//!
//! A ticket whose packet was dropped is *void*: it is skipped. If that makes a result
//! releasable and nobody is at it, the caller must send a worker to look (a nudge).
//!
//! A turn at releasing ends after [`TURN_MAX`] results: a stream that always has a next one would
//! else keep its releaser for ever, and all that waits in that worker's inbox. The caller then
//! sends a nudge; until it is looked at, whoever finishes a ticket of the stream goes on.
//!
//! The bound: a stream has at most a *window* of tickets that are given out and not released; at
//! the window a dispatcher waits or refuses, as at a full inbox. So at most a window's results
//! wait for one straggler.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::place_of;
use crate::job::Key;
use crate::order::Ticket;

/// log2 of the number of places.
const BITS: u32 = 10;

/// Results released in one turn: so many that handing over, a message, is little beside them.
const TURN_MAX: u32 = 128;

/// How long a dispatcher waits for room before it looks whether the engine is closing.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Too many tickets of this stream are out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowFull;

/// What dispatchers see of an [`OrderedTable`], whatever results it holds.
pub trait Tickets: Send + Sync {
    /// The next ticket of the stream of `key`.
    fn draw(&self, key: Key) -> Result<Ticket, WindowFull>;
    /// Waits a moment for the window of `key` to move; may come back before it did.
    fn wait(&self, key: Key);
    /// Skips a ticket. True when a worker must now look after the stream.
    fn cancel(&self, ticket: Ticket) -> bool;
    /// The most results that may wait, all streams together.
    fn waiting_max(&self) -> u64;
}

/// The streams' sequences, and results of type `R` that wait in them.
#[derive(Debug)]
pub struct OrderedTable<R> {
    window: u64,
    places: Box<[Sequence<R>]>,
}

#[derive(Debug)]
struct Sequence<R> {
    line: Mutex<Line<R>>,
    moved: Condvar,
}

#[derive(Debug)]
struct Line<R> {
    /// The next ticket to give out.
    drawn: u64,
    /// The next ticket to release.
    next: u64,
    /// Somebody is releasing.
    releasing: bool,
    /// Somebody waits for the window to move.
    waited_for: bool,
    /// What came of the tickets from `next` on; `None` where it is still open.
    waiting: VecDeque<Option<Ended<R>>>,
}

#[derive(Debug)]
enum Ended<R> {
    Result(R),
    Void,
}

impl<R> Line<R> {
    /// Whether the next ticket has its result; void ones before it are skipped.
    fn is_ready(&mut self) -> bool {
        while let Some(Some(Ended::Void)) = self.waiting.front() {
            self.waiting.pop_front();
            self.next += 1;
        }
        matches!(self.waiting.front(), Some(Some(Ended::Result(_))))
    }

    fn is_open(&self, number: u64) -> bool {
        let at = number.checked_sub(self.next);
        at.is_some_and(|at| !matches!(self.waiting.get(at as usize), Some(Some(_))))
    }

    fn put(&mut self, number: u64, ended: Ended<R>) {
        let at = (number - self.next) as usize;
        if self.waiting.len() <= at {
            self.waiting.resize_with(at + 1, || None);
        }
        self.waiting[at] = Some(ended);
    }

    /// Takes the next result, if it is there; void tickets before it are skipped.
    fn take(&mut self) -> Option<R> {
        while let Some(Some(_)) = self.waiting.front() {
            self.next += 1;
            if let Some(Some(Ended::Result(result))) = self.waiting.pop_front() {
                return Some(result);
            }
        }
        None
    }
}

impl<R> OrderedTable<R> {
    /// A table in which each stream has at most `window` (1 or more) tickets out.
    pub fn new(window: u32) -> Self {
        let sequence = |_| Sequence {
            line: Mutex::new(Line {
                drawn: 0,
                next: 0,
                releasing: false,
                waited_for: false,
                waiting: VecDeque::new(),
            }),
            moved: Condvar::new(),
        };
        let window = u64::from(window.max(1));
        OrderedTable { window, places: (0..1usize << BITS).map(sequence).collect() }
    }

    /// Leaves the result of `ticket`; calls `release` for results whose turn it is. True when there
    /// are more of them: a worker must look after the stream. `release` runs without any lock. If it panics, the result it was given is lost, and whoever
    /// comes next goes on with those behind it.
    #[must_use]
    pub fn finish(&self, ticket: Ticket, result: R, release: impl FnMut(R)) -> bool {
        let sequence = &self.places[ticket.place as usize];
        let mut line = sequence.lock();
        line.put(ticket.number, Ended::Result(result));
        sequence.release(line, release)
    }

    /// As [`OrderedTable::finish`], without a result: `ticket` is skipped.
    #[must_use]
    pub fn skip(&self, ticket: Ticket, release: impl FnMut(R)) -> bool {
        let sequence = &self.places[ticket.place as usize];
        let mut line = sequence.lock();
        line.put(ticket.number, Ended::Void);
        sequence.release(line, release)
    }

    /// Skips `ticket` and releases nothing. True when a worker must now look after the stream. A
    /// ticket that has ended stays as it is, so that one may be voided to make sure.
    pub fn void(&self, ticket: Ticket) -> bool {
        let sequence = &self.places[ticket.place as usize];
        let mut line = sequence.lock();
        if line.is_open(ticket.number) {
            line.put(ticket.number, Ended::Void);
        }
        if line.releasing {
            // Whoever is at it looks again before it goes.
            return false;
        }
        let is_ready = line.is_ready();
        sequence.tell(&mut line);
        is_ready
    }

    /// As [`OrderedTable::finish`], for a `ticket` that has ended.
    #[must_use]
    pub fn look(&self, ticket: Ticket, release: impl FnMut(R)) -> bool {
        let sequence = &self.places[ticket.place as usize];
        sequence.release(sequence.lock(), release)
    }

    /// Calls `release` for every result that still waits, in sequence: at the end of a run, when
    /// what they waited for will never come.
    pub fn sweep(&self, mut release: impl FnMut(R)) {
        for sequence in &self.places {
            let left = std::mem::take(&mut sequence.lock().waiting);
            for ended in left.into_iter().flatten() {
                if let Ended::Result(result) = ended {
                    release(result);
                }
            }
        }
    }
}

/// Somebody's turn at releasing. Should `release` panic, the next who comes goes on.
struct Turn<'a, R>(&'a Sequence<R>);

impl<R> Drop for Turn<'_, R> {
    fn drop(&mut self) {
        self.0.end_turn(&mut self.0.lock());
    }
}

impl<R> Sequence<R> {
    fn lock(&self) -> MutexGuard<'_, Line<R>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release<'a>(
        &'a self,
        mut line: MutexGuard<'a, Line<R>>,
        mut release: impl FnMut(R),
    ) -> bool {
        if line.releasing {
            // Whoever is at it looks again before it goes.
            return false;
        }
        line.releasing = true;
        let turn = Turn(self);
        let mut left = TURN_MAX;
        while left > 0
            && let Some(result) = line.take()
        {
            left -= 1;
            self.tell(&mut line);
            drop(line);
            release(result);
            line = self.lock();
        }
        // Under the lock of the last look: what comes after it is for whoever brings it.
        std::mem::forget(turn);
        let is_ready = line.is_ready();
        self.end_turn(&mut line);
        is_ready
    }

    fn end_turn(&self, line: &mut Line<R>) {
        line.releasing = false;
        self.tell(line);
    }

    fn tell(&self, line: &mut Line<R>) {
        if std::mem::take(&mut line.waited_for) {
            self.moved.notify_all();
        }
    }
}

impl<R: Send> Tickets for OrderedTable<R> {
    fn draw(&self, key: Key) -> Result<Ticket, WindowFull> {
        let place = place_of(key, BITS);
        let mut line = self.places[place].lock();
        if line.drawn - line.next >= self.window {
            return Err(WindowFull);
        }
        line.drawn += 1;
        Ok(Ticket { place: place as u32, number: line.drawn - 1 })
    }

    fn wait(&self, key: Key) {
        let sequence = &self.places[place_of(key, BITS)];
        let mut line = sequence.lock();
        if line.drawn - line.next >= self.window {
            line.waited_for = true;
            drop(sequence.moved.wait_timeout(line, LOOK_EVERY));
        }
    }

    fn cancel(&self, ticket: Ticket) -> bool {
        self.void(ticket)
    }

    fn waiting_max(&self) -> u64 {
        self.window * self.places.len() as u64
    }
}

#[cfg(test)]
mod tests;
