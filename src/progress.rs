//! Whether every worker makes progress: what a watchdog is fed by.
//!
//! A program that hangs still has threads that run: a timer that says "alive" shows nothing but
//! the timer. So each look compares what the workers have ended with the look before. A worker
//! that has packets in flight and has ended none of them over [`Progress::patience`] looks in a
//! row is *stuck*; one that ends something, or has nothing to do, is not. Looks are counted, not
//! time: a machine that stood still for an hour and goes on has stuck workers only if they then
//! do nothing.
//!
//! Limits: a single packet that takes longer than that many looks is taken for a hang. Who asks
//! chooses the distance of the looks.

use crate::ids::WorkerId;

/// How far a worker is at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stride {
    /// Packets waiting or running there.
    pub in_flight: u32,
    /// Packets that came to their end there, whichever it was.
    pub ended: u64,
}

/// The looks so far.
#[derive(Clone, Debug)]
pub struct Progress {
    patience: u32,
    workers: Vec<Standing>,
}

/// One worker at the last look, and for how many looks it has ended nothing.
#[derive(Clone, Copy, Debug)]
struct Standing {
    ended: u64,
    looks: u32,
}

impl Progress {
    /// Nobody has been looked at. A worker is stuck after `patience` looks without an end.
    pub fn new(patience: u32) -> Self {
        Progress { patience, workers: Vec::new() }
    }

    /// How many looks a worker may have packets and end none.
    pub fn patience(&self) -> u32 {
        self.patience
    }

    /// Looks at every worker, in the order of their ids; returns those that are stuck.
    pub fn look(&mut self, strides: &[Stride]) -> Vec<WorkerId> {
        let new = strides.iter().enumerate().map(|(index, stride)| {
            let before = self.workers.get(index);
            let stood = before
                .filter(|before| before.ended == stride.ended && stride.in_flight > 0)
                .map_or(0, |before| before.looks.saturating_add(1));
            Standing { ended: stride.ended, looks: stood }
        });
        self.workers = new.collect();
        let stuck = |(index, worker): (usize, &Standing)| {
            (worker.looks >= self.patience).then_some(WorkerId(index as u32))
        };
        self.workers.iter().enumerate().filter_map(stuck).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stride(in_flight: u32, ended: u64) -> Stride {
        Stride { in_flight, ended }
    }

    /// Looks at one worker again and again; whether it was stuck at each.
    fn looks(patience: u32, strides: &[(u32, u64)]) -> Vec<bool> {
        let mut progress = Progress::new(patience);
        let look = |(in_flight, ended): &(u32, u64)| {
            !progress.look(&[stride(*in_flight, *ended)]).is_empty()
        };
        strides.iter().map(look).collect()
    }

    #[test]
    fn a_worker_with_packets_that_ends_none_is_stuck_after_as_many_looks_as_are_granted() {
        let seen = looks(2, &[(3, 5), (3, 5), (3, 5), (3, 5)]);
        assert_eq!(seen, [false, false, true, true]);
        assert_eq!(looks(1, &[(1, 0), (1, 0)]), [false, true]);
    }

    #[test]
    fn a_worker_that_ends_anything_is_not_stuck_however_full_its_inbox_is() {
        let seen = looks(1, &[(1024, 1), (1024, 2), (1024, 3), (1024, 4)]);
        assert_eq!(seen, [false; 4]);
    }

    #[test]
    fn an_idle_worker_is_not_stuck() {
        assert_eq!(looks(1, &[(0, 7); 5]), [false; 5]);
    }

    #[test]
    fn the_looks_are_counted_from_the_first_packet_after_idleness() {
        let seen = looks(2, &[(0, 7), (0, 7), (0, 7), (1, 7), (1, 7), (1, 7)]);
        assert_eq!(seen, [false, false, false, false, true, true]);
    }

    #[test]
    fn a_worker_that_goes_on_is_no_longer_stuck() {
        let seen = looks(1, &[(1, 0), (1, 0), (1, 1), (1, 1)]);
        assert_eq!(seen, [false, true, false, true]);
    }

    #[test]
    fn one_stuck_worker_is_found_among_those_that_work() {
        let mut progress = Progress::new(1);
        for round in 0..3 {
            let strides = [stride(9, round), stride(1, 4), stride(0, 2)];
            let stuck = progress.look(&strides);
            assert_eq!(stuck, if round == 0 { vec![] } else { vec![WorkerId(1)] });
        }
    }

    #[test]
    fn a_worker_that_is_new_has_its_whole_patience() {
        let mut progress = Progress::new(1);
        progress.look(&[stride(1, 0)]);
        assert_eq!(progress.look(&[stride(1, 1), stride(1, 0)]), []);
        assert_eq!(progress.look(&[stride(1, 2), stride(1, 0)]), [WorkerId(1)]);
    }
}
