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
