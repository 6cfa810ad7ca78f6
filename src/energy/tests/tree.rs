//! Trees that look like the `/sys` of a board, and a `vcgencmd` that answers with files.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::class::Class;
use crate::derating::ThermalLimit;
use crate::energy::{Board, Roots, Settings};
use crate::ids::CpuId;
use crate::look::{CpuLook, Look, WorkerLook};
use crate::topology::{self, Topology};

pub const SECOND: u64 = 1_000_000_000;

/// A directory with `sys`, `proc` and `bin` in it, gone when dropped.
pub struct Tree(TempDir);

impl Tree {
    /// A board of this name with equal CPUs and nothing else.
    pub fn board(model: &str, cpus: u32) -> Self {
        let tree = Tree(tempfile::tempdir().unwrap());
        tree.proc("device-tree/model", model).cpu("online", format!("0-{}\n", cpus - 1))
    }

    /// Four slow and four fast CPUs, the fast ones in two clusters.
    pub fn rk3588() -> Self {
        let slow = (0..4).map(|cpu| (cpu, "397", "0-3"));
        let fast = [(4, "4-5"), (5, "4-5"), (6, "6-7"), (7, "6-7")].map(|(c, l)| (c, "1024", l));
        let cpus = slow.chain(fast);
        cpus.fold(Tree::board("Radxa ROCK 5B", 8), |tree, (cpu, capacity, cluster)| {
            tree.cpu(&format!("cpu{cpu}/cpu_capacity"), capacity)
                .cpu(&format!("cpu{cpu}/topology/cluster_cpus_list"), cluster)
        })
    }

    pub fn cpu(self, file: &str, text: impl AsRef<[u8]>) -> Self {
        self.sys(&format!("devices/system/cpu/{file}"), text)
    }

    /// A thermal zone with a temperature in °C.
    pub fn zone(self, id: u32, kind: &str, celsius: f64) -> Self {
        self.sys(&format!("class/thermal/thermal_zone{id}/type"), kind).warm(id, celsius)
    }

    /// Another temperature of that zone.
    pub fn warm(self, id: u32, celsius: f64) -> Self {
        let milli = (celsius * 1000.0).round();
        self.sys(&format!("class/thermal/thermal_zone{id}/temp"), format!("{milli}\n"))
    }

    /// A trip point of that zone.
    pub fn trip(self, id: u32, trip: u32, kind: &str, celsius: i64) -> Self {
        let at = format!("class/thermal/thermal_zone{id}/trip_point_{trip}");
        self.sys(&format!("{at}_type"), kind)
            .sys(&format!("{at}_temp"), (celsius * 1000).to_string())
    }

    /// A RAPL domain.
    pub fn rapl(self, domain: &str, name: &str, uj: i64) -> Self {
        let at = format!("class/powercap/{domain}");
        self.sys(&format!("{at}/name"), name)
            .sys(&format!("{at}/max_energy_range_uj"), "262143328850\n")
            .sys(&format!("{at}/energy_uj"), uj.to_string())
    }

    /// A chip of hwmon: its driver, and files with their text.
    pub fn hwmon(self, id: u32, driver: &str, files: &[(&str, &str)]) -> Self {
        let at = format!("class/hwmon/hwmon{id}");
        let tree = self.sys(&format!("{at}/name"), driver);
        files.iter().fold(tree, |tree, (file, text)| tree.sys(&format!("{at}/{file}"), text))
    }

    /// What `vcgencmd QUESTION` prints. The program itself is a link to one that is never written:
    /// a file that somebody still writes cannot be run.
    pub fn vcgencmd(self, question: &str, answer: impl AsRef<[u8]>) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vcgencmd");
        let bin = self.path("bin");
        fs::create_dir_all(&bin).unwrap();
        let _ = std::os::unix::fs::symlink(program, bin.join("vcgencmd"));
        fs::write(bin.join(question), answer).unwrap();
        self
    }

    /// Writes a file under `sys`; whoever reads it meanwhile sees the old text or the new one.
    pub fn sys(self, file: &str, text: impl AsRef<[u8]>) -> Self {
        let (path, new) = (self.path("sys").join(file), self.path("new"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
        self
    }

    /// Takes a file or folder under `sys` away.
    pub fn without(self, file: &str) -> Self {
        let path = self.path("sys").join(file);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        self
    }

    pub fn path(&self, part: &str) -> PathBuf {
        self.0.path().join(part)
    }

    pub fn topology(&self) -> Topology {
        let roots = topology::Roots::tree(self.path("sys"), Some(self.path("proc")));
        Topology::read(&roots).unwrap()
    }

    pub fn settings(&self, thermal_limit: ThermalLimit) -> Settings {
        let roots = Roots { sys: self.path("sys"), programs: self.path("bin").into() };
        Settings { roots, model: None, thermal_limit }
    }

    /// The board, watched from 0 on.
    pub fn watched(&self) -> Board {
        Board::new(&self.settings(ThermalLimit::Known), &self.topology(), 0)
    }

    fn proc(self, file: &str, text: &str) -> Self {
        let path = self.path("proc").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }
}

/// A look at `now_s` after a second, of a worker on each CPU of `tree` that is busy for its part.
pub fn look(topology: &Topology, now_s: u64, busy: &[f32]) -> Look {
    let workers = topology.cpus.iter().zip(busy);
    let worker = |(cpu, own): (&topology::Cpu, &f32)| WorkerLook {
        cpu: cpu.cpu,
        class: cpu.class,
        own: *own,
    };
    let cpu = |worker: &WorkerLook| CpuLook { cpu: worker.cpu, utilization: worker.own, mhz: None };
    let workers: Vec<WorkerLook> = workers.map(worker).collect();
    let cpus = workers.iter().map(cpu).collect();
    Look { now_ns: now_s * SECOND, elapsed_ns: SECOND, workers, cpus }
}

/// The class of a CPU of `topology`.
pub fn class(topology: &Topology, cpu: u32) -> Class {
    topology.cpu(CpuId(cpu)).unwrap().class
}
