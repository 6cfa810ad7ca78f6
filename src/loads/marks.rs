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
    /// Reads the marks, if they have changed; says whether they have.
    pub fn follow(&mut self, parking: &Parking) -> bool {
        // The number first: should a mark change meanwhile, it is looked at once more.
        let epoch = parking.epoch();
        if self.epoch == Some(epoch) {
            return false;
        }
        self.read(epoch, parking.workers(), |worker| parking.is_parked(WorkerId(worker)));
        true
    }

    /// Takes the marks one by one. While they are being changed from one worker to another, the one
    /// may be read before it is woken and the other after it is parked: then nobody would be left,
    /// and everybody is taken for active until the next look.
    fn read(&mut self, epoch: u64, workers: u32, is_parked: impl Fn(u32) -> bool) {
        self.parked.clear();
        self.parked.extend((0..workers).map(is_parked));
        let torn = self.parked.iter().all(|parked| *parked);
        if torn {
            self.parked.fill(false);
        }
        self.epoch = (!torn).then_some(epoch);
        self.active.clear();
        self.active.extend((0..workers).filter(|worker| !self.parked[*worker as usize]));
        self.any = self.active.len() < self.parked.len();
        self.settled = if self.any || torn { u64::MAX } else { epoch };
    }

    /// Whether the marks are still what was read.
    pub fn are_of(&self, parking: &Parking) -> bool {
        self.epoch == Some(parking.epoch())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_reading_leaves_everybody_active_and_is_read_again() {
        let parking = Parking::new(2);
        parking.set(&[true, false], &[], 1.0);
        let mut marks = Marks::default();
        marks.read(parking.epoch(), 2, |_| true);
        assert_eq!((marks.any, &marks.active[..], marks.settled), (false, &[0, 1][..], u64::MAX));
        marks.follow(&parking);
        assert_eq!((marks.any, &marks.active[..]), (true, &[0][..]));
        assert!(marks.are_of(&parking));
    }
}
