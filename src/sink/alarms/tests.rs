//! Laws of `alarms.csv`.

use super::*;
use crate::ids::SensorId;
use crate::packet::Kind;
use crate::process::{Cause, Finding, LimitCheck, TrendReport};
use AlarmChange::{Cleared, Raised};
use proptest::prelude::*;

type Fields = [String; COLUMNS.len()];

fn insight(sensor: SensorId, sequence: u64, alarms: [Option<AlarmChange>; 3]) -> Insight {
    let trend = TrendReport { mean: 20.5, deviation: 0.25, rate: 3.0, score: 278.0 };
    Insight {
        sensor,
        sequence,
        kind: Kind::Temperature,
        stamped_unix_ns: Some(1_700_000_000_123_456_789),
        finding: Finding::Limit(LimitCheck::High),
        value: 90.0,
        calm: false,
        trend: Some(trend),
        alarms,
    }
}

const RAISED: [Option<AlarmChange>; 3] = [Some(Raised(Cause::LimitHigh)), None, None];

/// A file of alarms in a folder that goes with it.
struct Tried {
    folder: tempfile::TempDir,
    names: SensorNames,
    alarms: Alarms,
}

impl Tried {
    fn new(limit_bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = SensorNames::default();
        let path = folder.path().join("alarms.csv");
        let alarms = Alarms::create(&path, limit_bytes, names.clone(), Findings::default());
        Tried { folder, names, alarms: alarms.unwrap() }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("alarms.csv")).unwrap()
    }

    /// The rows as the csv crate reads them; every one is a whole line.
    fn rows(&self) -> Vec<Fields> {
        let text = self.text();
        assert!(text.ends_with('\n'), "{text}");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
        let rows: Vec<Fields> =
            reader.records().map(|row| row.unwrap().deserialize::<Fields>(None).unwrap()).collect();
        assert_eq!(rows.len() + 1, text.lines().count());
        rows
    }
}

#[test]
fn a_row_tells_all_and_is_there_at_once() {
    let tried = Tried::new(ALARMS_LIMIT_BYTES);
    let sensor = tried.names.register("boiler").unwrap();
    let mut sink = tried.alarms.sink();
    let both = [Some(Raised(Cause::LimitHigh)), None, Some(Cleared(Cause::Anomaly))];
    sink.accept(insight(sensor, 7, both));
    // Not closed: whoever cuts the power now finds this.
    let stamp = "1700000000123456789";
    let figures = ["90.0", "20.5", "0.25", "278.0"];
    let row = |change, cause| {
        let [value, mean, deviation, score] = figures;
        ["7", "boiler", "temperature", stamp, change, cause, value, mean, deviation, score]
            .map(str::to_owned)
    };
    assert_eq!(tried.rows(), [row("raised", "limit-high"), row("cleared", "anomaly")]);
    let written = tried.alarms.close();
    assert_eq!((written.rows, written.not_written), (2, 0));
    assert!(written.error.is_none());
}

#[test]
fn what_is_not_known_is_empty_and_what_is_not_finite_reads_back() {
    let tried = Tried::new(ALARMS_LIMIT_BYTES);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let alarms = [Some(Raised(Cause::NotFinite)), None, None];
        let bare = Insight {
            value,
            stamped_unix_ns: None,
            trend: None,
            ..insight(SensorId(9), 0, alarms)
        };
        tried.alarms.sink().accept(bare);
    }
    let rows = tried.rows();
    for (row, value) in rows.iter().zip([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]) {
        assert_eq!(row[6].parse::<f64>().unwrap().to_bits(), value.to_bits());
        // A sensor without a name is called by its number.
        assert_eq!(row[1], "9");
        assert_eq!([3, 7, 8, 9].map(|at: usize| row[at].as_str()), [""; 4]);
    }
}

