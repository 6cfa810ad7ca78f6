//! What the goal of energy came to, in words.

use super::{board, remarks, units};
use crate::summary::{GoalFigures, Summary};

/// Two lines, or nothing under the goal of latency.
pub(super) fn goal(summary: &Summary) -> String {
    let Some(goal) = &summary.goal else { return String::new() };
    let workers = summary.workers.len();
    format!(
        "goal {}: p99 {} of {} from dispatch to end, {}; {:.2} of {workers} workers active on \
         average; parked {}, woken {}\n\
         energy of the goal by a {}: {}, {} less than {} with all active (estimated from the same \
         work), {}; the own work only, not to be compared with the line below\n",
        remarks::one_line(&goal.policy_goal),
        units::time(goal.p99_ns as f64),
        units::time(goal.latency_slo_ns as f64),
        held(goal),
        goal.workers_active_mean,
        units::counted(goal.parked, "time"),
        units::counted(goal.woken, "time"),
        remarks::one_line(&goal.source),
        units::energy(goal.joules_model),
        units::percent(goal.saved()),
        units::energy(goal.joules_all_active_model),
        board::give_or_take(goal.uncertainty),
    )
}

/// Whether the target was held, and how much of what came was dropped.
fn held(goal: &GoalFigures) -> String {
    let held = match (goal.slo_held, goal.p99_ns <= goal.latency_slo_ns) {
        (true, _) => "held",
        (false, true) => "held for those done",
        (false, false) => "NOT held",
    };
    // Below that it would be told as none at all.
    if goal.lost < 0.0005 {
        return held.to_owned();
    }
    format!("{held}; {} dropped", units::percent(goal.lost))
}

#[cfg(test)]
mod tests {
    use crate::report::{samples, table};
    use crate::summary::GoalFigures;

    #[test]
    fn the_table_says_whether_the_target_was_held_and_that_the_saving_is_of_a_model() {
        let mut summary = samples::uniform(4);
        assert!(!table(&summary).contains("goal"));
        summary.goal = Some(GoalFigures {
            policy_goal: "energy".into(),
            latency_slo_ns: 20_000_000,
            p99_ns: 31_000_000,
            workers_active_mean: 1.25,
            joules_model: 36.0456,
            joules_all_active_model: 40.0506,
            uncertainty: 0.3,
            source: "model (raspberry-pi-5), idle-active 0.1".into(),
            ..GoalFigures::default()
        });
        let text = table(&summary);
        for part in [
            "of 20.0 ms",
            "NOT held",
            "1.25 of 4 workers active",
            "by a model (raspberry-pi-5)",
            ": 36.0 J, 10.0 % less than 40.1 J",
            "± 30.0 % of it; the own work only, not to be compared with the line below",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn a_target_is_not_held_by_dropping() {
        let said = |slo_held, p99_ns, lost| {
            let latency_slo_ns = 20_000_000;
            super::held(&GoalFigures {
                latency_slo_ns,
                p99_ns,
                slo_held,
                lost,
                ..Default::default()
            })
        };
        assert_eq!(said(true, 1, 0.0), "held");
        assert_eq!(said(true, 1, 0.004), "held; 0.4 % dropped");
        assert_eq!(said(false, 1, 0.83), "held for those done; 83.0 % dropped");
        assert_eq!(said(false, 30_000_000, 0.0), "NOT held");
        assert_eq!(said(false, 30_000_000, 0.83), "NOT held; 83.0 % dropped");
    }
}
