//! The work that a worker does on a payload.
//!
//! [`Process`] is the seam: an embedder gives a closure or a type of its own. The built-in work
//! on packets is [`Analysis`], which looks at each packet alone, or [`Monitor`], which adds
//! what a sensor's past makes of it; [`Spin`] stands in for them in measurements.

mod alarm;
mod analysis;
mod band;
mod finding;
mod limits;
mod moments;
mod monitor;
mod plan;
mod severity;
mod spectrum;
mod spin;
mod trend;
mod vibration;
mod work;

pub use alarm::{AlarmChange, AlarmChanges, AlarmState, Cause};
pub use analysis::Analysis;
pub use finding::{Finding, VibrationReport};
pub use limits::LimitCheck;
pub use monitor::{Insight, Monitor, SensorState};
pub use severity::{MachineClass, Zone};
pub use spectrum::{PEAKS_MAX, Peak, Peaks};
pub use spin::Spin;
pub use trend::{SCORE_MAX, Trend, TrendReport};
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

/// Work on payloads of type `P`, in two stages.
///
/// Each worker owns one, so scratch space needs no lock. After a panic the worker drops its
/// own and makes a new one.
///
/// - [`work`](Process::work) looks at the payload alone and may run anywhere, in any order.
/// - [`settle`](Process::settle) adds what depends on the payloads before it with the same key:
///   averages, rates of change, alarms. It gets that key's state, in the key's sequence, never
///   two at once. An engine whose order is `parallel` somewhere refuses work with a state.
///
/// Work without a state has `type State = ();` and nothing to settle.
pub trait Process<P>: Send {
    /// What the work results in; it goes to the worker's sink.
    type Out: Send;

    /// What is remembered of each key. A type of size zero is no state.
    type State: Default + Send;

    /// Does the work.
    fn work(&mut self, payload: &P, worker: &WorkerInfo) -> Result<Self::Out, Failure>;

    /// Completes a result by what came before it. By default there is nothing to do.
    fn settle(&mut self, _state: &mut Self::State, _out: &mut Self::Out) {}
}

/// Whether `S` can remember anything.
pub const fn is_state<S>() -> bool {
    size_of::<S>() > 0
}

impl<P, Out, F> Process<P> for F
where
    Out: Send,
    F: FnMut(&P, &WorkerInfo) -> Result<Out, Failure> + Send,
{
    type Out = Out;
    type State = ();

    fn work(&mut self, payload: &P, worker: &WorkerInfo) -> Result<Out, Failure> {
        self(payload, worker)
    }
}

/// Where the results of one worker's work go.
///
/// Each worker has a sink of its own, so a sink that only counts needs no lock.
pub trait Sink<Out>: Send {
    /// Takes a result.
    fn accept(&mut self, out: Out);
}

impl<Out, F: FnMut(Out) + Send> Sink<Out> for F {
    fn accept(&mut self, out: Out) {
        self(out)
    }
}
