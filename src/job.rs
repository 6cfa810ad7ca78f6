//! A job: a payload with what dispatching needs to know of it.
//!
//! The engine never looks into a payload. Whoever brings one says to which key it belongs
//! (the sensor), of what kind it is (kinds may cost differently) and where it stands in the
//! key's own sequence.

use crate::packet::{Kind, Packet};

/// Which stream a job belongs to; for packets, the sensor's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub u64);

/// A payload on its way to a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Job<P> {
    /// The stream it belongs to.
    pub key: Key,
    /// What sort of work it is.
    pub kind: Kind,
    /// Its place in its stream.
    pub sequence: u64,
    /// What the work is done on.
    pub payload: P,
}

impl<P> Job<P> {
    /// A job of kind [`Kind::Other`] with sequence 0: enough where neither matters.
    pub fn new(key: u64, payload: P) -> Self {
        Job { key: Key(key), kind: Kind::Other, sequence: 0, payload }
    }
}

impl From<Packet> for Job<Packet> {
    fn from(packet: Packet) -> Self {
        Job {
            key: Key(u64::from(packet.sensor.0)),
            kind: packet.kind,
            sequence: packet.sequence,
            payload: packet,
        }
    }
}
