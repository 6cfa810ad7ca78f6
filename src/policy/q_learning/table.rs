//! The table: what each action in each state is worth, and how it learns.

use serde::{Deserialize, Serialize};

use super::view::{Classes, LEVEL_COUNT};
use crate::random::Random;

/// The version of a saved table.
const TABLE_VERSION: u32 = 1;

/// Hyperparameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct QSettings {
    /// Learning rate α (0 to 1).
    pub alpha: f64,
    /// Discount γ (0 to below 1).
    pub gamma: f64,
    /// The part ε of choices that are made at random (0 to 1), at first.
    pub epsilon: f64,
    /// What ε is multiplied by after each choice (0 to 1).
    pub epsilon_decay: f64,
    /// Reward for a millisecond of response time.
    pub reward_per_ms: f64,
    /// Reward for a failure.
    pub reward_failure: f64,
    /// Whether the table chooses from the first packet on, watched by nobody.
    pub unguarded: bool,
}

impl Default for QSettings {
    fn default() -> Self {
        QSettings {
            alpha: 0.1,
            gamma: 0.9,
            epsilon: 0.1,
            epsilon_decay: 0.995,
            reward_per_ms: -0.1,
            reward_failure: -1000.0,
            unguarded: false,
        }
    }
}

impl QSettings {
    /// The reward of one packet.
    pub fn reward(&self, response_ns: u64, failed: bool) -> f64 {
        if failed { self.reward_failure } else { self.reward_per_ms * response_ns as f64 / 1e6 }
    }
}

/// A saved table that does not fit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("this table is {found}, and here it must be {wanted}: learn it anew on this machine")]
pub struct WrongTable {
    found: String,
    wanted: String,
}

/// What each action in each state is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QTable {
    version: u32,
    levels: u32,
    /// How many actions there are: classes of cores.
    actions: u8,
    /// A row for each state, a value for each action.
    values: Vec<f64>,
}

impl QTable {
    /// A table that knows nothing. It hopes for the best: rewards are negative, so what was never
    /// tried looks better than what was.
    pub(super) fn new(classes: &Classes) -> Self {
        let values = vec![0.0; classes.states() * classes.count() as usize];
        QTable { version: TABLE_VERSION, levels: LEVEL_COUNT, actions: classes.count(), values }
    }

    /// Whether it can be used with these classes.
    ///
    /// # Errors
    /// [`WrongTable`] says what it is and what it should be.
    pub(super) fn check(&self, classes: &Classes) -> Result<(), WrongTable> {
        let own = QTable::new(classes);
        let fits = (self.version, self.levels, self.actions, self.values.len())
            == (own.version, own.levels, own.actions, own.values.len())
            && self.values.iter().all(|value| value.is_finite());
        let text = |table: &QTable| {
            let QTable { version, levels, actions, values } = table;
            let finite = values.iter().all(|value| value.is_finite());
            let broken = if finite { "" } else { " (some not finite)" };
            format!(
                "version {version} with {} values{broken} of {levels} levels and {actions} classes",
                values.len()
            )
        };
        let wrong = || WrongTable { found: text(self), wanted: text(&own) };
        if fits { Ok(()) } else { Err(wrong()) }
    }

    /// Whether it can be used with workers of these capacities, relative to the fastest.
    ///
    /// # Errors
    /// [`WrongTable`] says what it is and what it should be.
    pub fn check_for(&self, capacities: &[f32]) -> Result<(), WrongTable> {
        self.check(&Classes::new(capacities))
    }

    fn row(&self, state: u32) -> &[f64] {
        let actions = self.actions as usize;
        &self.values[state as usize * actions..][..actions]
    }

    /// The best action in `state`; ties at random.
    pub fn best(&self, state: u32, random: &mut Random) -> u8 {
        let (row, mut best, mut equals) = (self.row(state), 0, 1);
        for action in 1..row.len() {
            if row[action] > row[best] {
                (best, equals) = (action, 1);
            } else if row[action] == row[best] {
                equals += 1;
                if random.below(equals) == 0 {
                    best = action;
                }
            }
        }
        best as u8
    }

    /// The best action, or any with probability `epsilon`.
    pub fn explore(&self, state: u32, epsilon: f64, random: &mut Random) -> u8 {
        if random.unit() < epsilon {
            return random.below(u32::from(self.actions)) as u8;
        }
        self.best(state, random)
    }

    /// One step of learning: `action` in `state` brought `reward` and led to `next`.
    pub fn learn(&mut self, settings: &QSettings, state: u32, action: u8, reward: f64, next: u32) {
        let future = self.row(next).iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let at = state as usize * self.actions as usize + action as usize;
        let value = self.values[at];
        let moved = value + settings.alpha * (reward + settings.gamma * future - value);
        // A reward from a clock gone wrong must not make the table useless for ever.
        self.values[at] = if moved.is_finite() { moved } else { value };
    }

    /// How many values have been learned.
    pub fn touched(&self) -> usize {
        self.values.iter().filter(|value| **value != 0.0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `golden_vectors.csv`: Q = 0, α = 0.1, γ = 0.9, r = −12 (120 ms / 10), max Q(s') = −1.
    #[test]
    fn a_step_is_the_golden_one() {
        let settings = QSettings::default();
        let mut table = QTable::new(&Classes::new(&[1.0, 0.5]));
        (table.values[2], table.values[3]) = (-1.0, -7.0);
        assert_eq!(settings.reward(120_000_000, false), -12.0);
        table.learn(&settings, 0, 1, -12.0, 1);
        assert!((table.values[1] + 1.29).abs() < 1e-12, "{}", table.values[1]);
        assert_eq!(settings.reward(1, true), -1000.0);
        table.learn(&settings, 0, 1, f64::INFINITY, 1);
        assert!(table.values[1].is_finite());
    }

    #[test]
    fn a_table_of_another_machine_is_refused() {
        let (two, three) = (Classes::new(&[1.0, 0.5]), Classes::new(&[1.0, 0.5, 0.2]));
        assert_eq!(QTable::new(&two).check(&two), Ok(()));
        let error = QTable::new(&two).check(&three).unwrap_err().to_string();
        assert!(error.contains("2 classes") && error.contains("3 classes"), "{error}");
        let mut broken = QTable::new(&two);
        broken.values[0] = f64::NAN;
        assert!(broken.check(&two).is_err());
    }
}
