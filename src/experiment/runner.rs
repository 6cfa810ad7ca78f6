//! All runs of a study, on all cores or taking turns, each saved when it is done.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::figures::RunFigures;
use super::gather;
use super::live::{self, Cores, LiveError};
use super::plan::{Job, Plan};
use super::setting::Variant;
use super::simulated;
use super::store::{Saved, Store, StoreError};
use crate::packing::Goal;
use crate::sim::SimError;
use crate::study::{Mode, Study};
use crate::topology::WORKERS_MAX;

/// The least time of a live run: below it the engine knows nothing yet of its workers.
const LIVE_MIN: Duration = Duration::from_secs(1);

/// What is told while a study is made.
pub trait Progress: Sync {
    /// So many runs are to be made, of which so many are there already.
    fn begin(&self, runs: usize, there: usize);
    /// A run is saved.
    fn saved(&self, what: &str);
    /// Whether to stop before the next run.
    fn stops(&self) -> bool;
}

/// Why a study was not finished; what was saved stays.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// No setting of the plan can be run in this mode.
    #[error("no setting of the plan can be {0}", what(*mode))]
    NoSetting {
        /// The mode.
        mode: Mode,
    },
    /// A setting cannot be run.
    #[error("setting '{name}': {what}")]
    Setting {
        /// The setting.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// A run could not be simulated.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// A live run could not be made.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A run could not be saved.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody asked to stop.
    #[error("stopped with {saved} of {runs} runs saved")]
    Stopped {
        /// Runs that are saved.
        saved: usize,
        /// Runs of the whole study.
        runs: usize,
    },
}

fn what(mode: Mode) -> &'static str {
    match mode {
        Mode::Simulated => "simulated",
        Mode::Live => "run live here",
    }
}

/// Whether every run of `plan` can be made here, before anything is.
///
/// # Errors
/// [`StudyError::Setting`] names the setting at fault.
pub fn check(plan: &Plan) -> Result<(), StudyError> {
    let (settings, _) = plan.settings(plan.mode);
    if settings.is_empty() {
        return Err(StudyError::NoSetting { mode: plan.mode });
    }
    for setting in &settings {
        let name = &setting.name;
        let wrong = |what: String| StudyError::Setting { name: name.clone(), what };
        let aims = plan.policies.iter().find(|policy| policy.goal == Goal::Energy);
        if let (Mode::Live, Some(policy)) = (plan.mode, aims) {
            return Err(wrong(format!(
                "{policy} can be simulated only: live nobody knows the watts"
            )));
        }
        match plan.mode {
            Mode::Simulated => simulated::setup(plan, setting, &plan.policies[0], 0)
                .check()
                .map_err(|error| wrong(error.to_string()))?,
            Mode::Live => {
                let cores = Cores::of(setting).map_err(LiveError::from)?;
                if cores.speeds.len() > WORKERS_MAX as usize {
                    return Err(wrong(format!("at most {WORKERS_MAX} workers run live")));
                }
            }
        }
    }
    Ok(())
}

/// Makes the runs of `plan` that are not in `store` yet, and puts all of them together.
///
/// # Errors
/// [`StudyError`].
pub fn run(plan: &Plan, store: &mut Store, progress: &dyn Progress) -> Result<Study, StudyError> {
    let (settings, _) = plan.settings(plan.mode);
    if settings.is_empty() {
        return Err(StudyError::NoSetting { mode: plan.mode });
    }
    let all = plan.jobs();
    // Runs are saved in order, so what is there is a beginning of it.
    let there = store.saved().len().min(all.len());
    progress.begin(all.len(), there);
    let left = &all[there..];
    match plan.mode {
        Mode::Simulated => simulate(plan, &settings, left, store, progress)?,
        Mode::Live => take_turns(plan, &settings, (all.len(), left), store, progress)?,
    }
    if store.saved().len() < all.len() {
        return Err(StudyError::Stopped { saved: store.saved().len(), runs: all.len() });
    }
    Ok(study(plan, store.saved()))
}

