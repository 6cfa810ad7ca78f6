//! Which policy is better, and how sure that is.
//!
//! All policies of a setting get the same packets in the same repeat (simulated), or runs that
//! take turns (live). So they are compared repeat by repeat, in pairs: what made one repeat slow made
//! it slow for all. The interval is of the differences, and a difference that it leaves open is
//! none.

use super::{Cell, Study};
use crate::interval::Interval;
use crate::sorting;

/// How a policy compares with the best of its setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference {
    /// It is the best.
    Best,
    /// Its mean is longer by this, with its 95 % interval.
    Worse(Interval),
    /// The interval leaves open which of the two is better.
    None(Interval),
    /// Its queues went on growing: no figure means anything.
    Unstable,
}

/// A cell in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// Its place from 1; those that cannot be told from the best share its place, those that are
    /// unstable the last.
    pub place: usize,
    /// How it compares with the best.
    pub difference: Difference,
}

/// The cells of a setting, best first: by mean response time, unstable ones last.
pub fn rank(study: &Study, setting: usize) -> Vec<Ranked<'_>> {
    let mut cells: Vec<&Cell> = study.cells_of(setting).collect();
    // A stable sort: equals stay in the plan's order.
    sorting::sort_by(&mut cells, |a, b| {
        (a.unstable, a.mean.mean)
            .partial_cmp(&(b.unstable, b.mean.mean))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let Some(best) = cells.first().copied() else { return Vec::new() };
    let stable = cells.iter().filter(|cell| !cell.unstable).count();
    let ranked = cells.iter().enumerate().map(|(at, cell)| {
        let difference = difference(cell, best);
        let place = match difference {
            Difference::Best | Difference::None(_) => 1,
            Difference::Worse(_) => at + 1,
            Difference::Unstable => stable + 1,
        };
        Ranked { cell, place, difference }
    });
    ranked.collect()
}

fn difference(cell: &Cell, best: &Cell) -> Difference {
    if cell.unstable {
        return Difference::Unstable;
    }
    if std::ptr::eq(cell, best) {
        return Difference::Best;
    }
    let longer = Interval::of_differences(&cell.means, &best.means);
    if longer.has_zero() { Difference::None(longer) } else { Difference::Worse(longer) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::samples;

    #[test]
    fn pairs_tell_what_single_means_do_not() {
        let mut study = samples::study();
        study.cells = vec![
            samples::cell(0, "b", &[1.2, 5.2, 9.3]),
            samples::cell(0, "a", &[1.0, 5.0, 9.0]),
            samples::cell(0, "c", &[0.9, 5.3, 9.1]),
            Cell { unstable: true, ..samples::cell(0, "u", &[0.1, 0.1, 0.1]) },
        ];
        let ranked = rank(&study, 0);
        let order: Vec<_> =
            ranked.iter().map(|each| (each.cell.policy.as_str(), each.place)).collect();
        assert_eq!(order, [("a", 1), ("c", 1), ("b", 3), ("u", 4)]);
        let [Difference::Best, Difference::None(_), Difference::Worse(worse), Difference::Unstable] =
            [0, 1, 2, 3].map(|at| ranked[at].difference)
        else {
            panic!("{ranked:?}");
        };
        assert!((worse.mean - 0.7 / 3.0).abs() < 1e-9 && worse.ci95 < 0.2);
    }

    #[test]
    fn a_single_repeat_tells_no_difference() {
        let mut study = samples::study();
        study.cells = vec![samples::cell(0, "a", &[1.0]), samples::cell(0, "b", &[2.0])];
        assert!(matches!(rank(&study, 0)[1].difference, Difference::None(_)));
        assert!(rank(&study, 1).is_empty());
    }
}
