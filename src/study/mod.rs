//! What a study found: a cell for each policy in each setting, simulated or live.
//!
//! Data and pure functions: the runner fills it in, the report draws it, `comparison_results.json`
//! is it. It holds no date and no machine (the manifest does), so that a simulated study that is
//! repeated is the same to the byte.

mod compare;
mod energy;

pub use compare::{Difference, Ranked, rank};
pub use energy::CellEnergy;

use serde::{Deserialize, Serialize};

use crate::interval::Interval;
use crate::learning::QReport;

/// The version of `comparison_results.json`.
pub const STUDY_VERSION: u32 = 1;

/// How the cells were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// In virtual time.
    Simulated,
    /// On this machine's cores.
    Live,
}

impl Mode {
    /// The name in files: `simulated`, `live`.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Simulated => "simulated",
            Mode::Live => "live",
        }
    }

    /// The unit of every time in a study of this mode.
    pub fn unit(self) -> &'static str {
        match self {
            Mode::Simulated => "mean service times",
            Mode::Live => "ms",
        }
    }

    /// The unit of throughput.
    pub fn rate_unit(self) -> &'static str {
        match self {
            Mode::Simulated => "packets per mean service time",
            Mode::Live => "packets/s",
        }
    }
}

/// A whole study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// See [`STUDY_VERSION`].
    pub version: u32,
    /// The plan's name.
    pub name: String,
    /// What it asks.
    pub title: String,
    /// How the cells were made.
    pub mode: Mode,
    /// The seed of everything random.
    pub seed: u64,
    /// Independent runs of each cell.
    pub repeats: u32,
    /// What is emulated, modelled or left out, a sentence each.
    pub notes: Vec<String>,
    /// What `Setting::x` is, where settings differ in one number: `workers`, `load`, …
    pub axis: Option<String>,
    /// The settings.
    pub settings: Vec<Setting>,
    /// The cells: settings in order, within each the policies in the plan's order.
    pub cells: Vec<Cell>,
}

/// One setting, in which all policies are tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Short, for titles.
    pub name: String,
    /// All that decides it, for the report.
    pub text: String,
    /// Its place on the study's axis.
    pub x: Option<f64>,
    /// Work that arrives, over what the workers can do.
    pub load: f64,
    /// Classes of workers, fastest first.
    pub classes: Vec<SettingClass>,
}

impl Setting {
    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.classes.iter().map(|class| class.workers.len()).sum()
    }
}

/// The workers of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingClass {
    /// `performance`, `efficiency`, `middle`, `uniform`.
    pub name: String,
    /// Mean speed, relative to the fastest.
    pub speed: f64,
    /// The workers' numbers.
    pub workers: Vec<u32>,
}

/// One policy in one setting. Times are in [`Mode::unit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The setting's place in [`Study::settings`].
    pub setting: usize,
    /// The policy.
    pub policy: String,
    /// Mean response time: from when the packet was due to when it was done.
    pub mean: Interval,
    /// Half of the packets are done within this.
    pub p50: Interval,
    /// 95 %.
    pub p95: Interval,
    /// 99 %.
    pub p99: Interval,
    /// Standard deviation of the response time.
    pub deviation: f64,
    /// Packets done per unit of time, see [`Mode::rate_unit`].
    pub throughput: Interval,
    /// Packets received, all repeats.
    pub packets: u64,
    /// Packets that failed, were dropped or given up.
    pub lost: u64,
    /// The part of the packets that each worker had.
    pub share: Vec<f64>,
    /// The part of the time that each worker was busy.
    pub utilization: Vec<f64>,
    /// Whether the queues went on growing instead of settling.
    pub unstable: bool,
    /// The mean of each repeat, for comparisons in pairs.
    pub means: Vec<f64>,
    /// The 99th percentile of each repeat.
    pub p99s: Vec<f64>,
    /// Mean response time over the run, in equal slices, warm-up included.
    pub over_time: Vec<f64>,
    /// Quantiles: the part of the packets, and the response time.
    pub quantiles: Vec<(f64, f64)>,
    /// How the rule learned, where it does.
    pub learning: Option<QReport>,
    /// Energy by a model, where it was worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<CellEnergy>,
}

impl Cell {
    /// Standard deviation over mean; 0 where nothing was measured.
    pub fn coefficient_of_variation(&self) -> f64 {
        if self.mean.mean > 0.0 { self.deviation / self.mean.mean } else { 0.0 }
    }

    /// The part of the packets that were worked on with success.
    pub fn success(&self) -> f64 {
        if self.packets == 0 { 0.0 } else { 1.0 - self.lost as f64 / self.packets as f64 }
    }

    /// Jain's index of the workers' utilization, (Σu)² / (n Σu²): 1 when all are equally busy, 1/n
    /// when one does everything (Jain, Chiu and Hawe, DEC TR-301, 1984).
    ///
    /// Example: busy for 0.8 and 0.4 of the time is 1.44 / (2 · 0.8) = 0.9.
    pub fn fairness(&self) -> f64 {
        let sum: f64 = self.utilization.iter().sum();
        let squares: f64 = self.utilization.iter().map(|each| each * each).sum();
        if squares > 0.0 { sum * sum / (self.utilization.len() as f64 * squares) } else { 1.0 }
    }

    /// The part of the packets that went to these workers.
    pub fn share_of(&self, workers: &[u32]) -> f64 {
        workers.iter().filter_map(|worker| self.share.get(*worker as usize)).sum()
    }

    /// Mean utilization of these workers.
    pub fn utilization_of(&self, workers: &[u32]) -> f64 {
        let of = |worker: &u32| self.utilization.get(*worker as usize).copied().unwrap_or(0.0);
        workers.iter().map(of).sum::<f64>() / workers.len().max(1) as f64
    }
}

impl Study {
    /// The cells of one setting.
    pub fn cells_of(&self, setting: usize) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |cell| cell.setting == setting)
    }

    /// The policies, in the plan's order.
    pub fn policies(&self) -> Vec<&str> {
        let mut policies: Vec<&str> = Vec::new();
        for cell in &self.cells {
            if !policies.contains(&cell.policy.as_str()) {
                policies.push(&cell.policy);
            }
        }
        policies
    }
}

#[cfg(test)]
pub mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_is_jains_index() {
        let cell = |utilization: &[f64]| Cell {
            utilization: utilization.to_vec(),
            ..samples::cell(0, "random", &[1.0])
        };
        assert!((cell(&[0.8, 0.4]).fairness() - 0.9).abs() < 1e-12);
        assert_eq!(cell(&[0.5, 0.0, 0.0, 0.0]).fairness(), 0.25);
        assert_eq!(cell(&[0.0, 0.0]).fairness(), 1.0);
    }

    #[test]
    fn a_study_survives_json_to_the_last_bit() {
        let study = samples::study();
        let text = serde_json::to_string(&study).unwrap();
        assert_eq!(serde_json::from_str::<Study>(&text).unwrap(), study);
    }
}
