//! How busy each worker was over time, worked out from service times.

use crate::stats::{TIMELINE_STEPS_MAX, Timeline};

/// The step a short run is shown with.
const FIRST_STEP_NS: u64 = 1_000_000;

/// Busy time of every worker in equal steps of time.
///
/// As with [`Timeline`], steps are merged and doubled when they are used up. Unlike there,
/// rows may come in any order, so every step is kept open.
#[derive(Clone, Debug)]
pub(super) struct Busy {
    step_ns: u64,
    /// A row a worker, in the order of their first appearance; grows as time does.
    rows: Vec<Vec<f64>>,
}

impl Default for Busy {
    fn default() -> Self {
        Busy { step_ns: FIRST_STEP_NS, rows: Vec::new() }
    }
}

impl Busy {
    /// Makes room for another worker and says which row it has.
    pub(super) fn new_row(&mut self) -> usize {
        self.rows.push(Vec::new());
        self.rows.len() - 1
    }

    /// Spreads `busy_ns` of work evenly from `from_ns` to `to_ns`.
    pub(super) fn add(&mut self, row: usize, from_ns: u64, to_ns: u64, busy_ns: f64) {
        while to_ns / self.step_ns >= TIMELINE_STEPS_MAX as u64 {
            self.double();
        }
        let (first, last) = ((from_ns / self.step_ns) as usize, (to_ns / self.step_ns) as usize);
        let steps = &mut self.rows[row];
        if steps.len() <= last {
            steps.resize(last + 1, 0.0);
        }
        let density = busy_ns / (to_ns - from_ns).max(1) as f64;
        for (step, sum) in steps.iter_mut().enumerate().take(last + 1).skip(first) {
            let begin_ns = (step as u64 * self.step_ns).max(from_ns);
            let end_ns = ((step as u64 + 1) * self.step_ns).min(to_ns);
            // A span of no length lies in one step, whole.
            let covered_ns = if to_ns == from_ns { 1 } else { end_ns - begin_ns };
            *sum += density * covered_ns as f64;
        }
    }

    /// Utilization (0 to 1) over a run of `length_ns`, rows in the given order.
    pub(super) fn timeline(&self, order: &[usize], length_ns: u64) -> Timeline {
        let mut whole = self.clone();
        // Packets that nobody ran may have come long after the last work.
        while length_ns.div_ceil(whole.step_ns) > TIMELINE_STEPS_MAX as u64 {
            whole.double();
        }
        let steps = length_ns.div_ceil(whole.step_ns) as usize;
        let mut timeline = Timeline::new(order.len(), whole.step_ns as f64 / 1e9);
        for (row, index) in timeline.rows.iter_mut().zip(order) {
            let busy = &whole.rows[*index];
            row.extend((0..steps).map(|step| whole.utilization(busy, step, length_ns)));
        }
        timeline
    }

    fn utilization(&self, busy: &[f64], step: usize, length_ns: u64) -> f32 {
        // The last step may be covered in part.
        let covered_ns = self.step_ns.min(length_ns - step as u64 * self.step_ns);
        (busy.get(step).unwrap_or(&0.0) / covered_ns as f64).clamp(0.0, 1.0) as f32
    }

    fn double(&mut self) {
        self.step_ns *= 2;
        for row in &mut self.rows {
            *row = row.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_span_counts_in_each_step_as_far_as_it_covers_it() {
        let mut busy = Busy::default();
        let row = busy.new_row();
        busy.add(row, 500_000, 2_250_000, 1_750_000.0);
        let timeline = busy.timeline(&[row], 2_500_000);
        assert_eq!(timeline.rows, [[0.5, 1.0, 0.5]]);
    }

    #[test]
    fn time_after_the_last_work_is_idle_and_bounded() {
        let mut busy = Busy::default();
        let row = busy.new_row();
        busy.add(row, 0, 1_000_000, 1_000_000.0);
        let timeline = busy.timeline(&[row], 1 << 58);
        assert!((TIMELINE_STEPS_MAX / 2..=TIMELINE_STEPS_MAX).contains(&timeline.steps()));
        assert!(timeline.rows[0][1..].iter().all(|idle| *idle == 0.0));
    }

    #[test]
    fn steps_that_are_merged_stay_where_they_were() {
        let mut busy = Busy::default();
        let (first, second) = (busy.new_row(), busy.new_row());
        for ms in 0..10_000u64 {
            let (from_ns, row) = (ms * 1_000_000, if ms < 5_000 { first } else { second });
            busy.add(row, from_ns, from_ns + 1_000_000, 1_000_000.0);
        }
        let timeline = busy.timeline(&[second, first], 10_000_000_000);
        let middle = (5.0 / timeline.step_s) as usize;
        let halves = |row: usize| timeline.rows[row].split_at(middle);
        // The step in the middle may belong to both.
        assert!(halves(0).0.iter().all(|idle| *idle == 0.0));
        assert!(halves(0).1[1..].iter().all(|busy| *busy > 0.999));
        assert!(halves(1).0.iter().all(|busy| *busy > 0.999));
        assert!(halves(1).1[1..].iter().all(|idle| *idle == 0.0));
    }

    proptest! {
        #[test]
        fn no_busy_time_is_lost_however_long_the_run(
            spans in prop::collection::vec((0u64..1 << 50, 0u64..1 << 40), 1..50),
        ) {
            let mut busy = Busy::default();
            let rows = [busy.new_row(), busy.new_row()];
            for (index, (from_ns, length_ns)) in spans.iter().enumerate() {
                busy.add(rows[index % 2], *from_ns, from_ns + length_ns, *length_ns as f64);
            }
            let kept: f64 = busy.rows.iter().flatten().sum();
            let given: f64 = spans.iter().map(|(_, length_ns)| *length_ns as f64).sum();
            prop_assert!((kept - given).abs() <= given * 1e-6 + 1.0, "{kept} {given}");
            prop_assert!(busy.rows.iter().all(|row| row.len() <= TIMELINE_STEPS_MAX));
        }
    }
}
