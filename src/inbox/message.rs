//! What lies in an inbox: one packet, or several that were chosen for the same worker.

use crate::job::Job;
use crate::record::Assignment;

/// A job with the decision that brought it here.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel<P> {
    /// The job.
    pub job: Job<P>,
    /// How it was assigned.
    pub assignment: Assignment,
}

/// One entry of the queue.
#[derive(Debug)]
pub enum Message<P> {
    /// A packet that was dispatched by itself.
    One(Parcel<P>),
    /// The part of a batch that goes to this worker.
    Many(Vec<Parcel<P>>),
}

impl<P> Message<P> {
    /// How many packets it holds.
    pub fn packets(&self) -> u32 {
        match self {
            Message::One(_) => 1,
            Message::Many(parcels) => parcels.len() as u32,
        }
    }

    /// Does something with each packet, in order.
    pub fn for_each(self, mut each: impl FnMut(Parcel<P>)) {
        match self {
            Message::One(parcel) => each(parcel),
            Message::Many(parcels) => parcels.into_iter().for_each(each),
        }
    }
}
