//! A comparison of policies on paper: `summary_report.md`, `results.csv`.
//!
//! The same [`Study`] gives the same bytes. The report is written last, when everything that
//! it shows is there.

mod distribution;
mod findings;
mod ranking;
mod results;
mod summary;
mod verdict;

use std::path::{Path, PathBuf};

use super::ReportError;
use super::json::write_text;
use super::neighbour::write_whole;
use crate::study::Study;

/// What the report tells besides the study.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The command that makes the same study again.
    pub repeat: &'a str,
    /// Other files of the folder: name and what is in it.
    pub files: &'a [(String, String)],
}

/// Writes the report of `study` into `folder`, each file whole or not at all.
/// Returns the files, the report first.
///
/// # Errors
/// [`ReportError::CannotCreate`] or [`ReportError::Io`]; the files written before stay.
pub fn write_study(
    folder: &Path,
    study: &Study,
    beside: Beside,
) -> Result<Vec<PathBuf>, ReportError> {
    let (report, results) = (folder.join("summary_report.md"), folder.join("results.csv"));
    write_whole(&results, |beside| results::write(beside, study))?;
    write_text(&report, &summary::text(study, &[], beside))?;
    Ok(vec![report, results])
}

#[cfg(test)]
mod tests;
