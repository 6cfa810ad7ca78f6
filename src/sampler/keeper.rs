//! Looks once a second whether every worker still sits where it should.
//!
//! A pin holds until somebody changes it: an operator's `taskset`, a new cpuset, an unplugged CPU.
//! Then a worker would share a core with another, or run where it may not, and its figures would
//! be those of no core at all. So the pins are read back, what may be used is read anew, and
//! whoever lost its CPU gets another one until its own comes back. Packets in flight stay where they are: the
//! worker is moved, not replaced.

use std::sync::Arc;

use crate::topology::{
    Affinity, Cpu, CpuList, Housekeepers, Seat, Seats, Topology, housekeeping, reseat,
};
use crate::totals::WorkerState;

/// How long between two looks, in nanoseconds: a second, less what the sampler's four looks a second
/// may come early, so that it is the fourth and not the fifth.
pub const KEEP_EVERY_NS: u64 = 950_000_000;

/// What a keeper is made of.
pub struct KeeperParts {
    /// Reads and sets masks.
    pub affinity: Box<dyn Affinity>,
    /// The machine as it was at the start.
    pub topology: Topology,
    /// The CPUs that may be used of those that are allowed; all of them where none are named.
    pub asked: Option<CpuList>,
    /// CPUs that no worker is to have while another one is left.
    pub reserved: CpuList,
    /// Whether classes are emulated, which go with the worker and not with the CPU.
    pub emulated: bool,
    /// The workers' threads, by worker.
    pub workers: Vec<Arc<WorkerState>>,
    /// Where the workers sit.
    pub seats: Arc<Seats>,
    /// Everybody else.
    pub housekeepers: Arc<Housekeepers>,
}

/// Keeps every thread in its place.
pub struct Keeper {
    parts: KeeperParts,
    homes: Vec<Seat>,
    /// Workers whose pin could not be set, so that it is said once.
    unpinned: Vec<bool>,
    looked_ns: Option<u64>,
    /// Looks with something to tell, of moves and of pins.
    told: [Told; 2],
}

/// How often something was told: the first times always, later ever more rarely. Who changes pins
/// every second shall not fill a journal.
#[derive(Clone, Copy, Debug, Default)]
struct Told(u32);

impl Told {
    fn is_due(&mut self) -> bool {
        self.0 = self.0.saturating_add(1);
        self.0 <= 8 || self.0.is_power_of_two()
    }
}

impl Keeper {
    /// A keeper of workers that sit at home.
    pub fn new(parts: KeeperParts) -> Self {
        let homes = parts.seats.all();
        Keeper {
            unpinned: vec![false; homes.len()],
            homes,
            looked_ns: None,
            told: Default::default(),
            parts,
        }
    }

    /// Looks if a second has passed since the last time. Returns the seats of those who moved.
    pub fn look(&mut self, now_ns: u64) -> Vec<Seat> {
        if self.looked_ns.is_some_and(|before| now_ns.saturating_sub(before) < KEEP_EVERY_NS) {
            return Vec::new();
        }
        self.looked_ns = Some(now_ns);
        let Some(allowed) = self.parts.affinity.usable() else { return Vec::new() };
        let usable = self.within_what_was_asked(&allowed);
        let seats = self.wanted(&usable);
        let moved = self.move_workers(now_ns, &seats, &usable);
        let restored: Vec<String> =
            seats.iter().filter_map(|seat| self.keep_pinned(seat, !moved.contains(seat))).collect();
        if !restored.is_empty() && self.told[1].is_due() {
            log::warn!("pinned again: {}", in_short(&restored));
        }
        self.keep_house(&seats, &usable);
        moved
    }

    /// Where nothing of what was asked for is left, everything that is allowed must do.
    fn within_what_was_asked(&self, allowed: &CpuList) -> CpuList {
        let Some(asked) = &self.parts.asked else { return allowed.clone() };
        let both = allowed.only(|cpu| asked.contains(cpu));
        if both.is_empty() { allowed.clone() } else { both }
    }

    fn wanted(&self, usable: &CpuList) -> Vec<Seat> {
        let mut seats = reseat(&self.homes, usable, &self.parts.reserved, &self.parts.topology);
        if self.parts.emulated {
            for (seat, home) in seats.iter_mut().zip(&self.homes) {
                (seat.class, seat.capacity) = (home.class, home.capacity);
            }
        }
        seats
    }

    fn move_workers(&mut self, now_ns: u64, seats: &[Seat], usable: &CpuList) -> Vec<Seat> {
        let (mut moved, mut lines) = (Vec::new(), Vec::new());
        for (seat, before) in seats.iter().zip(self.parts.seats.all()) {
            if seat.cpu != before.cpu {
                let (worker, from, to) = (seat.worker, before.cpu, seat.cpu);
                let why =
                    if usable.contains(from) { "may be used again" } else { "is the next best" };
                lines.push(format!(
                    "worker {worker} moves from CPU {from} to CPU {to}, which {why}"
                ));
                self.parts.seats.change(now_ns, *seat);
                moved.push(*seat);
            }
        }
        if !lines.is_empty() && self.told[0].is_due() {
            log::warn!("{}", in_short(&lines));
        }
        moved
    }

    /// Pins a worker to its seat if it is not, and reads the pin back. What there is to tell, if
    /// somebody else had moved the pin.
    fn keep_pinned(&mut self, seat: &Seat, is_restored: bool) -> Option<String> {
        let index = seat.worker.index();
        let state = &self.parts.workers[index];
        let thread = state.thread_id()?;
        let own: CpuList = [seat.cpu].into_iter().collect();
        let affinity = &mut self.parts.affinity;
        // A thread that has ended has no mask.
        let mask = affinity.mask_of(thread)?;
        if mask == own {
            state.set_pinned(true);
            return None;
        }
        let set = affinity.set_mask(thread, &own);
        let pinned = set.is_ok() && affinity.mask_of(thread).as_ref() == Some(&own);
        state.set_pinned(pinned);
        let is_restored = pinned && is_restored && !self.unpinned[index];
        if is_restored {
            self.parts.seats.count_restored();
        }
        if !pinned && !self.unpinned[index] {
            let why = set.err().map(|error| error.to_string()).unwrap_or_default();
            log::warn!("worker {} cannot be pinned to CPU {}: {why}", seat.worker, seat.cpu);
        }
        self.unpinned[index] = !pinned;
        is_restored.then(|| format!("worker {} from CPU {mask} to CPU {}", seat.worker, seat.cpu))
    }

    fn keep_house(&mut self, seats: &[Seat], usable: &CpuList) {
        let all = usable.iter().filter_map(|cpu| self.parts.topology.cpu(cpu));
        let (cpus, _) = housekeeping(&all.collect::<Vec<&Cpu>>(), seats);
        self.parts.housekeepers.keep(cpus, usable, &mut *self.parts.affinity);
    }
}

/// The first of some sentences, and how many more there are.
fn in_short(lines: &[String]) -> String {
    let first = lines.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("; ");
    match lines.len().saturating_sub(4) {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}

#[cfg(test)]
mod tests;
