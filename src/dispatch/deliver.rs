//! From a choice to a place in an inbox.

use super::ways::Way;
use super::{Dispatcher, Overflow, Refused};
use crate::ids::WorkerId;
use crate::inbox::{Body, Message, NoRoom, Stamp};
use crate::ledger::DropReason;
use crate::order::Order;
use crate::panics::drop_quietly;
use crate::priority::Priority;

/// A stream that waits at a full worker moves when another one has room and would be done with
/// it in less than this part of the time. Moving means waiting until its packets there are done.
const MOVE_BELOW: f32 = 0.25;

/// Looks, about 50 µs apart, for which a stream that moves is waited for.
const FREE_TRIES: u32 = 4_000;

/// In flight before a packet that others could work on as well: from so many on, a sleeping
/// worker is woken to take some of it.
const ROUSE_FROM: u32 = 2;

/// What became of a packet that has no place.
enum Stuck {
    /// Refused, for this reason.
    Refused(DropReason),
    /// To be chosen for anew, once its stream is free.
    Moves,
}

impl<P> Dispatcher<P> {
    /// Queues `message` at `chosen`, or where its way allows; what cannot be queued goes `back`.
    pub(super) fn deliver(
        &mut self,
        way: Way,
        chosen: WorkerId,
        message: Message<P>,
        back: &mut dyn FnMut(Refused<P>),
    ) {
        if way.order != Order::Sticky {
            if let Err((left, reason)) = self.deliver_anywhere(way, chosen, message) {
                self.give_up(left, chosen, reason, back);
            }
            return;
        }
        match self.deliver_here(way, chosen, message, true) {
            Ok(()) => {}
            Err((left, Stuck::Refused(reason))) => self.give_up(left, chosen, reason, back),
            Err((left, Stuck::Moves)) => self.deliver_anew(way, chosen, left, back),
        }
    }

    /// A packet that any worker may have.
    fn deliver_anywhere(
        &mut self,
        way: Way,
        chosen: WorkerId,
        message: Message<P>,
    ) -> Result<(), (Message<P>, DropReason)> {
        let (mut worker, mut left) = (chosen, message);
        loop {
            match self.send(worker, left) {
                Ok(None) => {
                    self.rouse_a_thief(worker, self.parts.inboxes.of(worker).in_flight());
                    return Ok(());
                }
                Ok(Some(rest)) => left = rest,
                Err((whole, no_room)) => {
                    left = whole;
                    match self.elsewhere(chosen, no_room, way.priority) {
                        Ok(other) => worker = other,
                        Err(reason) => return Err((left, reason)),
                    }
                }
            }
        }
    }

    /// Sends as much as fits; what does not fit comes back.
    fn send(
        &mut self,
        worker: WorkerId,
        mut message: Message<P>,
    ) -> Result<Option<Message<P>>, (Message<P>, NoRoom)> {
        match self.parts.inboxes.of(worker).claim(message.places()) {
            Ok(room) => {
                let rest = message.split_off(room.packets() as usize);
                self.parts.counts.accepted.add(u64::from(room.packets()));
                if let Some(batch) = room.send(message) {
                    self.groups.keep(batch);
                }
                Ok(rest)
            }
            Err(no_room) => Err((message, no_room)),
        }
    }

    /// A worker to try next, the one tried having no room; why not, when the packet must be
    /// refused. The inbox of one worker alone is closed when its thread died.
    fn elsewhere(
        &mut self,
        chosen: WorkerId,
        no_room: NoRoom,
        priority: Priority,
    ) -> Result<WorkerId, DropReason> {
        if let Some(other) = self.best_with_room() {
            return Ok(other);
        }
        let inboxes = &self.parts.inboxes;
        let Some(open) = inboxes.each.iter().position(|inbox| !inbox.is_closed()) else {
            return Err(DropReason::Closed);
        };
        let target = if no_room == NoRoom::Closed { WorkerId(open as u32) } else { chosen };
        match self.parts.overflow {
            Overflow::Block => {
                inboxes.wait_for_room();
                Ok(target)
            }
            overflow => {
                let made = self.make_room_anywhere(target, overflow, priority);
                made.ok_or(DropReason::InboxFull)
            }
        }
    }

