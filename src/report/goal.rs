//! What the goal of energy came to, in words.

use super::{remarks, units};
use crate::summary::Summary;

/// Two lines, or nothing under the goal of latency.
pub(super) fn goal(summary: &Summary) -> String {
    let Some(goal) = &summary.goal else { return String::new() };
    let workers = summary.workers.len();
    let held = if goal.slo_held { "held" } else { "NOT held" };
    format!(
        "goal {}: p99 {} of {} from dispatch to end, {held}; {:.2} of {workers} workers active on \
         average; parked {}, woken {}\n\
         energy of the goal by a {}: {:.3} J, {} less than {:.3} J with all active (estimated from \
         the same work)\n",
        remarks::one_line(&goal.policy_goal),
        units::time(goal.p99_ns as f64),
        units::time(goal.latency_slo_ns as f64),
        goal.workers_active_mean,
        units::counted(goal.parked, "time"),
        units::counted(goal.woken, "time"),
        remarks::one_line(&goal.source),
        goal.joules_model,
        units::percent(goal.saved()),
        goal.joules_all_active_model,
    )
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
            joules_model: 36.0,
            joules_all_active_model: 40.0,
            source: "model (raspberry-pi-5), idle-active 0.1".into(),
            ..GoalFigures::default()
        });
        let text = table(&summary);
        for part in [
            "of 20.0 ms",
            "NOT held",
            "1.25 of 4 workers active",
            "by a model (raspberry-pi-5)",
            "10.0 % less",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
