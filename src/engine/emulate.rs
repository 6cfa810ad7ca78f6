//! Classes of workers that pretend to be slower than their cores.

use crate::topology::{Seat, classify};

/// Classifies the seats anew by their pretended capacities, relative to the fastest.
pub fn reclassify(seats: &mut [Seat]) {
    let fastest = seats.iter().map(|seat| seat.capacity).fold(f64::MIN_POSITIVE, f64::max);
    seats.iter_mut().for_each(|seat| seat.capacity /= fastest);
    let capacities: Vec<f64> = seats.iter().map(|seat| seat.capacity).collect();
    for (seat, class) in seats.iter_mut().zip(classify(&capacities)) {
        seat.class = class;
    }
}
