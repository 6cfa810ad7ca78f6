//! Classes of workers that pretend to be slower than their cores.

use crate::class::Class;
use crate::topology::{Seat, classify};

/// Classifies the seats anew by their pretended capacities, relative to the fastest.
pub fn reclassify(seats: &mut [Seat]) {
    let fastest = seats.iter().map(|seat| seat.capacity).fold(f64::MIN_POSITIVE, f64::max);
    seats.iter_mut().for_each(|seat| seat.capacity /= fastest);
    let capacities: Vec<f64> = seats.iter().map(|seat| seat.capacity).collect();
    let mut classes = classify(&capacities);
    if classes.iter().all(|class| *class == Class::Uniform) {
        // A pretence within a tenth would be no class of its own on a real chip; asked for, it
        // shall be seen all the same.
        let name =
            |capacity: &f64| if *capacity < 1.0 { Class::Efficiency } else { Class::Performance };
        classes = capacities.iter().map(name).collect();
    }
    for (seat, class) in seats.iter_mut().zip(classes) {
        seat.class = class;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CpuId, WorkerId};

    fn classes(capacities: &[f64]) -> Vec<Class> {
        let seat = |(id, capacity): (u32, &f64)| Seat {
            worker: WorkerId(id),
            cpu: CpuId(id),
            class: Class::Uniform,
            capacity: *capacity,
        };
        let mut seats: Vec<Seat> = (0..).zip(capacities).map(seat).collect();
        reclassify(&mut seats);
        seats.iter().map(|seat| seat.class).collect()
    }

    #[test]
    fn a_pretence_is_always_seen() {
        use Class::{Efficiency, Performance};
        assert_eq!(classes(&[1.0, 0.4]), [Performance, Efficiency]);
        assert_eq!(classes(&[1.0, 0.95]), [Performance, Efficiency]);
        assert_eq!(classes(&[1.0, 0.6, 0.3]), [Performance, Class::Middle(0), Efficiency]);
    }
}
