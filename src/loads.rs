//! How loaded each worker is, kept apart from the question which one to take.
//!
//! [`LoadBoard`] is the live board: one cache-padded in-flight count a worker, which
//! dispatchers raise and the worker lowers, and beside them how fast each worker is, which the
//! sampler rewrites a few times a second. [`Loads`] is one dispatcher's reading of it: each
//! count is read at most once a batch, and the batch's own choices are added on top, so that
//! a batch of 32 does not send all 32 to the worker that was idle when it was read. The speeds are
//! those of the reading's beginning: copied, where any of them has changed since the last one.
//!
//! A simulator owns a board too and sets the counts itself; a policy cannot tell.

mod board;
mod marks;
mod speeds;

use std::cell::Cell;
use std::sync::Arc;

use crate::ids::WorkerId;
pub use board::{CAPACITY_MIN, FOREIGN_LOAD_MAX, LoadBoard};
use marks::Marks;
use speeds::{SpeedSeen, Speeds};

/// What a policy is shown in flight at a parked worker: more than any inbox may hold.
const PARKED_IN_FLIGHT: u32 = 1 << 28;

/// One reading of the board, lazy: a count is read when a policy first asks for it.
#[derive(Debug)]
pub struct Loads {
    board: Arc<LoadBoard>,
    reading: u32,
    seen: Box<[Cell<Seen>]>,
    speeds: Speeds,
    marks: Marks,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    reading: u32,
    in_flight: u32,
}

/// A policy's decision with what it was based on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The worker to take.
    pub worker: WorkerId,
    /// Its packets in flight, as the choice saw them.
    pub in_flight: u32,
    /// Its core's foreign load, as the choice saw it.
    pub foreign_load: f32,
}

impl Loads {
    /// A reader of `board`.
    pub fn new(board: Arc<LoadBoard>) -> Self {
        let seen = (0..board.workers()).map(|_| Cell::default()).collect();
        let speeds = Speeds::new(board.workers());
        let mut loads = Loads { board, reading: 1, seen, speeds, marks: Marks::default() };
        loads.look_around();
        loads
    }

    /// Who is parked, and how fast everybody is.
    #[cold]
    fn look_around(&mut self) {
        let moved = self.marks.follow(self.board.parking());
        if moved || !self.speeds.are_of(&self.board) {
            self.speeds.copy(&self.board, &self.marks.parked);
        }
        // Filled in beforehand: whoever looks at a worker then needs not ask whether it is parked.
        let seen = Seen { reading: self.reading, in_flight: PARKED_IN_FLIGHT };
        let parked = self.seen.iter().zip(&self.marks.parked).filter(|(_, parked)| **parked);
        parked.for_each(|(cell, _)| cell.set(seen));
    }

    /// Forgets what was read and chosen: the next look is at the live board.
    pub fn refresh(&mut self) {
        self.reading = self.reading.wrapping_add(1);
        if self.reading == 0 {
            // Once in 2^32 readings: rows of the first round would look fresh.
            self.seen.iter().for_each(|seen| seen.set(Seen::default()));
            self.reading = 1;
        }
        if self.board.parking().epoch() != self.marks.settled || !self.speeds.are_of(&self.board) {
            self.look_around();
        }
    }

    /// How many workers there are.
    pub fn workers(&self) -> u32 {
        self.board.workers()
    }

    /// Whether `worker` is parked: then a policy is shown more in flight there than any inbox
    /// holds, no speed and a busy core, so that whoever goes by any of these does not choose it.
    #[inline]
    pub fn is_parked(&self, worker: WorkerId) -> bool {
        self.marks.any && self.marks.parked[worker.index()]
    }

    /// How many workers are active: all that are not parked, at least one.
    #[inline]
    pub fn active(&self) -> u32 {
        if self.marks.any { self.marks.active.len() as u32 } else { self.workers() }
    }

    /// The active worker number `nth` of [`Loads::active`], for rules that draw lots. Where nobody
    /// is parked that is worker `nth`.
    #[inline]
    pub fn nth_active(&self, nth: u32) -> WorkerId {
        if self.marks.any { WorkerId(self.marks.active[nth as usize]) } else { WorkerId(nth) }
    }

    /// `chosen`, or in the place of a parked worker the active one with the least expected delay:
    /// for whoever chooses without looking who is parked.
    #[inline]
    pub fn awake(&self, chosen: WorkerId) -> WorkerId {
        if self.marks.any { self.best_instead_of(chosen) } else { chosen }
    }

    #[cold]
    fn best_instead_of(&self, chosen: WorkerId) -> WorkerId {
        if !self.marks.parked.get(chosen.index()).is_some_and(|parked| *parked) {
            return chosen;
        }
        let delay = |worker: &WorkerId| self.expected_delay(*worker);
        let active = self.marks.active.iter().map(|worker| WorkerId(*worker));
        active.min_by(|a, b| delay(a).total_cmp(&delay(b))).unwrap_or(chosen)
    }

