//! The figures that the bars show: packets of each worker, grouped by class.

use std::collections::BTreeMap;

use crate::class::Class;
use crate::ids::CpuId;
use crate::sorting;
use crate::summary::Summary;

/// One class, its bars side by side.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) class: Class,
    /// Packets of all its bars.
    pub(super) packets: u64,
    /// Its part of all bars (0 to 1).
    pub(super) share: f64,
    pub(super) bars: Vec<Bar>,
}

/// One worker.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    /// Its place in [`Summary::workers`].
    pub(super) index: usize,
    pub(super) cpu: CpuId,
    pub(super) packets: u64,
    /// Its part of all bars (0 to 1).
    pub(super) share: f64,
}

/// Every worker once, grouped by class from the fastest on, by CPU within a class.
///
/// The shares are worked out from the packets here, so that a bar can never contradict its
/// own length.
pub(super) fn groups(summary: &Summary) -> Vec<Group> {
    let all: f64 = summary.workers.iter().map(|worker| worker.packets as f64).sum();
    let share = |packets: u64| if all > 0.0 { packets as f64 / all } else { 0.0 };
    let mut classes: BTreeMap<Class, Vec<Bar>> = BTreeMap::new();
    for (index, worker) in summary.workers.iter().enumerate() {
        let (cpu, packets) = (worker.cpu, worker.packets);
        let bar = Bar { index, cpu, packets, share: share(packets) };
        classes.entry(worker.class).or_default().push(bar);
    }
    let group = |(class, mut bars): (Class, Vec<Bar>)| {
        sorting::sort_by_key(&mut bars, |bar| (bar.cpu, bar.index));
        let packets = bars.iter().fold(0u64, |sum, bar| sum.saturating_add(bar.packets));
        Group { class, packets, share: share(packets), bars }
    };
    classes.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{estimate, read_rows, samples};

    #[test]
    fn the_bars_are_the_rows() {
        let rows: Vec<_> = (0..500u32)
            .map(|row| {
                let worker = row * row % 7 % 4;
                let class = if worker % 2 == 0 { Class::Efficiency } else { Class::Performance };
                (worker, class, u64::from(1 + row % 3))
            })
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assignments.csv");
        std::fs::write(&path, samples::csv(&rows)).unwrap();
        let groups = groups(&estimate(&read_rows(&path).unwrap()));
        let sum = |of: &dyn Fn(u32, Class) -> bool| {
            let rows = rows.iter().filter(|(worker, class, _)| of(*worker, *class));
            rows.map(|(_, _, weight)| weight).sum::<u64>()
        };
        assert_eq!(groups.len(), 2);
        for group in &groups {
            assert_eq!(group.packets, sum(&|_, class| class == group.class));
            for bar in &group.bars {
                assert_eq!(bar.packets, sum(&|worker, _| worker == bar.cpu.0));
                assert!((bar.share - bar.packets as f64 / sum(&|_, _| true) as f64).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn every_worker_has_one_bar_in_its_class_fastest_class_first() {
        let groups = groups(&samples::hybrid(3, 2, 4));
        let shape: Vec<_> = groups.iter().map(|group| (group.class, group.bars.len())).collect();
        assert_eq!(shape, [(Class::Performance, 3), (Class::Middle(0), 2), (Class::Efficiency, 4)]);
        let mut indices: Vec<_> =
            groups.iter().flat_map(|group| &group.bars).map(|bar| bar.index).collect();
        indices.sort_unstable();
        assert_eq!(indices, (0..9).collect::<Vec<_>>());
    }
}
