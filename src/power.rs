//! What a board draws, worked out from how busy its cores are: a model, for boards without a
//! sensor.
//!
//! ```text
//! watts = idle + Σ_cores active(class) · busy · (f/f_max) · (V(f)/V(f_max))²
//! ```
//!
//! `idle` is the whole board with every core asleep, `active` what one core of a class adds when
//! it is busy all the time at its highest frequency, `busy` the part of the time it works (0 to
//! 1). The built-in figures are derived from the anchors in `tests/fixtures/power_anchors.csv`,
//! by the test beside this file; each board says from which. One worked number: a Pi 5 with two
//! cores busy and two asleep draws 2.586 + 2 · 1.163 = 4.91 W by the model.
//!
//! It is a model and every output that shows its figures calls it one. It does not know what the
//! work does (work that waits for memory draws less), temperature, supply losses, USB devices,
//! or that a lone busy core of a desktop chip is given a higher voltage. [`PowerModel::uncertainty`]
//! says how far off it was on the anchors it was not made from.

use crate::class::Class;

mod boards;

use boards::Board;
pub use boards::NAMES;

/// Watts of a board at idle and of each class of its cores at work.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerModel {
    board: Board,
    idle_watts: f64,
    given: Vec<(Class, f64)>,
    idle_given: bool,
    one_class: bool,
}

/// One core over some time, as the model needs to know it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoreLoad {
    /// Its class.
    pub class: Class,
    /// The part of the time it worked (0 to 1).
    pub busy: f64,
    /// Its frequency relative to its highest (0 to 1]; 1 where it is not known.
    pub frequency: f64,
}

/// The most that a figure of the model may be, in watts: no edge box draws 10 kW.
pub const WATTS_MAX: f64 = 10_000.0;

/// A figure that is no power.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} W is no power of a board or core: give a number from 0 to 10000")]
pub struct NoPower(pub f64);

impl PowerModel {
    /// The model of the machine that calls itself `model` (see
    /// [`Topology::model`](crate::topology::Topology::model)). `hybrid`: whether its cores are of
    /// several classes by themselves. Where they are not, every class is the same core, also one
    /// whose slowness is emulated.
    ///
    /// An unknown board gets the figures of its family: better than none, and so uncertain.
    pub fn of_machine(model: &str, hybrid: bool) -> Self {
        PowerModel { one_class: !hybrid, ..PowerModel::of(boards::of_machine(model)) }
    }

    /// The model of a board by its short name, one of [`NAMES`]; all its classes differ.
    pub fn by_name(name: &str) -> Option<Self> {
        boards::by_name(name).map(PowerModel::of)
    }

    fn of(board: Board) -> Self {
        let idle_watts = board.idle_watts;
        PowerModel { board, idle_watts, given: Vec::new(), idle_given: false, one_class: false }
    }

    /// The same with another figure for the board at idle, in watts.
    ///
    /// # Errors
    /// [`NoPower`] for what is negative, not finite or above [`WATTS_MAX`].
    pub fn with_idle_watts(mut self, watts: f64) -> Result<Self, NoPower> {
        self.idle_watts = checked(watts)?;
        self.idle_given = true;
        Ok(self)
    }

    /// The same with another figure for a busy core of `class`, in watts above idle.
    ///
    /// # Errors
    /// [`NoPower`] for what is negative, not finite or above [`WATTS_MAX`].
    pub fn with_active_watts(mut self, class: Class, watts: f64) -> Result<Self, NoPower> {
        let watts = checked(watts)?;
        self.given.retain(|(given, _)| *given != class);
        self.given.push((class, watts));
        Ok(self)
    }

    /// The board with every core asleep, in watts.
    pub fn idle_watts(&self) -> f64 {
        self.idle_watts
    }

    /// What one core of `class` adds to that when it is busy all the time at its highest
    /// frequency, in watts.
    ///
    /// `middle` is the geometric mean of its neighbours; `uniform` is a performance core, except
    /// on boards that have one class of cores, where every class is that one.
    pub fn active_watts(&self, class: Class) -> f64 {
        if let Some((_, watts)) = self.given.iter().find(|(given, _)| *given == class) {
            return *watts;
        }
        let class = if self.one_class { Class::Uniform } else { class };
        match class {
            Class::Uniform | Class::Performance => self.board.performance_watts,
            Class::Efficiency => self.board.efficiency_watts,
            Class::Middle(_) => (self.board.performance_watts * self.board.efficiency_watts).sqrt(),
        }
    }

    /// What the part of `active_watts` is that a core draws at `frequency` (relative to its
    /// highest): P ∝ f · V², with the voltages of the board's operating points. At 1500 of
    /// 2400 MHz a Pi 5 core draws 0.428 of its watts.
    pub fn frequency_factor(&self, frequency: f64) -> f64 {
        if !frequency.is_finite() {
            return 1.0;
        }
        let frequency = frequency.clamp(0.0, 1.0);
        frequency * boards::voltage(self.board.volts, frequency).powi(2)
    }

    /// What one core adds to idle under `load`, in watts.
    pub fn core_watts(&self, load: &CoreLoad) -> f64 {
        let busy = if load.busy.is_finite() { load.busy.clamp(0.0, 1.0) } else { 0.0 };
        self.active_watts(load.class) * busy * self.frequency_factor(load.frequency)
    }

    /// The whole board under these loads, in watts; a core that is not named sleeps.
    pub fn watts(&self, loads: impl IntoIterator<Item = CoreLoad>) -> f64 {
        self.idle_watts + loads.into_iter().map(|load| self.core_watts(&load)).sum::<f64>()
    }

    /// The whole board over `duration_ns` in which cores of each class were busy for so many
    /// nanoseconds together, at their highest frequency. In joules.
    pub fn joules(&self, busy_ns: &[(Class, u64)], duration_ns: u64) -> f64 {
        let active = |(class, ns): &(Class, u64)| self.active_watts(*class) * *ns as f64 / 1e9;
        self.idle_watts * duration_ns as f64 / 1e9 + busy_ns.iter().map(active).sum::<f64>()
    }

    /// How far the truth may be from a figure of this model, as a part of that figure: with 0.3,
    /// 10 W stand for 7 to 13 W. At least as much as the model misses on the anchors of its
    /// board; for figures that were given it is still the board's.
    pub fn uncertainty(&self) -> f64 {
        self.board.uncertainty
    }

    /// Where the figures come from, in words that begin with "model": for tables and files.
    pub fn source(&self) -> String {
        let name = self.board.name;
        match (self.idle_given, self.given.is_empty()) {
            (false, true) => format!("model ({name})"),
            (true, true) => format!("model ({name}, idle watts given)"),
            (false, false) => format!("model ({name}, active watts given)"),
            (true, false) => format!("model ({name}, idle and active watts given)"),
        }
    }

    /// Why the uncertainty is what it is, in a sentence.
    pub fn uncertainty_reason(&self) -> &'static str {
        self.board.reason
    }
}

fn checked(watts: f64) -> Result<f64, NoPower> {
    if (0.0..=WATTS_MAX).contains(&watts) { Ok(watts) } else { Err(NoPower(watts)) }
}

#[cfg(test)]
mod tests;
