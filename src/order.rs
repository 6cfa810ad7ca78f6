//! Order modes: what is promised of the sequence in which a key's packets are worked on.
//!
//! Problem: a second worker brings a sensor's readings out of order, and keeping a whole engine
//! in order gives the second worker up. Choice: the promise is made for each key (a sensor)
//! and chosen by name, for the engine, for a kind, or for one bringing thread. The field calls
//! the three parallel, atomic and ordered. `docs/ordering.md` tells what each costs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::packet::Kind;

/// What is promised of the order of one key's packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Nothing: any worker, any order, and an idle worker may take from a loaded one. Work that
    /// keeps state for each key is refused.
    #[default]
    Parallel,
    /// While a key has packets in flight, they all go to the same worker, in order; with none
    /// in flight the policy chooses afresh.
    Sticky,
    /// Any worker; the results are settled and released in the key's sequence.
    Ordered,
}

impl Order {
    /// Every mode, in the order of [`Order::index`].
    pub const ALL: [Order; 3] = [Order::Parallel, Order::Sticky, Order::Ordered];

    /// The mode as an index into a table with a row a mode.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name in settings: `parallel`, `sticky`, `ordered`.
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Parallel => "parallel",
            Order::Sticky => "sticky",
            Order::Ordered => "ordered",
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no order mode.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("order '{0}' is none of parallel, sticky, ordered")]
pub struct UnknownOrder(pub String);

impl FromStr for Order {
    type Err = UnknownOrder;

    fn from_str(text: &str) -> Result<Self, UnknownOrder> {
        Order::ALL
            .into_iter()
            .find(|order| order.as_str() == text)
            .ok_or_else(|| UnknownOrder(text.to_owned()))
    }
}

/// The mode of each kind of packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderRule {
    by_kind: [Order; Kind::ALL.len()],
}

impl OrderRule {
    /// The same mode for every kind.
    pub fn all(order: Order) -> Self {
        OrderRule { by_kind: [order; Kind::ALL.len()] }
    }

    /// This rule with another mode for one kind.
    pub fn with(mut self, kind: Kind, order: Order) -> Self {
        self.by_kind[kind.index()] = order;
        self
    }

    /// The mode of `kind`.
    pub fn of(&self, kind: Kind) -> Order {
        self.by_kind[kind.index()]
    }

    /// Whether any kind has this mode.
    pub fn has(&self, order: Order) -> bool {
        self.by_kind.contains(&order)
    }
}

/// A packet's place in the sequence of its stream, in `ordered`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The stream's place in the table of streams.
    pub place: u32,
    /// The number in that stream, from 0.
    pub number: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_survives_its_name() {
        for (index, order) in Order::ALL.into_iter().enumerate() {
            assert_eq!(order.as_str().parse(), Ok(order));
            assert_eq!(order.index(), index);
        }
        assert_eq!("atomic".parse::<Order>(), Err(UnknownOrder("atomic".into())));
    }

    #[test]
    fn a_kind_may_have_a_mode_of_its_own() {
        let rule = OrderRule::all(Order::Sticky).with(Kind::Vibration, Order::Ordered);
        assert_eq!(rule.of(Kind::Vibration), Order::Ordered);
        assert_eq!(rule.of(Kind::Other), Order::Sticky);
        assert!(rule.has(Order::Ordered) && !rule.has(Order::Parallel));
    }
}
