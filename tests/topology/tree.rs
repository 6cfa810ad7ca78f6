//! Builds trees that look like `/sys` and `/proc` of some machine.

use std::fs;
use std::path::{Path, PathBuf};

use edge_dispatch::topology::{Roots, Topology, TopologyError};
use tempfile::TempDir;

/// What sysfs shows on real machines. Rows whose `status` says CONSTRUCTED are from data
/// sheets, and single columns said to be computed or from memory are just that.
const MACHINES: &str = include_str!("../fixtures/hardware_cpus.csv");

/// The CSV's columns, and the files under `cpuN` that have them.
const FILES: [(&str, &str); 11] = [
    ("core_id", "topology/core_id"),
    ("core_cpus_list", "topology/core_cpus_list"),
    ("cluster_cpus_list", "topology/cluster_cpus_list"),
    ("package", "topology/physical_package_id"),
    ("cpu_capacity", "cpu_capacity"),
    ("cpuinfo_max_freq_khz", "cpufreq/cpuinfo_max_freq"),
    ("base_frequency_khz", "cpufreq/base_frequency"),
    ("cpuinfo_min_freq_khz", "cpufreq/cpuinfo_min_freq"),
    ("acpi_cppc_highest_perf", "acpi_cppc/highest_perf"),
    ("acpi_cppc_nominal_perf", "acpi_cppc/nominal_perf"),
    ("acpi_cppc_lowest_perf", "acpi_cppc/lowest_perf"),
];

/// A directory with `sys` and `proc` in it, gone when dropped.
pub struct Tree(TempDir);

impl Tree {
    /// Without any file.
    pub fn empty() -> Self {
        Tree(tempfile::tempdir().expect("a place for a tree"))
    }

    /// Online CPUs by a kernel's list, one directory each, nothing else.
    pub fn bare(online: &str, cpus: &[u32]) -> Self {
        let tree = Tree::empty().cpu("online", online);
        for cpu in cpus {
            fs::create_dir_all(tree.cpu_path(&format!("cpu{cpu}"))).expect("a directory");
        }
        tree
    }

    /// The machine of the CSV whose name starts so.
    pub fn machine(name: &str) -> Self {
        let mut reader = csv::Reader::from_reader(MACHINES.as_bytes());
        let columns = reader.headers().expect("a header").clone();
        let rows = reader.records().map(|row| row.expect("a row"));
        let rows: Vec<_> = rows.filter(|row| row[0].starts_with(name)).collect();
        let all = format!("0-{}\n", rows.len() - 1);
        let lists = [("online", &*all), ("present", &all), ("possible", &all), ("isolated", "\n")];
        let mut tree =
            lists.into_iter().fold(Tree::empty(), |tree, (name, text)| tree.cpu(name, text));
        for row in &rows {
            let field = |name| columns.iter().position(|column| column == name).map(|at| &row[at]);
            for (column, file) in FILES {
                if let Some(value) = field(column).filter(|value| !value.is_empty()) {
                    tree = tree.cpu(&format!("cpu{}/{file}", &row[1]), format!("{value}\n"));
                }
            }
        }
        core_types(rows[0].get(15).unwrap_or_default()).fold(tree, |tree, (file, cpus)| {
            tree.sys(&format!("devices/{file}"), format!("{cpus}\n"))
        })
    }

    /// Writes a file under `sys/devices/system/cpu`.
    pub fn cpu(self, file: &str, text: impl AsRef<[u8]>) -> Self {
        self.sys(&format!("devices/system/cpu/{file}"), text)
    }

    /// Writes a file under `sys`.
    pub fn sys(self, file: &str, text: impl AsRef<[u8]>) -> Self {
        write(&self.0.path().join("sys").join(file), text.as_ref());
        self
    }

    /// Writes a file under `proc`.
    pub fn proc(self, file: &str, text: impl AsRef<[u8]>) -> Self {
        write(&self.0.path().join("proc").join(file), text.as_ref());
        self
    }

    /// Removes a file under `sys/devices/system/cpu`.
    pub fn without(self, file: &str) -> Self {
        fs::remove_file(self.cpu_path(file)).expect("the file was there");
        self
    }

    /// Reads it; `proc` only if there is one.
    pub fn read(&self) -> Result<Topology, TopologyError> {
        let proc = self.0.path().join("proc");
        Topology::read(&Roots::tree(self.0.path().join("sys"), proc.exists().then_some(proc)))
    }

    /// The path of a file under `sys/devices/system/cpu`.
    pub fn cpu_path(&self, file: &str) -> PathBuf {
        self.0.path().join("sys/devices/system/cpu").join(file)
    }
}

/// `cpu_core/cpus=0-11 cpu_atom/cpus=12-15 expected`, as the CSV has it for hybrid machines.
fn core_types(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(' ').filter(|word| word.contains("/cpus=")).filter_map(|word| word.split_once('='))
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, bytes).expect("a file");
}
