//! Studies: policies side by side, in settings that a plan names, simulated or live.
//!
//! A [`Plan`] is a TOML file. It says which policies are tried in which settings how often; a
//! [`Job`] is one run of one policy in one setting. Simulated runs share their random numbers between
//! policies, live ones take turns, so that policies are compared in pairs. Every finished run is
//! saved at once ([`Store`]); a study that was interrupted goes on where it stopped. What comes out
//! is a [`Study`](crate::study::Study).
//!
//! | file | what |
//! |---|---|
//! | `plan`, `setting`, `names` | what a plan may say, and the plans that are built in |
//! | `figures` | what one run shows |
//! | `simulated`, `live`, `open_loop` | how one is made |
//! | `gather` | runs put together to cells |
//! | `store` | the folder of a study |
//! | `runner` | all runs, on all cores or taking turns |

mod figures;
mod gather;
mod live;
mod names;
mod open_loop;
mod plan;
mod runner;
mod setting;
mod simulated;
mod store;

pub use figures::{LoggedRun, RunFigures};
pub use live::LiveError;
pub use names::{PLANS, PolicySpec, built_in};
pub use plan::{Job, Plan, PlanError};
pub use runner::{Progress, StudyError, check, run, study};
pub use setting::Variant;
pub use store::{MANIFEST, Saved, Store, StoreError, read, read_plan};

#[cfg(test)]
mod tests;
