//! `simulate --policy-goal`: what it aims at, and the same with all workers active beside it.

use std::fmt::Write;

use serde::Serialize;

use super::exit::{Exit, Fault};
use super::q_settings::Fraction;
use crate::packing::{Goal, IDLE_ACTIVE};
use crate::power::{self, PowerModel};
use crate::report::units;
use crate::sim::{Aim, EnergyFigures, Outcome, Setup, Speeds};
use crate::topology::classify;

/// The board whose watts are taken where nobody names one.
const BOARD: &str = "generic-arm";

/// What `simulate` is told of it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Energy (by a model)")]
pub struct EnergyArgs {
    /// latency (all workers are always active) or energy (as few and frugal ones as hold
    /// --latency-slo, the others parked); either way the energy is worked out by a model
    #[arg(long, value_name = "GOAL")]
    pub policy_goal: Option<Goal>,
    /// The 99th percentile of the times that is to be held, in mean service times on a worker of
    /// speed 1 [default: 20]
    #[arg(long, value_name = "UNITS", requires = "policy_goal")]
    pub latency_slo: Option<f64>,
    /// The board whose watts the model takes: raspberry-pi-5, raspberry-pi-4, rk3588, i9-12900k,
    /// generic-arm, generic-x86 [default: that of --machine, else generic-arm]
    #[arg(long, value_name = "BOARD", requires = "policy_goal")]
    pub power: Option<String>,
    /// The part of its watts at work that an active core costs while it has nothing to do: an
    /// assumption [default: 0.1]
    #[arg(long, value_name = "FRACTION", requires = "policy_goal")]
    pub idle_active: Option<Fraction>,
}

impl EnergyArgs {
    /// What is aimed at with these workers, if anything; `board` is that of the machine.
    pub fn aim(&self, speeds: &Speeds, board: Option<&str>) -> Result<Option<Aim>, Fault> {
        let Some(goal) = self.policy_goal else { return Ok(None) };
        let name = self.power.as_deref().or(board).unwrap_or(BOARD);
        let model = PowerModel::by_name(name).ok_or_else(|| {
            let known = power::NAMES.join(", ");
            Fault::says(
                Exit::Usage,
                format!("--power: there is no board '{name}'; there are {known}"),
            )
        })?;
        let part = self.idle_active.map_or(IDLE_ACTIVE, |part| part.0);
        let target = self.latency_slo.unwrap_or(Aim::TARGET);
        Ok(Some(Aim::new(goal, target, &model, &classify(speeds.each()), part)))
    }
}

/// The same packets with all workers active, where the goal is another one.
pub fn twin(setup: &Setup) -> Option<Setup> {
    let aim = setup.aim.as_ref().filter(|aim| aim.goal == Goal::Energy)?;
    Some(Setup { aim: Some(Aim { goal: Goal::Latency, ..aim.clone() }), ..setup.clone() })
}

/// An outcome and, beside it, the same packets with all workers active.
#[derive(Serialize)]
pub struct Beside<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_active: Option<AllActive<'a>>,
}

#[derive(Serialize)]
struct AllActive<'a> {
    mean: f64,
    p50: f64,
    p99: f64,
    energy: &'a EnergyFigures,
    /// The part of its joules that the goal saves; below 0 it costs.
    saved: f64,
    /// The part of what its cores draw above the board's idle that the goal saves.
    cores_saved: f64,
}

impl<'a> Beside<'a> {
    pub fn new(outcome: &'a Outcome, twin: Option<&'a Outcome>) -> Self {
        let pair =
            twin.and_then(|twin| Some((twin, twin.energy.as_ref()?, outcome.energy.as_ref()?)));
        let all_active = pair.map(|(twin, all, own)| AllActive {
            mean: twin.mean,
            p50: twin.p50,
            p99: twin.p99,
            energy: all,
            saved: 1.0 - own.joules / all.joules,
            cores_saved: 1.0 - own.core_watts_mean / all.core_watts_mean,
        });
        Beside { outcome, all_active }
    }

    /// The energy in words; nothing where it was not looked at.
    pub fn text(&self) -> String {
        let Some(energy) = &self.outcome.energy else { return String::new() };
        let mut text =
            format!("\nenergy by a {}; one unit of time taken as a millisecond\n", energy.source);
        line(&mut text, energy, self.outcome.p50, self.outcome.p99);
        if let Some(all) = &self.all_active {
            line(&mut text, all.energy, all.p50, all.p99);
            let _ = writeln!(
                text,
                "saved by the model: {} of the board's energy, {} of what its cores draw above idle; \
                 p99 {} to {}",
                units::percent(all.saved),
                units::percent(all.cores_saved),
                short(all.p99),
                short(self.outcome.p99),
            );
        }
        let (held, slo) = (energy.slo_held, energy.latency_slo);
        let _ = writeln!(text, "latency-slo {slo}: {}", if held { "held" } else { "NOT held" });
        text
    }
}

fn short(units: f64) -> String {
    format!("{units:.2}")
}

fn line(text: &mut String, energy: &EnergyFigures, p50: f64, p99: f64) {
    let _ = writeln!(
        text,
        "{:<8} {:>8.3} mJ/packet  {:>6.3} W  {:>5.2} active  p50 {:>6}  p99 {:>6}  woken {:.1}, \
         parked {:.1} times",
        energy.goal.as_str(),
        energy.joules_per_packet * 1e3,
        energy.watts_mean,
        energy.active_mean,
        short(p50),
        short(p99),
        energy.woken,
        energy.parked,
    );
}
