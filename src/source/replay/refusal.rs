//! Why a recording is refused before it starts.

use std::io;
use std::path::{Path, PathBuf};

use super::lines::Line;
use crate::source::row::HEADER;

/// A recording that cannot be played. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such file.
    #[error("{path}: there is no such file to replay")]
    Missing {
        /// What was given.
        path: PathBuf,
    },
    /// It is there and cannot be read.
    #[error("{path}: cannot be read: {error}")]
    Unreadable {
        /// What was given.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is a directory, a pipe, a device.
    #[error("{path}: is a directory, a pipe or a device; give a file that --save-packets wrote")]
    NotAFile {
        /// What was given.
        path: PathBuf,
    },
    /// It has not even a header.
    #[error("{path}: is empty; a recording begins with the line {HEADER}")]
    Empty {
        /// What was given.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{path}: begins with '{found}' instead of {HEADER}: --save-packets writes such files")]
    Header {
        /// What was given.
        path: PathBuf,
        /// Its first line, as far as a message should show it.
        found: String,
    },
}

/// Whether `line` begins a recording.
pub(super) fn check_header(path: &Path, line: Line<'_>) -> Result<(), ReplayError> {
    let path = path.to_owned();
    match line {
        // Some editors put a byte order mark first.
        Line::Whole(line)
            if line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) == HEADER.as_bytes() =>
        {
            Ok(())
        }
        Line::End => Err(ReplayError::Empty { path }),
        Line::Whole(line) => {
            let found = String::from_utf8_lossy(&line[..line.len().min(80)]);
            Err(ReplayError::Header { path, found: found.escape_debug().collect() })
        }
        _ => Err(ReplayError::Header { path, found: "one line without end".into() }),
    }
}