    /// Makes room for a packet of this priority at `target`, or where there is something that
    /// matters less than what waits there.
    fn make_room_anywhere(
        &self,
        target: WorkerId,
        overflow: Overflow,
        priority: Priority,
    ) -> Option<WorkerId> {
        let workers = self.parts.loads.workers();
        let highest = evictable(overflow, priority)?;
        let levels = Priority::ALL.into_iter().filter(|level| *level <= highest);
        levels
            .flat_map(|level| (0..workers).map(move |step| (level, (target.0 + step) % workers)))
            .map(|(level, worker)| (level, WorkerId(worker)))
            .find(|(level, worker)| self.make_room(*worker, *level))
            .map(|(_, worker)| worker)
    }

    fn best_with_room(&mut self) -> Option<WorkerId> {
        self.parts.loads.refresh();
        let loads = &self.parts.loads;
        (0..loads.workers())
            .map(WorkerId)
            .filter(|worker| self.parts.inboxes.of(*worker).has_room())
            .min_by(|a, b| loads.expected_delay(*a).total_cmp(&loads.expected_delay(*b)))
    }

    /// A packet that only `worker` may have.
    fn deliver_here(
        &mut self,
        way: Way,
        worker: WorkerId,
        message: Message<P>,
        may_move: bool,
    ) -> Result<(), (Message<P>, Stuck)> {
        let mut left = message;
        loop {
            let no_room = match self.send(worker, left) {
                Ok(None) => return Ok(()),
                Ok(Some(rest)) => {
                    left = rest;
                    continue;
                }
                Err((whole, no_room)) => {
                    left = whole;
                    no_room
                }
            };
            if let Err(stuck) = self.wait_here(way, worker, no_room, may_move) {
                return Err((left, stuck));
            }
        }
    }

    /// Waits for room at `worker`, or makes some.
    fn wait_here(
        &mut self,
        way: Way,
        worker: WorkerId,
        no_room: NoRoom,
        may_move: bool,
    ) -> Result<(), Stuck> {
        if no_room == NoRoom::Closed {
            let open = self.parts.inboxes.each.iter().any(|inbox| !inbox.is_closed());
            return Err(if open { Stuck::Moves } else { Stuck::Refused(DropReason::Closed) });
        }
        let overflow = self.parts.overflow;
        if overflow != Overflow::Block {
            let highest = evictable(overflow, way.priority);
            let made = highest.is_some_and(|highest| self.make_room(worker, highest));
            return if made { Ok(()) } else { Err(Stuck::Refused(DropReason::InboxFull)) };
        }
        if may_move && self.would_gain_by_moving(worker) {
            return Err(Stuck::Moves);
        }
        self.parts.inboxes.wait_for_room_at(worker);
        Ok(())
    }

    fn would_gain_by_moving(&mut self, from: WorkerId) -> bool {
        let best = self.best_with_room();
        let loads = &self.parts.loads;
        best.is_some_and(|best| {
            loads.expected_delay(best) < MOVE_BELOW * loads.expected_delay(from)
        })
    }

