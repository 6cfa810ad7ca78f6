//! What the control groups that this process is in leave it: CPUs, and a share of their time.
//!
//! Containers and systemd units are limited here. A cpuset shows in the affinity mask of this
//! process too, but a copied tree has no process to ask. A quota shows nowhere else: every CPU
//! stays allowed, and all threads together stand still for the rest of a period (100 ms as a
//! rule) when its time is used up, so that more workers than the quota feeds only wait together.
//!
//! `/proc/self/cgroup` names the groups, one line a hierarchy: `0::/a/b` is version 2,
//! `3:cpuset:/a/b` and `4:cpu,cpuacct:/a/b` are version 1. In a container the path may be that
//! of the host, which is not mounted there: then the root of the hierarchy is the group.

use std::path::{Component, Path, PathBuf};

use super::cpu_list::{CpuList, shortened};
use super::reader::Reader;
use super::sysfs::Roots;

/// The limits of all groups from this process's own up to the root.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Limits {
    /// The CPUs of the cpuset; none where there is no such limit.
    pub cpus: Option<CpuList>,
    /// CPU time per time: 1.5 is one CPU and a half.
    pub quota_cpus: Option<f64>,
}

/// A quota below a hundredth of a CPU, or above all there can be, is not believed.
const QUOTA_CPUS: std::ops::RangeInclusive<f64> = 0.01..=4096.0;

pub(super) fn limits(roots: &Roots, reader: &mut Reader) -> Limits {
    let Some(groups) = roots.proc_file("self/cgroup").and_then(|path| reader.text(&path)) else {
        return Limits::default();
    };
    let mount = roots.sys.join("fs/cgroup");
    let mut limits = Limits::default();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            reader.note(format!("/proc/self/cgroup has '{}': ignored", shortened(line)));
            continue;
        };
        let found = match controllers {
            "" => version_2(&mount, path, reader),
            _ => version_1(&mount, controllers, path, reader),
        };
        limits = limits.and(found);
    }
    limits
}

impl Limits {
    /// Both limits at once.
    fn and(self, other: Limits) -> Limits {
        let both = |a: CpuList, b: &Option<CpuList>| match b {
            Some(b) => a.only(|cpu| b.contains(cpu)),
            None => a,
        };
        let quota_cpus = [self.quota_cpus, other.quota_cpus].into_iter().flatten();
        Limits {
            quota_cpus: quota_cpus.min_by(f64::total_cmp),
            cpus: self.cpus.map(|cpus| both(cpus, &other.cpus)).or(other.cpus),
        }
    }
}

fn version_2(mount: &Path, path: &str, reader: &mut Reader) -> Limits {
    // With both versions mounted, the second stands in a folder of its own.
    let unified = mount.join("unified");
    let root = if unified.is_dir() { unified } else { mount.to_owned() };
    let mut limits = Limits::default();
    for dir in upwards(&root, path) {
        let cpus = reader.list(&dir.join("cpuset.cpus.effective"));
        let text = reader.text(&dir.join("cpu.max"));
        let quota_cpus = text.and_then(|text| cpu_max(&text, &dir, reader));
        // The nearest group that has the list has the effective one.
        let cpus = cpus.filter(|list| limits.cpus.is_none() && !list.is_empty());
        limits = limits.and(Limits { cpus, quota_cpus });
    }
    limits
}

/// `max 100000` is no limit, `150000 100000` is one CPU and a half.
fn cpu_max(text: &str, dir: &Path, reader: &mut Reader) -> Option<f64> {
    let mut words = text.split_whitespace();
    let (quota, period) = (words.next().unwrap_or_default(), words.next());
    if quota == "max" {
        return None;
    }
    let period = period.map_or(Ok(100_000.0), str::parse::<f64>);
    let cpus = quota.parse::<f64>().ok().zip(period.ok()).map(|(quota, period)| quota / period);
    let cpus = cpus.filter(|cpus| QUOTA_CPUS.contains(cpus));
    if cpus.is_none() {
        let file = dir.join("cpu.max");
        reader.note(format!("{} has '{}': ignored", file.display(), shortened(text)));
    }
    cpus
}

fn version_1(mount: &Path, controllers: &str, path: &str, reader: &mut Reader) -> Limits {
    // Mounted by the names of all its controllers, or by one of them.
    let dirs = |name: &str| {
        let has = controllers.split(',').any(|controller| controller == name);
        let roots = [controllers, name].map(|name| mount.join(name));
        let root = roots.into_iter().find(|root| has && root.is_dir());
        root.into_iter().flat_map(|root| upwards(&root, path))
    };
    let list = |dir: PathBuf| {
        let effective = reader.list(&dir.join("cpuset.effective_cpus"));
        effective.or_else(|| reader.list(&dir.join("cpuset.cpus")))
    };
    let cpus = dirs("cpuset").find_map(list).filter(|cpus| !cpus.is_empty());
    let quotas = dirs("cpu").filter_map(|dir| cfs_quota(&dir, reader));
    Limits { cpus, quota_cpus: quotas.min_by(f64::total_cmp) }
}

/// A quota of -1 is no limit.
fn cfs_quota(dir: &Path, reader: &mut Reader) -> Option<f64> {
    let quota_us = reader.number(&dir.join("cpu.cfs_quota_us"), -1..=i64::MAX)?;
    let period_us = reader.number(&dir.join("cpu.cfs_period_us"), 1..=i64::MAX)?;
    Some(quota_us as f64 / period_us as f64).filter(|cpus| QUOTA_CPUS.contains(cpus))
}

/// The folders of the group and of all groups around it, innermost first; the root alone where
/// the group's own is not to be seen from here.
fn upwards(root: &Path, path: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let inside: Vec<_> = Path::new(path)
        .components()
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
        .collect();
    // "/../other" is a group outside of what a container sees.
    let plain = inside.iter().all(|part| matches!(part, Component::Normal(_)));
    let mut group = root.to_owned();
    group.extend(inside.iter().filter(|_| plain));
    if !group.is_dir() {
        group = root.to_owned();
    }
    let root = root.to_owned();
    std::iter::successors(Some(group), |dir| dir.parent().map(Path::to_owned))
        .take_while(move |dir| dir.starts_with(&root))
}
