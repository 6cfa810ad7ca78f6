//! The program's face: flags, files, exit codes.
#![allow(missing_docs)]
mod config;
mod exit;
mod settings;
mod signals;
mod values;
