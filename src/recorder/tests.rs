use super::*;
use crate::ids::SensorId;
use crate::record::Row;
use proptest::prelude::*;

fn record(sequence: u64) -> Record {
    Record { sequence, key: Key(0), outcome: Outcome::Processed, ..ABANDONED }
}

fn rows(path: &std::path::Path) -> Vec<Row> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever the threads leave behind, skip, or never record at all: the rows are those
    /// counted, and their weights add up to what dispatch received.
    #[test]
    fn the_weights_add_up_to_what_was_received(
        visits in prop::collection::vec((0u64..12_000, 0u64..12_000), 1..8),
        unseen in 0u64..50,
        limit in LIMIT_MIN..4_000_000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assignments.csv");
        let buffers = Arc::new(Buffers::default());
        let here = std::thread::current();
        let two = [buffers.add(here.clone()), buffers.add(here)];
        let names = SensorNames::default();
        prop_assert_eq!(names.register("only"), Some(SensorId(0)));
        let options = RecordOptions { path: path.clone(), limit_bytes: limit, names };
        let mut recorder = Recorder::create(options, buffers).unwrap();
        let mut received = unseen;
        for (first, second) in visits {
            (0..first).for_each(|sequence| two[0].push(record(sequence)));
            (0..second).for_each(|sequence| two[1].push(record(sequence)));
            received += first + second;
            recorder.visit();
        }
        let recorded = recorder.close(received);
        let rows = rows(&path);
        prop_assert!(recorded.error.is_none());
        prop_assert_eq!(rows.len() as u64, recorded.rows);
        prop_assert_eq!(rows.iter().map(|row| row.weight).sum::<u64>(), received);
        prop_assert!(std::fs::metadata(&path).unwrap().len() <= limit);
    }
}

#[test]
fn a_buffer_whose_thread_is_gone_is_visited_once_more_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assignments.csv");
    let buffers = Arc::new(Buffers::default());
    let buffer = buffers.add(std::thread::current());
    let options =
        RecordOptions { path: path.clone(), limit_bytes: 1 << 20, names: SensorNames::default() };
    let mut recorder = Recorder::create(options, buffers.clone()).unwrap();
    buffer.push(record(5));
    drop(buffer);
    recorder.visit();
    assert!(buffers.visit().is_empty());
    assert_eq!(recorder.close(1).rows, 1);
    assert_eq!(rows(&path)[0].sensor, "0");
}
