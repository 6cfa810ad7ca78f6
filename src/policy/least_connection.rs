//! Least connection: the fewest packets in flight for the capacity.
//!
//! Score: `in_flight / (capacity × (1 − foreign load))`. All idle workers score 0, whatever their
//! speed: at low load a slow core is taken as readily as a fast one, which is what
//! [`super::ShortestExpectedDelay`] mends with its `+ 1`. The rule of nginx (`least_conn`) and
//! of the Linux virtual server (`wlc`).

use super::least::{Least, Score};

/// See the head of this file.
pub type LeastConnection = Least<InFlightPerCapacity>;

/// `in_flight / capacity`.
#[derive(Debug)]
pub struct InFlightPerCapacity;

impl Score for InFlightPerCapacity {
    const NAME: &'static str = "least-connection";

    fn score(in_flight: u32, delay: f32) -> f32 {
        in_flight as f32 * delay
    }
}
