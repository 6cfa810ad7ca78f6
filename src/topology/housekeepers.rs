//! The threads of an engine that are no workers, and the CPUs they are kept on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::thread::gettid;

use super::affinity::{Affinity, set_mask};
use super::cpu_list::CpuList;

/// The threads, by the kernel's numbers, and where they run; anywhere while the list is empty.
#[derive(Debug, Default)]
pub struct Housekeepers(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    cpus: CpuList,
    threads: BTreeSet<u32>,
}

/// A thread that is kept; no longer once this is dropped.
#[derive(Debug)]
pub struct Keeping {
    all: Arc<Housekeepers>,
    thread: u32,
}

impl Housekeepers {
    /// Threads that are to run on `cpus`.
    pub fn new(cpus: CpuList) -> Self {
        Housekeepers(Mutex::new(Kept { cpus, threads: BTreeSet::new() }))
    }

    /// Threads with these numbers, anywhere.
    #[cfg(test)]
    pub fn of(threads: impl IntoIterator<Item = u32>) -> Self {
        let threads = threads.into_iter().collect();
        Housekeepers(Mutex::new(Kept { cpus: CpuList::default(), threads }))
    }

    /// From here on the calling thread is one of them, and runs where they do.
    pub fn join(self: &Arc<Self>) -> Keeping {
        let thread = gettid().as_raw_nonzero().get().unsigned_abs();
        let mut kept = self.lock();
        kept.threads.insert(thread);
        if !kept.cpus.is_empty()
            && let Err(error) = set_mask(thread, &kept.cpus)
        {
            log::debug!("thread {thread} cannot be put on CPU {}: {error}", kept.cpus);
        }
        Keeping { all: self.clone(), thread }
    }

    /// Puts every thread where it belongs that is not there: on `cpus`, or on all of `usable`
    /// once it has been kept and no longer is. Returns the CPUs they are on.
    pub fn keep(&self, cpus: CpuList, usable: &CpuList, affinity: &mut dyn Affinity) -> CpuList {
        let mut kept = self.lock();
        let was_kept = !kept.cpus.is_empty();
        kept.cpus = cpus.only(|cpu| usable.contains(cpu));
        let target = if kept.cpus.is_empty() { usable } else { &kept.cpus };
        if was_kept || !kept.cpus.is_empty() {
            for &thread in &kept.threads {
                if affinity.mask_of(thread).is_some_and(|mask| mask != *target)
                    && let Err(error) = affinity.set_mask(thread, target)
                {
                    log::debug!("thread {thread} cannot be put on CPU {target}: {error}");
                }
            }
        }
        target.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.all.lock().threads.remove(&self.thread);
    }
}
