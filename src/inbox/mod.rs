//! The inbox of a worker: a bounded queue of messages with a live in-flight count.
//!
//! `protocol` holds everything that threads must agree on, over any queue; here it meets the
//! queue that it really runs on, an unbounded crossbeam channel. See `protocol.md`.

mod protocol;

use crossbeam_channel::{Receiver, Sender};

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
