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

use crate::in_flight::{BOUND_MAX, Claim, InFlight, Standing};
use crate::sync::{self, Arc, Condvar, Mutex, Thread};

/// What the protocol needs of a queue: first in, first out, from and to any thread.
pub trait Queue<T> {
    /// What comes back for a message.
    type Back;
    /// Appends; never waits for room, never refuses.
    fn push(&self, message: T) -> Self::Back;
    /// Takes the oldest, if there is one.
    fn pop(&self) -> Option<T>;
}

/// What the protocol needs of the row of the load board that counts an inbox.
pub trait Row {
    /// The word that the protocol runs on.
    fn in_flight(&self) -> &InFlight;

    /// How fast the worker is (0 to 1] relative to a free worker of the fastest class: so much
    /// of the bound is its. The slower a worker, the fewer packets may wait for it: then the
    /// longest wait is the same everywhere, and a slow core that is full does not set the tail.
    fn speed(&self) -> f32;
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
        {
            let _guard = sync::lock(&self.lock);
            in_flight.clear_waited_for();
        }
        // Without the lock, which whoever wakes up takes first. Nobody is missed: who set the mark
        // had given up the lock by waiting.
        self.moved.notify_all();
    }
}

/// One inbox. Dispatchers `claim`, then `send`; the worker calls `next` and `release`.
#[derive(Debug)]
pub struct Inbox<Q, C> {
    queue: Q,
    in_flight: C,
    bound: u32,
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
pub struct Room<'a, Q, C: Row> {
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

/// What comes of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// There may be something now.
    LookAgain,
    /// Closed and everything released: there will never be anything again.
    Finished,
}

impl<Q, C: Row> Inbox<Q, C> {
    /// An inbox of at most `bound` packets (1 to [`BOUND_MAX`]) over `queue`, counted in `in_flight`.
    pub fn new(queue: Q, in_flight: C, bound: u32, gate: Arc<Gate>) -> Self {
        let bound = bound.clamp(1, BOUND_MAX);
        Inbox { queue, in_flight, bound, gate, worker: Mutex::new(None) }
    }

    /// Packets waiting or running here.
    pub fn in_flight(&self) -> u32 {
        self.word().count()
    }

    /// The most packets that may be in flight here now: this worker's part of the bound, by its
    /// speed. May be a moment old; a claim under an older one is good.
    pub fn bound(&self) -> u32 {
        let bound = (self.bound as f32 * self.in_flight.speed()) as u32;
        bound.clamp((self.bound / 16).max(1), self.bound)
    }

    /// Refilled half at a time: waking a dispatcher for each freed place would cost more than
    /// the work on it.
    fn low_water(&self) -> u32 {
        let bound = self.bound();
        bound - bound.div_ceil(2)
    }

    /// The count and the bound, for [`Gate::wait_for_room`].
    pub fn fullness(&self) -> (&InFlight, u32) {
        (self.word(), self.bound())
    }

    /// The queue itself, for those who look for a particular message. What they take stays
    /// counted until they release it.
    pub fn queue(&self) -> &Q {
        &self.queue
    }

    /// Whether a claim would probably be granted.
    pub fn has_room(&self) -> bool {
        self.in_flight() < self.bound() && !self.is_closed()
    }

