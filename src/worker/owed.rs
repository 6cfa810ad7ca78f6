//! Places in flight that failures still hold.
//!
//! A worker whose work fails at once would always look idle, and least connection would send
//! it everything. So a failure keeps its place for as long as a success typically takes, one
//! after the other, as if the worker had done the work: it then looks exactly as loaded as a
//! healthy worker of average speed. Nothing waits for it; only the count does.

use std::collections::VecDeque;

/// The places owed, by when each is given up.
#[derive(Debug, Default)]
pub struct Owed {
    due_ns: VecDeque<u64>,
}

impl Owed {
    /// Keeps a place for `typical_ns` from `started_ns`, or from when the place before it is
    /// given up, if that is later.
    pub fn push(&mut self, started_ns: u64, typical_ns: u64) {
        let from_ns = self.due_ns.back().map_or(started_ns, |last| started_ns.max(*last));
        self.due_ns.push_back(from_ns.saturating_add(typical_ns));
    }

    /// Whether nothing is owed.
    pub fn is_empty(&self) -> bool {
        self.due_ns.is_empty()
    }

    /// How many places are due by `now_ns`; they are forgotten here.
    pub fn take_due(&mut self, now_ns: u64) -> u32 {
        let due = self.due_ns.iter().take_while(|due| **due <= now_ns).count();
        self.due_ns.drain(..due);
        due as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_hold_their_places_one_after_the_other() {
        let mut owed = Owed::default();
        owed.push(0, 100);
        owed.push(1, 100);
        owed.push(500, 100);
        assert_eq!([99, 100, 199, 200, 599, 600].map(|now| owed.take_due(now)), [0, 1, 0, 1, 0, 1]);
        assert!(owed.is_empty());
    }
}
