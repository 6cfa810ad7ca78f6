//! What the board draws and how warm it is, watched while the engine runs.
//!
//! Energy comes from the first source that answers: RAPL, a hwmon power sensor, the Pi 5's power
//! chip, else a [model](crate::power). Temperatures and signs of throttling come from sysfs and a
//! Pi's firmware; a core near its thermal limit is relieved by a factor on what is believed of
//! its capacity. `docs/energy.md` tells what each figure is worth.
//!
//! The sampler calls [`Board::look`] at each of its looks. Nothing here waits: a program that is
//! asked answers at a later look. Whatever a file or program says wrongly is a counted note.

mod cores;
mod files;
mod thermal;

mod child;
mod hwmon;
mod meter;
mod modelled;
mod pmic;
mod rapl;
mod step;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::class::Class;
use crate::derating::ThermalLimit;
use crate::look::Look;
use crate::power::PowerModel;
use crate::summary::ThermalFigures;
use crate::topology::Topology;

use cores::Cores;
use files::Notes;
use meter::Meter;
use thermal::Thermal;

pub use meter::Used;

/// Where sensors are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// What stands for `/sys`.
    pub sys: PathBuf,
    /// Folders where `vcgencmd` is looked for, as in the variable `PATH`; relative ones are
    /// passed over.
    pub programs: OsString,
}

impl Roots {
    /// `/sys`, and the folders of `PATH`.
    pub fn this_machine() -> Self {
        Roots { sys: "/sys".into(), programs: std::env::var_os("PATH").unwrap_or_default() }
    }
}

impl Default for Roots {
    fn default() -> Self {
        Roots::this_machine()
    }
}

/// How the board is watched.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where sensors are looked for.
    pub roots: Roots,
    /// The power model; by default the one of the machine's own name.
    pub model: Option<PowerModel>,
    /// From where on cores are relieved.
    pub thermal_limit: ThermalLimit,
}

/// The board, watched.
pub struct Board {
    cores: Cores,
    meter: Meter,
    thermal: Thermal,
    notes: Notes,
}

impl Board {
    /// Finds the sensors and reads them a first time: what is used from now on counts.
    pub fn new(settings: &Settings, topology: &Topology, now_ns: u64) -> Self {
        let mut notes = Notes::default();
        let cores = Cores::new(topology, &settings.roots.sys, &mut notes);
        let known = || PowerModel::of_machine(&topology.model, topology.hybrid);
        let model = settings.model.clone().unwrap_or_else(known);
        let thermal = Thermal::new(settings, &cores, &model, &topology.model, &mut notes);
        let meter = Meter::new(&settings.roots, model, now_ns, &mut notes);
        Board { cores, meter, thermal, notes }
    }

    /// Takes one look of the sampler; what is to be believed of each of `look.workers`, as a
    /// factor on its capacity (1: all of it).
    pub fn look(&mut self, look: &Look) -> Vec<f32> {
        self.meter.look(&self.cores, look, &mut self.notes);
        self.thermal.look(&self.cores, look, &mut self.notes)
    }

    /// Reads the source of energy a last time.
    pub fn close(&mut self, now_ns: u64) {
        self.meter.read(now_ns, &mut self.notes);
    }

    /// What was used in the `duration_ns` since the start, in which workers of each class were at
    /// work for so many nanoseconds.
    pub fn used(&self, busy_ns: &[(Class, u64)], duration_ns: u64) -> Used {
        self.meter.used(busy_ns, duration_ns)
    }

    /// How warm it was; none on a machine that does not tell.
    pub fn thermal(&self) -> Option<ThermalFigures> {
        self.thermal.figures()
    }

    /// What was missing, malformed or failed, a line each.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lines()
    }

    /// The model, for the whole or for the split.
    pub fn model(&self) -> &PowerModel {
        self.meter.model()
    }
}

#[cfg(test)]
mod tests;
