//! Reads small files of sysfs again and again, and counts what is wrong with them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::sorting;
use crate::topology::small_file;

/// No attribute of sysfs has more than a page.
const BYTES_MAX: u64 = 4096;

/// Entries of one folder that are looked at: no machine has more zones or sensors.
const ENTRIES_MAX: usize = 256;

/// Different faults that are told apart; further ones are counted together.
const NOTES_MAX: usize = 24;

/// Why a file gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not there.
    Missing,
    /// This process may not read it.
    Forbidden,
    /// It is there and says nothing that can be used.
    Malformed(String),
}

/// What was wrong, each with how often: a sensor that fails is asked again at every look.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    faults: BTreeMap<String, u64>,
    others: u64,
}

impl Notes {
    /// Adds a fault, or counts it again.
    pub fn add(&mut self, text: impl Into<String>) {
        let text = text.into();
        if let Some(count) = self.faults.get_mut(&text) {
            *count += 1;
        } else if self.faults.len() < NOTES_MAX {
            self.faults.insert(text, 1);
        } else {
            self.others += 1;
        }
    }

    /// Adds why `path` gave nothing. That a file is missing is nothing special.
    pub fn fault(&mut self, path: &Path, fault: &Fault) {
        match fault {
            Fault::Missing => {}
            Fault::Forbidden => self.add(format!("{} cannot be read: no rights", path.display())),
            Fault::Malformed(what) => self.add(format!("{} {what}: ignored", path.display())),
        }
    }

    /// A line each.
    pub fn lines(&self) -> Vec<String> {
        let line = |(text, count): (&String, &u64)| match count {
            1 => text.clone(),
            count => format!("{text} ({count} times)"),
        };
        let mut lines: Vec<String> = self.faults.iter().map(line).collect();
        if self.others > 0 {
            lines.push(format!("and {} more such notes", self.others));
        }
        lines
    }
}

/// The file's text without the white space around it.
pub(super) fn text(path: &Path) -> Result<String, Fault> {
    let bytes = small_file(path, BYTES_MAX).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::Missing,
        ErrorKind::PermissionDenied => Fault::Forbidden,
        _ => Fault::Malformed(format!("cannot be read ({error})")),
    })?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Fault::Malformed("has more than 4 KiB".into()));
    }
    let text = String::from_utf8(bytes).map_err(|_| Fault::Malformed("is not UTF-8".into()))?;
    Ok(text.trim().to_owned())
}

/// The whole number in the file.
pub(super) fn number(path: &Path, range: RangeInclusive<i64>) -> Result<i64, Fault> {
    let text = text(path)?;
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let seen: String = text.chars().take(40).collect::<String>().escape_debug().collect();
        let (least, most) = (range.start(), range.end());
        Fault::Malformed(format!("has '{seen}', not a number from {least} to {most}"))
    })
}

/// The number in the file where there is one; why not is noted.
pub(super) fn noted(path: &Path, range: RangeInclusive<i64>, notes: &mut Notes) -> Option<i64> {
    number(path, range).inspect_err(|fault| notes.fault(path, fault)).ok()
}

/// The entries of `dir` whose name is `prefix` and a number, by ascending number.
pub(super) fn numbered(dir: &Path, prefix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let entry = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let digits = name.to_str()?.strip_prefix(prefix)?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        Some((plain.then(|| digits.parse().ok())??, entry.path()))
    };
    let mut found: Vec<_> = entries.flatten().filter_map(entry).collect();
    sorting::sort(&mut found);
    found.truncate(ENTRIES_MAX);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_said_once_and_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("power1_input");
        let mut notes = Notes::default();
        assert_eq!(noted(&path, 0..=10, &mut notes), None);
        assert_eq!(notes.lines(), Vec::<String>::new(), "missing is no news");
        fs::write(&path, "11\n").unwrap();
        (0..3).for_each(|_| assert_eq!(noted(&path, 0..=10, &mut notes), None));
        let lines = notes.lines();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("'11', not a number from 0 to 10"), "{lines:?}");
        assert!(lines[0].ends_with("(3 times)"), "{lines:?}");
        (0..100).for_each(|n| notes.add(n.to_string()));
        assert_eq!(notes.lines().len(), NOTES_MAX + 1);
    }

    #[test]
    fn what_is_no_attribute_is_malformed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("temp");
        for bytes in [&b""[..], b"x", b"\xff", b"1 2", b"99999999999999999999", &[b'1'; 9000]] {
            fs::write(&path, bytes).unwrap();
            assert!(matches!(number(&path, 0..=9), Err(Fault::Malformed(_))), "{bytes:?}");
        }
        assert!(matches!(number(dir.path(), 0..=9), Err(Fault::Malformed(_))));
        assert_eq!(number(&path.join("below"), 0..=9), Err(Fault::Missing));
    }

    #[test]
    fn only_the_prefix_and_a_number_is_an_entry() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["rapl:10", "rapl:2", "rapl:2:0", "rapl-mmio:0", "rapl", "rapl:", "rapl:+1"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let numbers: Vec<u32> = numbered(dir.path(), "rapl:").iter().map(|(n, _)| *n).collect();
        assert_eq!(numbers, [2, 10]);
        assert!(numbered(&dir.path().join("none"), "rapl:").is_empty());
    }
}
