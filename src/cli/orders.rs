//! The settings `order` and `priority`: one for all, or one for each kind or source.

use std::fmt;
use std::str::FromStr;

use super::values::{Impossible, SourceSpec};
use crate::order::{Order, OrderRule};
use crate::packet::Kind;
use crate::priority::{Priorities, Priority};

/// The sources by what they are, as `order` names them.
const SOURCES: [&str; 4] = ["virtual", "host", "udp", "replay"];

/// One entry of `order`: `sticky`, `vibration=ordered`, `udp=parallel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderSpec {
    scope: Scope,
    order: Order,
}

impl OrderSpec {
    /// The order that it asks for.
    pub fn order(&self) -> Order {
        self.order
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    All,
    Kind(Kind),
    Source(&'static str),
}

impl FromStr for OrderSpec {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let (scope, order) = match text.split_once('=') {
            None => (Scope::All, text),
            Some((what, order)) => (scope(what.trim())?, order.trim()),
        };
        let order = order.parse().map_err(|error: crate::order::UnknownOrder| {
            Impossible(format!("{error}; give it as sticky, vibration=ordered or udp=parallel"))
        })?;
        Ok(OrderSpec { scope, order })
    }
}

fn scope(text: &str) -> Result<Scope, Impossible> {
    if let Ok(kind) = text.parse() {
        return Ok(Scope::Kind(kind));
    }
    let source = SOURCES.into_iter().find(|name| *name == text).map(Scope::Source);
    source.ok_or_else(|| {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        Impossible(format!("'{text}' is no kind ({kinds}) and no source ({})", SOURCES.join(", ")))
    })
}

impl fmt::Display for OrderSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            Scope::All => self.order.fmt(f),
            Scope::Kind(kind) => write!(f, "{kind}={}", self.order),
            Scope::Source(source) => write!(f, "{source}={}", self.order),
        }
    }
}

/// All entries of `order` together. What is said of a kind counts over what is said of a source,
/// and that over what is said of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    specs: Vec<OrderSpec>,
    otherwise: Order,
}

impl Orders {
    /// These entries, and `otherwise` where they say nothing.
    ///
    /// # Errors
    /// The entry that says something again.
    pub fn new(specs: Vec<OrderSpec>, otherwise: Order) -> Result<Self, OrderSpec> {
        let again = |(at, spec): (usize, &OrderSpec)| {
            specs[..at].iter().any(|before| before.scope == spec.scope)
        };
        match specs.iter().enumerate().find(|entry| again(*entry)) {
            Some((_, spec)) => Err(*spec),
            None => Ok(Orders { specs, otherwise }),
        }
    }

    /// The rule for packets of `source`.
    pub fn of(&self, source: &SourceSpec) -> OrderRule {
        let name = match source {
            SourceSpec::Virtual => "virtual",
            SourceSpec::Host => "host",
            SourceSpec::Udp(_) => "udp",
            SourceSpec::Replay(_) => "replay",
        };
        let all = self.find(Scope::Source(name)).or(self.find(Scope::All));
        let rule = OrderRule::all(all.unwrap_or(self.otherwise));
        Kind::ALL.into_iter().fold(rule, |rule, kind| match self.find(Scope::Kind(kind)) {
            Some(order) => rule.with(kind, order),
            None => rule,
        })
    }

    fn find(&self, scope: Scope) -> Option<Order> {
        self.specs.iter().find(|spec| spec.scope == scope).map(|spec| spec.order)
    }
}

/// One entry of `priority`: `vibration=low`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrioritySpec {
    kind: Kind,
    priority: Priority,
}

impl FromStr for PrioritySpec {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let example = "give KIND=PRIORITY, such as vibration=low";
        let Some((kind, priority)) = text.split_once('=') else {
            return Err(Impossible(example.to_owned()));
        };
        let wrong = |error: String| Impossible(format!("{error}; {example}"));
        let kind =
            kind.trim().parse().map_err(|e: crate::packet::UnknownKind| wrong(e.to_string()))?;
        let priority = priority.trim().parse();
        let priority =
            priority.map_err(|e: crate::priority::UnknownPriority| wrong(e.to_string()))?;
        Ok(PrioritySpec { kind, priority })
    }
}

impl fmt::Display for PrioritySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind, self.priority)
    }
}

/// All entries of `priority` together; kinds that are not named are `normal`.
///
/// # Errors
/// The entry that names a kind again.
pub fn priorities(specs: &[PrioritySpec]) -> Result<Priorities, PrioritySpec> {
    let mut priorities = Priorities::default();
    for (at, spec) in specs.iter().enumerate() {
        if specs[..at].iter().any(|before| before.kind == spec.kind) {
            return Err(*spec);
        }
        priorities = priorities.with(spec.kind, spec.priority);
    }
    Ok(priorities)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(texts: &[&str]) -> Result<Orders, OrderSpec> {
        Orders::new(texts.iter().map(|text| text.parse().unwrap()).collect(), Order::Sticky)
    }

    #[test]
    fn a_kind_counts_over_a_source_and_that_over_all() {
        let orders = orders(&["udp=parallel", "vibration=ordered"]).unwrap();
        let udp = orders.of(&SourceSpec::Udp("1.2.3.4:5".into()));
        assert_eq!(udp.of(Kind::Load), Order::Parallel);
        assert_eq!(udp.of(Kind::Vibration), Order::Ordered);
        assert_eq!(orders.of(&SourceSpec::Host).of(Kind::Load), Order::Sticky);
    }

    #[test]
    fn entries_survive_their_text_and_impossible_ones_are_refused() {
        for text in ["sticky", "vibration=ordered", "replay=parallel"] {
            assert_eq!(text.parse::<OrderSpec>().unwrap().to_string(), text);
        }
        for text in ["", "atomic", "vibration", "vibration=", "mqtt=sticky", "=sticky"] {
            assert!(text.parse::<OrderSpec>().is_err(), "{text}");
        }
        assert_eq!("load=high".parse::<PrioritySpec>().unwrap().to_string(), "load=high");
        for text in ["", "load", "load=urgent", "pressure=low"] {
            assert!(text.parse::<PrioritySpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_is_said_twice() {
        assert!(orders(&["sticky", "parallel"]).is_err());
        assert!(orders(&["load=sticky", "load=ordered"]).is_err());
        let specs = ["load=low", "load=high"].map(|text| text.parse().unwrap());
        assert!(priorities(&specs).is_err());
    }
}
