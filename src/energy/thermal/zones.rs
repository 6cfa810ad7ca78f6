//! Where temperatures are read, and which CPUs each of them is the temperature of.
//!
//! Arm boards and newer PCs have thermal zones; the zone's `type` says what it is of, in words
//! that differ from board to board. PCs have a sensor a core beside that (`coretemp`, whose
//! labels name package and core). A zone of the processor that names no core is the zone of all;
//! one that names none of the processor is shown and relieves nobody.

use std::path::{Path, PathBuf};

use crate::class::Class;
use crate::energy::cores::{Core, Cores};
use crate::energy::files::{Notes, noted, number, numbered, text};
use crate::ids::CpuId;
use crate::sorting;

/// Temperatures in thousandths of a degree that a working sensor can show.
const MILLI_C: std::ops::RangeInclusive<i64> = -60_000..=200_000;

/// Trip points lower than this throttle nobody: some firmware has empty ones of 0 or −274 °C.
const TRIP_MIN_C: f64 = 40.0;

/// Zones and sensors that are read: each costs a file a second.
const ZONES_MAX: usize = 64;

/// Trip points of one zone that are looked at.
const TRIPS_MAX: u32 = 16;

/// One temperature.
#[derive(Debug)]
pub(super) struct Zone {
    pub name: String,
    file: PathBuf,
    pub of: Of,
    /// From where on the kernel or the processor itself slows the cores down.
    pub throttles_c: Option<f64>,
}

/// What a temperature is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// These CPUs.
    Cpus(Vec<CpuId>),
    /// The processor, no CPU in particular.
    Processor,
    /// Something else.
    Other,
}

impl Zone {
    /// The temperature now, in °C.
    pub fn read(&self, notes: &mut Notes) -> Option<f64> {
        noted(&self.file, MILLI_C, notes).map(|milli| milli as f64 / 1000.0)
    }
}

/// Every temperature under `sys` that has a reading now.
pub(super) fn find(sys: &Path, cores: &Cores, notes: &mut Notes) -> Vec<Zone> {
    let mut zones: Vec<Zone> = Vec::new();
    for (id, dir) in numbered(&sys.join("class/thermal"), "thermal_zone") {
        zones.extend(zone(id, &dir, cores, notes));
    }
    for (_, dir) in numbered(&sys.join("class/hwmon"), "hwmon") {
        match text(&dir.join("name")).as_deref() {
            Ok("coretemp") => zones.extend(coretemp(&dir, cores, notes)),
            // AMD: one figure for the whole processor.
            Ok("k10temp" | "zenpower") => {
                zones.extend(sensor(&dir, 1, "k10temp".into(), Of::Processor, notes));
            }
            _ => {}
        }
    }
    if zones.len() > ZONES_MAX {
        notes.add(format!("{} temperatures: {ZONES_MAX} of them are read", zones.len()));
        // Those of CPUs first.
        sorting::sort_by_key(&mut zones, |zone| zone.of == Of::Other);
        zones.truncate(ZONES_MAX);
    }
    zones
}

fn zone(id: u32, dir: &Path, cores: &Cores, notes: &mut Notes) -> Option<Zone> {
    let name = text(&dir.join("type")).ok().filter(|name| !name.is_empty());
    let name = printable(&name.unwrap_or_else(|| format!("thermal_zone{id}")));
    let file = dir.join("temp");
    noted(&file, MILLI_C, notes)?;
    let of = what(&name, cores);
    let throttles_c = (of != Of::Other).then(|| passive_trip_c(dir)).flatten();
    Some(Zone { name, file, of, throttles_c })
}

/// The lowest trip point at which the kernel slows something down.
fn passive_trip_c(dir: &Path) -> Option<f64> {
    let trip = |id: u32| {
        let kind = text(&dir.join(format!("trip_point_{id}_type"))).ok()?;
        let milli = number(&dir.join(format!("trip_point_{id}_temp")), MILLI_C).ok()?;
        (kind == "passive").then_some(milli as f64 / 1000.0).filter(|c| *c >= TRIP_MIN_C)
    };
    (0..TRIPS_MAX).filter_map(trip).min_by(f64::total_cmp)
}

/// What a zone of this type is of.
pub(super) fn what(name: &str, cores: &Cores) -> Of {
    let name = name.to_lowercase().replace('_', "-");
    let name = name.strip_suffix("-thermal").unwrap_or(&name);
    let some = |cpus: Vec<CpuId>| if cpus.is_empty() { Of::Processor } else { Of::Cpus(cpus) };
    // Snapdragon: `cpu3-thermal`; newer ones `cpu-0-1-thermal`, cluster and place in it, of
    // which the numbering of CPUs follows.
    if let Some(number) = name.strip_prefix("cpu").and_then(|rest| rest.parse().ok()) {
        return some(cores.which(|cpu, _| cpu == CpuId(number)));
    }
    // RK3588: `bigcore0-thermal` and `bigcore1-thermal` are its two fast clusters.
    let big = ["bigcore", "big-core", "big"].into_iter().find_map(|word| name.strip_prefix(word));
    if let Some(rest) = big.filter(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '-')) {
        let fast = |core: &Core| core.class == Class::Performance;
        let clusters = cores.clusters(Class::Performance);
        let number = rest.trim_start_matches('-').parse().ok();
        let cluster = number.and_then(|number: usize| clusters.get(number).copied());
        return some(cores.which(|_, core| match cluster {
            Some(first) => fast(core) && core.cluster == Some(first),
            None => fast(core),
        }));
    }
    if ["littlecore", "little-core", "little"].contains(&name.trim_end_matches(['0', '-'])) {
        return some(cores.which(|_, core| core.class == Class::Efficiency));
    }
    let processor = ["cpu", "soc", "package", "x86-pkg-temp", "cluster", "cpuss"];
    let is = |word: &str| name == word || name.starts_with(&format!("{word}-"));
    if processor.into_iter().any(is) { Of::Processor } else { Of::Other }
}

/// The sensors of one package: of the package, and of each core.
fn coretemp(dir: &Path, cores: &Cores, notes: &mut Notes) -> Vec<Zone> {
    let labels = || (1..=256u32).filter_map(|n| Some((n, text(&label(dir, n)).ok()?)));
    let package = labels().find_map(|(_, label)| label.strip_prefix("Package id ")?.parse().ok());
    let package: u32 = package.unwrap_or(0);
    let mut zones = Vec::new();
    for (number, label) in labels() {
        let core_id: Option<u32> = label.strip_prefix("Core ").and_then(|id| id.parse().ok());
        let here = |core: &Core| core.package == package;
        let cpus =
            cores.which(|_, core| here(core) && core_id.is_none_or(|id| core.core_id == Some(id)));
        let of = if cpus.is_empty() { Of::Processor } else { Of::Cpus(cpus) };
        zones.extend(sensor(dir, number, printable(&label), of, notes));
    }
    zones
}

fn label(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("temp{number}_label"))
}

fn sensor(dir: &Path, number: u32, name: String, of: Of, notes: &mut Notes) -> Option<Zone> {
    let file = dir.join(format!("temp{number}_input"));
    noted(&file, MILLI_C, notes)?;
    // There an Intel processor slows itself down.
    let critical = self::number(&dir.join(format!("temp{number}_crit")), MILLI_C).ok();
    let throttles_c = critical.map(|milli| milli as f64 / 1000.0).filter(|c| *c >= TRIP_MIN_C);
    Some(Zone { name, file, of, throttles_c })
}

/// One line, at most 40 characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
