//! The folder of a study.
//!
//! `manifest.toml` is the plan as it is followed, with a table of when and where; the study can be made
//! again from it. `runs.jsonl` has a line for each finished run, written and flushed at once and in
//! the order of the jobs, so that a study that was interrupted goes on after its last whole
//! line, and a simulated one that is made again is the same to the byte.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::figures::RunFigures;
use super::plan::{BYTES_MAX, Plan, PlanError};

/// The plan that is followed.
pub const MANIFEST: &str = "manifest.toml";

/// The finished runs.
pub const RUNS: &str = "runs.jsonl";

/// Packets of the first run of each cell that are kept one by one.
pub const LOG_ROWS: u32 = 200;

/// The most that is read of finished runs.
const RUNS_BYTES_MAX: u64 = 1 << 30;

/// One finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The setting's place among those of the plan's mode.
    pub setting: usize,
    /// The policy as the plan names it.
    pub policy: String,
    /// Which repeat.
    pub repeat: u32,
    /// What it showed.
    pub figures: RunFigures,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be made or written.
    #[error("{}: cannot {what}: {error}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What could not be done.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// It cannot be read.
    #[error("{}: cannot read: {error}; name a folder that edge-dispatch compare has written", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Its manifest is no plan.
    #[error("{}: {error}", path.display())]
    Plan {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        error: PlanError,
    },
    /// It holds another study.
    #[error(
        "{}: the study there follows another plan ({differs} differs): resume it with \
         --resume alone, or begin a new folder", path.display()
    )]
    OtherPlan {
        /// The folder.
        path: PathBuf,
        /// The first key that differs.
        differs: String,
    },
    /// It is there already.
    #[error("{}: is there already; name another folder, or --resume it", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// Somebody else is at it.
    #[error("{}: another edge-dispatch is making this study; wait for its end", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// A finished run in it cannot be read.
    #[error("{}, line {line}: {what}; remove that line and those after it to make those runs again", path.display())]
    BadRun {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

/// An open folder.
pub struct Store {
    folder: PathBuf,
    runs: File,
    saved: Vec<Saved>,
}

impl Store {
    /// A new folder for `plan`; `facts` is what the manifest says of when and where.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where something is there already, [`StoreError::Write`].
    pub fn create(folder: &Path, plan: &Plan, facts: &toml::Table) -> Result<Store, StoreError> {
        let write = |what| {
            let path = folder.to_owned();
            move |error| StoreError::Write { path, what, error }
        };
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent).map_err(write("make the folder"))?;
        }
        std::fs::create_dir(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists { path: folder.to_owned() },
            _ => write("make the folder")(error),
        })?;
        let facts = toml::to_string(facts).unwrap_or_default();
        let text = format!("{}\n[manifest]\n{facts}", plan.text());
        std::fs::write(folder.join(MANIFEST), text).map_err(write("write the manifest"))?;
        let path = folder.join(RUNS);
        let runs = OpenOptions::new().create_new(true).append(true).open(path);
        let runs = runs.map_err(write("write the runs"))?;
        take(&runs, folder)?;
        Ok(Store { folder: folder.to_owned(), runs, saved: Vec::new() })
    }

    /// The folder of a study that was begun, and its plan. `wanted` is the plan that was asked for,
    /// if one was.
    ///
    /// # Errors
    /// [`StoreError`], all but `Exists`.
    pub fn open(folder: &Path, wanted: Option<&Plan>) -> Result<(Store, Plan), StoreError> {
        let plan = read_plan(folder)?;
        if let Some(differs) = wanted.and_then(|wanted| first_difference(wanted, &plan)) {
            return Err(StoreError::OtherPlan { path: folder.to_owned(), differs });
        }
        let path = folder.join(RUNS);
        let write = |error| StoreError::Write { path: path.clone(), what: "go on with it", error };
        // Not there: whoever began it was stopped before the first run.
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        let mut runs = open.open(&path).map_err(write)?;
        take(&runs, folder)?;
        let (saved, whole_bytes) = read_runs(&path, &plan)?;
        // A line that a power cut tore is made again.
        runs.set_len(whole_bytes).map_err(write)?;
        runs.seek(SeekFrom::End(0)).map_err(write)?;
        Ok((Store { folder: folder.to_owned(), runs, saved }, plan))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The runs so far.
    pub fn saved(&self) -> &[Saved] {
        &self.saved
    }

    /// Saves a run: when this returns it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn save(&mut self, run: Saved) -> Result<(), StoreError> {
        let path = self.folder.join(RUNS);
        let write = |error| StoreError::Write { path, what: "save a run", error };
        let mut line = serde_json::to_string(&run).unwrap_or_default();
        line.push('\n');
        let written = self.runs.write_all(line.as_bytes()).and_then(|()| self.runs.sync_data());
        written.map_err(write)?;
        self.saved.push(run);
        Ok(())
    }
}

