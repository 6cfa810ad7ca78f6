//! The files of a study.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::exit::{Exit, Fault, OrExit};
use super::files::exit_of;
use crate::experiment::{MANIFEST, Saved};
use crate::report::{self, ReportError};
use crate::study::{Difference, Study, rank};

/// Every figure, for programs.
const RESULTS: &str = "comparison_results.json";

/// Some packets one by one.
const LOGS: &str = "request_logs.csv";

/// What else lies in the folder, for the report.
const OTHERS: [(&str, &str); 4] = [
    (RESULTS, "every figure"),
    (LOGS, "some packets of the first run of each policy and setting, one by one"),
    (MANIFEST, "the plan as it was followed, and when and where"),
    ("runs.jsonl", "each finished run"),
];

fn owned((name, what): (&str, &str)) -> (String, String) {
    (name.to_owned(), what.to_owned())
}

/// Writes all files; which ones.
pub fn write(folder: &Path, study: &Study, runs: &[Saved]) -> Result<Vec<PathBuf>, Fault> {
    let fault = |error: ReportError| Fault::says(exit_of(&error), error);
    let json =
        serde_json::to_string_pretty(study).context("cannot write JSON").or_exit(Exit::Io)? + "\n";
    let (results, logs) = (folder.join(RESULTS), folder.join(LOGS));
    report::write_text(&results, &json).map_err(fault)?;
    report::write_text(&logs, &request_logs(study, runs)).map_err(fault)?;
    let mut files = vec![results, logs];
    // Without the folder's name: the same study made again is the same to the byte.
    let repeat = format!("edge-dispatch compare {MANIFEST}");
    let beside = report::Beside { repeat: &repeat, files: &OTHERS.map(owned) };
    files.extend(report::write_study(folder, study, beside).map_err(fault)?);
    Ok(files)
}

/// A row for each packet that was kept: of the first run of each policy in each setting.
fn request_logs(study: &Study, runs: &[Saved]) -> String {
    let unit = match study.mode {
        crate::study::Mode::Simulated => "units",
        crate::study::Mode::Live => "ms",
    };
    let mut text = format!(
        "setting,policy,repeat,packet,worker,class,due_{unit},wait_{unit},service_{unit},response_{unit}\n"
    );
    for run in runs {
        let Some(setting) = study.settings.get(run.setting) else { continue };
        let class = |worker: u32| {
            let of = setting.classes.iter().find(|class| class.workers.contains(&worker));
            of.map_or("", |class| &class.name)
        };
        // A name may hold a comma; quotes are doubled as CSV wants it.
        let name = setting.name.replace('"', "\"\"");
        for packet in &run.figures.log {
            let (wait, service) = (packet.wait, packet.service);
            let _ = writeln!(
                text,
                "\"{name}\",{},{},{},{},{},{:.6},{wait:.6},{service:.6},{:.6}",
                run.policy,
                run.repeat,
                packet.packet,
                packet.worker,
                class(packet.worker),
                packet.due,
                wait + service,
            );
        }
    }
    text
}

/// What is printed at the end: the ranking, and where the files are.
pub fn said(folder: &Path, study: &Study, files: &[PathBuf]) -> String {
    let mut text = format!("{} ({})\n", study.title, study.mode.as_str());
    for (at, setting) in study.settings.iter().enumerate() {
        let _ = writeln!(text, "\n{}: mean and p99 in {}", setting.name, study.mode.unit());
        for each in rank(study, at) {
            let (cell, place) = (each.cell, each.place);
            let verdict = match each.difference {
                Difference::Best => "best".to_owned(),
                Difference::Worse(by) => format!("{:.3} ± {:.3} longer", by.mean, by.ci95),
                Difference::None(_) => "no difference".to_owned(),
                Difference::Unstable => "unstable".to_owned(),
            };
            let _ = writeln!(
                text,
                "{place:>3}  {:<28} {:>10.3} ± {:<8.3} {:>10.3}  {verdict}",
                cell.policy, cell.mean.mean, cell.mean.ci95, cell.p99.mean
            );
        }
    }
    text + "\n" + &listed(folder, files)
}

/// The files' names, in one line.
pub fn listed(folder: &Path, files: &[PathBuf]) -> String {
    let names: Vec<_> = files
        .iter()
        .filter_map(|file| file.file_name())
        .map(|name| name.to_string_lossy())
        .collect();
    format!("{}: {}\n", folder.display(), names.join(", "))
}
