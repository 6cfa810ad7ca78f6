//! The lanes of an inbox.
//!
//! One queue, first in, first out, can neither work on what matters first nor shed what matters
//! least. So an inbox has a lane for each pair of priority and order mode that an engine uses
//! (most use one): the worker takes from the highest that has something, a dispatcher that must
//! make room evicts from the lowest, and a thief takes only where order allows it.
//!
//! All lanes of an inbox are plain queues behind one lock. The lock is what a packet costs here,
//! so both sides take it for several packets at once where they can: a dispatcher for the part
//! of a batch, a worker for as much as takes it a few microseconds. Tried before: a lock-free
//! channel a lane. Taking packet by packet, worker and dispatcher then fetch the same cache lines
//! from each other for every packet, which costs twice as much; and under real-time scheduling a
//! worker that spins on a half-written slot keeps the dispatcher that writes it from running,
//! where a lock lets it sleep.
//!
//! A worker also hands back the memory of the batches it has done, for the next ones.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::message::{Body, Message};
use super::protocol::Queue;
use crate::job::Job;
use crate::order::Order;
use crate::priority::Priority;
use crate::sorting;

/// Emptied batches that an inbox keeps for the next ones.
const SPARES_MAX: usize = 16;

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
        sorting::sort_by_key(&mut all, |kind| {
            (std::cmp::Reverse(kind.priority), kind.order.index())
        });
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
    kinds: Box<[LaneKind]>,
    waiting: Mutex<Waiting<P>>,
}

#[derive(Debug)]
struct Waiting<P> {
    lanes: Box<[VecDeque<Message<P>>]>,
    spares: Vec<Vec<Job<P>>>,
}

impl<P> Lanes<P> {
    /// Empty lanes.
    pub fn new(plan: &LanePlan) -> Self {
        // Unbounded, because the bound is in packets and is kept by the in-flight count.
        let lanes = plan.kinds.iter().map(|_| VecDeque::new()).collect();
        let waiting = Mutex::new(Waiting { lanes, spares: Vec::new() });
        Lanes { kinds: plan.kinds.clone().into(), waiting }
    }

    /// What is promised of the order in lane number `lane`.
    pub fn order(&self, lane: u8) -> Order {
        self.kinds[lane as usize].order
    }

    /// For the worker, which has nothing in `hand`: takes messages of about `packets` packets, at
    /// least one if there is one, the highest priority first. Leaves its empty batches here.
    ///
    /// A lane that holds no more than that is taken whole, by an exchange of queues: then the lock
    /// is held for a moment only.
    pub fn take_some(
        &self,
        packets: u32,
        hand: &mut VecDeque<Message<P>>,
        spares: &mut Vec<Vec<Job<P>>>,
    ) {
        let mut waiting = self.lock();
        let mut taken = 0;
        for lane in &mut waiting.lanes {
            if lane.is_empty() {
                continue;
            }
            if hand.is_empty() && lane.len() <= packets as usize {
                // From its beginning again: so few slots stay in use, and in the caches.
                hand.clear();
                std::mem::swap(lane, hand);
                break;
            }
            while taken < packets
                && let Some(message) = lane.pop_front()
            {
                taken += message.places();
                hand.push_back(message);
            }
        }
        let room = SPARES_MAX.saturating_sub(waiting.spares.len()).min(spares.len());
        waiting.spares.extend(spares.drain(..room));
        drop(waiting);
        spares.clear();
    }

    /// Takes the oldest message of the lowest priority there is, up to `highest`.
    pub fn evict(&self, highest: Priority) -> Option<Message<P>> {
        let mut waiting = self.lock();
        let lanes = waiting.lanes.iter_mut().zip(&self.kinds).rev();
        lanes.take_while(|(_, kind)| kind.priority <= highest).find_map(|(lane, _)| {
            // A nudge is no packet, and somebody waits for it.
            let is_packet = |message: &Message<P>| !matches!(message.body, Body::Nudge(_));
            lane.iter().position(is_packet).and_then(|at| lane.remove(at))
        })
    }

    /// Takes a message that another worker may work on as well; nothing while somebody else is
    /// at the lanes, or unless `may`, which is asked when nothing can be put there any more.
    pub fn steal(&self, may: impl FnOnce() -> bool) -> Option<Message<P>> {
        let mut waiting = self.waiting.try_lock().ok()?;
        if !may() {
            return None;
        }
        let lanes = waiting.lanes.iter_mut().zip(&self.kinds);
        lanes.filter(|(_, kind)| kind.may_be_stolen()).find_map(|(lane, _)| lane.pop_front())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<P>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Queue<Message<P>> for Lanes<P> {
    /// The memory of an earlier batch, if there is some to spare.
    type Back = Option<Vec<Job<P>>>;

    #[inline]
    fn push(&self, message: Message<P>) -> Option<Vec<Job<P>>> {
        let mut waiting = self.lock();
        waiting.lanes[message.lane as usize].push_back(message);
        waiting.spares.pop()
    }

    fn pop(&self) -> Option<Message<P>> {
        self.lock().lanes.iter_mut().find_map(VecDeque::pop_front)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::Stamp;
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
    fn a_worker_takes_as_much_as_it_wants_and_gives_memory_back() {
        let (plan, lanes) = lanes();
        for payload in 0..5 {
            put(&plan, &lanes, Priority::Low, Order::Parallel, payload);
        }
        let (mut hand, mut spares) = (VecDeque::new(), Vec::new());
        spares.extend((0..40).map(|_| Vec::with_capacity(9)));
        lanes.take_some(3, &mut hand, &mut spares);
        assert_eq!((hand.len(), spares.len()), (3, 0));
        hand.clear();
        lanes.take_some(2, &mut hand, &mut spares);
        assert_eq!(hand.len(), 2, "all that is left");
        let body = Body::One(Job::new(0, 9));
        let back = lanes.push(Message { body, lane: 0, stamp: Stamp::default(), extras: None });
        assert_eq!(back.map(|batch| batch.capacity()), Some(9));
        assert_eq!(lanes.lock().spares.len(), SPARES_MAX - 1);
    }

    #[test]
    fn what_must_stay_in_order_is_not_stolen() {
        let (plan, lanes) = lanes();
        put(&plan, &lanes, Priority::High, Order::Sticky, 1);
        assert_eq!(payload(lanes.steal(|| true)), None);
        put(&plan, &lanes, Priority::Low, Order::Parallel, 2);
        assert_eq!(payload(lanes.steal(|| false)), None);
        assert_eq!(payload(lanes.steal(|| true)), Some(2));
    }
}
