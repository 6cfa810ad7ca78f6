//! What a study found, in sentences.

use super::summary::plain;
use super::verdict;
use crate::report::{figures, units};
use crate::study::{Difference, Ranked, Study, rank};

/// The policies that are named before the rest is counted.
const NAMED_MAX: usize = 5;

/// The first paragraph, and a line a setting.
pub(super) fn text(study: &Study) -> String {
    let settings = 0..study.settings.len();
    let ranked: Vec<(usize, Vec<Ranked>)> = settings
        .map(|setting| (setting, rank(study, setting)))
        .filter(|(_, ranked)| !ranked.is_empty())
        .collect();
    if ranked.is_empty() {
        return "Nothing was measured: the study has no cell.\n".into();
    }
    let mut text = opening(study, &ranked);
    for (setting, ranked) in &ranked {
        let name = plain(&study.settings[*setting].name);
        text += &format!("- **{name}**: {}\n", sentences(study, ranked));
    }
    text
}

/// Who is best how often, and how sure that is.
fn opening(study: &Study, ranked: &[(usize, Vec<Ranked>)]) -> String {
    let of = units::counted(ranked.len() as u64, "setting");
    let is_first = |policy: &str| {
        let at_1 = |ranked: &[Ranked]| {
            ranked
                .iter()
                .any(|each| each.place == 1 && each.cell.policy == policy && !each.cell.unstable)
        };
        ranked.iter().filter(|(_, ranked)| at_1(ranked)).count()
    };
    let policies = study.policies();
    let counts: Vec<usize> = policies.iter().map(|policy| is_first(policy)).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let winners: Vec<String> = policies
        .iter()
        .zip(&counts)
        .filter(|(_, count)| **count == most && most > 0)
        .map(|(policy, _)| format!("**{}**", plain(policy)))
        .collect();
    let who = match (&winners[..], ranked.len()) {
        _ if study.repeats < 2 => {
            format!("One repeat tells no difference: the order of the {of} may be chance.")
        }
        ([], _) => "Every policy is unstable in every setting.".to_owned(),
        (_, 1) if policies.len() == 1 => "There is one policy: nothing to compare.".to_owned(),
        (winners, 1) if winners.len() == 1 => format!("{} is the best.", winners[0]),
        (winners, 1) => format!("Best are {}: they cannot be told apart.", listed(winners)),
        (winners, _) => format!(
            "{} {} best or cannot be told from the best in {most} of {of}.",
            listed(winners),
            if winners.len() == 1 { "is" } else { "are" }
        ),
    };
    let sure = "Best is the shortest mean response time. Each is compared with the best repeat by \
                repeat, and what the 95 % interval of that difference leaves open is called no \
                difference.";
    format!("{who} {sure}\n\n")
}

/// A setting: the best, what cannot be told from it, the next, the last, the unstable.
fn sentences(study: &Study, ranked: &[Ranked]) -> String {
    let unit = study.mode.unit();
    let is =
        |kind: fn(&Difference) -> bool| ranked.iter().filter(move |each| kind(&each.difference));
    let names = |of: Vec<&Ranked>| -> Vec<String> {
        of.into_iter().map(|each| plain(&each.cell.policy)).collect()
    };
    let Some(best) = is(|of| matches!(of, Difference::Best)).next() else {
        return "every policy is unstable: the queues went on growing under each.".into();
    };
    let (mean, p99) =
        (figures::with_interval(best.cell.mean), figures::with_interval(best.cell.p99));
    let mut said = vec![format!(
        "{} has the shortest mean, {mean} {unit} (p99 {p99})",
        plain(&best.cell.policy)
    )];
    let even = names(is(|of| matches!(of, Difference::None(_))).collect());
    if !even.is_empty() {
        let why =
            if study.repeats < 2 { "not to be told by one repeat" } else { "no difference to it" };
        said.push(format!("{why}: {}", bounded(&even)));
    }
    let worse: Vec<&Ranked> = is(|of| matches!(of, Difference::Worse(_))).collect();
    if let Some(next) = worse.first() {
        said.push(format!("next is {}", distance(ranked, next)));
    }
    if let Some(last) = worse.last().filter(|_| worse.len() > 1) {
        said.push(format!("last of the stable ones is {}", distance(ranked, last)));
    }
    let unstable = names(is(|of| matches!(of, Difference::Unstable)).collect());
    if !unstable.is_empty() {
        said.push(format!("unstable: {}", bounded(&unstable)));
    }
    said.join("; ") + "."
}

fn distance(ranked: &[Ranked], of: &Ranked) -> String {
    let Difference::Worse(by) = of.difference else { return plain(&of.cell.policy) };
    format!("{}, {}", plain(&of.cell.policy), verdict::longer(ranked, by))
}

fn bounded(names: &[String]) -> String {
    if names.len() <= NAMED_MAX + 1 {
        return listed(names);
    }
    format!("{} and {} more", names[..NAMED_MAX].join(", "), names.len() - NAMED_MAX)
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
