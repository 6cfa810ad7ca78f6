//! The board beside the engine: watched by the sampler, read when a look is taken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::WorkerSnapshot;
use crate::class::Class;
use crate::energy::{Board, Settings, Used};
use crate::sampler::Watch;
use crate::summary::EnergyFigures;
use crate::topology::Topology;

/// The board, shared between the sampler's thread and whoever takes a look.
#[derive(Clone)]
pub struct WatchedBoard(Arc<Mutex<Board>>);

impl WatchedBoard {
    pub fn new(settings: &Settings, topology: &Topology, now_ns: u64) -> Self {
        WatchedBoard(Arc::new(Mutex::new(Board::new(settings, topology, now_ns))))
    }

    /// For the sampler.
    pub fn watch(&self) -> Watch {
        let board = self.clone();
        Box::new(move |look| board.lock().look(look))
    }

    pub fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For how long the workers of each class were at work, in nanoseconds.
pub fn busy_ns(workers: &[WorkerSnapshot]) -> Vec<(Class, u64)> {
    let mut busy: BTreeMap<Class, u64> = BTreeMap::new();
    for worker in workers {
        *busy.entry(worker.seat.class).or_default() += worker.totals.busy_ns;
    }
    busy.into_iter().collect()
}

/// The energy of the whole run.
pub fn whole(used: &Used, packets: u64, duration_s: f64) -> EnergyFigures {
    EnergyFigures {
        source: used.source.clone(),
        uncertainty: used.uncertainty,
        covers: used.covers.to_owned(),
        shared_joules: Some(used.shared_joules),
        ..figures(used.joules, packets, duration_s)
    }
}

/// The energy of one class; none where it had no part in the run. Packets stand with a worker's
/// last class, joules with the class of each moment: after a change of class one over the other
/// is no figure of any class.
pub fn of_class(used: &Used, class: Class, packets: u64, duration_s: f64) -> Option<EnergyFigures> {
    let (_, joules) = used.by_class.iter().find(|(name, _)| *name == class)?;
    let packets = if used.between_classes { 0 } else { packets };
    Some(EnergyFigures {
        source: used.split_source.clone(),
        uncertainty: used.split_uncertainty,
        ..figures(*joules, packets, duration_s)
    })
}

fn figures(joules: f64, packets: u64, duration_s: f64) -> EnergyFigures {
    EnergyFigures {
        joules,
        joules_per_packet: (packets > 0).then(|| joules / packets as f64),
        watts_mean: joules / duration_s.max(1e-9),
        ..EnergyFigures::default()
    }
}
