//! The folder of a run's files: made and tried before anything starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::exit::{Exit, Fault, OrExit};
use crate::report::ReportError;

pub const ROWS: &str = "assignments.csv";
pub const SUMMARY: &str = "summary.json";
pub const PICTURE: &str = "results_graph.png";
/// All of them.
pub const FILES: [&str; 3] = [ROWS, SUMMARY, PICTURE];

/// A folder that can be written to.
pub struct ResultsFolder(PathBuf);

impl ResultsFolder {
    /// Makes the folder where it is missing, and tries whether files can be made in it. An
    /// earlier run's files stay until [`ResultsFolder::clear`].
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let shown = path.display();
        std::fs::create_dir_all(path)
            .with_context(|| {
                format!(
                    "{shown}: cannot make the results folder; choose another with --results DIR"
                )
            })
            .or_exit(Exit::CannotCreate)?;
        // The summary is written at the end; that it can be is tried now.
        let trial = path.join(format!(".edge-dispatch-{}", std::process::id()));
        std::fs::write(&trial, "")
            .and_then(|()| std::fs::remove_file(&trial))
            .with_context(|| {
                format!(
                    "{shown}: cannot write to the results folder; choose another with --results DIR"
                )
            })
            .or_exit(Exit::CannotCreate)?;
        Ok(ResultsFolder(path.to_owned()))
    }

    /// Takes away what an earlier run left there, so that nobody reads the summary of one run
    /// beside the rows of another. Only for a run that is about to start: one that is refused
    /// leaves the earlier one's files.
    pub fn clear(&self) -> Result<(), Fault> {
        for name in FILES {
            let file = self.path(name);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let context = format!(
                        "{}: cannot replace this file of an earlier run; choose another folder with --results DIR",
                        file.display()
                    );
                    return Err(Fault::new(
                        Exit::CannotCreate,
                        anyhow::Error::new(error).context(context),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The files of a run, by what they are.
    pub fn list(&self, recorded: bool, drawn: bool) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut add = |what: &str, name| {
            files.insert(what.to_owned(), self.path(name).display().to_string());
        };
        if recorded {
            add("assignments", ROWS);
        }
        add("summary", SUMMARY);
        if drawn {
            add("picture", PICTURE);
        }
        files
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
