//! When the sampler looks; and laws of what it believes.

mod moving;
mod throttling;

use super::*;

#[test]
fn the_look_after_a_late_one_is_not_too_soon() {
    let at = |ms: u64| ms * 1_000_000;
    assert_eq!(next_look_ns(at(250), at(251)), at(500), "no drift");
    assert_eq!(next_look_ns(at(250), at(480)), at(680), "late");
    assert_eq!(next_look_ns(at(250), at(4_000)), at(4_200), "after a standstill");
}

/// A look a few milliseconds early is the fourth all the same, and one that is late is not the third.
#[test]
fn pins_are_read_back_at_every_fourth_look() {
    let (interval_ns, early_ns) = (INTERVAL.as_nanos() as u64, 10_000_000);
    let due = 3 * interval_ns + early_ns..4 * interval_ns - early_ns;
    assert!(due.contains(&keeper::KEEP_EVERY_NS));
}
