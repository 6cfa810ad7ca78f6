//! Sinks: where the results of the work go.

mod alarms;
mod findings;

pub use alarms::{ALARMS_LIMIT_BYTES, Alarms, AlarmsSink, AlarmsWritten};
pub use findings::{Findings, FindingsSink};
