//! Shortest queue: the fewest packets in flight, whatever the capacity.
//!
//! The field's JSQ. Optimal for equal workers and exponential work (Winston 1977); on unequal
//! cores it gives a slow core as long a queue as a fast one. A control there.

use super::least::{Least, Score};

/// See the head of this file.
pub type ShortestQueue = Least<InFlightAlone>;

/// `in_flight`.
#[derive(Debug)]
pub struct InFlightAlone;

impl Score for InFlightAlone {
    const NAME: &'static str = "shortest-queue";

    fn score(in_flight: u32, _delay: f32) -> f32 {
        in_flight as f32
    }
}
