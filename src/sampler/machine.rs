//! What the machine says of itself: utilization, frequency, a thread's CPU time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sysinfo::{CpuRefreshKind, System};

use crate::ids::CpuId;
use crate::look::CpuLook;

/// Reads the machine through sysinfo.
///
/// sysinfo works out utilization between two refreshes and has nothing to say after the
/// first; that one happens in [`MachineReader::new`], so the first value asked for is right.
pub struct MachineReader {
    system: Option<System>,
    /// The place of each CPU in sysinfo's list: ids have holes, the list has none.
    places: HashMap<CpuId, usize>,
    proc_root: PathBuf,
}

impl MachineReader {
    /// Takes the first look. `proc_root` is where threads' CPU times are read (`/proc`).
    pub fn new(proc_root: PathBuf) -> Self {
        let system = System::new().inspect_err(|error| {
            log::warn!("no CPU utilization on this machine, foreign load counts as none: {error}");
        });
        let mut reader = MachineReader { system: system.ok(), places: HashMap::new(), proc_root };
        reader.refresh();
        reader
    }

    /// Looks again.
    pub fn refresh(&mut self) {
        if let Some(system) = &mut self.system {
            system.refresh_cpu_specifics(kinds());
        }
        if self.cpus().len() != self.places.len() {
            self.find_places();
        }
    }

    /// Utilization of `cpu` between the last two looks (0 to 1); 0 where nothing is known.
    pub fn utilization(&self, cpu: CpuId) -> f32 {
        let usage: f32 = self.cpu(cpu).map_or(0.0, |cpu| cpu.usage() / 100.0);
        if usage.is_finite() { usage.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Frequency of `cpu`; `None` on a machine that does not tell.
    pub fn mhz(&self, cpu: CpuId) -> Option<f64> {
        self.cpu(cpu).map(|cpu| cpu.frequency() as f64).filter(|mhz| *mhz > 0.0)
    }

    /// Every CPU between the last two looks.
    pub fn cpu_looks(&self) -> Vec<CpuLook> {
        let cpus = self.places.keys().copied();
        let look = |cpu| CpuLook { cpu, utilization: self.utilization(cpu), mhz: self.mhz(cpu) };
        cpus.map(look).collect()
    }

    /// Where threads' CPU times are read.
    pub fn proc_root(&self) -> &Path {
        &self.proc_root
    }

    fn cpu(&self, cpu: CpuId) -> Option<&sysinfo::Cpu> {
        self.cpus().get(*self.places.get(&cpu)?)
    }

    fn cpus(&self) -> &[sysinfo::Cpu] {
        self.system.as_ref().map_or(&[], System::cpus)
    }

    fn find_places(&mut self) {
        let place = |(place, cpu): (usize, &sysinfo::Cpu)| {
            let id = cpu.name().strip_prefix("cpu")?.parse().ok()?;
            Some((CpuId(id), place))
        };
        self.places = self.cpus().iter().enumerate().filter_map(place).collect();
    }
}

fn kinds() -> CpuRefreshKind {
    CpuRefreshKind::nothing().with_usage().with_frequency()
}

/// CPU time that thread `id` of this process has used so far, from the first field of
/// `schedstat`; `None` on a kernel without it.
pub fn thread_cpu_ns(proc_root: &Path, id: u32) -> Option<u64> {
    let path = proc_root.join("self/task").join(id.to_string()).join("schedstat");
    std::fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threads_cpu_time_is_the_first_field() {
        let root = tempfile::tempdir().unwrap();
        let task = root.path().join("self/task/42");
        std::fs::create_dir_all(&task).unwrap();
        std::fs::write(task.join("schedstat"), "123456789 77 3\n").unwrap();
        assert_eq!(thread_cpu_ns(root.path(), 42), Some(123_456_789));
        std::fs::write(task.join("schedstat"), "").unwrap();
        assert_eq!(thread_cpu_ns(root.path(), 42), None);
        assert_eq!(thread_cpu_ns(root.path(), 43), None);
    }
}