/// The study that `saved` is of, as far as it has come.
pub fn study(plan: &Plan, saved: &[Saved]) -> Study {
    gather::study(plan, &notes(plan), saved)
}

/// What a reader must know of how the figures came about.
fn notes(plan: &Plan) -> Vec<String> {
    let (settings, _) = plan.settings(plan.mode);
    if plan.mode == Mode::Simulated {
        return vec![format!(
            "simulated in virtual time, {} packets a run, the first {} % not measured; all policies \
             get the same packets",
            plan.packets,
            100.0 * plan.warmup()
        )];
    }
    let mut notes = vec![format!(
        "live: the work of a packet is time on a core, {} on average at speed 1; latency counts from \
         when a packet was due; policies took turns",
        humantime::format_duration(plan.work)
    )];
    for setting in &settings {
        let Ok(cores) = Cores::of(setting) else { continue };
        if cores.speeds.iter().any(|speed| *speed < 1.0) {
            notes
                .push(format!("{}: slow workers are emulated: they spin for longer", setting.name));
        }
        if cores.speeds.len() > cores.cpus {
            let (workers, cpus) = (cores.speeds.len(), cores.cpus);
            notes.push(format!("{}: {workers} workers share {cpus} CPUs", setting.name));
        }
    }
    notes
}

fn save(
    plan: &Plan,
    settings: &[Variant],
    job: Job,
    figures: RunFigures,
    store: &mut Store,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    let policy = plan.policies[job.policy].to_string();
    let said = format!("{policy}, {}", settings[job.setting].name);
    store.save(Saved { setting: job.setting, policy, repeat: job.repeat, figures })?;
    progress.saved(&said);
    Ok(())
}

/// Simulates on all cores; saves in the order of the jobs, whatever ends first.
fn simulate(
    plan: &Plan,
    settings: &[Variant],
    left: &[Job],
    store: &mut Store,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (done, results) = mpsc::channel();
    let work = |done: mpsc::Sender<(usize, Result<RunFigures, SimError>)>| {
        // Relaxed, both: one hands out numbers, the other only ends the loop early.
        while !failed.load(Ordering::Relaxed) && !progress.stops() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = left.get(at) else { return };
            let setup = simulated::setup(
                plan,
                &settings[job.setting],
                &plan.policies[job.policy],
                job.repeat,
            );
            // Nobody listens any more after a failure.
            let _ = done.send((at, simulated::run(&setup)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    std::thread::scope(|scope| {
        for _ in 0..threads.min(left.len()) {
            let done = done.clone();
            let work = &work;
            scope.spawn(move || work(done));
        }
        drop(done);
        let saved = save_in_order(plan, settings, left, &results, store, progress);
        failed.store(saved.is_err(), Ordering::Relaxed);
        saved
    })
}

fn save_in_order(
    plan: &Plan,
    settings: &[Variant],
    left: &[Job],
    results: &mpsc::Receiver<(usize, Result<RunFigures, SimError>)>,
    store: &mut Store,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    let (mut early, mut due) = (BTreeMap::new(), 0);
    for (at, figures) in results {
        early.insert(at, figures?);
        while let Some(figures) = early.remove(&due) {
            save(plan, settings, left[due], figures, store, progress)?;
            due += 1;
        }
    }
    Ok(())
}

fn take_turns(
    plan: &Plan,
    settings: &[Variant],
    (all, left): (usize, &[Job]),
    store: &mut Store,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    let lasts = (plan.duration / all.max(1) as u32).max(LIVE_MIN);
    for job in left {
        if progress.stops() {
            return Ok(());
        }
        let (setting, policy) = (&settings[job.setting], &plan.policies[job.policy]);
        let figures = live::run(plan, setting, policy, job.repeat, lasts)?;
        save(plan, settings, *job, figures, store, progress)?;
    }
    Ok(())
}
