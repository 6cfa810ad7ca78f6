//! The folder of a run's files: made, tried and locked before anything starts.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::exit::{Exit, Fault};
use super::lock::{FolderLock, Tried};
use crate::report::ReportError;

pub const ROWS: &str = "assignments.csv";
pub const SUMMARY: &str = "summary.json";
pub const PICTURE: &str = "results_graph.png";
pub const ALARMS: &str = "alarms.csv";
/// All of them.
pub const FILES: [&str; 4] = [ROWS, SUMMARY, PICTURE, ALARMS];

/// A folder that can be written to, and that no other run writes to meanwhile.
pub struct ResultsFolder {
    path: PathBuf,
    /// None on a file system that knows no locks.
    lock: Option<FolderLock>,
}

impl ResultsFolder {
    /// Makes the folder where it is missing, tries whether files can be made in it, and locks
    /// it. An earlier run's files stay until [`ResultsFolder::set_aside`].
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let shown = path.display();
        let cannot = |what: &str, error: io::Error| {
            let context = format!("{shown}: cannot {what} the results folder; {}", remedy(&error));
            Fault::new(Exit::CannotCreate, anyhow::Error::new(error).context(context))
        };
        std::fs::create_dir_all(path).map_err(|error| cannot("make", error))?;
        // The summary is written at the end; that it can be is tried now.
        let trial = path.join(format!(".edge-dispatch-{}", std::process::id()));
        std::fs::write(&trial, "")
            .and_then(|()| std::fs::remove_file(&trial))
            .map_err(|error| cannot("write to", error))?;
        let lock = match FolderLock::take(path) {
            Ok(Tried::Locked(lock)) => Some(lock),
            Ok(Tried::Taken) => return Err(Fault::says(Exit::CannotCreate, taken(&shown))),
            Err(error) => {
                log::warn!("{shown}: no lock to be had, so start no second run there: {error}");
                None
            }
        };
        Ok(ResultsFolder { path: path.to_owned(), lock })
    }

    /// Sets aside what an earlier run left there, so that nobody reads the summary of one run
    /// beside the rows of another. Only for a run that is about to start: one that is refused
    /// leaves the earlier one's files.
    pub fn set_aside(&self) -> Result<Aside, Fault> {
        let mut aside = Aside { moved: Vec::new() };
        for name in FILES {
            let (file, away) = (self.path(name), self.path(&format!(".earlier-{name}")));
            match move_file(&file, &away) {
                Ok(()) => aside.moved.push((file, away)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // Of a run that a power cut ended in its first moments.
                    let _ = std::fs::remove_file(&away);
                }
                Err(error) => return Err(cannot_replace(&file, error)),
            }
        }
        Ok(aside)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// An error when the folder went away while running and is another run's by now, whose
    /// files must stay.
    pub fn still_ours(&mut self) -> Result<(), Fault> {
        if self.lock.as_ref().is_none_or(FolderLock::is_in_place) {
            return Ok(());
        }
        match FolderLock::take(&self.path) {
            Ok(Tried::Taken) => {
                let shown = self.path.display();
                let message = format!(
                    "{shown}: the folder was removed while running and is another run's by now; \
                     {SUMMARY} and {PICTURE} are not written"
                );
                Err(Fault::says(Exit::Io, message))
            }
            Ok(Tried::Locked(lock)) => {
                self.lock = Some(lock);
                Ok(())
            }
            // The folder is gone: writing will say so.
            Err(_) => Ok(()),
        }
    }

    /// The files of a run, by what they are. Rows and alarms only if they are where they were put.
    pub fn list(&self, recorded: bool, drawn: bool) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut add = |what: &str, name| {
            files.insert(what.to_owned(), self.path(name).display().to_string());
        };
        if recorded && self.path(ROWS).is_file() {
            add("assignments", ROWS);
        }
        if self.path(ALARMS).is_file() {
            add("alarms", ALARMS);
        }
        add("summary", SUMMARY);
        if drawn {
            add("picture", PICTURE);
        }
        files
    }
}