/// The plan and the runs of a study, finished or not.
///
/// # Errors
/// [`StoreError::Read`], [`StoreError::Plan`], [`StoreError::BadRun`].
pub fn read(folder: &Path) -> Result<(Plan, Vec<Saved>), StoreError> {
    let plan = read_plan(folder)?;
    let (saved, _) = read_runs(&folder.join(RUNS), &plan)?;
    Ok((plan, saved))
}

/// One study, one process: the kernel's lock, which ends with the process however that ends. A file
/// system without locks goes without.
fn take(runs: &File, folder: &Path) -> Result<(), StoreError> {
    match runs.try_lock() {
        Err(TryLockError::WouldBlock) => Err(StoreError::Taken { path: folder.to_owned() }),
        Err(TryLockError::Error(_)) | Ok(()) => Ok(()),
    }
}

/// The plan of a study.
///
/// # Errors
/// [`StoreError::Read`], [`StoreError::Plan`].
pub fn read_plan(folder: &Path) -> Result<Plan, StoreError> {
    let path = folder.join(MANIFEST);
    let read = |error| StoreError::Read { path: path.clone(), error };
    let mut text = String::new();
    File::open(&path).map_err(read)?.take(BYTES_MAX).read_to_string(&mut text).map_err(read)?;
    let plan = Plan::parse(&text).map_err(|error| StoreError::Plan { path, error })?;
    Ok(Plan { manifest: None, ..plan })
}

/// The whole lines, and how many bytes they are.
fn read_runs(path: &Path, plan: &Plan) -> Result<(Vec<Saved>, u64), StoreError> {
    let read = |error| StoreError::Read { path: path.to_owned(), error };
    let mut text = Vec::new();
    let file = File::open(path).map_err(read)?;
    file.take(RUNS_BYTES_MAX + 1).read_to_end(&mut text).map_err(read)?;
    if text.len() as u64 > RUNS_BYTES_MAX {
        // Going on would cut what lies beyond.
        return Err(read(io::Error::other("it holds more than 1 GiB of runs")));
    }
    let mut jobs = plan.jobs().into_iter();
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut saved = Vec::new();
    for (at, line) in text[..whole].split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let bad = |what| StoreError::BadRun { path: path.to_owned(), line: at + 1, what };
        let run: Saved = serde_json::from_slice(line).map_err(|error| bad(error.to_string()))?;
        let due =
            jobs.next().map(|job| (job.setting, plan.policies[job.policy].to_string(), job.repeat));
        if due != Some((run.setting, run.policy.clone(), run.repeat)) {
            return Err(bad("it is not the run that is due there".into()));
        }
        saved.push(run);
    }
    Ok((saved, whole as u64))
}

/// The first key in which two plans differ.
fn first_difference(wanted: &Plan, there: &Plan) -> Option<String> {
    let table = |plan: &Plan| toml::Table::try_from(plan).unwrap_or_default();
    let (wanted, there) = (table(wanted), table(there));
    let keys = wanted.keys().chain(there.keys());
    keys.into_iter().find(|key| wanted.get(*key) != there.get(*key)).cloned()
}
