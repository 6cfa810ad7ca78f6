//! `edge-dispatch plot`: the picture of a run, drawn again.

use std::path::Path;

use super::args::PlotArgs;
use super::exit::{Exit, Fault};
use super::files::{PICTURE, SUMMARY, exit_of};
use crate::report::{self, ReportError, units};
use crate::summary::Summary;

pub fn plot(args: PlotArgs) -> Result<Exit, Fault> {
    if let Some(out) = &args.out {
        check_ending(out)?;
    }
    let rows = report::read_rows(&args.rows).map_err(fault)?;
    let folder = args.rows.parent().unwrap_or(Path::new(""));
    let mut said: Vec<String> = rows.left_out();
    let summary = match beside(&folder.join(SUMMARY), rows.rows(), &mut said)? {
        Some(summary) => summary,
        None => report::estimate(&rows),
    };
    let out = args.out.unwrap_or_else(|| folder.join(PICTURE));
    report::draw(&out, &summary).map_err(fault)?;
    let source = if summary.estimated {
        "estimated from the rows alone"
    } else {
        "exact totals from summary.json"
    };
    said.push(format!("{} ({source})", out.display()));
    super::print(&(said.join("\n") + "\n"))
}

/// A picture in no other format: a `.csv` or `.jpg` that is none would only mislead.
fn check_ending(out: &Path) -> Result<(), Fault> {
    let ending = out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ending.eq_ignore_ascii_case("png") {
        return Ok(());
    }
    let out = out.display();
    let message = format!("--out: {out}: the picture is a PNG; give a name that ends in .png");
    Err(Fault::says(Exit::Usage, message))
}

/// The summary beside the rows, where there is one that can be read.
fn beside(path: &Path, rows: u64, said: &mut Vec<String>) -> Result<Option<Summary>, Fault> {
    match report::read_summary(path) {
        Ok(summary) => {
            if summary.recorded_rows != rows {
                let recorded = summary.recorded_rows;
                said.push(format!(
                    "{}: the run recorded {}, {} are whole here",
                    path.display(),
                    units::counted(recorded, "row"),
                    units::count(rows)
                ));
            }
            Ok(Some(summary))
        }
        Err(ReportError::MissingInput { .. }) => Ok(None),
        Err(error) => {
            said.push(format!("{error}; going on without it"));
            Ok(None)
        }
    }
}

fn fault(error: ReportError) -> Fault {
    // As text: the message holds its source already.
    Fault::says(exit_of(&error), error)
}
