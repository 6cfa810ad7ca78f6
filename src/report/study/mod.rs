//! A comparison of policies on paper: `summary_report.md`, `results.csv` and pictures.
//!
//! The same [`Study`] gives the same bytes. A picture for which a study has nothing is not made,
//! and the report says so: it never shows an empty one. The report is written last, when
//! everything that it shows is there.

mod distribution;
mod energy;
mod findings;
mod ranking;
mod results;
mod summary;
pub(super) mod verdict;

use std::fs;
use std::path::{Path, PathBuf};

use super::ReportError;
use super::json::write_text;
use super::neighbour::write_whole;
use super::picture::study::PICTURES;
use crate::study::Study;

/// What the report tells besides the study.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The command that makes the same study again.
    pub repeat: &'a str,
    /// Other files of the folder: name and what is in it.
    pub files: &'a [(String, String)],
}

/// Writes the report of `study` and its pictures into `folder`, each file whole or not at all.
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
    let (mut files, mut shown) = (vec![report.clone(), results], Vec::new());
    for (name, what, draw) in PICTURES {
        let path = folder.join(name);
        let picture = draw(study).map_err(|source| ReportError::writing(&path, source))?;
        if let Some(picture) = picture {
            write_whole(&path, |beside| fs::write(beside, picture.encoded()?))?;
            files.push(path);
            shown.push((name, what));
        }
    }
    write_text(&report, &summary::text(study, &shown, beside))?;
    Ok(files)
}

#[cfg(test)]
mod tests;
