//! What may other threads of this process run on, and how is that changed?
//!
//! A thread can be pinned from outside at any time, its CPU can be unplugged, its cpuset can be
//! changed; none of it tells the thread. What this process may use at all is what a thread may
//! that nobody here has ever pinned: the *witness*. `taskset -a` and cpusets change it with the
//! rest, and what it may use is never widened here.

use std::io;
use std::path::PathBuf;

use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

use super::cpu_list::CpuList;
use super::reader::Reader;
use super::sysfs::Roots;
use crate::ids::CpuId;

/// Reads and sets what threads may run on.
pub trait Affinity: Send {
    /// The CPUs that this process may use and that are online; none where that cannot be read.
    fn usable(&mut self) -> Option<CpuList>;

    /// The CPUs that `thread` may run on; none once it has ended.
    fn mask_of(&mut self, thread: u32) -> Option<CpuList>;

    /// Lets `thread` run on `cpus` and nowhere else.
    ///
    /// # Errors
    /// What the kernel says: none of them is online and in the cpuset, or the thread has ended.
    fn set_mask(&mut self, thread: u32, cpus: &CpuList) -> io::Result<()>;
}

/// The threads of this process.
#[derive(Debug)]
pub struct OwnThreads {
    roots: Roots,
    witness: u32,
}

impl OwnThreads {
    /// `witness` is a thread that is never pinned. Lists are read under `roots`; masks are always
    /// set on this machine.
    pub fn new(roots: Roots, witness: u32) -> Self {
        OwnThreads { roots, witness }
    }

    fn status(&self, thread: u32) -> Option<PathBuf> {
        self.roots.proc_file(&format!("self/task/{thread}/status"))
    }
}

impl Affinity for OwnThreads {
    fn usable(&mut self) -> Option<CpuList> {
        if self.roots.is_this_machine()
            && let Some(active) = active_mask(self.witness)
        {
            return Some(active);
        }
        let mask = self.mask_of(self.witness)?;
        // Notes are for the start: what is missing now was missing then.
        let online = Reader::default().some_list(&self.roots.cpu_dir().join("online"));
        let both = online.map(|online| mask.only(|cpu| online.contains(cpu)));
        both.filter(|both| !both.is_empty()).or(Some(mask))
    }

    fn mask_of(&mut self, thread: u32) -> Option<CpuList> {
        let status = Reader::default().text(&self.status(thread)?)?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        list.parse().ok().filter(|list: &CpuList| !list.is_empty())
    }

    fn set_mask(&mut self, thread: u32, cpus: &CpuList) -> io::Result<()> {
        set_mask(thread, cpus)
    }
}

/// Lets `thread` run on `cpus` and nowhere else.
pub(super) fn set_mask(thread: u32, cpus: &CpuList) -> io::Result<()> {
    let thread = pid(thread).ok_or(io::ErrorKind::InvalidInput)?;
    let mut set = CpuSet::new();
    // Beyond the system call's room there is no CPU that a worker could have been pinned to.
    cpus.iter().filter(|cpu| cpu.index() < CpuSet::MAX_CPU).for_each(|cpu| set.set(cpu.index()));
    Ok(sched_setaffinity(Some(thread), &set)?)
}

fn pid(thread: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(thread).ok()?)
}

/// The mask less the CPUs that are not online, by the system call: in some containers the list of
/// online CPUs is an invented one. It has room for 1,024 CPUs and fails on larger machines.
fn active_mask(thread: u32) -> Option<CpuList> {
    let set = sched_getaffinity(Some(pid(thread)?)).ok()?;
    let cpus = (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu));
    let cpus: CpuList = cpus.filter_map(|cpu| u32::try_from(cpu).ok().map(CpuId)).collect();
    Some(cpus).filter(|cpus| !cpus.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn another_thread_is_pinned_and_read_back() {
        let (tell, told) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let id = rustix::thread::gettid().as_raw_nonzero().get() as u32;
            tell.send(id).expect("somebody listens");
            ends.recv().unwrap_err();
        });
        let id = told.recv().expect("an id");
        let mut threads = OwnThreads::new(Roots::this_machine(), id);
        let usable = threads.usable().expect("CPUs");
        let last: CpuList = usable.iter().last().into_iter().collect();
        threads.set_mask(id, &last).expect("an allowed CPU");
        assert_eq!(threads.mask_of(id), Some(last));
        let nowhere = threads.set_mask(id, &CpuList::default());
        assert!(nowhere.is_err(), "no CPU at all");
        drop(end);
        thread.join().expect("it just ends");
        assert_eq!(threads.mask_of(u32::MAX), None);
        assert!(threads.set_mask(u32::MAX, &usable).is_err());
    }

    #[test]
    fn in_a_tree_the_mask_counts_where_it_is_online() {
        let dir = tempfile::tempdir().expect("a place for a tree");
        let write = |file: &str, text: &str| {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        let roots = Roots::tree(dir.path().join("sys"), Some(dir.path().join("proc")));
        let mut threads = OwnThreads::new(roots, 7);
        assert_eq!(threads.usable(), None, "the witness is not there");
        write("proc/self/task/7/status", "Cpus_allowed_list:\t0-3\n");
        let usable = |threads: &mut OwnThreads| threads.usable().map(|list| list.to_string());
        assert_eq!(usable(&mut threads).as_deref(), Some("0-3"), "no list of online CPUs");
        write("sys/devices/system/cpu/online", "0,2-9\n");
        assert_eq!(usable(&mut threads).as_deref(), Some("0,2-3"));
        write("sys/devices/system/cpu/online", "8\n");
        assert_eq!(usable(&mut threads).as_deref(), Some("0-3"), "an invented list");
        write("proc/self/task/7/status", "Cpus_allowed_list:\tx\n");
        assert_eq!(usable(&mut threads), None);
    }
}