/// An earlier run's files, out of the way of one that starts. Dropped, they come back: it did
/// not start after all.
#[derive(Debug)]
pub struct Aside {
    moved: Vec<(PathBuf, PathBuf)>,
}

impl Aside {
    /// Removes them: the new run has started.
    pub fn remove(mut self) {
        for (file, away) in std::mem::take(&mut self.moved) {
            if let Err(error) = std::fs::remove_file(&away) {
                log::warn!("{}: of an earlier run, cannot be removed: {error}", file.display());
            }
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        for (file, away) in &self.moved {
            // The reason why nothing started is told already; this one would hide it.
            let _ = std::fs::rename(away, file);
        }
    }
}

/// Moves a file; a folder stays where it is, and is an error.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    if std::fs::symlink_metadata(from)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    std::fs::rename(from, to)
}

/// A file of the results that cannot be made.
pub fn cannot_create(file: &Path, error: io::Error) -> Fault {
    let context = format!("{}: cannot create this file; {}", file.display(), remedy(&error));
    Fault::new(Exit::CannotCreate, anyhow::Error::new(error).context(context))
}

fn cannot_replace(file: &Path, error: io::Error) -> Fault {
    let context = format!(
        "{}: cannot replace this file of an earlier run; choose another folder with --results DIR",
        file.display()
    );
    Fault::new(Exit::CannotCreate, anyhow::Error::new(error).context(context))
}

fn taken(shown: &impl fmt::Display) -> String {
    format!(
        "{shown}: another run writes into this results folder; wait for its end or choose another \
         with --results DIR"
    )
}

/// What to do about a folder that cannot be written to.
fn remedy(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE) => "raise this process's limit of open files (ulimit -n 1024)",
        Some(Errno::NFILE) => "too many files are open on this machine: end a program or two",
        Some(Errno::NOSPC | Errno::DQUOT) => {
            "make room there, or choose another with --results DIR"
        }
        _ => "choose another with --results DIR",
    }
}

/// The exit code of a report that failed.
pub fn exit_of(error: &ReportError) -> Exit {
    match error {
        ReportError::CannotCreate { .. } => Exit::CannotCreate,
        ReportError::Io { .. } => Exit::Io,
        ReportError::BadData { .. } | ReportError::NothingToDraw { .. } => Exit::BadData,
        ReportError::MissingInput { .. } => Exit::MissingInput,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(folder: &Path) -> Vec<(String, String)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut texts: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, std::fs::read_to_string(entry.path()).unwrap())
            })
            .filter(|(name, _)| name != super::super::lock::NAME)
            .collect();
        texts.sort();
        texts
    }

    #[test]
    fn a_run_that_does_not_start_gives_the_earlier_files_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = ResultsFolder::open(dir.path()).unwrap();
        for name in [ROWS, SUMMARY] {
            std::fs::write(folder.path(name), "earlier").unwrap();
        }
        let before = texts(dir.path());
        let aside = folder.set_aside().unwrap();
        // What a start that fails half-way has made.
        std::fs::write(folder.path(ROWS), "header").unwrap();
        drop(aside);
        assert_eq!(texts(dir.path()), before);
        folder.set_aside().unwrap().remove();
        assert_eq!(texts(dir.path()), []);
    }

    #[test]
    fn the_remedy_fits_the_error() {
        let remedy = |errno: Errno| remedy(&errno.into());
        assert!(remedy(Errno::MFILE).contains("ulimit -n"));
        assert!(remedy(Errno::ACCESS).contains("--results DIR"));
    }

    /// Removed while running, and made anew by another run: that one's files stay.
    #[test]
    fn a_folder_that_became_another_runs_is_not_written_to() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("results");
        let mut first = ResultsFolder::open(&path).unwrap();
        first.still_ours().unwrap();
        std::fs::remove_dir_all(&path).unwrap();
        first.still_ours().unwrap();
        let second = ResultsFolder::open(&path).unwrap();
        let fault = first.still_ours().unwrap_err();
        assert!(fault.to_string().contains("another run's by now"), "{fault}");
        drop(second);
        first.still_ours().unwrap();
    }
}
