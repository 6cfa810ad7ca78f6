//! Where the threads run that are no workers: sources, sampler and recorder.
//!
//! On a worker's core they are foreign load, and the fastest cores lose the most by it. So they
//! get the cores without a worker where there are such, else the slower classes. On a machine whose
//! cores are equal and all have a worker there is no room, and the kernel moves them about better
//! than a fixed place would.

use super::cpu_list::CpuList;
use super::model::Cpu;
use super::placement::Seat;

/// Which of the CPUs `all` are for what is no worker, and why: those whose whole core has no
/// worker; else those of slower classes than the fastest that has workers; else those without a
/// worker, on a worker's core; else none, and the kernel decides.
pub fn housekeeping(all: &[&Cpu], seats: &[Seat]) -> (CpuList, String) {
    let taken: CpuList = seats.iter().map(|seat| seat.cpu).collect();
    let fastest = seats.iter().map(|seat| seat.class).min();
    let list = |keep: &dyn Fn(&Cpu) -> bool| -> CpuList {
        all.iter().filter(|cpu| keep(cpu)).map(|cpu| cpu.cpu).collect()
    };
    let is_free = |cpu: &Cpu| !taken.contains(cpu.cpu);
    let has_free_core =
        |cpu: &Cpu| is_free(cpu) && !cpu.smt_siblings.iter().any(|&id| taken.contains(id));
    let is_slower = |cpu: &Cpu| fastest.is_some_and(|fastest| cpu.class > fastest);
    let choices: [(CpuList, &str); 3] = [
        (list(&has_free_core), "no worker there"),
        (list(&is_slower), "slower than the fastest class"),
        (list(&is_free), "no worker there, only on the same cores"),
    ];
    let found = choices.into_iter().find(|(cpus, _)| !cpus.is_empty());
    match found {
        Some((cpus, why)) => {
            let reason = format!("sources, sampler and recorder run on CPU {cpus}: {why}");
            (cpus, reason)
        }
        None => (
            CpuList::default(),
            "sources, sampler and recorder run where the kernel puts them: every CPU of the \
             run has a worker and none is slower (--reserve keeps CPUs free)"
                .into(),
        ),
    }
}
