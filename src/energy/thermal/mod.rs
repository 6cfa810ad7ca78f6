//! How warm the machine is, who slows it down, and what that means for its workers.
//!
//! Once a second every temperature is read. Each CPU has the highest of those that are its own,
//! or of the processor where none is. Near the limit its [`Derating`] falls, and the sampler
//! multiplies the capacity that it believes with it: the core gets fewer packets.
//!
//! Shares are relative, so relief of all cores alike would relieve nobody: the largest factor is
//! always made 1. On a chip with one temperature for all of its equal cores (a Pi) nothing is
//! done, and that is said; on a hybrid one the cores that draw less for the same work are left
//! whole, and the work goes there.

mod signs;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use super::cores::Cores;
use super::files::Notes;
use super::{Roots, Settings};
use crate::class::Class;
use crate::derating::{Derating, ThermalLimit};
use crate::ids::CpuId;
use crate::look::Look;
use crate::power::PowerModel;
use crate::stats::Timeline;
use crate::summary::{ThermalFigures, ThrottleSign, ZoneFigures};

use signs::Signs;
use zones::{Of, Zone};

/// Temperatures change slowly, and each costs a file: read once a second. A look that comes a
/// little early counts.
const EVERY_NS: u64 = 950_000_000;

/// The limit where none is given is so far below the point at which the kernel throttles.
const MARGIN_C: f64 = 2.0;

/// Where a Raspberry Pi's firmware begins to slow the cores down; no trip point says so.
const PI_THROTTLES_C: f64 = 80.0;

/// Watches temperatures and signs, and relieves.
pub(super) struct Thermal {
    zones: Vec<Zone>,
    signs: Signs,
    limit: Option<(f64, String)>,
    /// Classes that are left whole where the processor has one temperature for all.
    frugal: Option<Class>,
    deratings: BTreeMap<CpuId, Derating>,
    read_ns: Option<u64>,
    last: Vec<Option<f64>>,
    /// The last reading there was: a file of JSON knows no gap.
    shown: Vec<f32>,
    figures: Vec<ZoneSums>,
    over_time: Timeline,
    throttled: Timeline,
    during: BTreeSet<ThrottleSign>,
    now: BTreeSet<ThrottleSign>,
    before: BTreeSet<ThrottleSign>,
    relieved_ns: u64,
    helpless_ns: u64,
    least_factor: f64,
    factors: BTreeMap<CpuId, f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct ZoneSums {
    sum: f64,
    count: u32,
    most: Option<f64>,
}

impl Thermal {
    pub fn new(
        settings: &Settings,
        cores: &Cores,
        model: &PowerModel,
        machine: &str,
        notes: &mut Notes,
    ) -> Self {
        let Roots { sys, programs } = &settings.roots;
        let zones = zones::find(sys, cores, notes);
        let limit = limit(settings.thermal_limit, &zones, machine);
        let steps = |rows| Timeline::new(rows, 1.0);
        Thermal {
            signs: Signs::find(sys, programs),
            limit,
            frugal: frugal(cores, model),
            deratings: BTreeMap::new(),
            read_ns: None,
            last: vec![None; zones.len()],
            shown: vec![0.0; zones.len()],
            figures: vec![ZoneSums::default(); zones.len()],
            over_time: steps(zones.len()),
            throttled: steps(1),
            during: BTreeSet::new(),
            now: BTreeSet::new(),
            before: BTreeSet::new(),
            relieved_ns: 0,
            helpless_ns: 0,
            least_factor: 1.0,
            factors: BTreeMap::new(),
            zones,
        }
    }

    /// Takes one look; the factor of each of `look.workers`, in their order.
    pub fn look(&mut self, cores: &Cores, look: &Look, notes: &mut Notes) -> Vec<f32> {
        let elapsed_ns = match self.read_ns {
            Some(before_ns) => look.now_ns.saturating_sub(before_ns),
            None => EVERY_NS,
        };
        if elapsed_ns >= EVERY_NS {
            let known_ns = self.read_ns.replace(look.now_ns).map_or(0, |_| elapsed_ns);
            self.read(look.now_ns, known_ns, notes);
            self.relieve(cores, look, known_ns);
        }
        let factor = |cpu: &CpuId| self.factors.get(cpu).copied().unwrap_or(1.0) as f32;
        look.workers.iter().map(|worker| factor(&worker.cpu)).collect()
    }

    /// Reads everything; what was read before holds for the `elapsed_ns` up to now.
    fn read(&mut self, now_ns: u64, elapsed_ns: u64, notes: &mut Notes) {
        let elapsed_s = elapsed_ns as f64 / 1e9;
        self.over_time.add(&self.shown, elapsed_s);
        let was = if self.now.is_empty() { 0.0 } else { 1.0 };
        self.throttled.add(&[was], elapsed_s);
        for (place, zone) in self.zones.iter().enumerate() {
            let read = zone.read(notes);
            if let (Some(c), Some(sums)) = (read, self.figures.get_mut(place)) {
                (sums.sum, sums.count) = (sums.sum + c, sums.count + 1);
                sums.most = Some(sums.most.map_or(c, |most| most.max(c)));
            }
            if let (Some(c), Some(shown)) = (read, self.shown.get_mut(place)) {
                *shown = c as f32;
            }
            if let Some(last) = self.last.get_mut(place) {
                *last = read;
            }
        }
        let seen = self.signs.look(now_ns, notes);
        self.during.extend(&seen.now);
        self.before.extend(&seen.before);
        self.now = seen.now;
    }

