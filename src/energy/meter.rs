//! What a run used, from the best source there is.
//!
//! The interval is from the start of the engine to the end of the drain. A source that measures
//! covers most of it: what it misses (the moment after its last reading, a reading that failed)
//! is filled with its own mean and added to the uncertainty. A source that covers less than half
//! of the run, or that read no energy at all, is not used, and the model takes its place.

use super::Roots;
use super::child::Question;
use super::cores::Cores;
use super::files::Notes;
use super::hwmon::Hwmon;
use super::modelled::Modelled;
use super::pmic::Pmic;
use super::rapl::Rapl;
use super::step::{Step, Trapezoid};
use crate::class::Class;
use crate::look::Look;
use crate::power::PowerModel;

/// Less than this part of the run measured, and the model is the better witness.
const COVERED_MIN: f64 = 0.5;

/// What measures.
enum Source {
    Rapl(Rapl),
    Hwmon(Hwmon, Trapezoid),
    Pmic(Pmic),
    Model,
}

/// Adds up what a run uses.
pub(super) struct Meter {
    source: Source,
    model: PowerModel,
    measured_j: f64,
    measured_ns: u64,
    modelled: Modelled,
}

/// What a run used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// Everything that the source sees, in joules.
    pub joules: f64,
    /// What no class is charged with: the board at idle, other programs, CPUs without a worker.
    pub shared_joules: f64,
    /// What each class added.
    pub by_class: Vec<(Class, f64)>,
    /// Whether a worker changed its class, so that joules of one worker are in two classes.
    pub between_classes: bool,
    /// Where `joules` comes from.
    pub source: String,
    /// What is in it and what is not.
    pub covers: &'static str,
    /// How far the truth may be from it, as a part of it.
    pub uncertainty: f64,
    /// Where `by_class` comes from.
    pub split_source: String,
    /// How far the truth may be from the figures of the classes, as a part of them.
    pub split_uncertainty: f64,
}

impl Meter {
    /// The first source that answers: RAPL, a hwmon sensor, the Pi 5's power chip, the model.
    pub fn new(roots: &Roots, model: PowerModel, now_ns: u64, notes: &mut Notes) -> Self {
        let source = source(roots, now_ns, notes);
        let modelled = Modelled::default();
        Meter { source, model, measured_j: 0.0, measured_ns: 0, modelled }
    }

    /// The model in use.
    pub fn model(&self) -> &PowerModel {
        &self.model
    }

    /// Takes one look into account.
    pub fn look(&mut self, cores: &Cores, look: &Look, notes: &mut Notes) {
        self.modelled.add(&self.model, cores, look);
        self.read(look.now_ns, notes);
    }

    /// Reads the source once more.
    pub fn read(&mut self, now_ns: u64, notes: &mut Notes) {
        let step = match &mut self.source {
            Source::Rapl(rapl) => rapl.look(now_ns, notes),
            Source::Hwmon(hwmon, trapezoid) => {
                hwmon.watts(notes).and_then(|watts| trapezoid.add(now_ns, watts))
            }
            Source::Pmic(pmic) => {
                let step = pmic.look(now_ns, notes);
                if pmic.is_dead() && self.measured_ns == 0 {
                    self.source = Source::Model;
                }
                step
            }
            Source::Model => None,
        };
        let Step { joules, for_ns } = step.unwrap_or_default();
        self.measured_j += joules;
        self.measured_ns += for_ns;
    }

    /// Whether a program was asked and has not answered.
    #[cfg(test)]
    pub fn is_waiting(&self) -> bool {
        matches!(&self.source, Source::Pmic(pmic) if pmic.is_waiting())
    }

