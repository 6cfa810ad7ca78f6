//! Reads `assignments.csv` in one pass.
//!
//! A recorded hour may be a file of 256 MiB, so no row is kept. What is damaged is left out
//! and said: bad rows in the middle, and a last row that a power cut tore.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::ReportError;
use super::line;
use super::lines::{Line, Lines};
use super::rows::{LeftOut, Rows};
use crate::record::COLUMNS;

/// Reads a file of rows in one pass, in memory that does not grow with the file.
///
/// Bad rows and a torn last row are left out; [`Rows::left_out`] says which.
///
/// # Errors
/// [`ReportError::MissingInput`] when it cannot be opened, [`ReportError::Io`] when reading
/// fails on the way, [`ReportError::BadData`] when its header is not ours or no row is whole.
pub fn read_rows(path: &Path) -> Result<Rows, ReportError> {
    let mut rows = Rows::new();
    each_line(path, |number, line| {
        let parsed = match line {
            Line::Whole(line) => line::parse(line),
            Line::TooLong => Err("longer than any row".into()),
            Line::Torn => {
                let why = "the last row has no end: the file was cut there".into();
                return rows.tear(LeftOut { line: number, why });
            }
        };
        if let Err(why) = parsed.and_then(|entry| rows.add(&entry)) {
            rows.skip(LeftOut { line: number, why });
        }
    })?;
    let Some((line, why)) = rows.why_none() else { return Ok(rows) };
    Err(bad(path, line, why))
}

/// The most service times that are kept; of a longer file every second, fourth, … one.
const SERVICES_MAX: usize = 1 << 20;

/// The service times of a file of rows in nanoseconds, each with the number of packets that it
/// stands for. Rows that are damaged or that nobody ran are left out.
///
/// # Errors
/// As [`read_rows`].
pub fn read_services(path: &Path) -> Result<Vec<(f64, u64)>, ReportError> {
    let (mut services, mut stride, mut seen) = (Vec::new(), 1, 0usize);
    each_line(path, |_, line| {
        let Line::Whole(line) = line else { return };
        let Ok(entry) = line::parse(line) else { return };
        let Some(ran) = entry.ran else { return };
        seen += 1;
        if seen.is_multiple_of(stride) {
            services.push((ran.finished_ns.saturating_sub(ran.started_ns) as f64, entry.weight));
        }
        if services.len() == SERVICES_MAX {
            let mut nth = 0;
            services.retain(|_| {
                nth += 1;
                nth % 2 == 0
            });
            stride *= 2;
        }
    })?;
    if services.is_empty() {
        return Err(bad(path, 2, "no row of a packet that was worked on".into()));
    }
    Ok(services)
}

/// Hands every line after the header to `take`, with its number.
fn each_line(path: &Path, mut take: impl FnMut(u64, Line)) -> Result<(), ReportError> {
    let file = File::open(path)
        .map_err(|source| ReportError::MissingInput { path: path.to_owned(), source })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        let source = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, not a file");
        return Err(ReportError::MissingInput { path: path.to_owned(), source });
    }
    let mut lines = Lines::new(BufReader::with_capacity(64 << 10, file));
    let reading = |source: io::Error| ReportError::reading(path, source);
    check_header(lines.next().map_err(reading)?).map_err(|problem| bad(path, 1, problem))?;
    let mut number = 1;
    while let Some(line) = lines.next().map_err(reading)? {
        number += 1;
        let torn = matches!(line, Line::Torn);
        take(number, line);
        if torn {
            break;
        }
    }
    Ok(())
}

fn bad(path: &Path, line: u64, problem: String) -> ReportError {
    ReportError::BadData {
        path: path.to_owned(),
        line,
        problem,
        remedy: "name an assignments.csv that edge-dispatch run has written",
    }
}

