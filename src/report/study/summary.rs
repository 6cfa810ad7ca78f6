//! `summary_report.md`.

use std::fmt::Write as _;

use super::{Beside, distribution, energy, findings, ranking};
use crate::report::remarks::one_line;
use crate::report::units;
use crate::study::{Mode, Study};

/// Settings whose tables of workers are shown: the rest is in `results.csv`.
const DISTRIBUTIONS_MAX: usize = 12;

/// The whole report. `shown` are the pictures that were made: file and title.
pub(super) fn text(study: &Study, shown: &[(&str, &str)], beside: Beside) -> String {
    let mut text = format!("# {}\n\n{}\n", plain(&study.title), findings::text(study));
    text += &about(study);
    text += &pictures(shown);
    text += "## Ranking\n\n";
    let (time, rate) = (study.mode.unit(), study.mode.rate_unit());
    let _ =
        writeln!(text, "Times in {time}, throughput in {rate}; ± is half of a 95 % interval.\n");
    (0..study.settings.len()).for_each(|setting| text += &ranking::text(study, setting));
    text += &energy::text(study);
    text += &distributions(study);
    text += &how_to_read(study);
    text + &repeat(study, beside)
}

fn about(study: &Study) -> String {
    let mode = match study.mode {
        Mode::Simulated => "simulated in virtual time",
        Mode::Live => "live, on this machine's cores",
    };
    let mut text = format!(
        "## What was done\n\n{}: {mode}. {} in {}, {} each, seed {}.\n\n",
        plain(&study.name),
        counted(study.policies().len(), "policy", "policies"),
        counted(study.settings.len(), "setting", "settings"),
        units::counted(u64::from(study.repeats), "repeat"),
        study.seed
    );
    for note in &study.notes {
        let _ = writeln!(text, "- {}", plain(note));
    }
    if !study.notes.is_empty() {
        text.push('\n');
    }
    text
}

fn pictures(shown: &[(&str, &str)]) -> String {
    let mut text = String::from("## Pictures\n\n");
    for (file, title) in shown {
        let _ = writeln!(text, "![{title}]({file})\n");
    }
    let is_missing = |file: &str| shown.iter().all(|(name, _)| *name != file);
    let reasons = [
        ("learning_curve.png", "no policy learned"),
        ("scaling.png", "the settings have fewer than three places on an axis"),
        ("hybrid.png", "no setting has two to six classes of cores"),
        ("server_utilization.png", "no worker was measured"),
    ];
    for (file, why) in reasons.iter().filter(|(file, _)| is_missing(file)) {
        let _ = writeln!(text, "- There is no `{file}`: {why}.");
    }
    if reasons.iter().any(|(file, _)| is_missing(file)) {
        text.push('\n');
    }
    text
}

fn distributions(study: &Study) -> String {
    let mut text = String::from("## Where the packets went\n\n");
    for setting in 0..study.settings.len().min(DISTRIBUTIONS_MAX) {
        text += &distribution::text(study, setting);
    }
    if study.settings.len() > DISTRIBUTIONS_MAX {
        let more = study.settings.len() - DISTRIBUTIONS_MAX;
        let _ = writeln!(text, "The classes of {more} more settings are in `results.csv`.\n");
    }
    text
}

fn how_to_read(study: &Study) -> String {
    let unit = match study.mode {
        Mode::Simulated => {
            "Times are in mean service times: 1 is what a packet takes, on average, on a worker of \
             speed 1 that is free. Throughput is in packets per such time."
        }
        Mode::Live => "Times are in milliseconds, throughput in packets per second.",
    };
    format!(
        "## How to read it\n\n\
         - {unit}\n\
         - **Response time** runs from when a packet was due to when it was done, waiting \
         included. *p99* is the time within which 99 % of the packets are done.\n\
         - **±** is half of the 95 % interval over {}; a figure without it has none.\n\
         - **place**: policies that cannot be told from the best share its place. With many \
         policies, about one in twenty differences that are called one is chance.\n\
         - **deviation** is the standard deviation of the response time; **variation** is that over \
         the mean.\n\
         - **success** is the part of the packets that were worked on with success; **errors** are \
         those that failed, were dropped or given up.\n\
         - **fairness** is Jain's index of the workers' utilization: 1 when all are equally busy, \
         1/n when one of n does everything. Where speeds differ, the fairest is not the fastest.\n\
         - **unstable**: the queues went on growing; the figures then say how long the run was, not \
         how good the policy is.\n\
         - **share** is the part of the packets, **utilization** the part of the time that a worker \
         was busy; **capacity** is what a class can do of what all can do.\n\n",
        units::counted(u64::from(study.repeats), "repeat")
    )
}

fn repeat(study: &Study, beside: Beside) -> String {
    let mut text = String::from("## How to repeat it\n\n");
    if !beside.repeat.is_empty() {
        let _ = writeln!(text, "```\n{}\n```\n", beside.repeat.replace("```", "").trim());
    }
    let same = match study.mode {
        Mode::Simulated => "The same seed gives the same figures, to the last digit.",
        Mode::Live => "Figures of a live study differ from run to run by about their intervals.",
    };
    let _ = writeln!(text, "{same} All figures are in `results.csv`, a row a policy and setting.");
    if !beside.files.is_empty() {
        text.push('\n');
    }
    for (file, what) in beside.files {
        let _ = writeln!(text, "- `{}`: {}", one_line(file).replace('`', ""), plain(what));
    }
    text
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", units::count(n as u64), if n == 1 { one } else { many })
}

/// Text from outside as it stands: on one line, without a meaning in Markdown.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in one_line(text).chars() {
        if matches!(letter, '|' | '*' | '`' | '<' | '>' | '[' | ']' | '\\' | '_' | '#') {
            plain.push('\\');
        }
        plain.push(letter);
    }
    plain
}

/// The columns that hold words.
const WORDS: [&str; 3] = ["policy", "class", ranking::COMPARED];

/// A Markdown table: words flush left, figures flush right.
pub(super) fn grid(heads: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|", heads.join(" | "));
    for head in heads {
        text += if WORDS.contains(&head.as_str()) { "---|" } else { "---:|" };
    }
    text.push('\n');
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
