//! Pins that are changed from outside while the program runs.

use std::fs;

use edge_dispatch::ids::{CpuId, WorkerId};
use rustix::process::{Pid, Signal};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::place::{Place, allowed_cpus};
use super::started::{Started, eventually};

impl Started {
    /// The threads, by name.
    fn threads(&self) -> Vec<(String, Pid)> {
        let dir = format!("/proc/{}/task", self.id());
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
        let thread = |entry: fs::DirEntry| {
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            let id = entry.file_name().to_str()?.parse().ok()?;
            Some((name.trim().to_owned(), Pid::from_raw(id)?))
        };
        entries.filter_map(thread).collect()
    }

    /// What `taskset -a` does.
    fn allow(&self, cpus: &[usize]) {
        let mut set = CpuSet::new();
        cpus.iter().for_each(|&cpu| set.set(cpu));
        for (_, thread) in self.threads() {
            // A thread may have ended since.
            let _ = sched_setaffinity(Some(thread), &set);
        }
    }

    /// The CPUs of the first thread with this name.
    fn cpus_of(&self, name: &str) -> Vec<usize> {
        let thread = self.threads().into_iter().find(|thread| thread.0 == name).unwrap().1;
        let set = sched_getaffinity(Some(thread)).unwrap();
        (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
    }
}

/// The first two CPUs that these tests may use; nothing to test on a machine with one.
fn two_cpus() -> Option<[usize; 2]> {
    allowed_cpus().first_chunk().copied()
}

#[test]
fn a_worker_that_loses_its_cpu_moves_and_comes_back_and_no_packet_is_lost() {
    let Some([a, b]) = two_cpus() else { return };
    let place = Place::new();
    let mut program =
        place.start(&format!("run --cpus {a},{b} --workers 2 --rate 2000 --work analysis"));
    program.logs("running");
    eventually("both are pinned", || {
        program.threads().iter().any(|thread| thread.0 == "worker-1")
            && program.cpus_of("worker-1") == [b]
    });
    program.allow(&[a]);
    program.logs(&format!("worker 1 moves from CPU {b} to CPU {a}"));
    assert_eq!(program.cpus_of("witness"), [a], "what may be used is never widened");
    program.allow(&[a, b]);
    program.logs(&format!("worker 1 moves from CPU {a} to CPU {b}"));
    eventually("it is pinned again", || program.cpus_of("worker-1") == [b]);
    program.signal(Signal::INT);
    let said = program.end().exits(0);
    said.prints(&["worker 1 moved from CPU", "in flight 0"]);
    let summary = place.summary("results");
    assert_eq!((summary.seating.moves_total, summary.ledger.dropped.total()), (2, 0));
    assert_eq!(summary.ledger.received, summary.ledger.processed);
    let first = summary.seating.moves[0];
    assert_eq!((first.worker, first.to), (WorkerId(1), CpuId(a as u32)));
    let rows = place.rows("results");
    let of_moved = rows.iter().filter(|row| row.worker == Some(1)).filter_map(|row| row.cpu);
    assert!(of_moved.clone().any(|cpu| cpu == b as u32), "rows name the CPU of the moment");
}

#[test]
fn a_reserved_cpu_has_the_housekeeping_and_no_worker() {
    let Some([a, b]) = two_cpus() else { return };
    let place = Place::new();
    let mut program = place.start(&format!("run --cpus {a},{b} --reserve 1 --rate 2000"));
    program.logs("running");
    let names = ["sampler", "recorder", "source-0"];
    let are_there = |names: &[&str]| {
        names.iter().all(|name| program.threads().iter().any(|thread| thread.0 == *name))
    };
    eventually("all run", || are_there(&names) && names.iter().all(|n| program.cpus_of(n) == [a]));
    // A thread begins with the CPUs of the one that makes it, and pins itself.
    eventually("it is pinned", || are_there(&["worker-0"]) && program.cpus_of("worker-0") == [b]);
    assert!(!are_there(&["worker-1"]));
    program.signal(Signal::INT);
    program.end().exits(0);
}
