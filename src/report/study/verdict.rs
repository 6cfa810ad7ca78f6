//! What a comparison says, in words.

use crate::interval::Interval;
use crate::report::figures;
use crate::study::{Difference, Ranked};

/// In a table: `0.23 ± 0.05 longer (16 %)`.
pub(super) fn full(ranked: &[Ranked], of: &Ranked) -> String {
    match of.difference {
        Difference::Best if ranked.len() == 1 => "the only one".into(),
        Difference::Best => "best".into(),
        Difference::Unstable => "unstable: queues went on growing".into(),
        Difference::Worse(by) => longer(ranked, by),
        Difference::None(_) if is_single(ranked, of) => "not told: one repeat".into(),
        Difference::None(by) if by == Interval::default() => "no difference: the same".into(),
        Difference::None(by) => {
            let Interval { mean, ci95 } = by;
            let sign = if mean < 0.0 { "−" } else { "+" };
            let by = figures::with_interval(Interval { mean: mean.abs(), ci95 });
            format!("no difference ({sign}{by})")
        }
    }
}

/// In a picture: `+16 %`.
pub(in crate::report) fn brief(ranked: &[Ranked], of: &Ranked) -> String {
    match of.difference {
        Difference::Best if ranked.len() == 1 => "the only one".into(),
        Difference::Best => "best".into(),
        Difference::Unstable => "unstable".into(),
        Difference::Worse(by) => match relative(ranked, by) {
            Some(part) if by.mean > 0.0 => format!("+{}", figures::part(part)),
            _ => "longer".into(),
        },
        Difference::None(_) if is_single(ranked, of) => "not told".into(),
        Difference::None(_) => "no difference".into(),
    }
}

/// Whether there is one repeat to compare, which tells nothing.
fn is_single(ranked: &[Ranked], of: &Ranked) -> bool {
    ranked.iter().take(1).chain([of]).any(|each| each.cell.means.len() < 2)
}

/// `0.23 ± 0.05 longer (16 %)`.
pub(super) fn longer(ranked: &[Ranked], by: Interval) -> String {
    let word = if by.mean < 0.0 { "shorter" } else { "longer" };
    let text = figures::with_interval(Interval { mean: by.mean.abs(), ..by });
    match relative(ranked, by) {
        Some(part) => format!("{text} {word} ({})", figures::part(part.abs())),
        None => format!("{text} {word}"),
    }
}

/// A difference as a part of the best's mean.
fn relative(ranked: &[Ranked], by: Interval) -> Option<f64> {
    let best = ranked.first()?.cell.mean.mean;
    (best > 0.0).then(|| by.mean / best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Cell, rank, samples};

    #[test]
    fn every_verdict_has_its_words() {
        let mut study = samples::study();
        study.cells = vec![
            samples::cell(0, "a", &[1.0, 5.0, 9.0]),
            samples::cell(0, "b", &[1.2, 5.2, 9.3]),
            samples::cell(0, "c", &[0.9, 5.3, 9.1]),
            samples::cell(0, "d", &[1.0, 5.0, 9.0]),
            Cell { unstable: true, ..samples::cell(0, "u", &[0.1, 0.1, 0.1]) },
            samples::cell(1, "a", &[1.0, 5.0, 9.0]),
        ];
        let ranked = rank(&study, 0);
        let words = |words: fn(&[Ranked], &Ranked) -> String| -> Vec<String> {
            ranked.iter().map(|each| words(&ranked, each)).collect()
        };
        assert_eq!(
            words(full),
            [
                "best",
                "no difference: the same",
                "no difference (+0.10 ± 0.50)",
                "0.23 ± 0.14 longer (4.7 %)",
                "unstable: queues went on growing"
            ]
        );
        assert_eq!(words(brief), ["best", "no difference", "no difference", "+4.7 %", "unstable"]);
        let alone = rank(&study, 1);
        assert_eq!(full(&alone, &alone[0]), "the only one");
    }

    #[test]
    fn one_repeat_tells_nothing() {
        let mut study = samples::study();
        study.cells = vec![samples::cell(0, "a", &[1.0]), samples::cell(0, "b", &[2.0])];
        let ranked = rank(&study, 0);
        assert_eq!(full(&ranked, &ranked[1]), "not told: one repeat");
        assert_eq!(brief(&ranked, &ranked[1]), "not told");
    }
}
