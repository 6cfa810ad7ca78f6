//! What is wrong with a worker at the moment.

use std::collections::VecDeque;

use super::faults::{FaultKind, Faults};
use super::view::UNIT_NS;
use crate::sorting;

/// A fault that begins or ends.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub at_ns: u64,
    pub worker: usize,
    pub kind: FaultKind,
    pub begins: bool,
}

/// What is wrong with one worker at the moment.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Vec<FaultKind>);

impl Troubles {
    /// Whether nothing may be there.
    pub fn is_away(&self) -> bool {
        self.0.iter().any(|kind| matches!(kind, FaultKind::Crash | FaultKind::Offline))
    }

    /// Whether it stands still.
    pub fn stalls(&self) -> bool {
        self.0.contains(&FaultKind::Stall)
    }

    /// The product of what is left by one kind of fault.
    fn left(&self, part: impl Fn(&FaultKind) -> Option<f64>) -> f64 {
        self.0.iter().filter_map(part).product()
    }

    /// The part of its speed that is left.
    pub fn throttle(&self) -> f64 {
        self.left(|kind| if let FaultKind::Throttle(part) = kind { Some(*part) } else { None })
    }

    /// The part of its core that is left.
    pub fn own_share(&self) -> f64 {
        self.left(|kind| if let FaultKind::Foreign(part) = kind { Some(1.0 - part) } else { None })
    }
}

impl Troubles {
    /// A fault begins or ends.
    pub fn change(&mut self, change: &Change) {
        if change.begins {
            self.0.push(change.kind);
        } else if let Some(at) = self.0.iter().position(|trouble| *trouble == change.kind) {
            self.0.remove(at);
        }
    }
}

/// The beginnings and ends of `faults`, in order.
pub fn changes(faults: &Faults) -> VecDeque<Change> {
    let ns = |units: f64| (units * UNIT_NS) as u64;
    let mut changes: Vec<Change> = Vec::new();
    for fault in faults.each() {
        let (worker, kind) = (fault.worker as usize, fault.kind);
        changes.push(Change { at_ns: ns(fault.at), worker, kind, begins: true });
        changes.push(Change { at_ns: ns(fault.at + fault.lasts), worker, kind, begins: false });
    }
    // A stable sort: a fault of no length begins before it ends.
    sorting::sort_by_key(&mut changes, |change| change.at_ns);
    changes.into()
}
