//! The boards whose figures are built in.

/// Relative frequency and relative voltage of operating points, slowest first, up to (1, 1).
pub(super) type Volts = &'static [(f64, f64)];

/// What is known of a board. Watts as in `tests/fixtures/power_anchors.csv`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Board {
    pub name: &'static str,
    pub idle_watts: f64,
    pub performance_watts: f64,
    pub efficiency_watts: f64,
    pub volts: Volts,
    pub uncertainty: f64,
    pub reason: &'static str,
}

/// The short names of the boards: what [`PowerModel::by_name`](super::PowerModel::by_name) takes.
pub const NAMES: [&str; 6] =
    ["raspberry-pi-5", "raspberry-pi-4", "rk3588", "i9-12900k", "generic-arm", "generic-x86"];

/// Operating points of the Pi 5: 1500, 1800, 2100 and 2400 MHz at 0.72, 0.785, 0.825 and
/// 0.87 V. Boards without a table of their own borrow it.
pub(super) const PI_5_VOLTS: Volts =
    &[(0.625, 0.72 / 0.87), (0.75, 0.785 / 0.87), (0.875, 0.825 / 0.87), (1.0, 1.0)];

/// Operating points of the RK3588's A76: 1200, 1608, 2016 and 2400 MHz at 0.675, 0.7625,
/// 0.925 and 1.0 V.
pub(super) const RK3588_VOLTS: Volts = &[(0.5, 0.675), (0.67, 0.7625), (0.84, 0.925), (1.0, 1.0)];

const PI_5: Board = Board {
    name: NAMES[0],
    // The sum of the power chip's rails under load, with VDD_CORE at its idle figure instead.
    idle_watts: 2.586,
    // VDD_CORE with 4 busy cores, less idle, by 4.
    performance_watts: 1.163,
    efficiency_watts: 1.163,
    volts: PI_5_VOLTS,
    uncertainty: 0.3,
    reason: "rails captured at full load, idle from another report; two cores that copy memory \
             draw 21 % less than the model says; USB and regulator losses are left out",
};

const PI_4: Board = Board {
    name: NAMES[1],
    // Means of two reports, 2.2 W and 2.7 W at idle, 5.4 W and 6.4 W with 4 busy cores.
    idle_watts: 2.45,
    performance_watts: 0.8625,
    efficiency_watts: 0.8625,
    volts: PI_5_VOLTS,
    uncertainty: 0.3,
    reason: "mean of two reports by USB meter that differ by a fifth; voltages are the Pi 5's",
};

const RK3588: Board = Board {
    name: NAMES[2],
    // Between all clocks low, 1.49 W, and all high, 2.22 W, at the wall.
    idle_watts: 1.855,
    // The kernel's energy model: coefficient · MHz · V² of an A76 and an A55 at their highest.
    performance_watts: 0.720,
    efficiency_watts: 0.1624,
    volts: RK3588_VOLTS,
    uncertainty: 0.5,
    reason: "cores computed from the kernel's energy model, which leaves out leakage, shared \
             cache, memory and supply; idle between two measurements",
};

const I9_12900K: Board = Board {
    name: NAMES[3],
    idle_watts: 7.0,
    // All 16 cores busy, 259 W, less idle and the efficiency cores, by 8.
    performance_watts: 25.5,
    // 8 of them draw about 48 W: quoted from memory in the anchors.
    efficiency_watts: 6.0,
    volts: PI_5_VOLTS,
    uncertainty: 1.4,
    reason: "right with all cores busy; a lone performance core runs faster and draws 2.4 times \
             what the model says; the efficiency cores' figure is unverified; voltages are the \
             Pi 5's",
};

const GENERIC_ARM: Board = Board {
    name: NAMES[4],
    // Mean of Pi 4 and Pi 5.
    idle_watts: 2.518,
    // Mean of Pi 4, Pi 5 and the A76 of the RK3588.
    performance_watts: 0.915,
    efficiency_watts: 0.1624,
    volts: PI_5_VOLTS,
    uncertainty: 1.0,
    reason: "this board is not known: means of Pi 4, Pi 5 and RK3588",
};

const GENERIC_X86: Board = Board {
    name: NAMES[5],
    uncertainty: 2.0,
    reason: "this machine is not known: a Core i9-12900K's figures, whatever its size; give \
             --idle-watts and --active-watts",
    ..I9_12900K
};

/// Marks in a machine's own description (lower case), and the board meant. The first that is
/// found counts.
const MARKS: [(&str, Board); 16] = [
    ("raspberry pi 5", PI_5),
    ("raspberry pi compute module 5", PI_5),
    ("raspberry pi 500", PI_5),
    ("raspberry pi 4", PI_4),
    ("raspberry pi compute module 4", PI_4),
    ("rk3588", RK3588),
    ("rock 5", RK3588),
    ("rock-5", RK3588),
    ("orange pi 5", RK3588),
    ("i9-12900k", I9_12900K),
    ("intel", GENERIC_X86),
    ("amd", GENERIC_X86),
    ("xeon", GENERIC_X86),
    ("epyc", GENERIC_X86),
    ("x86", GENERIC_X86),
    ("i686", GENERIC_X86),
];

/// The board that calls itself `model`.
pub(super) fn of_machine(model: &str) -> Board {
    let model = model.to_lowercase();
    let known = MARKS.iter().find(|(mark, _)| model.contains(mark)).map(|(_, board)| *board);
    // A virtual machine or a distribution's kernel may give any name at all; then the processor
    // that this program was built for decides.
    known.unwrap_or(if cfg!(any(target_arch = "x86_64", target_arch = "x86")) {
        GENERIC_X86
    } else {
        GENERIC_ARM
    })
}

pub(super) fn by_name(name: &str) -> Option<Board> {
    let boards = [PI_5, PI_4, RK3588, I9_12900K, GENERIC_ARM, GENERIC_X86];
    boards.into_iter().find(|board| board.name == name)
}

/// The relative voltage at a relative frequency, straight between operating points; below the
/// slowest one its voltage, for there is none lower.
pub(super) fn voltage(volts: Volts, frequency: f64) -> f64 {
    let Some((slowest, lowest)) = volts.first() else { return 1.0 };
    if frequency <= *slowest {
        return *lowest;
    }
    let between = |pair: &[(f64, f64)]| match pair {
        [(f0, v0), (f1, v1)] if frequency <= *f1 => {
            Some(v0 + (v1 - v0) * (frequency - f0) / (f1 - f0))
        }
        _ => None,
    };
    volts.windows(2).find_map(between).unwrap_or(1.0)
}
