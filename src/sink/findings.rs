//! Counts what the built-in work found, by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::counters::Counter;
use crate::process::{Finding, Sink};

/// The counts of all workers' findings; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<Mutex<Vec<Arc<Counts>>>>);

type Counts = [Counter; Finding::NAMES.len()];

/// One worker's counts: only that worker adds to them, so they need no lock.
#[derive(Debug)]
pub struct FindingsSink(Arc<Counts>);

impl Findings {
    /// A sink for one more worker.
    pub fn sink(&self) -> FindingsSink {
        let counts: Arc<Counts> = Arc::default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(counts.clone());
        FindingsSink(counts)
    }

    /// How often each name was found, those never found left out.
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |index: usize| workers.iter().map(|counts| counts[index].get()).sum::<u64>();
        let all = Finding::NAMES.iter().enumerate().map(|(index, name)| (*name, count(index)));
        all.filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_owned(), count)).collect()
    }
}

impl Sink<Finding> for FindingsSink {
    fn accept(&mut self, finding: Finding) {
        let name = finding.name();
        if let Some(index) = Finding::NAMES.iter().position(|known| *known == name) {
            self.0[index].add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::LimitCheck;

    #[test]
    fn findings_of_all_workers_add_up() {
        let findings = Findings::default();
        let mut sinks = [findings.sink(), findings.sink()];
        for sink in &mut sinks {
            (0..3).for_each(|_| sink.accept(Finding::Limit(LimitCheck::Within)));
            sink.accept(Finding::Spun);
        }
        let expected = [("limit-ok".to_owned(), 6), ("spun".to_owned(), 2)];
        assert_eq!(findings.by_name(), BTreeMap::from(expected));
    }
}
