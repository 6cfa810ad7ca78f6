//! The simulator: the same policies in virtual time.
//!
//! Packets arrive, a policy chooses a worker for each, workers work on what they have first come
//! first served; nothing takes time but what is simulated, so a million packets take a fraction
//! of a second and the same seed gives the same bytes on every machine. The policies are those of
//! the live engine, called through the same view of the loads ([`SimView`]): a rule cannot tell.
//!
//! Words: the *unit* of time is the mean service time of a packet on a worker of speed 1; *speed*
//! is relative to that; *load* is the mean work that arrives per unit, over the sum of all speeds;
//! the *sojourn* of a packet is its waiting and its service. One run with one stream of random
//! numbers is a *replication*.
//!
//! | file | what |
//! |---|---|
//! | `setup` | what is to be simulated |
//! | `service`, `speeds`, `machines` | the work of a packet, the workers, boards that there are |
//! | `crowd`, `race` | the workers and their queues; who is done next |
//! | `view` | what a policy sees: live, stale, or learned |
//! | `faults`, `troubles` | what goes wrong, when; what is wrong with a worker |
//! | `learned` | capacities learned from service times |
//! | `aim` | packing, and the energy of it by a model |
//! | `world` | one replication, event by event |
//! | `measure` | what it shows |
//! | `replicate` | several on all cores |
//! | `outcome` | the figures, with intervals |

mod aim;
mod crowd;
mod faults;
mod learned;
mod machines;
mod measure;
mod outcome;
mod race;
mod replicate;
mod service;
mod setup;
mod speeds;
mod troubles;
mod view;
mod world;

pub use aim::{Aim, EnergyFigures};
pub use faults::{Fault, FaultKind, Faults, WrongFault};
pub use machines::{MACHINES, Machine, UnknownMachine, machine};
pub use measure::{Logged, SLICES};
pub use outcome::Outcome;
pub use replicate::{Replications, SimError, simulate};
pub use service::{Service, WrongService};
pub use setup::{Setup, WrongSetup};
pub use speeds::{Speeds, WORKERS_MAX, WrongSpeeds};
pub use view::{SimView, UNIT_NS};
pub use world::{Broken, replay_faults};

#[cfg(test)]
mod tests;
