//! Runs put together to cells.

use super::figures::{RunEnergy, RunFigures};
use super::names::PolicySpec;
use super::plan::Plan;
use super::setting::{Sweep, Variant};
use super::store::Saved;
use crate::interval::Interval;
use crate::packing::{Goal, IDLE_ACTIVE};
use crate::sorting;
use crate::study::{Cell, CellEnergy, STUDY_VERSION, Setting, SettingClass, Study};
use crate::topology::classify;

/// The study that `saved` is of; runs that are missing are missing in it.
pub fn study(plan: &Plan, notes: &[String], saved: &[Saved]) -> Study {
    let mode = plan.mode;
    let (settings, left_out) = plan.settings(mode);
    let of = |setting: usize, policy: &PolicySpec| {
        let name = policy.to_string();
        let runs = saved.iter().filter(|run| run.setting == setting && run.policy == name);
        runs.map(|run| &run.figures).collect::<Vec<_>>()
    };
    let cells = (0..settings.len()).flat_map(|at| {
        plan.policies.iter().filter_map(move |policy| cell(at, policy, &of(at, policy)))
    });
    let axis = plan.setting.iter().filter(|each| each.unfit(mode).is_none());
    Study {
        version: STUDY_VERSION,
        name: plan.name.clone(),
        title: plan.title.clone(),
        mode,
        seed: plan.seed,
        repeats: plan.repeats,
        notes: notes.iter().cloned().chain(left_out).chain(on_energy(plan)).collect(),
        axis: common(axis.filter_map(|each| each.sweep)).map(|sweep| sweep.as_str().to_owned()),
        settings: (0..settings.len()).map(|at| described(&settings[at], at, saved)).collect(),
        cells: cells.collect(),
    }
}

/// The one of `sweeps`, if there is one: two kinds cannot share an axis.
fn common(mut sweeps: impl Iterator<Item = Sweep>) -> Option<Sweep> {
    let first = sweeps.next()?;
    sweeps.all(|sweep| sweep == first).then_some(first)
}

fn described(setting: &Variant, at: usize, saved: &[Saved]) -> Setting {
    // A setting that names no workers has those that the machine has.
    let found = || saved.iter().find(|run| run.setting == at).map(|run| run.figures.speeds.clone());
    let named = setting.speeds().map(|speeds| speeds.each().to_vec());
    let speeds = named.or_else(found).unwrap_or_default();
    let mut text = format!(
        "{}, load {}, {} work, {} arrivals",
        setting.speeds().map_or_else(|| "this machine's cores".into(), |speeds| speeds.to_string()),
        setting.load(),
        setting.service(),
        setting.arrivals(),
    );
    if let Some(name) = &setting.machine {
        text = format!("{name}: {text}");
    }
    if let Some(age) = setting.stale {
        text += &format!(", loads seen every {age} mean service times");
    }
    if setting.learn_capacity {
        text += ", capacities learned";
    }
    if setting.steal {
        text += ", idle workers steal";
    }
    if let Some(name) = &setting.power {
        text += &format!(", watts of {name}");
    }
    for fault in &setting.faults {
        text += &format!(", {}", fault.0);
    }
    let (name, x, load) = (setting.name.clone(), setting.x, setting.load());
    Setting { name, text, x, load, classes: classes(&speeds) }
}

/// The classes of workers of these speeds, fastest first.
pub fn classes(speeds: &[f64]) -> Vec<SettingClass> {
    let of = classify(speeds);
    let mut classes: Vec<SettingClass> = Vec::new();
    let mut fastest_first: Vec<usize> = (0..speeds.len()).collect();
    sorting::sort_by(&mut fastest_first, |a, b| speeds[*b].total_cmp(&speeds[*a]).then(a.cmp(b)));
    for worker in fastest_first {
        let name = of[worker].to_string();
        match classes.iter_mut().find(|class| class.name == name) {
            Some(class) => class.workers.push(worker as u32),
            None => classes.push(SettingClass { name, speed: 0.0, workers: vec![worker as u32] }),
        }
    }
    let fastest = speeds.iter().copied().fold(0.0, f64::max);
    for class in &mut classes {
        sorting::sort(&mut class.workers);
        let sum: f64 = class.workers.iter().map(|worker| speeds[*worker as usize]).sum();
        class.speed = sum / class.workers.len() as f64 / fastest;
    }
    classes
}

