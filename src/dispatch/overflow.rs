//! What happens when every inbox is full, chosen by name.

use std::fmt;
use std::str::FromStr;

/// What a dispatcher does with a packet when every inbox is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It waits: nothing is lost, and the source is held back.
    #[default]
    Block,
    /// The packet is refused: what waits already is done first.
    DropNewest,
    /// The oldest message of the chosen worker makes room: what is done is fresh. A message
    /// is what one batch sent to that worker, so up to a batch's packets go at once. When the
    /// worker has all of it in hand already, the packet is refused instead.
    DropOldest,
}

impl Overflow {
    /// Every behaviour there is.
    pub const ALL: [Overflow; 3] = [Overflow::Block, Overflow::DropNewest, Overflow::DropOldest];

    /// Its name in settings: `block`, `drop-newest`, `drop-oldest`.
    pub fn as_str(self) -> &'static str {
        match self {
            Overflow::Block => "block",
            Overflow::DropNewest => "drop-newest",
            Overflow::DropOldest => "drop-oldest",
        }
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no behaviour.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is none of block, drop-newest, drop-oldest")]
pub struct UnknownOverflow(pub String);

impl FromStr for Overflow {
    type Err = UnknownOverflow;

    fn from_str(text: &str) -> Result<Self, UnknownOverflow> {
        Overflow::ALL
            .into_iter()
            .find(|overflow| overflow.as_str() == text)
            .ok_or_else(|| UnknownOverflow(text.to_owned()))
    }
}
