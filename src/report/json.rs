//! `summary.json`, out and in.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use super::ReportError;
use super::neighbour::{try_whole, write_whole};
use crate::record::SCHEMA_VERSION;
use crate::summary::Summary;

/// The largest summary that is read: 1,024 workers with full timelines need a fifth of it.
const SUMMARY_BYTES_MAX: u64 = 32 << 20;

/// Writes `summary` to `path` as JSON for people and programs.
///
/// # Errors
/// [`ReportError::CannotCreate`] or [`ReportError::Io`]; a file that was there stays.
pub fn write_summary(path: &Path, summary: &Summary) -> Result<(), ReportError> {
    write_whole(path, |beside| {
        let mut file = BufWriter::new(File::create(beside)?);
        serde_json::to_writer_pretty(&mut file, summary)?;
        file.write_all(b"\n")?;
        file.flush()
    })
}

/// Writes `text` to `path`, whole or not at all.
///
/// # Errors
/// As [`write_summary`].
pub fn write_text(path: &Path, text: &str) -> Result<(), ReportError> {
    write_whole(path, |beside| std::fs::write(beside, text))
}

/// Tries whether [`write_text`] could make a file there; leaves nothing behind.
///
/// # Errors
/// [`ReportError::CannotCreate`].
pub fn try_to_write(path: &Path) -> Result<(), ReportError> {
    try_whole(path)
}

/// Reads a summary back.
///
/// # Errors
/// [`ReportError::MissingInput`] when it cannot be opened, [`ReportError::BadData`] when it is
/// no summary, is larger than 32 MiB, or has another schema version than this program.
pub fn read_summary(path: &Path) -> Result<Summary, ReportError> {
    let file = File::open(path)
        .map_err(|source| ReportError::MissingInput { path: path.to_owned(), source })?;
    let mut text = Vec::new();
    file.take(SUMMARY_BYTES_MAX + 1)
        .read_to_end(&mut text)
        .map_err(|source| ReportError::reading(path, source))?;
    if text.len() as u64 > SUMMARY_BYTES_MAX {
        return Err(bad(path, 1, format!("more than {SUMMARY_BYTES_MAX} bytes")));
    }
    let summary: Summary = serde_json::from_slice(&text)
        .map_err(|error| bad(path, error.line() as u64, error.to_string()))?;
    if summary.schema_version != SCHEMA_VERSION {
        let seen = summary.schema_version;
        let problem = format!("schema_version {seen}, but this program knows {SCHEMA_VERSION}");
        return Err(bad(path, 1, problem));
    }
    Ok(summary)
}

fn bad(path: &Path, line: u64, problem: String) -> ReportError {
    let remedy = "remove it to work from the rows alone, or run again with this program";
    ReportError::BadData { path: path.to_owned(), line: line.max(1), problem, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_summary_survives_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.json");
        for summary in [samples::hybrid(4, 0, 4), samples::without_packets()] {
            write_summary(&path, &summary).unwrap();
            let back = read_summary(&path).unwrap();
            // What a timeline has not yet closed is not written, so text is compared.
            let text = |summary| serde_json::to_string(summary).unwrap();
            assert_eq!(text(&back), text(&summary));
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_no_summary_is_named_with_line_and_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.json");
        assert!(matches!(read_summary(&path), Err(ReportError::MissingInput { .. })));
        let mut newer = samples::hybrid(1, 0, 1);
        newer.schema_version = SCHEMA_VERSION + 1;
        let newer = serde_json::to_vec(&newer).unwrap();
        for bytes in [&b""[..], b"{", b"\n\n[]", b"\xff\0", &newer] {
            std::fs::write(&path, bytes).unwrap();
            let error = read_summary(&path).unwrap_err();
            assert!(matches!(error, ReportError::BadData { .. }), "{error}");
            assert!(error.to_string().contains("line") && error.to_string().contains("remove it"));
        }
    }
}
