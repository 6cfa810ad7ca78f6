//! Who is done next: a tournament of the workers' next completions.
//!
//! A complete binary tree in an array: the leaves are the workers' times, each inner node holds
//! the earlier one of its two children, so the root is the earliest of all. A change of one time
//! replays the log2(n) matches on its way up; a heap would do the same with worse branches, and
//! cannot change a time in its middle. A tie goes to the lowest index, so a seed decides
//! everything.

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Race {
    /// The number of leaves: a power of two.
    leaves: usize,
    times_ns: Vec<u64>,
    /// `winners[node]` is the leaf that won there; the root is 1.
    winners: Vec<u32>,
}

/// Never.
pub const NEVER: u64 = u64::MAX;

impl Race {
    /// A race of `runners` (1 or more) that all never arrive.
    pub fn new(runners: usize) -> Self {
        let leaves = runners.next_power_of_two().max(2);
        let mut race = Race { leaves, times_ns: vec![NEVER; leaves], winners: vec![0; leaves] };
        (1..leaves).rev().for_each(|node| race.play(node));
        race
    }

    #[inline]
    fn winner(&self, node: usize) -> u32 {
        if node >= self.leaves { (node - self.leaves) as u32 } else { self.winners[node] }
    }

    #[inline]
    fn play(&mut self, node: usize) {
        let (left, right) = (self.winner(2 * node), self.winner(2 * node + 1));
        let left_wins = self.times_ns[left as usize] <= self.times_ns[right as usize];
        self.winners[node] = if left_wins { left } else { right };
    }

    /// Runner `at` will arrive at `time_ns`.
    pub fn set(&mut self, at: usize, time_ns: u64) {
        self.times_ns[at] = time_ns;
        let mut node = (at + self.leaves) / 2;
        while node > 0 {
            let before = self.winners[node] as usize;
            self.play(node);
            if before != at && self.winners[node] as usize != at {
                // Neither lost nor won here: nothing changes further up.
                return;
            }
            node /= 2;
        }
    }

    /// Who arrives first, and when.
    pub fn first(&self) -> (usize, u64) {
        let first = self.winners[1] as usize;
        (first, self.times_ns[first])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The first is the least of all, and the lowest index of equals.
        #[test]
        fn the_first_is_the_earliest(
            runners in 1usize..70,
            changes in prop::collection::vec((0usize..70, 0u64..20), 1..200),
        ) {
            let mut race = Race::new(runners);
            let mut times = vec![NEVER; runners];
            for (at, time) in changes {
                let at = at % runners;
                race.set(at, time);
                times[at] = time;
                let least = times.iter().copied().min().unwrap();
                let first = times.iter().position(|time| *time == least).unwrap();
                prop_assert_eq!(race.first(), (first, least));
            }
        }
    }
}
