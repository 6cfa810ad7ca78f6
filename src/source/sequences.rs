//! The next sequence number of every sensor.
//!
//! A number counts one sensor's packets, from 0, as one source brings them. Ids are dense, so
//! the table is a plain list; it is as bounded as the table of names that gave the ids.

use crate::ids::SensorId;

/// One source's count of packets per sensor.
#[derive(Debug, Default)]
pub(super) struct Sequences(Vec<u64>);

impl Sequences {
    /// The sequence number of `sensor`'s next packet: 0, 1, 2, …
    pub(super) fn next(&mut self, sensor: SensorId) -> u64 {
        if self.0.len() <= sensor.index() {
            self.0.resize(sensor.index() + 1, 0);
        }
        let next = &mut self.0[sensor.index()];
        *next += 1;
        *next - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sensor_counts_for_itself() {
        let mut sequences = Sequences::default();
        let drawn = [3, 0, 3, 3, 0].map(|id| sequences.next(SensorId(id)));
        assert_eq!(drawn, [0, 0, 1, 2, 1]);
    }
}