    /// Reserves room for up to `packets`.
    #[inline]
    pub fn claim(&self, packets: u32) -> Result<Room<'_, Q, C>, NoRoom> {
        let (refusal, notify) = match self.word().claim(packets, self.bound(), self.low_water()) {
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

    /// Counts `packets` that must come through whatever the bound and the close; see
    /// [`InFlight::force`]. Nothing needs to be queued for them: a thief has them in hand.
    pub fn force(&self, packets: u32) {
        if self.word().force(packets) {
            self.wake_worker();
        }
    }

    /// Queues `message` of `packets` places whatever the bound says. It comes back when the inbox
    /// is closed: its worker may have ended, and would never see it.
    pub fn send_forced<T>(&self, packets: u32, message: T) -> Result<(), T>
    where
        Q: Queue<T>,
    {
        match self.word().force_open(packets, self.low_water()) {
            Claim::Granted { wake, .. } => {
                let _ = self.queue.push(message);
                if wake {
                    self.wake_worker();
                }
                Ok(())
            }
            Claim::Full { notify } | Claim::Closed { notify } => {
                if notify {
                    self.gate.notify(self.word());
                }
                Err(message)
            }
        }
    }

    /// Wakes the worker if it sleeps, to look what it could take from others; true if it did.
    pub fn rouse(&self) -> bool {
        let sleeps = self.word().rouse();
        if sleeps {
            self.wake_worker();
        }
        sleeps
    }

    /// Uncounts packets whose work is done, or that were evicted.
    pub fn release(&self, packets: u32) {
        if self.word().release(packets, self.low_water()) {
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
        self.in_flight.in_flight()
    }
}

impl<Q, C: Row> Inbox<Q, C> {
    /// Takes the oldest message out of the queue: the worker to work on it, a dispatcher to
    /// evict it. Its packets stay counted until they are released.
    pub fn take<T>(&self) -> Option<T>
    where
        Q: Queue<T>,
    {
        self.queue.pop()
    }

    /// One look of the worker at its inbox; `patience` is kept by the worker.
    pub fn next<T>(&self, patience: &mut Patience) -> Next<T>
    where
        Q: Queue<T>,
    {
        if let Some(message) = self.take() {
            patience.found();
            return Next::Message(message);
        }
        match self.idle(patience) {
            Idle::LookAgain => Next::Idle,
            Idle::Finished => Next::Finished,
        }
    }

    /// What the worker does when it found nothing: sleeps when nothing is in flight and it has
    /// waited long enough.
    pub fn idle(&self, patience: &mut Patience) -> Idle {
        if self.is_finished() {
            return Idle::Finished;
        }
        if self.in_flight() > 0 {
            // Counted and about to be queued, or owed: there is no sleep until it is over.
            patience.wait_for_what_is_counted();
        } else if patience.is_over() && self.word().try_sleep() {
            sync::park();
            self.word().wake();
            patience.slept();
        } else {
            patience.wait();
        }
        Idle::LookAgain
    }
}

/// How long a worker looks in vain before it sleeps.
///
/// Waking a thread costs microseconds on both sides, so under a dense stream it pays to look a
/// little longer, and on a sparse one every look is waste. The worker finds out which it is: when
/// the message came while it looked, it will look longer the next time, when it slept all the
/// same, half as long.
#[derive(Debug, Default)]
pub struct Patience {
    tries: u32,
    limit: u32,
    counted: u32,
}

/// The first looks in vain are made in place and take a microsecond or two together, less than
/// waking a thread costs; those after them give the CPU to whoever else wants it. On a small
/// machine that is the dispatcher: a worker on its CPU that slept would be woken, and take the
/// CPU from it, for every single packet.
const LOOKS_IN_PLACE: u32 = 6;

/// Looks in vain before a worker sleeps, at least and at most: longer than about five microseconds
/// costs more than the sleep and the waking. None in debug builds, so that loom comes to the sleep
/// at once.
fn looks() -> (u32, u32) {
    if cfg!(debug_assertions) { (0, 0) } else { (8, 16) }
}

impl Patience {
    /// A message came.
    pub fn found(&mut self) {
        self.counted = 0;
        if self.tries > 0 {
            self.limit = (self.limit + self.tries).min(looks().1);
            self.tries = 0;
        }
    }

    /// How many looks in vain there were since the last message or sleep.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    fn slept(&mut self) {
        self.limit /= 2;
        self.tries = 0;
    }

    fn is_over(&mut self) -> bool {
        self.tries += 1;
        self.tries > self.limit.max(looks().0)
    }

    fn wait(&self) {
        sync::pause((self.tries <= LOOKS_IN_PLACE).then_some(self.tries));
    }

    fn wait_for_what_is_counted(&mut self) {
        self.counted += 1;
        sync::back_off(self.counted);
    }
}

impl<Q, C: Row> Room<'_, Q, C> {
    /// How many packets fit.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// Queues `message`, which holds exactly [`Room::packets`] packets.
    // Always: left to itself the compiler makes it a function of its own as soon as there are two
    // callers, and the message is copied once more on its way: 10.0 million single packets a
    // second became 7.6.
    #[inline(always)]
    pub fn send<T>(mut self, message: T) -> Q::Back
    where
        Q: Queue<T>,
    {
        let back = self.inbox.queue.push(message);
        self.packets = 0;
        if self.wake {
            self.inbox.wake_worker();
        }
        back
    }
}

impl<Q, C: Row> Drop for Room<'_, Q, C> {
    fn drop(&mut self) {
        if self.packets > 0 {
            self.inbox.release(self.packets);
        }
    }
}
