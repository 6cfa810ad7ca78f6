//! A look at a running engine, for status lines and closing reports.

use std::sync::Arc;

use super::board::busy_ns;
use super::packing::Packed;
use super::{Engine, SourceReport};
use crate::dispatch::Switched;
use crate::energy::Used;
use crate::ids::WorkerId;
use crate::ledger::Ledger;
use crate::progress::Stride;
use crate::sampler::Samples;
use crate::summary::ThermalFigures;
use crate::topology::{Move, Seat};
use crate::totals::{WorkerState, WorkerTotals};

/// Everything an engine can tell of itself at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Nanoseconds since the engine started.
    pub now_ns: u64,
    /// The account.
    pub ledger: Ledger,
    /// One entry a worker.
    pub workers: Vec<WorkerSnapshot>,
    /// The first workers that were put on another CPU while running.
    pub moves: Vec<Move>,
    /// How many were.
    pub moves_total: u64,
    /// Pins that somebody else had changed and that were put right.
    pub pins_restored: u64,
    /// States of keys that were given up for those of others, since there are too many keys.
    pub states_forgotten: u64,
    /// What the sampler saw.
    pub samples: Samples,
    /// What the board used so far.
    pub energy: Used,
    /// What the goal of energy came to; none under the goal of latency.
    pub packed: Option<Packed>,
    /// How warm the machine is; none where it does not tell.
    pub thermal: Option<ThermalFigures>,
    /// What was wrong with the sensors of the board, a line each.
    pub board_notes: Vec<String>,
    /// What each source did.
    pub sources: Vec<SourceReport>,
    /// The policy's name.
    pub policy: &'static str,
    /// How many workers it looks at for each packet.
    pub choices: u32,
    /// The exchanges of the policy so far.
    pub switched: Vec<Switched>,
    /// The seed of the run.
    pub seed: u64,
    /// Whether classes are emulated.
    pub emulated: bool,
}

/// One worker at one moment.
#[derive(Clone, Debug)]
pub struct WorkerSnapshot {
    /// Where it sits now.
    pub seat: Seat,
    /// Whether its pin was read back and found in force.
    pub pinned: bool,
    /// Packets waiting or running there.
    pub in_flight: u32,
    /// Capacity as believed now (0 to 1).
    pub capacity: f32,
    /// The same without the relief that a hot core is given ([`crate::derating`]).
    pub measured_capacity: f32,
    /// Packets whose work ended here, well or not.
    pub packets: u64,
    /// Those of them whose work failed.
    pub failed: u64,
    /// Packets that it took from the inbox of another worker.
    pub stolen: u64,
    /// Its running totals.
    pub totals: WorkerTotals,
}

impl<P: Send + 'static> Engine<P> {
    /// A look at everything.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_at(self.shared.clock.now_ns())
    }

    /// The same, of a moment that something else was read at too.
    pub(super) fn snapshot_at(&self, now_ns: u64) -> Snapshot {
        let (policy, choices) = self.switch.current();
        let (moves, moves_total) = self.shared.seats.moves();
        let ledger = self.ledger();
        let seats = self.shared.seats.all();
        let workers: Vec<_> = seats.into_iter().map(|seat| self.worker(seat)).collect();
        let (energy, thermal, board_notes) = {
            let board = self.board.lock();
            (board.used(&busy_ns(&workers), now_ns), board.thermal(), board.notes())
        };
        Snapshot {
            now_ns,
            ledger,
            workers,
            moves,
            moves_total,
            pins_restored: self.shared.seats.restored(),
            states_forgotten: self.streams.forgotten.get(),
            samples: self.sampler.samples(),
            energy,
            packed: self.energy_keeper.as_ref().map(|keeper| keeper.packed(now_ns)),
            thermal,
            board_notes,
            sources: self.sources.reports(),
            policy,
            choices,
            switched: self.switch.switched(),
            seed: self.builder.seed,
            emulated: self.emulated,
        }
    }

    /// How far every worker is: a few words each, so that it may be asked for often.
    pub fn strides(&self) -> Vec<Stride> {
        let stride = |(index, state): (usize, &Arc<WorkerState>)| {
            let counts = &state.counts;
            let ends = [&counts.processed, &counts.failed, &counts.expired, &counts.abandoned];
            Stride {
                in_flight: self.shared.board.in_flight(WorkerId(index as u32)).count(),
                ended: ends.iter().map(|count| count.get()).sum(),
            }
        };
        self.shared.workers.iter().enumerate().map(stride).collect()
    }

    fn worker(&self, seat: Seat) -> WorkerSnapshot {
        let worker = seat.worker;
        let state = &self.shared.workers[worker.index()];
        WorkerSnapshot {
            seat,
            pinned: state.pinned(),
            in_flight: self.shared.board.in_flight(worker).count(),
            capacity: self.shared.board.speed(worker).0,
            measured_capacity: self.shared.board.measured_capacity(worker),
            packets: state.counts.processed.get() + state.counts.failed.get(),
            failed: state.counts.failed.get(),
            stolen: state.counts.stolen.get(),
            totals: state.totals().clone(),
        }
    }
}
