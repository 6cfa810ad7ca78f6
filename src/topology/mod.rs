//! Which CPUs this machine has, which of them may be used, and how fast they are.
//!
//! Cores of one chip may differ by a factor of three, ids have holes, CPUs go offline, and a
//! process is often allowed only some of them. So the machine is first read into a plain list
//! ([`Topology::read`]), everything is decided on that list (capacity, class, placement), and
//! a pin is believed only after it was read back ([`pin`]).
//!
//! A file that is missing has a documented default; one that is malformed costs a line in
//! [`Topology::notes`] and nothing else. Only a machine without any CPU list is an error.
//!
//! What sysfs says is a *prior*: the measured CPU time of packets corrects it while running.

mod affinity;
mod assemble;
mod calibrate;
mod capacity;
mod cgroup;
mod classify;
mod cpu_list;
mod housekeepers;
mod housekeeping;
mod machine;
mod model;
mod pinning;
mod placement;
mod presence;
mod reader;
mod reseat;
mod seats;
mod sysfs;

pub use affinity::{Affinity, OwnThreads};
pub use calibrate::Calibration;
pub use classify::classify;
pub use cpu_list::{BadCpuList, CPU_ID_MAX, CpuList};
pub use housekeepers::{Housekeepers, Keeping};
pub use housekeeping::housekeeping;
pub use machine::platform;
pub use model::{CapacitySource, ClassGroup, Cpu, Topology};
pub use pinning::{Pin, pin, read_pin};
pub use placement::{
    NotUsable, Placement, PlacementError, PlacementRequest, Seat, Smt, UnknownSmt, WORKERS_MAX,
    place,
};
pub(crate) use reader::read as small_file;
pub use reseat::reseat;
pub use seats::{MOVES_MAX, Move, Seats};
pub use sysfs::{Roots, TopologyError};
