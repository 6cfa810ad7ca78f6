//! What keeps the packets of a key in order while many workers work.
//!
//! The words: a *stream* is the packets of one key. A stream is found in a table by a hash of
//! its key, so that memory is bounded whatever keys come; keys whose hashes meet share a place,
//! which is never wrong, only stricter than it had to be.
//!
//! - [`StickyTable`]: where each stream is in flight, for `sticky`.
//! - [`OrderedTable`]: what was finished too early and waits for a straggler, for `ordered`.
//! - [`States`]: what stateful work remembers of each key.

mod ordered;
mod states;
mod sticky;

pub use ordered::{OrderedTable, Tickets, WindowFull};
pub use states::{Forgotten, States};
pub use sticky::{Place, StickyTable};

use crate::job::Key;

/// Which of `2^bits` places `key` has. Fibonacci hashing (Knuth, "The Art of Computer
/// Programming" vol. 3, 6.4): keys in a row, as sensors have them, fall far apart.
fn place_of(key: Key, bits: u32) -> usize {
    (key.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize
}
