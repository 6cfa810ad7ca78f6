//! The inbox between dispatchers and one worker, over any queue.
//!
//! Problem: a queue alone has no bound in *packets* (it holds messages of several), no count
//! of what was taken out and is still being worked on, and cannot tell a worker that sleeps
//! from one that is busy. Choice: an unbounded queue carries the messages, and the one word of
//! [`InFlight`] decides everything else. Consequence: a send costs one atomic addition beside
//! the queue's own, and a sleeping worker is woken exactly when it sleeps. Limit: the worker
//! that finds a packet counted and not yet queued waits for it in short steps.
//!
//! The words: to *claim* is to count packets before they are queued, to *release* is to
//! uncount them after their work, the *gate* is where dispatchers wait when all is full.

use std::borrow::Borrow;

use crate::in_flight::{BOUND_MAX, Claim, InFlight, Standing};
use crate::sync::{self, Arc, Condvar, Mutex, Thread};

/// What the protocol needs of a queue: first in, first out, from and to any thread.
pub trait Queue<T> {
    /// Appends; never blocks, never refuses.
    fn push(&self, message: T);
    /// Takes the oldest, if there is one.
    fn pop(&self) -> Option<T>;
}

/// Where dispatchers wait while every inbox of an engine is full.
#[derive(Debug, Default)]
pub struct Gate {
    lock: Mutex<()>,
    moved: Condvar,
}

impl Gate {
    /// Waits until one of `inboxes` has room or all are closed; at once if so already.
    ///
    /// The marks are set under the lock that the notifier takes, so no word is lost between
    /// the last look and the sleep.
    pub fn wait_for_room<'a>(&self, inboxes: impl Iterator<Item = (&'a InFlight, u32)>) {
        let guard = sync::lock(&self.lock);
        let (mut room, mut open) = (false, false);
        for (in_flight, bound) in inboxes {
            let standing = in_flight.mark_waited_for(bound);
            room |= standing == Standing::Room;
            open |= standing != Standing::Closed;
        }
        if open && !room {
            drop(sync::wait(&self.moved, guard));
        }
    }

    fn notify(&self, in_flight: &InFlight) {
        let _guard = sync::lock(&self.lock);
        in_flight.clear_waited_for();
        self.moved.notify_all();
    }
}

/// One inbox. Dispatchers `claim`, then `send`; the worker calls `next` and `release`.
#[derive(Debug)]
pub struct Inbox<Q, C> {
    queue: Q,
    in_flight: C,
    bound: u32,
    low_water: u32,
    gate: Arc<Gate>,
    worker: Mutex<Option<Thread>>,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// The bound is reached.
    Full,
    /// The inbox is closed.
    Closed,
}

/// Room for some packets, counted and not yet filled. Dropped unfilled, it is given back.
#[must_use]
pub struct Room<'a, Q, C: Borrow<InFlight>> {
    inbox: &'a Inbox<Q, C>,
    packets: u32,
    wake: bool,
}

/// What the worker finds when it looks.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// A message.
    Message(T),
    /// Nothing yet; look again.
    Idle,
    /// Closed and everything released: there will never be anything again.
    Finished,
}

impl<Q, C: Borrow<InFlight>> Inbox<Q, C> {
    /// An inbox of at most `bound` packets (1 to [`BOUND_MAX`]) over `queue`, counted in `in_flight`.
    pub fn new(queue: Q, in_flight: C, bound: u32, gate: Arc<Gate>) -> Self {
        let bound = bound.clamp(1, BOUND_MAX);
        // Refilled a quarter at a time: waking a dispatcher for each freed place would cost
        // more than the work on it.
        let low_water = bound - (bound / 4).max(1);
        Inbox { queue, in_flight, bound, low_water, gate, worker: Mutex::new(None) }
    }

    /// Packets waiting or running here.
    pub fn in_flight(&self) -> u32 {
        self.word().count()
    }

    /// The count and the bound, for [`Gate::wait_for_room`].
    pub fn fullness(&self) -> (&InFlight, u32) {
        (self.word(), self.bound)
    }

    /// Whether a claim would probably be granted.
    pub fn has_room(&self) -> bool {
        self.in_flight() < self.bound && !self.is_closed()
    }

    /// Reserves room for up to `packets`.
    pub fn claim(&self, packets: u32) -> Result<Room<'_, Q, C>, NoRoom> {
        let (refusal, notify) = match self.word().claim(packets, self.bound, self.low_water) {
            Claim::Granted { packets, wake } => {
                return Ok(Room { inbox: self, packets, wake });
            }
            Claim::Full { notify } => (NoRoom::Full, notify),
            Claim::Closed { notify } => (NoRoom::Closed, notify),
        };
        if notify {
            self.gate.notify(self.word());
        }
        Err(refusal)
    }

    /// Uncounts packets whose work is done, or that were evicted.
    pub fn release(&self, packets: u32) {
        if self.word().release(packets, self.low_water) {
            self.gate.notify(self.word());
        }
    }

    /// Refuses everything from now on, and wakes whoever waits.
    pub fn close(&self) {
        self.word().close();
        self.wake_worker();
        self.gate.notify(self.word());
    }

    /// Makes the calling thread the one that is woken for this inbox.
    pub fn seat(&self) {
        *sync::lock(&self.worker) = Some(sync::current());
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.word().is_closed()
    }

    /// Whether it is closed and everything released.
    pub fn is_finished(&self) -> bool {
        self.word().is_finished()
    }

    fn wake_worker(&self) {
        if let Some(thread) = sync::lock(&self.worker).as_ref() {
            thread.unpark();
        }
    }

    fn word(&self) -> &InFlight {
        self.in_flight.borrow()
    }
}

impl<Q, C: Borrow<InFlight>> Inbox<Q, C> {
    /// Takes the oldest message out of the queue: the worker to work on it, a dispatcher to
    /// evict it. Its packets stay counted until they are released.
    pub fn take<T>(&self) -> Option<T>
    where
        Q: Queue<T>,
    {
        self.queue.pop()
    }

    /// One look of the worker at its inbox: sleeps when there is nothing in flight. `tries`
    /// counts the looks in vain and is kept by the worker.
    pub fn next<T>(&self, tries: &mut u32) -> Next<T>
    where
        Q: Queue<T>,
    {
        if let Some(message) = self.take() {
            *tries = 0;
            return Next::Message(message);
        }
        if self.is_finished() {
            return Next::Finished;
        }
        *tries += 1;
        if *tries > SPINS && self.word().try_sleep() {
            sync::park();
            self.word().wake();
            *tries = 0;
        } else {
            sync::back_off(*tries);
        }
        Next::Idle
    }
}

/// Looks in vain before a worker sleeps: about a microsecond, less than waking it costs. None in
/// debug builds, so that loom comes to the sleep at once.
const SPINS: u32 = if cfg!(debug_assertions) { 0 } else { 16 };

impl<Q, C: Borrow<InFlight>> Room<'_, Q, C> {
    /// How many packets fit.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// Queues `message`, which holds exactly [`Room::packets`] packets.
    pub fn send<T>(mut self, message: T)
    where
        Q: Queue<T>,
    {
        self.inbox.queue.push(message);
        self.packets = 0;
        if self.wake {
            self.inbox.wake_worker();
        }
    }
}

impl<Q, C: Borrow<InFlight>> Drop for Room<'_, Q, C> {
    fn drop(&mut self) {
        if self.packets > 0 {
            self.inbox.release(self.packets);
        }
    }
}
