//! The work that a worker does on a payload.
//!
//! [`Process`] is the seam: an embedder gives a closure or a type of its own. [`Analysis`] is
//! the built-in work on packets, [`Spin`] stands in for it in measurements.

mod analysis;
mod band;
mod finding;
mod limits;
mod moments;
mod plan;
mod severity;
mod spectrum;
mod spin;
mod vibration;
mod work;

pub use analysis::Analysis;
pub use finding::{Finding, VibrationReport};
pub use limits::LimitCheck;
pub use severity::{MachineClass, Zone};
pub use spectrum::{PEAKS_MAX, Peak, Peaks};
pub use spin::Spin;
pub use work::{UnknownWork, Work, WorkChoice};

use std::borrow::Cow;

use crate::class::Class;
use crate::ids::{CpuId, WorkerId};

/// The worker that asks for the work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkerInfo {
    /// Which worker.
    pub worker: WorkerId,
    /// The CPU it is meant to run on.
    pub cpu: CpuId,
    /// The class of that CPU.
    pub class: Class,
}

/// Why the work on one payload failed. It costs that payload and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub Cow<'static, str>);

/// Work on payloads of type `P`.
///
/// Each worker owns one, so scratch space needs no lock. After a panic the worker drops its
/// own and makes a new one.
pub trait Process<P>: Send {
    /// What the work results in; it goes to the worker's sink.
    type Out;

    /// Does the work.
    fn work(&mut self, payload: &P, worker: &WorkerInfo) -> Result<Self::Out, Failure>;
}

impl<P, Out, F> Process<P> for F
where
    F: FnMut(&P, &WorkerInfo) -> Result<Out, Failure> + Send,
{
    type Out = Out;

    fn work(&mut self, payload: &P, worker: &WorkerInfo) -> Result<Out, Failure> {
        self(payload, worker)
    }
}
