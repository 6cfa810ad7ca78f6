//! The inbox of a worker: a bounded queue of messages with a live in-flight count.
//!
//! `protocol` holds everything that threads must agree on, over any queue; here it meets the
//! queue that it really runs on, an unbounded crossbeam channel. See `protocol.md`.

mod message;
mod protocol;

use std::borrow::Borrow;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use crate::ids::WorkerId;
use crate::in_flight::InFlight;
use crate::loads::LoadBoard;

pub use message::{Message, Parcel};
pub use protocol::{Gate, Inbox, Next, NoRoom, Queue, Room};

/// A crossbeam channel of which both ends are kept: dispatchers may take out what they put in
/// (to evict the oldest), and it is never disconnected, because closing is a mark of the
/// protocol.
#[derive(Debug)]
pub struct Channel<T> {
    sender: Sender<T>,
    receiver: Receiver<T>,
}

impl<T> Default for Channel<T> {
    fn default() -> Self {
        // Unbounded, because the bound is in packets and is kept by the in-flight count.
        let (sender, receiver) = crossbeam_channel::unbounded();
        Channel { sender, receiver }
    }
}

impl<T> Queue<T> for Channel<T> {
    fn push(&self, message: T) {
        if self.sender.send(message).is_err() {
            unreachable!("the receiver lives as long as the sender");
        }
    }

    fn pop(&self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

/// The row of the load board that counts this inbox, so that policies see the very word that
/// the protocol runs on.
#[derive(Clone, Debug)]
pub struct BoardRow {
    /// The board.
    pub board: Arc<LoadBoard>,
    /// Whose row.
    pub worker: WorkerId,
}

impl Borrow<InFlight> for BoardRow {
    fn borrow(&self) -> &InFlight {
        self.board.in_flight(self.worker)
    }
}

/// The inbox of a live worker.
pub type WorkerInbox<P> = Inbox<Channel<Message<P>>, BoardRow>;

/// All inboxes of one engine, and the gate where dispatchers wait when all are full.
#[derive(Debug)]
pub struct Inboxes<P> {
    /// One a worker.
    pub each: Box<[WorkerInbox<P>]>,
    /// The gate they share.
    pub gate: Arc<Gate>,
}

impl<P> Inboxes<P> {
    /// An empty inbox of at most `bound` packets for each worker of `board`.
    pub fn new(board: &Arc<LoadBoard>, bound: u32) -> Self {
        let gate = Arc::new(Gate::default());
        let inbox = |worker| {
            let row = BoardRow { board: board.clone(), worker: WorkerId(worker) };
            Inbox::new(Channel::default(), row, bound, gate.clone())
        };
        Inboxes { each: (0..board.workers()).map(inbox).collect(), gate }
    }

    /// Waits until some inbox has room or all are closed.
    pub fn wait_for_room(&self) {
        self.gate.wait_for_room(self.each.iter().map(Inbox::fullness));
    }

    /// Packets in flight, all inboxes together.
    pub fn in_flight(&self) -> u64 {
        self.each.iter().map(|inbox| u64::from(inbox.in_flight())).sum()
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        self.each.iter().for_each(Inbox::close);
    }
}
