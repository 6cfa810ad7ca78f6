//! What is left of a run on paper: the table, `summary.json`, the picture.
//!
//! Everything here is made of a [`Summary`](crate::summary::Summary), which the engine hands over at the end of a run.
//! Where that is lost and only `assignments.csv` is left, [`read_rows`] folds the rows into
//! totals of bounded size and [`estimate`] makes a summary of them that says so.
//! [`write_study`] does the same for a [`Study`](crate::study::Study), a comparison of policies.
//!
//! Files are written to a temporary neighbour and renamed, so that a power cut leaves the
//! old file or the new one, never half of one. Nothing that stands in a file may make this
//! module panic or grow without bound: files come from SD cards.

mod board;
mod busy;
mod error;
mod estimate;
mod figures;
mod goal;
mod grid;
mod json;
mod line;
mod lines;
mod neighbour;
mod picture;
mod read;
mod remarks;
mod rows;
#[cfg(test)]
mod samples;
mod study;
mod table;
pub(crate) mod units;

pub use error::ReportError;
pub use estimate::estimate;
pub use json::{read_summary, try_to_write, write_summary, write_text};
pub use picture::draw;
pub use read::{read_rows, read_services};
pub(crate) use remarks::sharing;
pub use rows::{LeftOut, Rows, WORKERS_MAX};
pub use study::{Beside, write_study};
pub use table::table;
