//! What `q-learning` is told, and the file that its table is kept in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;

use super::exit::{Exit, Fault, OrExit};
use super::files::{self, FILES};
use super::plan::Plan;
use super::same_place::same_place;
use super::settings::Settings;
use super::values::{Impossible, Switch};
use crate::policy::{self, Maker, Options, QSettings, QTable, SharedQ};
use crate::report;
use crate::topology::Placement;

/// The policy that all of this is for.
const NAME: &str = "q-learning";

/// The largest table read: the largest there can be has some thousand values.
const BYTES_MAX: u64 = 4 << 20;

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction(pub f64);

impl FromStr for Fraction {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text.parse() {
            Ok(number) if (0.0..=1.0).contains(&number) => Ok(Fraction(number)),
            _ => Err(Impossible("give a number from 0 to 1".to_owned())),
        }
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number from 0 to below 1: with a discount of 1, values would grow for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BelowOne(pub f64);

impl FromStr for BelowOne {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text.parse() {
            Ok(Fraction(number)) if number < 1.0 => Ok(BelowOne(number)),
            _ => Err(Impossible("give a number from 0 to below 1".to_owned())),
        }
    }
}

impl fmt::Display for BelowOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Flags of `simulate` for `q-learning`.
#[derive(Debug, clap::Args)]
pub struct QArgs {
    /// q-learning: its table chooses from the first packet on, watched by nobody
    #[arg(long, help_heading = NAME)]
    pub unguarded: bool,
    /// q-learning: learning rate, 0 to 1
    #[arg(long, value_name = "ALPHA", help_heading = NAME, default_value_t = Fraction(QSettings::default().alpha))]
    pub q_alpha: Fraction,
    /// q-learning: discount, 0 to below 1
    #[arg(long, value_name = "GAMMA", help_heading = NAME, default_value_t = BelowOne(QSettings::default().gamma))]
    pub q_gamma: BelowOne,
    /// q-learning: the part of choices made at random, at first
    #[arg(long, value_name = "EPSILON", help_heading = NAME, default_value_t = Fraction(QSettings::default().epsilon))]
    pub q_epsilon: Fraction,
    /// q-learning: what that part is multiplied by after each choice
    #[arg(long, value_name = "FACTOR", help_heading = NAME, default_value_t = Fraction(QSettings::default().epsilon_decay))]
    pub q_decay: Fraction,
    /// q-learning: where the table is kept: read where it is there, written at the end
    #[arg(long, value_name = "FILE", help_heading = NAME)]
    pub q_table: Option<PathBuf>,
}

impl QArgs {
    pub fn settings(&self) -> QSettings {
        QSettings {
            alpha: self.q_alpha.0,
            gamma: self.q_gamma.0,
            epsilon: self.q_epsilon.0,
            epsilon_decay: self.q_decay.0,
            unguarded: self.unguarded,
            ..QSettings::default()
        }
    }
}

/// What the settings of a run say of it.
pub fn of(settings: &Settings) -> QSettings {
    let default = QSettings::default();
    let or = |given: &Option<Fraction>, default| given.as_ref().map_or(default, |it| it.0);
    QSettings {
        alpha: or(&settings.q_alpha, default.alpha),
        gamma: settings.q_gamma.as_ref().map_or(default.gamma, |gamma| gamma.0),
        epsilon: or(&settings.q_epsilon, default.epsilon),
        epsilon_decay: or(&settings.q_decay, default.epsilon_decay),
        unguarded: settings.unguarded.as_ref().is_some_and(|unguarded| unguarded.0),
        ..default
    }
}

/// Whether the table has a file of its own.
pub fn check(plan: &Plan) -> Result<(), Fault> {
    let Some(table) = plan.q_table.as_ref().filter(|_| plan.policy == NAME) else { return Ok(()) };
    let results = FILES.iter().map(|name| plan.results.join(name));
    let taken = results.chain(plan.save_packets.clone()).any(|file| same_place(table, &file));
    if !taken {
        return Ok(());
    }
    let message = format!("{} is a file of the run: name another", table.display());
    Err(plan.blame.says(&["q-table"], message))
}

/// Settings that were given for another policy, a sentence each.
pub fn without_effect(plan: &Plan) -> Vec<String> {
    let keys = ["unguarded", "q-alpha", "q-gamma", "q-epsilon", "q-decay", "q-table"];
    let idle = keys.iter().filter(|key| plan.policy != NAME && plan.blame.is_given(key));
    idle.map(|key| format!("{key} has no effect: the policy is {}", plan.policy)).collect()
}

