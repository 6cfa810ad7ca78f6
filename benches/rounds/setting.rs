//! What figures belong to: the machine, its governor and the commit.

use std::fmt;
use std::process::Command;

/// See the head of this file.
pub struct Setting {
    /// The CPU's name.
    pub machine: String,
    /// How many CPUs this process may use.
    pub cpus: usize,
    /// What chooses the clock speed.
    pub governor: String,
    /// The commit, short; `unknown` outside a checkout.
    pub commit: String,
}

impl Setting {
    /// Reads it here and now.
    pub fn read() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu_info = read("/proc/cpuinfo");
        let model = cpu_info.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split(':').nth(1));
        let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
        let commit = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
        let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        Setting {
            machine: or(model.unwrap_or_default(), "CPU of unknown model"),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            governor: or(&governor, "not shown"),
            commit: or(&commit.unwrap_or_default(), "unknown"),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { machine, cpus, governor, commit } = self;
        write!(f, "{machine}, {cpus} CPUs, governor {governor}, commit {commit}")
    }
}

fn or(text: &str, instead: &str) -> String {
    let text = text.trim();
    if text.is_empty() { instead.to_owned() } else { text.to_owned() }
}
