//! What a plan may say.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::names::PolicySpec;
use super::setting::{Variant, within};
use crate::study::Mode;

/// The largest plan read.
pub const BYTES_MAX: u64 = 1 << 20;

/// A study to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plan {
    /// Its name: part of a folder's name.
    pub name: String,
    /// What it asks.
    pub title: String,
    /// Simulated or live, where nobody says.
    #[serde(default = "simulated")]
    pub mode: Mode,
    /// The seed of everything random.
    #[serde(default = "one_seed")]
    pub seed: u64,
    /// Runs of each policy in each setting.
    #[serde(default = "five")]
    pub repeats: u32,
    /// The policies; by default all.
    #[serde(default = "PolicySpec::all")]
    pub policies: Vec<PolicySpec>,
    /// Packets of each simulated run.
    #[serde(default = "packets")]
    pub packets: u64,
    /// The part of each run, from its beginning, that is not measured.
    #[serde(
        default,
        deserialize_with = "within::<_, 0, 1>",
        skip_serializing_if = "Option::is_none"
    )]
    pub warmup: Option<f64>,
    /// How long all live runs take together; each takes at least a second.
    #[serde(default = "a_minute", with = "duration")]
    pub duration: Duration,
    /// Mean work of a packet in live runs, on the fastest worker.
    #[serde(default = "work", with = "duration")]
    pub work: Duration,
    /// The settings.
    pub setting: Vec<Variant>,
    /// In a manifest: when and where the study was made. No part of the plan.
    #[serde(default, skip_serializing)]
    pub manifest: Option<toml::Table>,
}

fn simulated() -> Mode {
    Mode::Simulated
}

fn one_seed() -> u64 {
    1
}

fn five() -> u32 {
    5
}

fn packets() -> u64 {
    200_000
}

fn a_minute() -> Duration {
    Duration::from_secs(60)
}

fn work() -> Duration {
    Duration::from_micros(200)
}

/// `30s` in a plan.
mod duration {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*value))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        match humantime::parse_duration(&text) {
            Ok(duration) if duration > Duration::ZERO => Ok(duration),
            _ => Err(serde::de::Error::custom(format!(
                "'{text}' is no time: give one above 0 with its unit, such as 30s or 200us"
            ))),
        }
    }
}

/// A plan that cannot be followed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct PlanError(String);

impl Plan {
    /// The plan in `text`.
    ///
    /// # Errors
    /// [`PlanError`] names line and key.
    pub fn parse(text: &str) -> Result<Plan, PlanError> {
        // The parser's own words show the line and mark the place in it.
        let plan: Plan =
            toml::from_str(text).map_err(|error| PlanError(error.to_string().trim_end().into()))?;
        plan.check().map_err(|(key, what)| {
            let line = line_of(text, &key);
            PlanError(match line {
                Some(line) => format!("line {line}: {key}: {what}"),
                None => format!("{key}: {what}"),
            })
        })?;
        Ok(plan)
    }

    /// The plan as text that [`Plan::parse`] reads.
    pub fn text(&self) -> String {
        // A plan is made of what TOML has.
        toml::to_string(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), (String, String)> {
        let wrong = |key: &str, what: &str| Err((key.to_owned(), what.to_owned()));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(plain) {
            return wrong("name", "give letters, digits, - and _, for it names a folder");
        }
        if self.repeats == 0 || self.repeats > 1_000 {
            return wrong("repeats", "give 1 to 1000");
        }
        if !(1_000..=1_000_000_000).contains(&self.packets) {
            return wrong("packets", "give 1000 to 1e9");
        }
        if self.warmup.is_some_and(|warmup| warmup > 0.95) {
            return wrong("warmup", "give 0 to 0.95");
        }
        let work = Duration::from_micros(1)..=Duration::from_secs(1);
        if !work.contains(&self.work) {
            return wrong("work", "give 1us to 1s");
        }
        if self.policies.is_empty() {
            return wrong("policies", "name at least one");
        }
        if self.setting.is_empty() {
            return wrong("setting", "give at least one [[setting]]");
        }
        for (at, policy) in self.policies.iter().enumerate() {
            if self.policies[..at].contains(policy) {
                return wrong("policies", &format!("{policy} stands there twice"));
            }
        }
        if let Some((key, what)) = self.setting.iter().find_map(Variant::wrong) {
            return wrong(key, &what);
        }
        for mode in [Mode::Simulated, Mode::Live] {
            let (settings, _) = self.settings(mode);
            let mut names = BTreeSet::new();
            if let Some(twice) = settings.iter().find(|each| !names.insert(&each.name)) {
                let what =
                    format!("two settings are called '{}'; use {{x}} in a sweep", twice.name);
                return wrong("name", &what);
            }
        }
        Ok(())
    }

    /// The part of each run that is not measured.
    pub fn warmup(&self) -> f64 {
        self.warmup.unwrap_or(0.1)
    }

    /// The settings for `mode`, sweeps spread out, and why others are left out.
    pub fn settings(&self, mode: Mode) -> (Vec<Variant>, Vec<String>) {
        let (mut fit, mut notes) = (Vec::new(), Vec::new());
        for setting in &self.setting {
            match setting.unfit(mode) {
                None => fit.extend(setting.swept()),
                Some(why) => notes.push(format!("setting '{}' is left out: {why}", setting.name)),
            }
        }
        (fit, notes)
    }
}

/// One run to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The setting's place.
    pub setting: usize,
    /// The policy's place in the plan.
    pub policy: usize,
    /// Which repeat.
    pub repeat: u32,
}

impl Plan {
    /// The runs in the order in which they are made and saved: in each repeat all settings, in each
    /// setting all policies, beginning with another one in each repeat, so that none is always
    /// the first or the last.
    pub fn jobs(&self) -> Vec<Job> {
        let (settings, policies) = (self.settings(self.mode).0.len(), self.policies.len());
        let mut jobs = Vec::new();
        for repeat in 0..self.repeats {
            for setting in 0..settings {
                for at in 0..policies {
                    let policy = (at + repeat as usize) % policies;
                    jobs.push(Job { setting, policy, repeat });
                }
            }
        }
        jobs
    }
}

/// The first line that gives `key`.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let gives = |line: &str| line.split('=').next().is_some_and(|name| name.trim() == key);
    text.lines().position(gives).map(|line| line + 1)
}
