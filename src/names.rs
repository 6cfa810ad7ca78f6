//! The names of the sensors: text at the edges, a number inside.
//!
//! Sources meet sensors by name ("vib-07", "cpu,host=a usage_idle"); every packet would then
//! carry a string. Instead a source registers the name once and packets carry its
//! [`SensorId`]; the recorder looks the name up again when it writes a row. The table also
//! counts each sensor's packets, whichever source brings them. It is bounded, because names come from outside: past the bound a source must reject.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::SensorId;

/// The most sensors one run tells apart. Past it, [`SensorNames::register`] says no.
pub const SENSORS_MAX: usize = 65_536;

/// The table of names of one run; clones share it.
#[derive(Clone, Debug, Default)]
pub struct SensorNames(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    by_name: HashMap<Arc<str>, SensorId>,
    by_id: Vec<Arc<str>>,
    next_sequence: Vec<u64>,
}

impl SensorNames {
    /// The id of `name`, new if it was never seen; `None` when the table is full.
    pub fn register(&self, name: &str) -> Option<SensorId> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = table.by_name.get(name) {
            return Some(*id);
        }
        if table.by_id.len() >= SENSORS_MAX {
            return None;
        }
        let id = SensorId(table.by_id.len() as u32);
        let name: Arc<str> = name.into();
        table.by_id.push(name.clone());
        table.next_sequence.push(0);
        table.by_name.insert(name, id);
        Some(id)
    }

    /// The sequence number of the next packet of `id`: 0, 1, 2, … in the order of asking, from
    /// whichever source; always 0 for an id that was not given out here.
    pub fn next_sequence(&self, id: SensorId) -> u64 {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = table.next_sequence.get_mut(id.index()) else { return 0 };
        *next += 1;
        *next - 1
    }

    /// The name behind `id`, if it was registered here.
    pub fn name(&self, id: SensorId) -> Option<Arc<str>> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.by_id.get(id.index()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_id_and_an_id_its_name() {
        let names = SensorNames::default();
        let a = names.register("a").unwrap();
        let b = names.clone().register("b").unwrap();
        assert_ne!(a, b);
        assert_eq!(names.register("a"), Some(a));
        assert_eq!(names.name(b).as_deref(), Some("b"));
        assert_eq!(names.name(SensorId(7)), None);
    }

    #[test]
    fn every_sensor_counts_for_itself_whoever_asks() {
        let names = SensorNames::default();
        let (a, b) = (names.register("a").unwrap(), names.register("b").unwrap());
        let twin = names.clone();
        let drawn = [a, b, a, a].map(|id| twin.next_sequence(id));
        assert_eq!(drawn, [0, 0, 1, 2]);
        assert_eq!((names.next_sequence(b), names.next_sequence(SensorId(9))), (1, 0));
    }

    #[test]
    fn the_table_is_bounded() {
        let names = SensorNames::default();
        for i in 0..SENSORS_MAX {
            assert!(names.register(&i.to_string()).is_some());
        }
        assert_eq!(names.register("one more"), None);
        assert_eq!(names.register("5"), Some(SensorId(5)));
    }
}