    /// The packets of a message whose streams shall move away from `from`: each waits until
    /// nothing of its stream is in flight there, so that none is overtaken, and is chosen for anew.
    fn deliver_anew(
        &mut self,
        way: Way,
        from: WorkerId,
        message: Message<P>,
        back: &mut dyn FnMut(Refused<P>),
    ) {
        self.moving.extend(singly(message));
        // All leave before any enters anew: those behind it hold a place as well.
        self.moving.iter().for_each(|message| self.leave(message, from));
        let (mut from, mut tries) = (from, 0);
        while let Some(Message { body: Body::One(job), .. }) = self.moving.front() {
            let ask = self.rule.ask(job, self.probe.now_ns());
            self.wait_until_left(ask.key, from, &mut tries);
            self.parts.loads.refresh();
            // It stays where it is until it is chosen for: see `take_back.rs`.
            let choice = self.choose(way, ask);
            let Some(mut message) = self.moving.pop_front() else { return };
            message.extras = self.extras(choice, None);
            // Waited long enough: now it goes where it must, and waits for room there.
            match self.deliver_here(way, choice.worker, message, tries < FREE_TRIES) {
                Ok(()) => {}
                Err((message, Stuck::Refused(reason))) => {
                    self.give_up(message, choice.worker, reason, back);
                }
                Err((message, Stuck::Moves)) => {
                    self.leave(&message, choice.worker);
                    from = choice.worker;
                    self.moving.push_front(message);
                }
            }
        }
    }

    fn leave(&self, message: &Message<P>, worker: WorkerId) {
        if let Body::One(job) = &message.body {
            self.parts.sticky.leave(job.key, worker);
        }
    }

    /// Waits until nothing of the stream of `key` is in flight at the worker that it moves away
    /// from, or all is closing. That takes as long as the worker's inbox does; where another
    /// dispatcher keeps the stream there, all packets that move together wait for no more than
    /// [`FREE_TRIES`] looks, and go where they went before.
    fn wait_until_left(&self, key: crate::job::Key, from: WorkerId, tries: &mut u32) {
        let inboxes = &self.parts.inboxes;
        while *tries < FREE_TRIES
            && self.parts.sticky.at(key) == Some(from)
            && !inboxes.is_dead(from)
            && inboxes.each.iter().any(|inbox| !inbox.is_closed())
        {
            *tries += 1;
            crate::sync::back_off(*tries);
        }
    }

    /// Takes a message out of an inbox: the oldest of those that matter least, and no more than
    /// `highest`. False when there is none: the worker has it all in hand, or all of it matters
    /// more.
    fn make_room(&self, worker: WorkerId, highest: Priority) -> bool {
        let inbox = self.parts.inboxes.of(worker);
        let Some(message) = inbox.queue().evict(highest) else {
            return false;
        };
        let places = message.places();
        // Here the destructor of what is shed is called, which is the user's.
        self.give_up(message, worker, DropReason::Evicted, &mut drop_quietly);
        inbox.release(places);
        true
    }

    /// Wakes a sleeping worker, if there is one and `worker` has more `in_flight` than it can do.
    pub(super) fn rouse_a_thief(&self, worker: WorkerId, in_flight: u32) {
        let inboxes = &self.parts.inboxes;
        if self.parts.steal && in_flight > ROUSE_FROM {
            let loads = &self.parts.loads;
            let others = (0..inboxes.each.len()).filter(|other| *other != worker.index());
            // A parked worker sleeps on: it is for `Loads::wake_if_late` to say when it is needed.
            let others = others.filter(|other| !loads.is_parked(WorkerId(*other as u32)));
            let _ = others
                .map(|other| &inboxes.each[other])
                .any(|inbox| inbox.in_flight() == 0 && inbox.rouse());
        }
    }
}

/// The highest priority that may be evicted for a packet of this one.
fn evictable(overflow: Overflow, priority: Priority) -> Option<Priority> {
    match overflow {
        Overflow::Block => None,
        Overflow::DropNewest => priority.below(),
        Overflow::DropOldest => Some(priority),
    }
}

/// Each packet of `message` as a message of its own, measured if it was to be.
fn singly<P>(message: Message<P>) -> impl Iterator<Item = Message<P>> {
    let (stamp, lane) = (message.stamp, message.lane);
    message.into_packets().enumerate().map(move |(at, (job, ..))| {
        let count = u32::from(stamp.measures(at));
        let stamp = if count > 0 { Stamp { first: 0, count, ..stamp } } else { Stamp::default() };
        Message { body: Body::One(job), lane, stamp, extras: None }
    })
}