fn check_header(line: Option<Line>) -> Result<(), String> {
    let expected = COLUMNS.join(",");
    let seen = match line {
        None => return Err(format!("the file is empty; its first line should be '{expected}'")),
        Some(Line::Torn) => {
            return Err(format!("the file ends in its first line, which should be '{expected}'"));
        }
        Some(Line::TooLong) => &b"a line longer than any header"[..],
        Some(Line::Whole(line)) => line,
    };
    // A spreadsheet may put a byte order mark before the text.
    let seen = seen.strip_prefix(b"\xef\xbb\xbf").unwrap_or(seen);
    if seen == expected.as_bytes() {
        return Ok(());
    }
    let seen = String::from_utf8_lossy(&seen[..seen.len().min(160)]);
    Err(format!("the header is '{}', expected '{expected}'", seen.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::report::{WORKERS_MAX, estimate, samples};

    fn read(bytes: &[u8]) -> Result<Rows, ReportError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assignments.csv");
        std::fs::write(&path, bytes).unwrap();
        read_rows(&path)
    }

    const SMALL: [(u32, Class, u64); 4] = [
        (0, Class::Performance, 1),
        (1, Class::Efficiency, 128),
        (0, Class::Performance, 12),
        (1, Class::Efficiency, 7),
    ];

    #[test]
    fn a_file_cut_at_any_byte_keeps_every_whole_row_and_no_half_one() {
        let text = samples::csv(&SMALL);
        for cut in 0..=text.len() {
            let whole_rows = text[..cut].matches('\n').count().saturating_sub(1);
            let weights: u64 = SMALL[..whole_rows].iter().map(|(_, _, weight)| weight).sum();
            let torn = !text[..cut].ends_with('\n');
            match read(&text.as_bytes()[..cut]) {
                Ok(rows) => {
                    assert_eq!((rows.rows(), rows.packets()), (whole_rows as u64, weights));
                    assert_eq!(rows.left_out().len(), usize::from(torn), "cut at {cut}");
                    assert!(estimate(&rows).ledger.closes());
                }
                Err(error) => {
                    assert!(matches!(error, ReportError::BadData { .. }), "{error}");
                    assert_eq!(whole_rows, 0, "cut at {cut}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_torn_row_is_named_by_its_line() {
        let text = samples::csv(&SMALL);
        let rows = read(text.trim_end().as_bytes()).unwrap();
        assert_eq!(rows.packets(), 141);
        let left_out = rows.left_out();
        assert!(left_out[0].contains("line 5") && left_out[0].contains("cut"), "{left_out:?}");
        assert!(!rows.is_exact());
    }

    #[test]
    fn bad_rows_cost_themselves_alone_and_the_first_is_named() {
        let mut text = samples::csv(&SMALL[..2]).into_bytes();
        text.extend(b"\0\0\0\n\xff\n7,\"open quote,load,,,,,,,,,,processed,1\n");
        text.extend(samples::csv(&SMALL[2..]).lines().nth(1).unwrap().as_bytes());
        text.extend(b"\n");
        let rows = read(&text).unwrap();
        assert_eq!((rows.rows(), rows.packets()), (3, 141));
        let left_out = rows.left_out();
        assert!(left_out[0].starts_with("3 bad rows left out, the first one on line 4"));
    }

    #[test]
    fn a_file_without_rows_is_bad_data_and_names_the_header() {
        let header = COLUMNS.join(",");
        for text in ["", "sequence,sensor", "a,b\n1,2\n", &header, "\0\n"] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(matches!(error, ReportError::BadData { line: 1, .. }), "{error}");
            assert!(error.to_string().contains(&header), "{error}");
        }
        let error = read(format!("{header}\n").as_bytes()).unwrap_err();
        assert!(error.to_string().contains("no row"), "{error}");
        let error = read(format!("{header}\nx\n").as_bytes()).unwrap_err();
        assert!(matches!(error, ReportError::BadData { line: 2, .. }), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_missing_input() {
        let error = read_rows(Path::new("no/such/file.csv")).unwrap_err();
        assert!(matches!(error, ReportError::MissingInput { .. }), "{error}");
        assert!(error.to_string().contains("no/such/file.csv"));
    }

    #[test]
    fn what_a_spreadsheet_saves_is_read_too() {
        let text = format!("\u{feff}{}", samples::csv(&SMALL).replace('\n', "\r\n"));
        assert_eq!(read(text.as_bytes()).unwrap().packets(), 148);
    }

    #[test]
    fn workers_are_bounded_whatever_their_ids() {
        let rows: Vec<_> =
            (0..1100u32).map(|index| (index * 3_000_000, Class::Uniform, 1)).collect();
        let rows = read(samples::csv(&rows).as_bytes()).unwrap();
        assert_eq!((rows.workers.len(), rows.rows()), (WORKERS_MAX, WORKERS_MAX as u64));
        assert!(rows.left_out()[0].contains("one more than 1024"));
    }
}