/// Hands what was left open to `set`, as it was decided.
pub fn fill_in(set: &mut impl FnMut(&str, String), plan: &Plan) {
    if plan.policy == NAME {
        set("unguarded", Switch(plan.q.unguarded).to_string());
        set("q-alpha", plan.q.alpha.to_string());
        set("q-gamma", plan.q.gamma.to_string());
        set("q-epsilon", plan.q.epsilon.to_string());
        set("q-decay", plan.q.epsilon_decay.to_string());
    }
}

/// What a run learns, and where that is kept; nothing under a policy that does not learn.
pub struct Lessons {
    shared: Option<SharedQ>,
    path: Option<PathBuf>,
}

impl Lessons {
    /// Reads the table, where there is one.
    pub fn begin(plan: &Plan, placement: &Placement) -> Result<Self, Fault> {
        if plan.policy != NAME {
            return Ok(Lessons { shared: None, path: None });
        }
        let capacities: Vec<f32> =
            placement.seats.iter().map(|seat| seat.capacity as f32).collect();
        let path = plan.q_table.clone();
        let table = match &path {
            Some(path) => load(path, &capacities)?,
            None => None,
        };
        let shared = SharedQ::for_workers(plan.q, table, &capacities);
        Ok(Lessons { shared: Some(shared), path })
    }

    /// Tries whether the table can be written.
    pub fn can_be_kept(&self) -> Result<(), Fault> {
        self.path.as_deref().map_or(Ok(()), can_be_saved)
    }

    /// What makes the policy.
    pub fn maker(&self, plan: &Plan) -> Result<Maker, Fault> {
        let options = Options { choices: plan.choices, q: self.shared.clone() };
        policy::maker(&plan.policy, &options).map_err(|error| plan.blame.fault(&["policy"], error))
    }

    /// Says what was learned, and writes the table and its name into the list of `files`.
    pub fn end(self, files: &mut BTreeMap<String, String>) -> Result<(), Fault> {
        let Some(shared) = self.shared else { return Ok(()) };
        let Some(table) = shared.table() else {
            log::info!("{NAME}: no packet came, so nothing was learned");
            return Ok(());
        };
        let report = shared.report();
        log::info!(
            "{NAME}: learned {} of {} values; took over {} times, handed back {} times",
            report.learned,
            report.values,
            report.take_overs,
            report.hand_backs
        );
        let Some(path) = self.path else { return Ok(()) };
        save(&path, &table)?;
        files.insert("q-table".to_owned(), path.display().to_string());
        Ok(())
    }
}

/// The table in `path`, if there is one, for workers of these capacities.
pub fn load(path: &Path, capacities: &[f32]) -> Result<Option<QTable>, Fault> {
    let shown = path.display();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("{shown}: cannot open the table"))
                .or_exit(Exit::MissingInput);
        }
    };
    let mut text = String::new();
    file.take(BYTES_MAX)
        .read_to_string(&mut text)
        .with_context(|| format!("{shown}: cannot read the table; name another file"))
        .or_exit(Exit::BadData)?;
    let table: QTable = serde_json::from_str(&text)
        .with_context(|| format!("{shown}: no table of {NAME}; name another file or remove it"))
        .or_exit(Exit::BadData)?;
    table
        .check_for(capacities)
        .with_context(|| format!("{shown}: cannot be used here; name another file or remove it"))
        .or_exit(Exit::BadData)?;
    Ok(Some(table))
}

/// Writes the table, whole or not at all.
pub fn save(path: &Path, table: &QTable) -> Result<(), Fault> {
    let json = serde_json::to_string(table).context("cannot write JSON").or_exit(Exit::Io)?;
    report::write_text(path, &json).map_err(write_fault)
}

/// Tries whether a table can be written: what was learned in hours must not be lost to a name
/// that was mistyped.
pub fn can_be_saved(path: &Path) -> Result<(), Fault> {
    report::try_to_write(path).map_err(write_fault)
}

fn write_fault(error: report::ReportError) -> Fault {
    Fault::new(files::exit_of(&error), anyhow::anyhow!("{error}").context("q-table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_survive_their_text_and_nothing_beyond_them_does() {
        for text in ["0", "0.25", "1"] {
            assert_eq!(text.parse::<Fraction>().map(|it| it.to_string()).as_deref(), Ok(text));
            assert_eq!(text.parse::<BelowOne>().is_ok(), text != "1");
        }
        for text in ["-0.1", "1.01", "nan", "inf", "", "half"] {
            assert!(text.parse::<Fraction>().is_err() && text.parse::<BelowOne>().is_err());
        }
    }
}
