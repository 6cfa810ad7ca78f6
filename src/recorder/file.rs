//! A file of whole rows, on a disk that may fill up or go away.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::in_place;

/// Rows wait here until so many bytes are there: an SD card wears out by writes, not bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// A growing file whose end is always a whole row, as far as it is in our hands.
#[derive(Debug)]
pub struct RowFile {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    rows_in_buffer: u64,
    rows: u64,
    bytes: u64,
    rows_lost: u64,
    error: Option<io::Error>,
}

impl RowFile {
    /// Creates the file, or empties it.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        let file = File::create(&path)?;
        Ok(RowFile {
            path,
            file,
            buffer: Vec::with_capacity(BUFFER_BYTES + 1024),
            rows_in_buffer: 0,
            rows: 0,
            bytes: 0,
            rows_lost: 0,
            error: None,
        })
    }

    /// Appends bytes that are no row.
    pub fn append(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Appends a row; if the file has failed, counts it as lost.
    pub fn append_row(&mut self, line: &[u8]) {
        if self.error.is_some() {
            self.rows_lost += 1;
            return;
        }
        self.buffer.extend_from_slice(line);
        self.rows_in_buffer += 1;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush_or_fail();
        }
    }

    /// Writes what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.bytes += self.buffer.len() as u64;
        self.rows += self.rows_in_buffer;
        self.rows_in_buffer = 0;
        self.buffer.clear();
        Ok(())
    }

    /// Writes what waits and looks whether the file is still where it was put.
    pub fn check(&mut self) {
        if self.error.is_none() {
            self.flush_or_fail();
        }
        if self.error.is_none() && !self.is_in_place() {
            self.rows_lost += std::mem::take(&mut self.rows);
            let gone = "it was removed or replaced while running";
            self.fail(io::Error::new(io::ErrorKind::NotFound, gone));
        }
    }

    /// Rows in the file, rows lost, and what went wrong.
    pub fn close(self) -> (u64, u64, Option<io::Error>) {
        (self.rows, self.rows_lost, self.error)
    }

    fn flush_or_fail(&mut self) {
        if let Err(error) = self.flush() {
            // A part of the buffer may be there: cut the file back to whole rows. If even
            // that fails, readers know how to leave out a torn last row.
            let _ = self.file.set_len(self.bytes);
            self.rows_lost += self.rows_in_buffer;
            self.rows_in_buffer = 0;
            self.buffer.clear();
            self.fail(error);
        }
    }

    fn fail(&mut self, error: io::Error) {
        log::error!("{}: {error}; work goes on, rows are not recorded", self.path.display());
        self.error = Some(error);
    }

    fn is_in_place(&self) -> bool {
        in_place::is_in_place(&self.file, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_file_that_went_away_are_lost_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let mut file = RowFile::create(path.clone()).unwrap();
        file.append_row(b"1\n");
        file.check();
        std::fs::remove_file(&path).unwrap();
        file.append_row(b"2\n");
        file.check();
        file.append_row(b"3\n");
        let (rows, lost, error) = file.close();
        assert_eq!((rows, lost), (0, 3));
        assert!(error.unwrap().to_string().contains("it was removed"));
    }

    /// `/dev/full` takes no byte, as a full disk.
    #[cfg(target_os = "linux")]
    #[test]
    fn rows_for_a_full_disk_are_lost_and_counted() {
        let mut file = RowFile::create("/dev/full".into()).unwrap();
        (0..5).for_each(|_| file.append_row(b"row\n"));
        file.check();
        file.append_row(b"row\n");
        let (rows, lost, error) = file.close();
        assert_eq!((rows, lost), (0, 6));
        assert_eq!(error.unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
