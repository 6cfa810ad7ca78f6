//! The program as its user meets it: flags, files, signals, exit codes, messages.
//!
//! Every test has a folder of its own, which is also the working directory: `results/` and
//! `edge-dispatch.toml` are its own, and no `EDGE_DISPATCH_*` of the caller reaches it. Ports are
//! chosen by the system. Nothing is said about speed.
#![cfg(unix)]

mod bad_files;
mod bad_rows;
mod bad_settings;
mod board_scripts;
mod check_run;
mod classes;
mod closed_pipe;
mod energy;
mod energy_goal;
mod learning;
mod ordering;
mod place;
mod plotting;
mod real_input;
mod replaying;
mod running;
mod seating;
mod service;
mod settings;
mod signals;
mod simulating;
mod started;
mod studies;
mod topology;
