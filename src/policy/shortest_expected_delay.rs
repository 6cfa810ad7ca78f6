//! Shortest expected delay: where one more packet would be done first, on average.
//!
//! Score: `(in_flight + 1) / (capacity × (1 − foreign load))`, over all workers. The field's SED
//! (Weinrib and Shenker, "Greed is not enough", 1988): a fast busy core may be better than a slow
//! idle one.

use super::least::{Least, Score};

/// See the head of this file.
pub type ShortestExpectedDelay = Least<ExpectedDelay>;

/// `(in_flight + 1) / capacity`.
#[derive(Debug)]
pub struct ExpectedDelay;

impl Score for ExpectedDelay {
    const NAME: &'static str = "shortest-expected-delay";

    fn score(in_flight: u32, delay: f32) -> f32 {
        (in_flight + 1) as f32 * delay
    }
}
