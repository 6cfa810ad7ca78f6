//! Pins a thread to a CPU, and believes it only after reading it back.

use core_affinity::CoreId;

use super::cpu_list::CpuList;
use super::presence::of_this_thread;
use crate::ids::CpuId;

/// The affinity mask that the system call is given ends here; beyond it `core_affinity` aborts
/// the process.
const PINNABLE: u32 = 1024;

/// Whether a thread runs on its CPU and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// The thread's affinity mask is that one CPU.
    InForce,
    /// It is not: the CPU is not allowed or offline, somebody changed the mask from outside, or
    /// the system only takes hints (macOS).
    NotInForce {
        /// The mask that was read back; empty where it cannot be read.
        seen: CpuList,
    },
}

/// Pins the calling thread to `cpu` and reads the pin back. Without success the thread runs
/// where it did before.
pub fn pin(cpu: CpuId) -> Pin {
    if cpu.0 < PINNABLE {
        // What it returns is not asked: the mask is.
        core_affinity::set_for_current(CoreId { id: cpu.index() });
    }
    read_pin(cpu)
}

/// Whether the calling thread is pinned to `cpu` now. One system call.
pub fn read_pin(cpu: CpuId) -> Pin {
    let seen = of_this_thread().unwrap_or_default();
    if seen.len() == 1 && seen.contains(cpu) { Pin::InForce } else { Pin::NotInForce { seen } }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::thread;

    use super::*;
    use crate::topology::{Roots, Topology};

    /// Runs `check` in a thread whose mask nobody else uses.
    fn aside<T: Send + 'static>(check: impl FnOnce() -> T + Send + 'static) -> T {
        thread::spawn(check).join().expect("the check does not panic")
    }

    #[test]
    fn a_pin_is_in_force_on_every_allowed_cpu() {
        let allowed = of_this_thread().expect("a mask");
        for cpu in allowed.iter() {
            assert_eq!(aside(move || (pin(cpu), read_pin(cpu))), (Pin::InForce, Pin::InForce));
        }
    }

    #[test]
    fn a_pin_to_a_cpu_that_is_not_there_changes_nothing() {
        let allowed = of_this_thread().expect("a mask");
        for cpu in [CpuId(1023), CpuId(1024), CpuId(u32::MAX)] {
            let seen = aside(move || pin(cpu));
            assert_eq!(seen, Pin::NotInForce { seen: allowed.clone() });
        }
    }

    #[test]
    fn a_pinned_thread_is_allowed_its_cpu_alone() {
        let cpu = of_this_thread().expect("a mask").iter().last().expect("a CPU");
        let read = move || (pin(cpu), Topology::read(&Roots::this_machine()));
        let (pin, topology) = aside(read);
        let allowed = topology.expect("a real machine has CPUs").allowed();
        assert_eq!((pin, allowed), (Pin::InForce, CpuList::from_iter([cpu])));
    }
}
