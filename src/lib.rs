//! Dispatches telemetry over all cores of an edge box.
//!
//! A box at the edge receives telemetry faster than one core can digest, while its other cores,
//! fast and slow ones, stand idle. An [`Engine`] runs one pinned worker on every core it may
//! use. The thread that brings a packet chooses its worker, by *randomized least connection*:
//! the least expected delay, from live in-flight counts, measured capacity, and what others use
//! of the core. Every packet is accounted for in a [`Ledger`](ledger::Ledger) that closes at
//! every reading.
//!
//! ```
//! use edge_dispatch::{Engine, Job, WorkerInfo};
//! use std::time::Duration;
//!
//! let analyse = |samples: &Vec<f32>, _: &WorkerInfo| Ok(samples.iter().sum::<f32>());
//! let mut engine = Engine::builder().process(analyse).start()?;
//! let mut dispatcher = engine.dispatcher();
//! for key in 0..100 {
//!     dispatcher.dispatch(Job::new(key, vec![1.0; 64]))?;
//! }
//! let ledger = engine.drain(Duration::from_secs(5))?;
//! assert_eq!((ledger.received, ledger.processed), (100, 100));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where to go on: [`engine::Builder`] for the settings, [`policy::Policy`] for a rule of your
//! own, [`process::Process`] for work with scratch space, [`source::Source`] for your own input,
//! [`topology::Topology`] for what cores there are. `docs/architecture.md` tells how it all hangs
//! together. The program `edge-dispatch` is this library with a face.
#![deny(missing_docs)]

// Words: data and pure functions, which everything above is written in.
pub mod class;
pub mod clock;
pub mod derating;
pub mod feedback;
pub mod ids;
pub mod interval;
pub mod job;
pub mod learning;
pub mod ledger;
pub mod loads;
pub mod look;
pub mod names;
pub mod order;
pub mod packet;
pub mod parking;
pub mod power;
pub mod priority;
pub mod random;
pub mod record;
pub mod stats;
pub mod study;
pub mod summary;
pub mod totals;

// Parts and machine.
pub mod arrival;
pub mod bearing;
pub mod dispatch;
pub mod energy;
pub mod engine;
pub mod experiment;
pub mod packing;
pub mod policy;
pub mod process;
pub mod recorder;
pub mod report;
pub mod sampler;
pub mod sim;
pub mod sink;
pub mod source;
pub mod topology;
pub mod worker;

// Inside: public for the program and the benches, without any promise.
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod counters;
#[doc(hidden)]
pub mod in_flight;
mod in_place;
#[doc(hidden)]
pub mod inbox;
mod panics;
#[doc(hidden)]
pub mod progress;
#[doc(hidden)]
pub mod record_buffer;
mod sorting;
#[doc(hidden)]
pub mod streams;
mod sync;
#[doc(hidden)]
pub mod typical;

pub use dispatch::{Dispatcher, Overflow, Refused};
pub use engine::Engine;
pub use job::Job;
pub use order::{Order, OrderRule};
pub use process::{Failure, Process, WorkerInfo};
