//! A worker's hand in a thread that somebody else's pool owns.
//!
//! What a pool runs does not know on which thread it is; the thread does. So the hand lies
//! there, and with it what gives places back to whoever bounds the packets in flight: not for
//! each packet, which would have all workers write to one cache line for each, but for some at
//! a time.

use std::cell::RefCell;

use crate::crew::Hand;
use crate::packet::Payload;

/// So many places are given back at a time: far below the bound.
const GIVE_BACK: usize = 16;

thread_local! {
    static SEAT: RefCell<Option<Seat>> = const { RefCell::new(None) };
}

struct Seat {
    hand: Hand,
    give_back: Box<dyn Fn(usize)>,
    owed: usize,
}

/// Makes the calling thread a worker. Its tally is handed in when the thread ends.
pub fn take(hand: Hand, give_back: impl Fn(usize) + 'static) {
    SEAT.set(Some(Seat { hand, give_back: Box::new(give_back), owed: 0 }));
}

/// Works on one packet in the calling thread, and gives its place back.
///
/// # Panics
/// In a thread that is no worker.
pub fn work(payload: &Payload) {
    SEAT.with_borrow_mut(|seat| {
        let seat = seat.as_mut().expect("the pool's threads are seated");
        seat.hand.work(payload);
        seat.owed += 1;
        if seat.owed == GIVE_BACK {
            seat.owed = 0;
            (seat.give_back)(GIVE_BACK);
        }
    });
}
