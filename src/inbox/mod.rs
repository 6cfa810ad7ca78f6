//! The inbox of a worker: a bounded queue of messages with a live in-flight count.
//!
//! `protocol` holds everything that threads must agree on, over any queue; here it meets the
//! queue that it really runs on, lanes behind a lock. See `protocol.md`.

mod lanes;
mod message;
mod protocol;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ids::WorkerId;
use crate::in_flight::InFlight;
use crate::loads::LoadBoard;
use crate::order::Ticket;

pub use lanes::{LaneKind, LanePlan, Lanes};
pub use message::{Body, Extras, Message, Note, Stamp};
pub use protocol::{Gate, Idle, Inbox, Next, NoRoom, Patience, Queue, Room, Row};

/// The row of the load board that counts this inbox, so that policies see the very word that
/// the protocol runs on.
#[derive(Clone, Debug)]
pub struct BoardRow {
    /// The board.
    pub board: Arc<LoadBoard>,
    /// Whose row.
    pub worker: WorkerId,
}

impl Row for BoardRow {
    fn in_flight(&self) -> &InFlight {
        self.board.in_flight(self.worker)
    }

    fn speed(&self) -> f32 {
        let (capacity, foreign_load) = self.board.speed(self.worker);
        capacity * (1.0 - foreign_load)
    }
}

/// The inbox of a live worker.
pub type WorkerInbox<P> = Inbox<Lanes<P>, BoardRow>;

/// All inboxes of one engine, and the gate where dispatchers wait when all are full.
#[derive(Debug)]
pub struct Inboxes<P> {
    /// One a worker.
    pub each: Box<[WorkerInbox<P>]>,
    /// The gate they share.
    pub gate: Arc<Gate>,
    /// Their lanes.
    pub plan: LanePlan,
    dead: Box<[AtomicBool]>,
    board: Arc<LoadBoard>,
}

impl<P> Inboxes<P> {
    /// An empty inbox of at most `bound` packets, fewer for slow workers, for each worker of
    /// `board`.
    pub fn new(board: &Arc<LoadBoard>, bound: u32, plan: LanePlan) -> Self {
        let gate = Arc::new(Gate::default());
        let inbox = |worker| {
            let row = BoardRow { board: board.clone(), worker: WorkerId(worker) };
            Inbox::new(Lanes::new(&plan), row, bound, gate.clone())
        };
        let each: Box<[_]> = (0..board.workers()).map(inbox).collect();
        let dead = each.iter().map(|_| AtomicBool::new(false)).collect();
        Inboxes { each, gate, plan, dead, board: board.clone() }
    }

    /// The inbox of `worker`.
    pub fn of(&self, worker: WorkerId) -> &WorkerInbox<P> {
        &self.each[worker.index()]
    }

    /// Waits until some inbox has room or all are closed.
    pub fn wait_for_room(&self) {
        self.gate.wait_for_room(self.each.iter().map(Inbox::fullness));
    }

    /// Waits until the inbox of `worker` has room or is closed.
    pub fn wait_for_room_at(&self, worker: WorkerId) {
        self.gate.wait_for_room(std::iter::once(self.of(worker).fullness()));
    }

    /// Packets in flight, all inboxes together.
    pub fn in_flight(&self) -> u64 {
        self.each.iter().map(|inbox| u64::from(inbox.in_flight())).sum()
    }

    /// Closes the inbox of a worker that died: nobody will work there on what lies in it. One that
    /// is merely closed is still emptied.
    pub fn bury(&self, worker: WorkerId) {
        // Release: pairs with `is_dead`, for what is told of it in turn. Whoever sees it later goes on
        // a little longer as if the worker lived.
        self.dead[worker.index()].store(true, Ordering::Release);
        self.of(worker).close();
    }

    /// Whether `worker` has died.
    pub fn is_dead(&self, worker: WorkerId) -> bool {
        // Acquire: pairs with `bury`. Who learns of a death by a stream that has moved away from it, in
        // the sticky table, sees it here too.
        self.dead[worker.index()].load(Ordering::Acquire)
    }

    /// Sends `message` to an open inbox, the emptiest of an active worker if there is one, whatever
    /// its bound; it comes back when all are closed.
    pub fn send_on(&self, mut message: Message<P>) -> Option<Message<P>> {
        loop {
            let open = self.each.iter().zip(0..).filter(|(inbox, _)| !inbox.is_closed());
            let parked = |worker| self.board.parking().is_parked(WorkerId(worker));
            let emptiest = open.min_by_key(|(inbox, at)| (parked(*at), inbox.in_flight()));
            let Some((emptiest, _)) = emptiest else { return Some(message) };
            match emptiest.send_forced(message.places(), message) {
                Ok(()) => return None,
                // Closed meanwhile.
                Err(back) => message = back,
            }
        }
    }

    /// Sends a worker to look after the stream of `ticket`, whose next result can be released.
    /// When all inboxes are closed, the last worker to end looks after every stream.
    pub fn nudge(&self, ticket: Ticket) {
        let body = Body::Nudge(ticket);
        self.send_on(Message { body, lane: 0, stamp: Stamp::default(), extras: None });
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        self.each.iter().for_each(Inbox::close);
    }
}
