//! Reads the small files of sysfs and procfs, and notes what is wrong with them.
//!
//! A missing file is nothing special: most boards lack some. A file that is there and cannot
//! be understood is noted with its path and what was seen, and then counts as missing.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::ops::RangeInclusive;
use std::path::Path;

use super::cpu_list::{CpuList, shortened};

/// No sysfs file has more than a page; `/proc/cpuinfo` of a large machine is cut here.
const BYTES_MAX: u64 = 64 * 1024;

/// A tree in which every file is broken gets this many notes, not thousands.
const NOTES_MAX: usize = 24;

/// Reads files and keeps the notes.
#[derive(Debug, Default)]
pub(super) struct Reader {
    notes: Vec<String>,
    unwritten: usize,
}

impl Reader {
    /// Adds a note.
    pub fn note(&mut self, note: String) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(note);
        } else {
            self.unwritten += 1;
        }
    }

    /// The notes, and how many more there would have been.
    pub fn into_notes(mut self) -> Vec<String> {
        if self.unwritten > 0 {
            self.notes.push(format!("and {} more such notes", self.unwritten));
        }
        self.notes
    }

    /// The file's text without the white space around it.
    pub fn text(&mut self, path: &Path) -> Option<String> {
        let bytes = self.bytes(path)?;
        if bytes.len() as u64 > BYTES_MAX {
            self.malformed(path, "has more than 64 KiB");
            return None;
        }
        match String::from_utf8(bytes) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(_) => {
                self.malformed(path, "is not UTF-8");
                None
            }
        }
    }

    /// The start of a text that may be longer than is worth reading, whatever bytes are in it.
    pub fn beginning(&mut self, path: &Path) -> Option<String> {
        self.bytes(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The whole number in the file.
    pub fn number(&mut self, path: &Path, range: RangeInclusive<i64>) -> Option<i64> {
        let text = self.text(path)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (seen, least, most) = (shortened(&text), range.start(), range.end());
            self.malformed(path, &format!("has '{seen}', not a number from {least} to {most}"));
        }
        number
    }

    /// The CPU list in the file. An empty one is a list.
    pub fn list(&mut self, path: &Path) -> Option<CpuList> {
        match self.text(path)?.parse() {
            Ok(list) => Some(list),
            Err(bad) => {
                self.malformed(path, &format!("has no CPU list: {bad}"));
                None
            }
        }
    }

    /// The CPU list in the file, which has no meaning if it is empty.
    pub fn some_list(&mut self, path: &Path) -> Option<CpuList> {
        let list = self.list(path)?;
        if list.is_empty() {
            self.malformed(path, "is empty");
            return None;
        }
        Some(list)
    }

    fn malformed(&mut self, path: &Path, what: &str) {
        self.note(format!("{} {what}: ignored", path.display()));
    }

    fn bytes(&mut self, path: &Path) -> Option<Vec<u8>> {
        match read(path, BYTES_MAX) {
            Ok(bytes) => Some(bytes),
            Err(error) if is_missing(&error) => None,
            Err(error) => {
                self.malformed(path, &format!("cannot be read ({error})"));
                None
            }
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The bytes of a small file, at most one more than `most`, which tells that there are too many.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `number` makes of these bytes, and the notes.
    fn number_in(bytes: &[u8]) -> (Option<i64>, Vec<String>) {
        let dir = tempfile::tempdir().expect("a place for a file");
        let path = dir.path().join("cpu_capacity");
        fs::write(&path, bytes).expect("a file");
        let mut reader = Reader::default();
        (reader.number(&path, 1..=1024), reader.into_notes())
    }

    #[test]
    fn a_number_is_read() {
        assert_eq!(number_in(b"381\n"), (Some(381), vec![]));
    }

    #[test]
    fn what_is_no_number_is_noted_with_the_file_and_what_was_seen() {
        let huge = vec![b'1'; 100_000];
        let cases: [(&[u8], &str); 7] = [
            (b"", "''"),
            (b"0\n", "'0'"),
            (b"-5\n", "'-5'"),
            (b"\x00\x00", "'\\0\\0'"),
            (b"\xff\xfe", "not UTF-8"),
            (b"99999999999999999999\n", "'99999999999999999999'"),
            (&huge, "64 KiB"),
        ];
        for (bytes, seen) in cases {
            let (number, notes) = number_in(bytes);
            assert_eq!((number, notes.len()), (None, 1), "{notes:?}");
            assert!(notes[0].contains(seen) && notes[0].contains("cpu_capacity"), "{notes:?}");
        }
    }

    #[test]
    fn a_missing_file_is_no_news_and_a_directory_is() {
        let dir = tempfile::tempdir().expect("a place for a file");
        let mut reader = Reader::default();
        assert_eq!(reader.text(&dir.path().join("none")), None);
        assert!(reader.notes.is_empty());
        assert_eq!(reader.text(dir.path()), None);
        assert_eq!(reader.notes.len(), 1);
    }

    #[test]
    fn notes_are_bounded() {
        let mut reader = Reader::default();
        (0..1000).for_each(|n| reader.note(n.to_string()));
        let notes = reader.into_notes();
        assert_eq!(notes.len(), NOTES_MAX + 1);
        assert_eq!(notes[NOTES_MAX], "and 976 more such notes");
    }
}