    /// Whether somebody is parked; see [`Loads::wake_if_late`].
    #[inline]
    pub fn any_parked(&self) -> bool {
        self.marks.any
    }

    /// After a choice: wakes a parked worker if the packet chosen for last, or the next one, would
    /// take too long even at the best active worker (see `Parking::wake_at`). It is active from
    /// the next reading on.
    #[inline]
    pub fn wake_if_late(&self) {
        if self.marks.any {
            self.look_for_help();
        }
    }

    #[cold]
    fn look_for_help(&self) {
        let parking = self.board.parking();
        let wake_at = parking.wake_at();
        let is_late = |worker: &u32| self.expected_delay(WorkerId(*worker)) > wake_at;
        // Woken by another dispatcher since this reading: that one shall be tried first.
        if self.marks.active.iter().all(is_late) && self.marks.are_of(parking) {
            parking.wake_next();
        }
    }

    /// Packets in flight at `worker`: the live count when first asked in this reading, plus
    /// this reading's own choices.
    pub fn in_flight(&self, worker: WorkerId) -> u32 {
        self.seen(worker).in_flight
    }

    #[inline]
    fn seen(&self, worker: WorkerId) -> Seen {
        let cell = &self.seen[worker.index()];
        let seen = cell.get();
        if seen.reading == self.reading {
            return seen;
        }
        let in_flight = self.board.in_flight(worker).count();
        let seen = Seen { reading: self.reading, in_flight };
        cell.set(seen);
        seen
    }

    /// Speed of `worker` relative to the fastest (0 to 1].
    pub fn capacity(&self, worker: WorkerId) -> f32 {
        self.speeds.of(worker).capacity
    }

    /// Part of the core of `worker` that others use (0 to 0.95).
    pub fn foreign_load(&self, worker: WorkerId) -> f32 {
        self.speeds.of(worker).foreign_load
    }

    /// How busy the core of `worker` was over the last window of sampling (0 to 1): as old as that
    /// window. A rule that follows it follows it together with everybody else.
    pub fn utilization(&self, worker: WorkerId) -> f32 {
        self.speeds.of(worker).utilization
    }

    /// The expected delay of a packet at `worker` that finds nobody before it, in mean service
    /// times of the fastest worker: `1 / (capacity × (1 − foreign load))`.
    pub fn delay_when_idle(&self, worker: WorkerId) -> f32 {
        self.speeds.of(worker).delay
    }

    /// The expected delay of one more packet at `worker`, in mean service times of the fastest
    /// worker: `(in_flight + 1) / (capacity × (1 − foreign load))`.
    ///
    /// Example: 3 in flight, capacity 0.5, half of the core foreign: 4 / 0.25 = 16.
    pub fn expected_delay(&self, worker: WorkerId) -> f32 {
        (self.in_flight(worker) + 1) as f32 * self.delay_when_idle(worker)
    }

    /// What a choice of `worker` is based on now, and the expected delay of a packet there that
    /// finds nobody before it: the part of [`Loads::expected_delay`] that does not change within
    /// a reading.
    #[inline]
    pub fn choice(&self, worker: WorkerId) -> (Choice, f32) {
        let in_flight = self.in_flight(worker);
        let SpeedSeen { delay, foreign_load, .. } = *self.speeds.of(worker);
        (Choice { worker, in_flight, foreign_load }, delay)
    }

    /// [`Loads::in_flight`] and [`Loads::delay_when_idle`] in one look.
    #[inline]
    pub fn look(&self, worker: WorkerId) -> (u32, f32) {
        (self.in_flight(worker), self.delay_when_idle(worker))
    }

    /// From here on this reading counts `packets` more at `worker`.
    pub fn add(&self, worker: WorkerId, packets: u32) {
        let seen = self.seen(worker);
        self.seen[worker.index()].set(Seen { in_flight: seen.in_flight + packets, ..seen });
    }

    /// Settles on `worker`: from here on this reading counts one packet more there. At a parked
    /// worker, where a stream may still be in flight, the choice shows what really is there.
    ///
    /// # Panics
    /// If a policy chose a worker that there is not.
    #[inline]
    pub fn take(&self, worker: WorkerId) -> Choice {
        let workers = self.workers();
        assert!(worker.0 < workers, "a policy chose worker {worker} of {workers}");
        let seen = self.seen(worker);
        self.seen[worker.index()].set(Seen { in_flight: seen.in_flight + 1, ..seen });
        let mut in_flight = seen.in_flight;
        if in_flight >= PARKED_IN_FLIGHT {
            in_flight = self.board.in_flight(worker).count();
        }
        Choice { worker, in_flight, foreign_load: self.foreign_load(worker) }
    }
}

#[cfg(test)]
mod tests;
