//! Boards that there are, as their kernels describe them.
//!
//! The speeds are what sysfs shows on the machine (see `docs/policies.md` for the sources), relative to
//! its fastest CPU: a prior, which measurements correct on a real one. Two threads of one core
//! count as two workers of full speed here, which no real core holds.

use super::speeds::Speeds;

/// A board.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// Its name here.
    pub name: &'static str,
    /// What it is.
    pub model: &'static str,
    /// The board in [`crate::power::NAMES`] whose watts it is given.
    pub power: &'static str,
    /// Speed and number of its CPUs, in the order of their ids.
    cpus: &'static [(f64, u32)],
}

/// The boards, by name.
pub const MACHINES: [Machine; 7] = [
    Machine {
        name: "i7-1370p",
        model: "i7-1370P, 6 P-cores of two threads and 8 E-cores (acpi_cppc: 64, 67 and 39)",
        power: "generic-x86",
        cpus: &[
            (64.0 / 67.0, 4),
            (1.0, 2),
            (64.0 / 67.0, 2),
            (1.0, 2),
            (64.0 / 67.0, 2),
            (39.0 / 67.0, 8),
        ],
    },
    Machine {
        name: "i5-13400",
        model: "i5-13400, 6 P-cores of two threads and 4 E-cores (constructed: 4.6 and 3.3 GHz)",
        power: "generic-x86",
        cpus: &[(1.0, 12), (3.3 / 4.6, 4)],
    },
    Machine {
        name: "rk3588",
        model: "RK3588, 4 Cortex-A55 and 4 Cortex-A76 (cpu_capacity: 397 and 1024)",
        power: "rk3588",
        cpus: &[(397.0 / 1024.0, 4), (1.0, 4)],
    },
    Machine {
        name: "rk3399",
        model: "RK3399, 4 Cortex-A53 and 2 Cortex-A72 (cpu_capacity: 381 and 1024)",
        power: "generic-arm",
        cpus: &[(381.0 / 1024.0, 4), (1.0, 2)],
    },
    Machine {
        name: "sdm845",
        model: "SDM845, 4 little and 4 big cores (cpu_capacity: 377 and 1024)",
        power: "generic-arm",
        cpus: &[(377.0 / 1024.0, 4), (1.0, 4)],
    },
    Machine {
        name: "pi5",
        model: "Raspberry Pi 5, 4 Cortex-A76",
        power: "raspberry-pi-5",
        cpus: &[(1.0, 4)],
    },
    Machine {
        name: "pi4",
        model: "Raspberry Pi 4B, 4 Cortex-A72",
        power: "raspberry-pi-4",
        cpus: &[(1.0, 4)],
    },
];

/// A name that is no board.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no board '{name}' here; there are {}", names())]
pub struct UnknownMachine {
    /// The name that was asked for.
    pub name: String,
}

fn names() -> String {
    MACHINES.map(|machine| machine.name).join(", ")
}

/// The board called `name`, in capitals or not.
///
/// # Errors
/// [`UnknownMachine`], with the names there are.
pub fn machine(name: &str) -> Result<Machine, UnknownMachine> {
    let found = MACHINES.iter().find(|machine| machine.name.eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| UnknownMachine { name: name.to_owned() })
}

impl Machine {
    /// The speed of each CPU.
    pub fn speeds(&self) -> Speeds {
        let group = |(speed, count): &(f64, u32)| std::iter::repeat_n(*speed, *count as usize);
        Speeds::new(self.cpus.iter().flat_map(group).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::PowerModel;

    #[test]
    fn boards_are_found_by_name_and_their_fastest_cpu_has_speed_one() {
        for known in MACHINES {
            let speeds = machine(&known.name.to_uppercase()).unwrap().speeds();
            assert_eq!(speeds.each().iter().copied().fold(0.0, f64::max), 1.0);
            assert!(PowerModel::by_name(known.power).is_some(), "{}", known.power);
        }
        assert_eq!(machine("i7-1370p").unwrap().speeds().workers(), 20);
        assert!(machine("pi9").unwrap_err().to_string().contains("rk3588"));
    }
}
