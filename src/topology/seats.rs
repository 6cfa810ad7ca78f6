//! Where the workers of a running engine sit now.
//!
//! A seat changes a few times in a run's life, if ever, and is looked at all the time. So a worker
//! compares one number before it looks ([`Seats::news`]), and everybody else copies.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::placement::Seat;
use crate::ids::{CpuId, WorkerId};

/// So many moves are kept, the first ones; all are counted.
pub const MOVES_MAX: usize = 256;

/// A worker that was put on another CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// When, in nanoseconds since the engine started.
    pub at_ns: u64,
    /// Who.
    pub worker: WorkerId,
    /// The CPU before.
    pub from: CpuId,
    /// The CPU since then.
    pub to: CpuId,
}

/// The seats of all workers, and how they came about.
#[derive(Debug)]
pub struct Seats {
    /// How many moves there were.
    moves: AtomicU32,
    restored: AtomicU64,
    now: RwLock<Now>,
}

#[derive(Debug)]
struct Now {
    seats: Vec<Seat>,
    moves: Vec<Move>,
}

impl Seats {
    /// Seats by ascending worker.
    pub fn new(seats: Vec<Seat>) -> Self {
        let now = RwLock::new(Now { seats, moves: Vec::new() });
        Seats { moves: AtomicU32::new(0), restored: AtomicU64::new(0), now }
    }

    /// All seats as they are.
    pub fn all(&self) -> Vec<Seat> {
        self.read().seats.clone()
    }

    /// The seat of `worker`, if somebody moved since `seen`, which is then brought up to date.
    pub fn news(&self, worker: WorkerId, seen: &mut u32) -> Option<Seat> {
        // Acquire: pairs with the Release below, after which the new seat is there.
        let moves = self.moves.load(Ordering::Acquire);
        if moves == *seen {
            return None;
        }
        *seen = moves;
        self.read().seats.get(worker.index()).copied()
    }

    /// Gives a worker another seat.
    pub fn change(&self, at_ns: u64, seat: Seat) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let Some(old) = now.seats.get_mut(seat.worker.index()) else { return };
        let from = std::mem::replace(old, seat).cpu;
        if now.moves.len() < MOVES_MAX {
            now.moves.push(Move { at_ns, worker: seat.worker, from, to: seat.cpu });
        }
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// The first [`MOVES_MAX`] moves, and how many there were.
    pub fn moves(&self) -> (Vec<Move>, u64) {
        (self.read().moves.clone(), self.moves.load(Ordering::Relaxed).into())
    }

    /// Counts a pin that somebody else had changed and that was put right.
    pub fn count_restored(&self) {
        self.restored.fetch_add(1, Ordering::Relaxed);
    }

    /// How many pins were put right.
    pub fn restored(&self) -> u64 {
        self.restored.load(Ordering::Relaxed)
    }

    fn read(&self) -> RwLockReadGuard<'_, Now> {
        self.now.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;

    fn seat(cpu: u32) -> Seat {
        Seat { worker: WorkerId(0), cpu: CpuId(cpu), class: Class::Uniform, capacity: 1.0 }
    }

    #[test]
    fn a_worker_hears_of_each_change_once() {
        let seats = Seats::new(vec![seat(3)]);
        let mut seen = 0;
        assert_eq!(seats.news(WorkerId(0), &mut seen), None);
        seats.change(7, seat(5));
        assert_eq!(seats.news(WorkerId(0), &mut seen), Some(seat(5)));
        assert_eq!(seats.news(WorkerId(0), &mut seen), None);
        let moved = Move { at_ns: 7, worker: WorkerId(0), from: CpuId(3), to: CpuId(5) };
        assert_eq!(seats.moves(), (vec![moved], 1));
    }

    #[test]
    fn moves_are_kept_to_a_bound_and_counted_beyond() {
        let seats = Seats::new(vec![seat(0)]);
        (0..1000).for_each(|n| seats.change(n, seat(n as u32 % 2)));
        assert_eq!((seats.moves().0.len(), seats.moves().1), (MOVES_MAX, 1000));
        seats.change(0, Seat { worker: WorkerId(9), ..seat(0) });
        assert_eq!(seats.moves().1, 1000, "there is no such worker");
    }
}
