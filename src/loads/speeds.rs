//! How fast each worker was when a reader last looked.

use super::board::LoadBoard;
use crate::ids::WorkerId;

/// A copy of the board's speeds, which stands still within a reading: they change a few times a
/// second, and are looked at with every choice. One made while the sampler writes has new figures
/// of some workers and old ones of others, until the next reading.
#[derive(Debug)]
pub(super) struct Speeds {
    /// That of the board when it was copied; `None` before the first time.
    epoch: Option<u64>,
    of: Box<[SpeedSeen]>,
}

/// How fast one worker was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpeedSeen {
    /// The expected delay of a packet that finds nobody before it:
    /// `1 / (capacity × (1 − foreign load))`, worked out once and not for every choice.
    pub delay: f32,
    pub capacity: f32,
    pub foreign_load: f32,
    pub utilization: f32,
}

impl Speeds {
    pub fn new(workers: u32) -> Self {
        let of = (0..workers).map(|_| SpeedSeen::default()).collect();
        Speeds { epoch: None, of }
    }

    #[inline]
    pub fn of(&self, worker: WorkerId) -> &SpeedSeen {
        &self.of[worker.index()]
    }

    /// Whether nothing has changed on `board` since it was copied.
    #[inline]
    pub fn are_of(&self, board: &LoadBoard) -> bool {
        self.epoch == Some(board.speed_epoch())
    }

    /// Copies the board. Parked workers have an endless delay and a busy core here.
    pub fn copy(&mut self, board: &LoadBoard, parked: &[bool]) {
        // The number first: should a speed change meanwhile, all are copied once more.
        self.epoch = Some(board.speed_epoch());
        let workers = (0..).map(WorkerId).zip(parked);
        for (seen, (worker, parked)) in self.of.iter_mut().zip(workers) {
            let (capacity, foreign_load) = board.speed(worker);
            *seen = SpeedSeen {
                delay: 1.0 / (capacity * (1.0 - foreign_load)),
                capacity,
                foreign_load,
                utilization: board.utilization(worker),
            };
            if *parked || board.is_retired(worker) {
                seen.delay = f32::INFINITY;
            }
            if *parked {
                seen.utilization = f32::INFINITY;
            }
        }
    }
}