    fn relieve(&mut self, cores: &Cores, look: &Look, elapsed_ns: u64) {
        let Some((limit_c, _)) = self.limit else { return };
        let elapsed_s = elapsed_ns as f64 / 1e9;
        let cpus = cores.which(|_, _| true).len();
        let mut raw = BTreeMap::new();
        let mut hot = false;
        for worker in &look.workers {
            if raw.contains_key(&worker.cpu) {
                continue;
            }
            let (temperature_c, own) = self.temperature(worker.cpu, cpus);
            let derating = self.deratings.entry(worker.cpu).or_default();
            let factor = derating.update(temperature_c, limit_c, elapsed_s);
            hot |= factor < 1.0;
            // One temperature for all: what a frugal core takes over cools the whole.
            let class = cores.get(worker.cpu).map(|core| core.class);
            let whole = !own && class.is_some() && class == self.frugal;
            raw.insert(worker.cpu, if whole { 1.0 } else { factor });
        }
        self.factors = relative(raw);
        let least = self.factors.values().copied().fold(1.0, f64::min);
        self.least_factor = self.least_factor.min(least);
        if least < 1.0 {
            self.relieved_ns += elapsed_ns;
        } else if hot {
            self.helpless_ns += elapsed_ns;
        }
    }

    /// The temperature of `cpu`, and whether it is its own and not the whole processor's: that of
    /// the zones that name the fewest CPUs beside it.
    fn temperature(&self, cpu: CpuId, cpus: usize) -> (Option<f64>, bool) {
        // How many CPUs a zone is of, if of this one.
        let reach = |zone: &Zone| match &zone.of {
            Of::Cpus(of) => of.contains(&cpu).then_some(of.len()),
            Of::Processor => Some(cpus),
            Of::Other => None,
        };
        let known = || self.zones.iter().zip(&self.last);
        let read = known().filter_map(|(zone, last)| Some((reach(zone)?, (*last)?)));
        let narrowest = read.clone().map(|(reach, _)| reach).min();
        let of_these = read.filter(|(reach, _)| Some(*reach) == narrowest).map(|(_, c)| c);
        (of_these.max_by(f64::total_cmp), narrowest.is_some_and(|reach| reach < cpus))
    }

    /// What was seen; none on a machine that tells nothing.
    pub fn figures(&self) -> Option<ThermalFigures> {
        if self.zones.is_empty() && !self.signs.are_told() {
            return None;
        }
        let zone = |(zone, sums): (&Zone, &ZoneSums)| ZoneFigures {
            name: zone.name.clone(),
            cpus: match &zone.of {
                Of::Cpus(cpus) => cpus.clone(),
                _ => Vec::new(),
            },
            celsius_mean: (sums.count > 0).then(|| sums.sum / f64::from(sums.count)),
            celsius_max: sums.most,
            throttles_c: zone.throttles_c,
        };
        let told = self.signs.are_told();
        Some(ThermalFigures {
            zones: self.zones.iter().zip(&self.figures).map(zone).collect(),
            over_time: self.over_time.clone(),
            limit_c: self.limit.as_ref().map(|(limit_c, _)| *limit_c),
            limit_source: self.limit.as_ref().map_or_else(String::new, |(_, why)| why.clone()),
            relieved_s: self.relieved_ns as f64 / 1e9,
            equally_hot_s: self.helpless_ns as f64 / 1e9,
            least_factor: self.least_factor,
            signs_are_told: told,
            signs_now: self.now.iter().copied().collect(),
            signs_during: self.during.iter().copied().collect(),
            signs_before: self.before.iter().copied().collect(),
            throttled_over_time: self.throttled.clone(),
        })
    }
}

/// The factors with the largest made 1: shares are relative.
fn relative(raw: BTreeMap<CpuId, f64>) -> BTreeMap<CpuId, f64> {
    let most = raw.values().copied().fold(0.0, f64::max);
    let relative = |factor: f64| if most > 0.0 { factor / most } else { 1.0 };
    raw.into_iter().map(|(cpu, factor)| (cpu, relative(factor))).collect()
}

/// The class that draws least a core, where there are several.
fn frugal(cores: &Cores, model: &PowerModel) -> Option<Class> {
    let all = cores.which(|_, _| true);
    let classes: BTreeSet<Class> =
        all.iter().filter_map(|cpu| cores.get(*cpu)).map(|core| core.class).collect();
    let watts = |class: &Class| model.active_watts(*class);
    let least = classes.iter().copied().min_by(|a, b| watts(a).total_cmp(&watts(b)))?;
    (classes.len() > 1 && classes.iter().any(|class| watts(class) > watts(&least))).then_some(least)
}

/// The limit in force and where it comes from.
fn limit(asked: ThermalLimit, zones: &[Zone], machine: &str) -> Option<(f64, String)> {
    match asked {
        ThermalLimit::Off => None,
        ThermalLimit::Celsius(c) => Some((c, "given".to_owned())),
        ThermalLimit::Known => {
            let lowest = zones.iter().filter_map(|zone| Some((zone.throttles_c?, &zone.name)));
            let lowest = lowest.min_by(|a, b| a.0.total_cmp(&b.0));
            let known = lowest.map(|(c, name)| (c, format!("throttled at {c} °C ({name})")));
            let is_pi = machine.to_lowercase().contains("raspberry pi");
            let of_pi = || {
                let words = format!("throttled at {PI_THROTTLES_C} °C (a Pi's firmware)");
                is_pi.then_some((PI_THROTTLES_C, words))
            };
            // Trip points of a Pi are the fan's and the emergency's.
            let (c, why) = known.or_else(of_pi)?;
            Some((c - MARGIN_C, format!("{why}, less {MARGIN_C} °C")))
        }
    }
}

#[cfg(test)]
mod tests;
