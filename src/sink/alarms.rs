//! Alarms into `alarms.csv`, as they begin and end; and the count of what was found.
//!
//! Alarms are rare and matter, so each is written at once, by the worker that met it, under a
//! lock: what happened before a crash of the program is in the file. Nothing is synced; after a
//! power cut the system's last seconds of writing may be missing.
//!
//! The file is bounded. An alarm that does not fit, and every one after it, is counted and not
//! written, so the file is a prefix of what happened, without gaps. A disk that is full or gone
//! costs alarms in the same way, never work, and the file ends in a whole row as far as that is
//! in our hands. Unlike the recorder, nobody looks whether the file was removed while running.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::findings::{Findings, FindingsSink};
use crate::names::SensorNames;
use crate::process::{AlarmChange, Insight, Sink};

/// The default limit on the file: 16 MiB, some 150,000 rows.
pub const ALARMS_LIMIT_BYTES: u64 = 16 << 20;

const COLUMNS: [&str; 10] = [
    "sequence",
    "sensor",
    "kind",
    "stamped_unix_ns",
    "change",
    "cause",
    "value",
    "mean",
    "deviation",
    "score",
];

/// Where the alarms of all workers are written; clones share it.
#[derive(Clone, Debug)]
pub struct Alarms {
    file: Arc<Mutex<AlarmFile>>,
    names: SensorNames,
    findings: Findings,
}

/// One worker's way to the file, and its counts of findings.
#[derive(Debug)]
pub struct AlarmsSink {
    alarms: Alarms,
    findings: FindingsSink,
}

/// What became of the alarms.
#[derive(Debug, Default)]
pub struct AlarmsWritten {
    /// Alarms in the file.
    pub rows: u64,
    /// Alarms that are not: past the limit, after an error, or after the end.
    pub not_written: u64,
    /// What the system said when it took no more.
    pub error: Option<io::Error>,
}

#[derive(Debug)]
struct AlarmFile {
    /// None once nothing more is to be written.
    file: Option<File>,
    bytes: u64,
    limit_bytes: u64,
    written: AlarmsWritten,
}

impl Alarms {
    /// Begins `path`, over what is there, of at most `limit_bytes`. Sensors are called by
    /// `names`; what is found is counted in `findings`.
    ///
    /// # Errors
    /// If the file cannot be created, or takes not even the header: said before the run.
    pub fn create(
        path: &Path,
        limit_bytes: u64,
        names: SensorNames,
        findings: Findings,
    ) -> io::Result<Self> {
        let header = format!("{}\n", COLUMNS.join(","));
        let mut file = File::create(path)?;
        file.write_all(header.as_bytes())?;
        let file = AlarmFile {
            file: Some(file),
            bytes: header.len() as u64,
            limit_bytes,
            written: AlarmsWritten::default(),
        };
        Ok(Alarms { file: Arc::new(Mutex::new(file)), names, findings })
    }

    /// A sink for one more worker.
    pub fn sink(&self) -> AlarmsSink {
        AlarmsSink { alarms: self.clone(), findings: self.findings.sink() }
    }

    /// Ends the file, and says what became of all alarms so far. Those that come later are
    /// counted in `not_written` of the next call; the error is told once.
    pub fn close(&self) -> AlarmsWritten {
        let mut file = self.lock();
        file.file = None;
        let AlarmsWritten { rows, not_written, error } = &mut file.written;
        AlarmsWritten { rows: *rows, not_written: *not_written, error: error.take() }
    }

    fn write(&self, insight: &Insight) {
        for change in insight.alarms.into_iter().flatten() {
            let row = self.row(insight, change);
            self.lock().append(&row);
        }
    }

    /// A line of CSV with its end. The csv crate quotes what needs it.
    fn row(&self, insight: &Insight, change: AlarmChange) -> Vec<u8> {
        let name = self.names.name(insight.sensor);
        let name = name.map_or_else(|| insight.sensor.0.to_string(), |name| on_one_line(&name));
        let trend = insight.trend;
        let fields = [
            insight.sequence.to_string(),
            name,
            insight.kind.as_str().to_owned(),
            insight.stamped_unix_ns.map(|ns| ns.to_string()).unwrap_or_default(),
            change.as_str().to_owned(),
            change.cause().as_str().to_owned(),
            figure(Some(insight.value)),
            figure(trend.map(|trend| trend.mean)),
            figure(trend.map(|trend| trend.deviation)),
            figure(trend.map(|trend| trend.score)),
        ];
        let mut writer = csv::WriterBuilder::new().buffer_capacity(512).from_writer(Vec::new());
        // Writing to memory cannot fail.
        let _ = writer.write_record(fields);
        writer.into_inner().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, AlarmFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink<Insight> for AlarmsSink {
    fn accept(&mut self, insight: Insight) {
        self.findings.accept(insight.finding);
        if insight.alarms.iter().any(Option::is_some) {
            self.alarms.write(&insight);
        }
    }
}

impl AlarmFile {
    fn append(&mut self, row: &[u8]) {
        let Some(file) = &mut self.file else {
            self.written.not_written += 1;
            return;
        };
        let bytes = self.bytes + row.len() as u64;
        if bytes > self.limit_bytes {
            log::warn!("alarms: the limit of {} bytes is reached", self.limit_bytes);
            return self.give_up(None);
        }
        match file.write_all(row) {
            Ok(()) => {
                self.bytes = bytes;
                self.written.rows += 1;
            }
            Err(error) => {
                log::error!("alarms: no more are written: {error}");
                // Back to the last whole row; a device that cannot be cut keeps what it has.
                let _ = file.set_len(self.bytes);
                self.give_up(Some(error));
            }
        }
    }

    /// Counts the row at hand, and lets the file go.
    fn give_up(&mut self, error: Option<io::Error>) {
        self.file = None;
        self.written.not_written += 1;
        self.written.error = error;
    }
}

/// A name without line breaks: a row is a line.
fn on_one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}

/// The shortest text that reads back as the same number; nothing for `None`.
fn figure(value: Option<f64>) -> String {
    value.map(|value| format!("{value:?}")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