    /// What was used in the `duration_ns` since the start, in which workers of each class were at
    /// work for so many nanoseconds.
    pub fn used(&self, busy_ns: &[(Class, u64)], duration_ns: u64) -> Used {
        // A run that ended before the first look.
        let modelled = if self.modelled.covered_ns == 0 {
            Modelled::without_looks(&self.model, busy_ns, duration_ns)
        } else {
            self.modelled.clone()
        };
        let whole = |ns: u64| duration_ns as f64 / ns.max(1) as f64;
        let by_model = modelled.joules() * whole(modelled.covered_ns);
        let covered = 1.0 / whole(self.measured_ns);
        let model = self.model.source();
        let (joules, source, covers, uncertainty) = match self.measured() {
            // A counter that stands still measures nothing: the machine was on.
            Some((source, ..)) if self.measured_ns > 0 && self.measured_j <= 0.0 => {
                let source = format!("{model}: {source} read no energy at all");
                (by_model, source, MODEL_COVERS, self.model.uncertainty())
            }
            Some((source, covers, uncertainty)) if covered >= COVERED_MIN => {
                let missed = (1.0 - covered).clamp(0.0, 1.0);
                let joules = self.measured_j * whole(self.measured_ns);
                (joules, source, covers, uncertainty + missed)
            }
            Some((source, ..)) if self.measured_ns > 0 => {
                let source = format!("{model}: {source} covers too little of the run");
                (by_model, source, MODEL_COVERS, self.model.uncertainty())
            }
            _ => (by_model, model.clone(), MODEL_COVERS, self.model.uncertainty()),
        };
        let scale = if modelled.joules() > 0.0 { joules / modelled.joules() } else { 0.0 };
        let is_model = covers == MODEL_COVERS;
        // One that moved after the last look was never looked at in its last class.
        let is_left = |class: &Class| !busy_ns.iter().any(|(name, _)| name == class);
        let between_classes = modelled.between_classes || modelled.by_class.keys().any(is_left);
        Used {
            joules,
            shared_joules: modelled.shared_j * scale,
            between_classes,
            by_class: modelled.by_class.iter().map(|(class, j)| (*class, j * scale)).collect(),
            split_source: if is_model {
                model
            } else {
                format!("measured total ({source}), split by {model}")
            },
            source,
            covers,
            uncertainty,
            split_uncertainty: self.model.uncertainty(),
        }
    }

    /// Name, what is in it, and uncertainty of the source that measures.
    fn measured(&self) -> Option<(String, &'static str, f64)> {
        match &self.source {
            Source::Rapl(rapl) => {
                let source = match rapl.packages() {
                    1 => "RAPL".to_owned(),
                    packages => format!("RAPL ({packages} packages)"),
                };
                Some((source, RAPL_COVERS, RAPL_UNCERTAINTY))
            }
            Source::Hwmon(hwmon, _) => {
                Some((format!("hwmon ({})", hwmon.words()), HWMON_COVERS, HWMON_UNCERTAINTY))
            }
            Source::Pmic(_) => {
                Some(("vcgencmd pmic_read_adc".to_owned(), PMIC_COVERS, PMIC_UNCERTAINTY))
            }
            Source::Model => None,
        }
    }
}

const MODEL_COVERS: &str = "the board, by a model: no loss of the supply, no devices on it";
const RAPL_COVERS: &str = "processor packages; not memory, drives, fans, supply";
const HWMON_COVERS: &str = "what flows through the sensor";
const PMIC_COVERS: &str = "the rails of the power chip; not its own loss, not USB";

/// Firmware estimates or measures it, within some per cent on the chips that were checked; the
/// counter moves about once a millisecond.
const RAPL_UNCERTAINTY: f64 = 0.05;
/// A shunt of one per cent, and four readings a second of what changes faster.
const HWMON_UNCERTAINTY: f64 = 0.05;
/// One reading a second of what changes faster, by converters whose error is not published.
const PMIC_UNCERTAINTY: f64 = 0.1;

fn source(roots: &Roots, now_ns: u64, notes: &mut Notes) -> Source {
    if let Some(rapl) = Rapl::open(&roots.sys, now_ns, notes) {
        return Source::Rapl(rapl);
    }
    if let Some(hwmon) = Hwmon::open(&roots.sys, notes) {
        let mut trapezoid = Trapezoid::default();
        if let Some(watts) = hwmon.watts(notes) {
            trapezoid.add(now_ns, watts);
        }
        return Source::Hwmon(hwmon, trapezoid);
    }
    match Question::find("vcgencmd", "pmic_read_adc", &roots.programs) {
        Some(question) => Source::Pmic(Pmic::new(question, now_ns, notes)),
        None => Source::Model,
    }
}
