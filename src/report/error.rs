//! What can go wrong on paper, grouped by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

/// A file that could not be written, read or understood.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file cannot be made there. Choose another place, or change who may write there.
    #[error(
        "cannot create {}: {source}; name a directory that exists and may be written to",
        path.display()
    )]
    CannotCreate {
        /// The file that was to be made.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was begun and could not be finished, or could not be read to its end.
    #[error("cannot {what} {}: {source}; check the disk's space and health", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `write` or `read`.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file was read and does not hold what it should.
    #[error("{}, line {line}: {problem}; {remedy}", path.display())]
    BadData {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong, with the value seen.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The file cannot be opened for reading.
    #[error(
        "cannot open {}: {source}; a run with --results DIR writes its files there",
        path.display()
    )]
    MissingInput {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The summary has no worker, so there is no core to draw.
    #[error(
        "nothing to draw into {}: the summary has no worker; run for longer, or with more input",
        path.display()
    )]
    NothingToDraw {
        /// The picture that was asked for.
        path: PathBuf,
    },
}

impl ReportError {
    pub(super) fn writing(path: &Path, source: io::Error) -> Self {
        ReportError::Io { path: path.to_owned(), what: "write", source }
    }

    pub(super) fn reading(path: &Path, source: io::Error) -> Self {
        ReportError::Io { path: path.to_owned(), what: "read", source }
    }
}