#[test]
fn a_packet_without_a_change_is_counted_and_leaves_no_row() {
    let tried = Tried::new(ALARMS_LIMIT_BYTES);
    let (mut a, mut b) = (tried.alarms.sink(), tried.alarms.sink());
    a.accept(insight(SensorId(0), 0, [None; 3]));
    b.accept(insight(SensorId(0), 1, RAISED));
    assert_eq!(tried.alarms.findings.by_name(), [("limit-high".to_owned(), 2)].into());
    assert_eq!(tried.rows().len(), 1);
}

#[test]
fn what_comes_after_the_end_is_counted() {
    let tried = Tried::new(ALARMS_LIMIT_BYTES);
    let mut sink = tried.alarms.sink();
    sink.accept(insight(SensorId(0), 0, RAISED));
    let first = tried.alarms.close();
    assert_eq!((first.rows, first.not_written), (1, 0));
    sink.accept(insight(SensorId(0), 1, RAISED));
    let second = tried.alarms.close();
    assert_eq!((second.rows, second.not_written, second.error.is_none()), (1, 1, true));
    assert_eq!(tried.rows().len(), 1);
}

#[test]
fn workers_write_whole_rows_beside_each_other() {
    let tried = Tried::new(ALARMS_LIMIT_BYTES);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let mut sink = tried.alarms.sink();
            scope.spawn(move || {
                (0..50).for_each(|at| sink.accept(insight(SensorId(worker), at, RAISED)));
            });
        }
    });
    let rows = tried.rows();
    for worker in 0..4 {
        let own = rows.iter().filter(|row| row[1] == worker.to_string());
        assert!(own.map(|row| row[0].parse::<u64>().unwrap()).eq(0..50), "{worker}");
    }
}

/// `/dev/full` takes no byte, as a full disk; elsewhere there is nothing to try it on.
#[test]
fn a_full_disk_costs_alarms_and_nothing_else() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let tried = Tried::new(ALARMS_LIMIT_BYTES);
    tried.alarms.lock().file = Some(full);
    let mut sink = tried.alarms.sink();
    (0..5).for_each(|at| sink.accept(insight(SensorId(0), at, RAISED)));
    let written = tried.alarms.close();
    assert_eq!((written.rows, written.not_written), (0, 5));
    assert_eq!(written.error.unwrap().kind(), io::ErrorKind::StorageFull);
    assert!(tried.alarms.close().error.is_none());
    let refused = |path| {
        Alarms::create(Path::new(path), 9, SensorNames::default(), Findings::default()).is_err()
    };
    assert!(refused("/dev/full") && refused("/no/such/folder/alarms.csv"));
}

proptest! {
    /// Whatever the sensors are called: the limit holds, rows are whole, the first that does
    /// not fit is the last that is tried, and the csv crate reads what was written.
    #[test]
    fn the_file_is_a_prefix_within_its_limit(
        names in prop::collection::vec("\\PC{0,20}|[,\"\n\r a]{0,9}", 1..20),
        limit in 100u64..3_000,
        alarms in 0u64..60,
    ) {
        let tried = Tried::new(limit);
        let ids: Vec<SensorId> =
            names.iter().map(|name| tried.names.register(name).unwrap()).collect();
        let mut sink = tried.alarms.sink();
        for at in 0..alarms {
            sink.accept(insight(ids[at as usize % ids.len()], at, RAISED));
        }
        let written = tried.alarms.close();
        prop_assert!(tried.text().len() as u64 <= limit, "{} of {limit}", tried.text().len());
        prop_assert_eq!(written.rows + written.not_written, alarms);
        let rows = tried.rows();
        prop_assert_eq!(rows.len() as u64, written.rows);
        for (at, row) in rows.iter().enumerate() {
            prop_assert_eq!(&row[0], &at.to_string());
            let name = &names[at % names.len()];
            prop_assert_eq!(&row[1], &name.replace(['\n', '\r'], " "));
        }
        let longest = 4 * 20 + 2 + 100;
        prop_assert!(written.not_written == 0 || tried.text().len() as u64 + longest > limit);
    }
}
