//! A machine to look at, part by part.

use sysinfo::{Components, CpuRefreshKind, RefreshKind, System};

use crate::packet::Kind;

/// What there is to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Load,
    Frequency,
    Temperature,
}

pub(super) const PARTS: [Part; 3] = [Part::Load, Part::Frequency, Part::Temperature];

impl Part {
    /// What its readings measure.
    pub fn kind(self) -> Kind {
        match self {
            Part::Load => Kind::Load,
            Part::Frequency => Kind::Other,
            Part::Temperature => Kind::Temperature,
        }
    }
}

/// A machine to look at: this one, or an invented one in tests.
pub(super) trait Machine: Send {
    /// Reads `part` anew: names of sensors with their values.
    fn look(&mut self, part: Part) -> Vec<(String, f64)>;
}

/// This machine; a part that `sysinfo` does not support here is absent.
pub(super) struct ThisMachine {
    system: Option<System>,
    components: Option<Components>,
}

impl ThisMachine {
    pub fn new() -> Self {
        let system = System::new_with_specifics(RefreshKind::nothing());
        let components = Components::new();
        ThisMachine { system: system.ok(), components: components.ok() }
    }

    fn loads(&mut self) -> Vec<(String, f64)> {
        let Some(system) = &mut self.system else { return Vec::new() };
        system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        let load = |cpu: &sysinfo::Cpu| (sensor(cpu.name(), "load"), f64::from(cpu.usage()));
        system.cpus().iter().map(load).collect()
    }

    fn frequencies(&mut self) -> Vec<(String, f64)> {
        let Some(system) = &mut self.system else { return Vec::new() };
        system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_frequency());
        let known = system.cpus().iter().filter(|cpu| cpu.frequency() > 0);
        known.map(|cpu| (sensor(cpu.name(), "mhz"), cpu.frequency() as f64)).collect()
    }

    fn temperatures(&mut self) -> Vec<(String, f64)> {
        let Some(components) = &mut self.components else { return Vec::new() };
        components.refresh(true);
        let temperature = |part: &sysinfo::Component| {
            Some((sensor("temp", part.label()), f64::from(part.temperature()?)))
        };
        components.iter().filter_map(temperature).collect()
    }
}

impl Machine for ThisMachine {
    fn look(&mut self, part: Part) -> Vec<(String, f64)> {
        match part {
            Part::Load => self.loads(),
            Part::Frequency => self.frequencies(),
            Part::Temperature => self.temperatures(),
        }
    }
}

/// A sensor's name; labels come from drivers, and names end up in rows and terminals.
pub(super) fn sensor(group: &str, label: &str) -> String {
    format!("host/{group}/{label}").replace(char::is_control, " ")
}
