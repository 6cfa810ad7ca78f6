//! The last step of a run: files completed, the table printed, the exit code found.

use super::exit::{Exit, Fault};
use super::files::{self, ResultsFolder};
use super::saving::Saving;
use super::sources::Opened;
use crate::engine::{About, Closing, Ended};
use crate::report;
use crate::summary::Summary;

/// Completes the files, prints the table, and says how it all ended.
pub fn finish(
    mut closing: Closing,
    about: About,
    folder: &ResultsFolder,
    saving: Option<Saving>,
    opened: &Opened,
) -> Result<Exit, Fault> {
    let mut exit = exit_of(closing.ended);
    let mut said = Vec::new();
    if closing.ended == Ended::Abandoned {
        let left = closing.last.ledger.abandoned;
        said.push(format!(
            "{left} packets were not finished within the drain limit and are abandoned; \
             --drain-limit TIME gives them longer"
        ));
    }
    let mut summary = closing.summary(about);
    if let Some(recorded) = &mut closing.recorded
        && let Some(error) = recorded.error.take()
    {
        said.push(format!("{}: {error}", folder.path(files::ROWS).display()));
        exit = exit.or(Exit::Io);
    }
    for source in &closing.last.sources {
        if let Some(error) = &source.error {
            said.push(error.clone());
            exit = exit.or(Exit::Io);
        }
    }
    let bad_rows: u64 = opened.bad_rows.iter().map(|bad_rows| bad_rows.count()).sum();
    if bad_rows > 0 {
        said.push(format!("{bad_rows} rows of the replay were bad; the ledger has the reasons"));
        exit = exit.or(Exit::BadData);
    }
    if let Some(saving) = saving {
        let (saved, failed) = saving.finish();
        exit = if failed { exit.or(Exit::Io) } else { exit };
        summary.machine.notes.push(saved);
    }
    exit = write(&summary, folder, closing.ended, &mut said).map_or(exit, |failed| exit.or(failed));
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
        Ended::Abandoned => Exit::Unfinished,
        Ended::Aborted => Exit::Aborted,
    }
}

/// Writes summary and picture; the exit code of the first that failed.
fn write(
    summary: &Summary,
    folder: &ResultsFolder,
    ended: Ended,
    said: &mut Vec<String>,
) -> Option<Exit> {
    let mut failed = None;
    let mut try_it = |result: Result<(), report::ReportError>| {
        if let Err(error) = result {
            failed = failed.or(Some(files::exit_of(&error)));
            said.push(error.to_string());
        }
    };
    try_it(report::write_summary(&folder.path(files::SUMMARY), summary));
    // Stopped at once: the picture can be drawn later, from the summary.
    if ended != Ended::Aborted {
        try_it(report::draw(&folder.path(files::PICTURE), summary));
    }
    failed
}
