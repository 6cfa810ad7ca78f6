//! Which way each kind of packet goes: its order mode, its priority, its lane.

use crate::inbox::{LaneKind, LanePlan};
use crate::order::{Order, OrderRule};
use crate::packet::Kind;
use crate::priority::{Priorities, Priority};

/// The way of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What is promised of its order.
    pub order: Order,
    /// How much it matters.
    pub priority: Priority,
    /// The lane for both.
    pub lane: u8,
}

/// The ways of all kinds.
#[derive(Debug)]
pub struct Ways {
    by_kind: [Way; Kind::ALL.len()],
    plain: bool,
}

impl Ways {
    /// The ways under these rules, in inboxes with these lanes.
    ///
    /// # Panics
    /// If a lane is missing: the engine makes them for all rules it was given.
    pub fn new(order: OrderRule, priorities: Priorities, plan: &LanePlan) -> Self {
        let way = |kind: Kind| {
            let (order, priority) = (order.of(kind), priorities.of(kind));
            match plan.find(LaneKind { priority, order }) {
                Some(lane) => Way { order, priority, lane },
                None => unreachable!("no lane for {kind}: {order}, {priority}"),
            }
        };
        let by_kind = Kind::ALL.map(way);
        let plain = by_kind.iter().all(|way| *way == by_kind[0] && way.order == Order::Parallel);
        Ways { by_kind, plain }
    }

    /// The way of `kind`.
    pub fn of(&self, kind: Kind) -> Way {
        self.by_kind[kind.index()]
    }

    /// The way of those that wait in `lane`.
    ///
    /// # Panics
    /// If no kind has it.
    pub fn by_lane(&self, lane: u8) -> Way {
        match self.by_kind.iter().find(|way| way.lane == lane) {
            Some(way) => *way,
            None => unreachable!("no kind goes by lane {lane}"),
        }
    }

    /// Whether every packet goes the same way, in any order.
    pub fn are_plain(&self) -> bool {
        self.plain
    }
}
