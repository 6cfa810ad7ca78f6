//! Sinks: where the results of the work go.

mod findings;

pub use findings::{Findings, FindingsSink};
