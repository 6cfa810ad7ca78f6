//! One run in virtual time.

use super::figures::{LoggedRun, RunEnergy, RunFigures};
use super::names::PolicySpec;
use super::plan::Plan;
use super::setting::Variant;
use crate::packing::{Goal, IDLE_ACTIVE};
use crate::policy::QSettings;
use crate::sim::{Aim, Faults, Replications, Setup, SimError, Speeds, simulate};
use crate::topology::classify;

/// What is simulated for `policy` in `setting`.
pub fn setup(plan: &Plan, setting: &Variant, policy: &PolicySpec, repeat: u32) -> Setup {
    Setup {
        policy: policy.name.clone(),
        choices: policy.choices,
        q: QSettings { unguarded: policy.unguarded, ..QSettings::default() },
        speeds: setting.speeds().unwrap_or_else(|| Speeds::uniform(4)),
        load: setting.load(),
        service: setting.service(),
        arrivals: setting.arrivals(),
        sensors: setting.sensors(),
        stale: setting.stale,
        learn_capacity: setting.learn_capacity,
        faults: Faults::new(setting.faults.iter().map(|fault| fault.0).collect()),
        aim: aim(plan, setting, policy),
        packets: plan.packets,
        warmup: plan.warmup(),
        seed: plan.seed,
        replications: 1,
        first_replication: repeat,
        log_rows: if repeat == 0 { super::store::LOG_ROWS } else { 0 },
        ..Setup::default()
    }
}

/// The goal, and the model of energy, where any policy of the plan aims at energy.
fn aim(plan: &Plan, setting: &Variant, policy: &PolicySpec) -> Option<Aim> {
    plan.policies.iter().find(|policy| policy.goal == Goal::Energy)?;
    let power = setting.power()?;
    let speeds = setting.speeds().unwrap_or_else(|| Speeds::uniform(4));
    let target = setting.latency_slo.unwrap_or(Aim::TARGET);
    Some(Aim::new(policy.goal, target, &power, &classify(speeds.each()), IDLE_ACTIVE))
}

/// Runs it. All policies get the same packets in the same repeat: the random numbers of arrivals and
/// work do not hang on the policy.
///
/// # Errors
/// [`SimError`].
pub fn run(setup: &Setup) -> Result<RunFigures, SimError> {
    let outcome = simulate(setup, Replications { threads: 1, ..Replications::default() })?;
    let logged = outcome.log.iter().map(|each| LoggedRun {
        packet: each.packet,
        worker: each.worker,
        due: each.arrived,
        wait: each.wait,
        service: each.service,
    });
    Ok(RunFigures {
        mean: outcome.mean,
        p50: outcome.p50,
        p95: outcome.p95,
        p99: outcome.p99,
        deviation: outcome.deviation,
        throughput: outcome.throughput,
        packets: outcome.packets,
        lost: outcome.failed,
        speeds: Vec::new(),
        share: outcome.share,
        utilization: outcome.utilization,
        unstable: outcome.unstable,
        over_time: outcome.over_time,
        quantiles: outcome.quantiles,
        log: logged.collect(),
        learning: outcome.learning,
        energy: outcome.energy.map(|energy| RunEnergy {
            joules_per_packet: energy.joules_per_packet,
            watts_mean: energy.watts_mean,
            core_watts_mean: energy.core_watts_mean,
            active_mean: energy.active_mean,
            latency_slo: energy.latency_slo,
        }),
    })
}
