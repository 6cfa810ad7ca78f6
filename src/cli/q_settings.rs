//! What `q-learning` is told, and the file that its table is kept in.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::exit::{Exit, Fault, OrExit};
use crate::policy::{QSettings, QTable};
use crate::report;

/// The largest table read: the largest there can be has some thousand values.
const BYTES_MAX: u64 = 4 << 20;

/// Flags of `simulate` for `q-learning`.
#[derive(Debug, clap::Args)]
pub struct QArgs {
    /// q-learning: its table chooses from the first packet on, watched by nobody
    #[arg(long, help_heading = "q-learning")]
    pub unguarded: bool,
    /// q-learning: learning rate, 0 to 1
    #[arg(long, value_name = "ALPHA", help_heading = "q-learning", default_value_t = QSettings::default().alpha, value_parser = fraction)]
    pub q_alpha: f64,
    /// q-learning: discount, 0 to below 1
    #[arg(long, value_name = "GAMMA", help_heading = "q-learning", default_value_t = QSettings::default().gamma, value_parser = below_one)]
    pub q_gamma: f64,
    /// q-learning: the part of choices made at random, at first
    #[arg(long, value_name = "EPSILON", help_heading = "q-learning", default_value_t = QSettings::default().epsilon, value_parser = fraction)]
    pub q_epsilon: f64,
    /// q-learning: what that part is multiplied by after each choice
    #[arg(long, value_name = "FACTOR", help_heading = "q-learning", default_value_t = QSettings::default().epsilon_decay, value_parser = fraction)]
    pub q_decay: f64,
    /// q-learning: where the table is kept: read where it is there, written at the end
    #[arg(long, value_name = "FILE", help_heading = "q-learning")]
    pub q_table: Option<PathBuf>,
}

impl QArgs {
    pub fn settings(&self) -> QSettings {
        QSettings {
            alpha: self.q_alpha,
            gamma: self.q_gamma,
            epsilon: self.q_epsilon,
            epsilon_decay: self.q_decay,
            unguarded: self.unguarded,
            ..QSettings::default()
        }
    }
}

pub fn fraction(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("give a number from 0 to 1".into()),
    }
}

pub fn below_one(text: &str) -> Result<f64, String> {
    fraction(text)
        .ok()
        .filter(|number| *number < 1.0)
        .ok_or("give a number from 0 to below 1".into())
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
        .with_context(|| format!("{shown}: cannot read the table"))
        .or_exit(Exit::BadData)?;
    let table: QTable = serde_json::from_str(&text)
        .with_context(|| format!("{shown}: no table of q-learning; name another file or remove it"))
        .or_exit(Exit::BadData)?;
    table
        .check_for(capacities)
        .with_context(|| format!("{shown}: cannot be used here"))
        .or_exit(Exit::BadData)?;
    Ok(Some(table))
}

/// Writes the table, whole or not at all.
pub fn save(path: &Path, table: &QTable) -> Result<(), Fault> {
    let json = serde_json::to_string(table).context("cannot write JSON").or_exit(Exit::Io)?;
    report::write_text(path, &json)
        .map_err(|error| Fault::says(super::files::exit_of(&error), error))
}
