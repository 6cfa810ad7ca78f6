//! The lanes of an inbox.
//!
//! One queue, first in, first out, can neither work on what matters first nor shed what matters
//! least. So an inbox has a lane for each pair of priority and order mode that an engine uses
//! (most use one): the worker takes from the highest that has something, a dispatcher that must
//! make room evicts from the lowest, and a thief takes only where order allows it.
//!
//! Each lane is an unbounded crossbeam channel of which both ends are kept: dispatchers may take
//! out what they put in, and it is never disconnected, because closing is a mark of the protocol.

use crossbeam_channel::{Receiver, Sender};

use super::message::Message;
use super::protocol::Queue;
use crate::order::Order;
use crate::priority::Priority;

/// What waits in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneKind {
    /// How much it matters.
    pub priority: Priority,
    /// What is promised of its order.
    pub order: Order,
}

impl LaneKind {
    /// Whether an idle worker may take from it: not where a stream stays with its worker.
    pub fn may_be_stolen(&self) -> bool {
        self.order != Order::Sticky
    }
}

/// Which lanes the inboxes of an engine have, highest priority first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanePlan {
    kinds: Vec<LaneKind>,
}

impl LanePlan {
    /// A lane for each of `kinds` that is different from the others.
    pub fn new(kinds: impl IntoIterator<Item = LaneKind>) -> Self {
        let mut all: Vec<LaneKind> = Vec::new();
        kinds.into_iter().for_each(|kind| {
            if !all.contains(&kind) {
                all.push(kind);
            }
        });
        all.sort_by_key(|kind| (std::cmp::Reverse(kind.priority), kind.order.index()));
        LanePlan { kinds: all }
    }

    /// The lanes, highest priority first.
    pub fn kinds(&self) -> &[LaneKind] {
        &self.kinds
    }

    /// The number of the lane for `kind`; `None` where there is none.
    pub fn find(&self, kind: LaneKind) -> Option<u8> {
        self.kinds.iter().position(|there| *there == kind).map(|at| at as u8)
    }
}

impl Default for LanePlan {
    /// One lane, for packets in any order.
    fn default() -> Self {
        LanePlan::new([LaneKind { priority: Priority::Normal, order: Order::Parallel }])
    }
}

/// The lanes of one inbox.
#[derive(Debug)]
pub struct Lanes<P> {
    each: Box<[Lane<P>]>,
}

#[derive(Debug)]
struct Lane<P> {
    kind: LaneKind,
    sender: Sender<Message<P>>,
    receiver: Receiver<Message<P>>,
}

impl<P> Lane<P> {
    fn take(&self) -> Option<Message<P>> {
        self.receiver.try_recv().ok()
    }
}

impl<P> Lanes<P> {
    /// Empty lanes.
    pub fn new(plan: &LanePlan) -> Self {
        // Unbounded, because the bound is in packets and is kept by the in-flight count.
        let lane = |kind: &LaneKind| {
            let (sender, receiver) = crossbeam_channel::unbounded();
            Lane { kind: *kind, sender, receiver }
        };
        Lanes { each: plan.kinds.iter().map(lane).collect() }
    }

    /// What is promised of the order in lane number `lane`.
    pub fn order(&self, lane: u8) -> Order {
        self.each[lane as usize].kind.order
    }

    /// Takes the oldest message of the lowest priority there is, up to `highest`.
    pub fn evict(&self, highest: Priority) -> Option<Message<P>> {
        let lanes = self.each.iter().rev().take_while(|lane| lane.kind.priority <= highest);
        lanes.into_iter().find_map(Lane::take)
    }

    /// Takes a message that another worker may work on as well.
    pub fn steal(&self) -> Option<Message<P>> {
        self.each.iter().filter(|lane| lane.kind.may_be_stolen()).find_map(Lane::take)
    }
}

impl<P> Queue<Message<P>> for Lanes<P> {
    fn push(&self, message: Message<P>) {
        if self.each[message.lane as usize].sender.send(message).is_err() {
            unreachable!("the receiver lives as long as the sender");
        }
    }

    fn pop(&self) -> Option<Message<P>> {
        self.each.iter().find_map(Lane::take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::{Body, Stamp};
    use crate::job::Job;

    fn lanes() -> (LanePlan, Lanes<u8>) {
        let kind = |priority, order| LaneKind { priority, order };
        let plan = LanePlan::new([
            kind(Priority::Low, Order::Parallel),
            kind(Priority::High, Order::Sticky),
            kind(Priority::Low, Order::Parallel),
            kind(Priority::Low, Order::Sticky),
        ]);
        let lanes = Lanes::new(&plan);
        (plan, lanes)
    }

    fn put(plan: &LanePlan, lanes: &Lanes<u8>, priority: Priority, order: Order, payload: u8) {
        let lane = plan.find(LaneKind { priority, order }).unwrap();
        let body = Body::One(Job::new(0, payload));
        lanes.push(Message { body, lane, stamp: Stamp::default(), extras: None });
    }

    fn payload(message: Option<Message<u8>>) -> Option<u8> {
        message.and_then(|message| message.into_packets().next()).map(|(job, ..)| job.payload)
    }

    #[test]
    fn the_highest_is_taken_first_and_the_lowest_is_evicted_first() {
        let (plan, lanes) = lanes();
        assert_eq!(plan.kinds().len(), 3);
        put(&plan, &lanes, Priority::Low, Order::Parallel, 1);
        put(&plan, &lanes, Priority::Low, Order::Parallel, 2);
        put(&plan, &lanes, Priority::High, Order::Sticky, 3);
        put(&plan, &lanes, Priority::High, Order::Sticky, 4);
        assert_eq!(payload(lanes.pop()), Some(3));
        assert_eq!(payload(lanes.evict(Priority::High)), Some(1));
        assert_eq!(payload(lanes.evict(Priority::Low)), Some(2));
        assert_eq!(payload(lanes.evict(Priority::Low)), None, "4 matters more");
        assert_eq!(payload(lanes.evict(Priority::High)), Some(4));
    }

    #[test]
    fn what_must_stay_in_order_is_not_stolen() {
        let (plan, lanes) = lanes();
        put(&plan, &lanes, Priority::High, Order::Sticky, 1);
        assert_eq!(payload(lanes.steal()), None);
        put(&plan, &lanes, Priority::Low, Order::Parallel, 2);
        assert_eq!(payload(lanes.steal()), Some(2));
    }
}
