//! Dispatches telemetry over all cores of an edge box.
#![deny(missing_docs)]

pub mod arrival;
pub mod bearing;
pub mod class;
pub mod clock;
pub mod ids;
pub mod in_flight;
pub mod inbox;
pub mod job;
pub mod ledger;
pub mod names;
pub mod packet;
pub mod process;
pub mod random;
pub mod record;
pub mod source;
pub mod stats;
pub mod summary;
mod sync;