fn cell(setting: usize, policy: &PolicySpec, runs: &[&RunFigures]) -> Option<Cell> {
    let first = runs.first()?;
    let each =
        |figure: fn(&RunFigures) -> f64| runs.iter().map(|run| figure(run)).collect::<Vec<_>>();
    let over = |figure: fn(&RunFigures) -> f64| Interval::of(&each(figure));
    let (mean, second) =
        (over(|run| run.mean), over(|run| run.deviation * run.deviation + run.mean * run.mean));
    let unstable = runs.iter().filter(|run| run.unstable).count();
    Some(Cell {
        setting,
        policy: policy.to_string(),
        mean,
        p50: over(|run| run.p50),
        p95: over(|run| run.p95),
        p99: over(|run| run.p99),
        deviation: libm::sqrt((second.mean - mean.mean * mean.mean).max(0.0)),
        throughput: over(|run| run.throughput),
        packets: runs.iter().map(|run| run.packets).sum(),
        lost: runs.iter().map(|run| run.lost).sum(),
        share: means(runs.iter().map(|run| &run.share[..])),
        utilization: means(runs.iter().map(|run| &run.utilization[..])),
        unstable: 2 * unstable > runs.len(),
        means: each(|run| run.mean),
        p99s: each(|run| run.p99),
        over_time: means(runs.iter().map(|run| &run.over_time[..])),
        quantiles: quantiles(runs),
        learning: first.learning.clone(),
        energy: energy(runs),
    })
}

/// Energy, where every run has it.
fn energy(runs: &[&RunFigures]) -> Option<CellEnergy> {
    let all: Option<Vec<&RunEnergy>> = runs.iter().map(|run| run.energy.as_ref()).collect();
    let all = all?;
    let over = |figure: fn(&RunEnergy) -> f64| {
        Interval::of(&all.iter().map(|energy| figure(energy)).collect::<Vec<_>>())
    };
    Some(CellEnergy {
        joules_per_packet: over(|energy| energy.joules_per_packet),
        watts_mean: over(|energy| energy.watts_mean),
        core_watts_mean: over(|energy| energy.core_watts_mean),
        active_mean: over(|energy| energy.active_mean),
        latency_slo: all.first()?.latency_slo,
    })
}

/// What a reader must know of the energy, where it was worked out.
fn on_energy(plan: &Plan) -> Option<String> {
    plan.policies.iter().find(|policy| policy.goal == Goal::Energy)?;
    Some(format!(
        "energy is worked out by a model, not measured: watts of known boards, a core that is active \
         and has nothing to do at {IDLE_ACTIVE} of its watts (an assumption), a parked one at nothing; \
         one mean service time is taken as a millisecond"
    ))
}

fn quantiles(runs: &[&RunFigures]) -> Vec<(f64, f64)> {
    let parts = runs.first().map_or(&[][..], |run| &run.quantiles[..]);
    let times =
        runs.iter().map(|run| run.quantiles.iter().map(|(_, time)| *time).collect::<Vec<_>>());
    let times: Vec<Vec<f64>> = times.collect();
    let means = means(times.iter().map(|row| &row[..]));
    parts.iter().map(|(part, _)| *part).zip(means).collect()
}

/// The mean of each column; rows that are too short end it.
fn means<'a>(rows: impl Iterator<Item = &'a [f64]> + Clone) -> Vec<f64> {
    let count = rows.clone().count().max(1) as f64;
    let columns = rows.clone().map(<[f64]>::len).min().unwrap_or(0);
    let sum = |at: usize| rows.clone().map(|row| row[at]).sum::<f64>();
    (0..columns).map(|at| sum(at) / count).collect()
}
