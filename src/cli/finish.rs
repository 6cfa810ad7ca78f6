//! The last step of a run: files completed, the table printed, the exit code found.

use super::exit::{Exit, Fault};
use super::files::{self, ResultsFolder};
use super::saving::Saving;
use super::sources::Opened;
use crate::engine::{About, Closing, Ended};
use crate::report::{self, units};
use crate::summary::Summary;

/// Completes the files, prints the table, and says how it all ended.
pub fn finish(
    closing: Closing,
    about: About,
    folder: &mut ResultsFolder,
    saving: Option<Saving>,
    opened: &Opened,
) -> Result<Exit, Fault> {
    let mut exit = exit_of(closing.ended);
    let mut said: Vec<String> = left_over(&closing).into_iter().collect();
    let mut summary = closing.summary(about);
    // What the recorder and the sources met with is in the log since it happened.
    let rows_failed = closing.recorded.as_ref().is_some_and(|recorded| recorded.error.is_some());
    if rows_failed || closing.last.sources.iter().any(|source| source.error.is_some()) {
        exit = exit.or(Exit::Io);
    }
    let bad_rows: u64 = opened.bad_rows.iter().map(|bad_rows| bad_rows.count()).sum();
    if bad_rows > 0 {
        said.push(format!("bad rows in the replay: {bad_rows}; the ledger has the reasons"));
        exit = exit.or(Exit::BadData);
    }
    if let Some(saving) = saving {
        let (saved, failed) = saving.finish();
        exit = if failed { exit.or(Exit::Io) } else { exit };
        summary.machine.notes.push(saved);
    }
    let failed = write(&mut summary, folder, closing.ended, &mut said);
    exit = failed.map_or(exit, |failed| exit.or(failed));
    let printed = super::print(&report::table(&summary));
    said.iter().for_each(|line| log::error!("{line}"));
    if let Err(fault) = printed {
        log::error!("{fault}");
        exit = exit.or(fault.exit);
    }
    Ok(exit)
}

fn exit_of(ended: Ended) -> Exit {
    match ended {
        Ended::Complete => Exit::Ok,
        Ended::Abandoned | Ended::WorkerDied => Exit::Unfinished,
        Ended::Aborted => Exit::Aborted,
    }
}

/// A sentence on the packets that were not finished, and what to do about it.
fn left_over(closing: &Closing) -> Option<String> {
    let left = units::counted(closing.last.ledger.abandoned, "packet");
    match closing.ended {
        Ended::Abandoned => Some(format!(
            "not finished within the drain limit and abandoned: {left}; --drain-limit TIME gives \
             them longer"
        )),
        Ended::WorkerDied => Some(format!(
            "abandoned because a worker died: {left}; the log says of what, please report it"
        )),
        Ended::Complete | Ended::Aborted => None,
    }
}

/// Writes summary and picture; the exit code of the first that failed. `summary` then names the
/// files that are there.
fn write(
    summary: &mut Summary,
    folder: &mut ResultsFolder,
    ended: Ended,
    said: &mut Vec<String>,
) -> Option<Exit> {
    if let Err(fault) = folder.still_ours() {
        summary.files.clear();
        said.push(fault.to_string());
        return Some(fault.exit);
    }
    let (path, picture) = (folder.path(files::SUMMARY), folder.path(files::PICTURE));
    let mut failed = None;
    let mut tell = |error: report::ReportError| {
        failed = failed.or(Some(files::exit_of(&error)));
        said.push(error.to_string());
    };
    let written = report::write_summary(&path, summary).map_err(&mut tell).is_ok();
    // Stopped at once: the picture can be drawn later, from the summary.
    if ended != Ended::Aborted
        && let Err(error) = report::draw(&picture, summary)
    {
        tell(error);
        summary.files.remove("picture");
        // The summary came first, since it is worth more; it must not name what is not there.
        if written {
            let _ = report::write_summary(&path, summary);
        }
    }
    if !written {
        summary.files.remove("summary");
    }
    failed
}
