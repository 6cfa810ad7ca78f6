//! Which CPUs are there, which are online, and which this process may use.

use std::path::Path;

use super::cgroup::{self, Limits};
use super::cpu_list::CpuList;
use super::reader::Reader;
use super::sysfs::{Roots, TopologyError};
use crate::ids::CpuId;

/// Four sets of CPUs, and how much of their time. `allowed` is part of `online`, `online` of
/// `present`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Presence {
    pub present: CpuList,
    pub online: CpuList,
    pub allowed: CpuList,
    pub isolated: CpuList,
    /// CPU time per time that this process may use; none without such a limit.
    pub quota_cpus: Option<f64>,
}

/// Reads the lists, each from the best place that has it.
pub(super) fn presence(roots: &Roots, reader: &mut Reader) -> Result<Presence, TopologyError> {
    let dir = roots.cpu_dir();
    let mask = mask(roots, reader);
    let mut online = reader.some_list(&dir.join("online"));
    let mut present = present(&dir, reader)
        .or_else(|| online.clone())
        .or_else(|| mask.clone())
        .ok_or_else(|| TopologyError::no_cpu_list(roots, std::mem::take(reader)))?;
    if online.is_none() {
        reader.note(format!("no list in {}/online: each CPU was asked", dir.display()));
        online = Some(present.only(|cpu| is_on(&dir, cpu, reader)));
    }
    let mut online = online.unwrap_or_default();
    if roots.is_this_machine() {
        online = with_mask(online, mask.as_ref(), reader);
    }
    present = present.union(&online);
    let Limits { cpus: cpuset, quota_cpus } = cgroup::limits(roots, reader);
    let allowed = within(allowed(&online, mask, reader), cpuset, reader);
    let isolated = reader.list(&dir.join("isolated")).unwrap_or_default();
    Ok(Presence { present, online, allowed, isolated, quota_cpus })
}

/// The CPUs that are plugged in. A directory a CPU comes before `possible`, which on virtual
/// machines counts a hundred CPUs that may never come.
fn present(dir: &Path, reader: &mut Reader) -> Option<CpuList> {
    reader
        .some_list(&dir.join("present"))
        .or_else(|| Some(directories(dir)).filter(|cpus| !cpus.is_empty()))
        .or_else(|| reader.some_list(&dir.join("possible")))
}

/// The CPUs that have a directory `cpuN`.
fn directories(dir: &Path) -> CpuList {
    let id = |name: &str| name.strip_prefix("cpu")?.parse::<CpuList>().ok()?.iter().next();
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| id(entry.file_name().to_str()?)).collect()
}

/// Whether the CPU's own file says that it runs. CPU 0 often has none: it cannot be unplugged.
fn is_on(dir: &Path, cpu: CpuId, reader: &mut Reader) -> bool {
    reader.number(&dir.join(format!("cpu{cpu}/online")), 0..=1) != Some(0)
}

/// The CPUs that threads started from here may run on.
fn mask(roots: &Roots, reader: &mut Reader) -> Option<CpuList> {
    let of_this_thread = if roots.is_this_machine() { of_this_thread() } else { None };
    of_this_thread.or_else(|| from_status(&roots.proc_file("self/status")?, reader))
}

/// The calling thread's affinity mask. The system call has room for 1,024 CPUs here and fails
/// on larger machines; `status` serves those.
pub(super) fn of_this_thread() -> Option<CpuList> {
    let ids = core_affinity::get_core_ids()?;
    let cpus: CpuList = ids.iter().filter_map(|id| u32::try_from(id.id).ok().map(CpuId)).collect();
    Some(cpus).filter(|cpus| !cpus.is_empty())
}

fn from_status(path: &Path, reader: &mut Reader) -> Option<CpuList> {
    let status = reader.text(path)?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    match list.map(str::parse::<CpuList>) {
        Some(Ok(list)) if !list.is_empty() => return Some(list),
        Some(Err(bad)) => reader.note(format!("{}: {bad}: ignored", path.display())),
        _ => reader.note(format!("{} has no Cpus_allowed_list: ignored", path.display())),
    }
    None
}

/// A CPU that this very thread may run on is online, whatever the list says: containers under
/// lxcfs are shown an invented one.
fn with_mask(online: CpuList, mask: Option<&CpuList>, reader: &mut Reader) -> CpuList {
    let Some(mask) = mask else { return online };
    let unlisted = mask.only(|cpu| !online.contains(cpu));
    if !unlisted.is_empty() {
        reader.note(format!("CPU {unlisted} is not listed as online and yet may be used: used"));
    }
    online.union(&unlisted)
}

/// Without a mask every online CPU is allowed. A mask may name CPUs that are not online.
fn allowed(online: &CpuList, mask: Option<CpuList>, reader: &mut Reader) -> CpuList {
    let Some(mask) = mask else { return online.clone() };
    let allowed = online.only(|cpu| mask.contains(cpu));
    if allowed.is_empty() {
        reader.note(format!("only CPU {mask} is allowed and only CPU {online} is online: widen the mask (taskset), or set \
             a CPU of it online"));
    }
    allowed
}

/// What the mask and the cpuset both allow. A cpuset that leaves nothing of the mask is that of
/// some other process: a thread always may run somewhere.
fn within(allowed: CpuList, cpuset: Option<CpuList>, reader: &mut Reader) -> CpuList {
    let Some(cpuset) = cpuset else { return allowed };
    let both = allowed.only(|cpu| cpuset.contains(cpu));
    if both.is_empty() && !allowed.is_empty() {
        reader.note(format!(
            "the cpuset has CPU {cpuset} and the affinity mask CPU {allowed}: the mask is used; --cpus \
             names others"
        ));
        return allowed;
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> CpuList {
        text.parse().expect("a CPU list")
    }

    #[test]
    fn a_cpu_that_this_thread_may_use_is_online_whatever_the_list_says() {
        let mut reader = Reader::default();
        let online = with_mask(list("0-1"), Some(&list("4-5")), &mut reader);
        assert_eq!(online, list("0-1,4-5"));
        assert_eq!(allowed(&online, Some(list("4-5")), &mut reader), list("4-5"));
        assert!(matches!(&reader.into_notes()[..], [note] if note.contains("CPU 4-5 ")));
    }

    #[test]
    fn a_mask_within_the_list_changes_nothing() {
        let mut reader = Reader::default();
        assert_eq!(with_mask(list("0-3"), Some(&list("1")), &mut reader), list("0-3"));
        assert_eq!(with_mask(list("0-3"), None, &mut reader), list("0-3"));
        assert_eq!(allowed(&list("0-3"), None, &mut reader), list("0-3"));
        assert!(reader.into_notes().is_empty());
    }
}
