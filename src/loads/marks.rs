//! Who was parked when a reader last looked.

use crate::ids::WorkerId;
use crate::parking::Parking;

#[derive(Debug, Default)]
pub(super) struct Marks {
    /// `None` before the first look.
    epoch: Option<u64>,
    /// The epoch, or where somebody is parked a number that no epoch is: one comparison a reading
    /// tells that there is nothing to do.
    pub settled: u64,
    /// Whether anybody is.
    pub any: bool,
    pub parked: Vec<bool>,
    pub active: Vec<u32>,
}

impl Marks {
    /// Reads the marks, if they have changed.
    pub fn follow(&mut self, parking: &Parking) {
        // The number first: should a mark change meanwhile, it is looked at once more.
        let epoch = parking.epoch();
        if self.epoch == Some(epoch) {
            return;
        }
        self.epoch = Some(epoch);
        let workers = 0..parking.workers();
        self.parked.clear();
        self.parked.extend(workers.clone().map(|worker| parking.is_parked(WorkerId(worker))));
        self.active.clear();
        self.active.extend(workers.filter(|worker| !self.parked[*worker as usize]));
        self.any = self.active.len() < self.parked.len();
        self.settled = if self.any { u64::MAX } else { epoch };
    }

    /// Whether the marks are still what was read.
    pub fn are_of(&self, parking: &Parking) -> bool {
        self.epoch == Some(parking.epoch())
    }
}
