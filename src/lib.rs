//! Dispatches telemetry over all cores of an edge box.
#![deny(missing_docs)]

pub mod arrival;
pub mod bearing;
pub mod class;
pub mod cli;
pub mod clock;
pub mod counters;
pub mod dispatch;
pub mod engine;
pub mod ids;
pub mod in_flight;
pub mod inbox;
pub mod job;
pub mod ledger;
pub mod loads;
pub mod names;
pub mod packet;
pub mod policy;
pub mod process;
pub mod random;
pub mod record;
pub mod record_buffer;
pub mod recorder;
pub mod report;
pub mod sampler;
pub mod sink;
pub mod source;
pub mod stats;
pub mod summary;
mod sync;
pub mod topology;
pub mod totals;
pub mod typical;
pub mod worker;
