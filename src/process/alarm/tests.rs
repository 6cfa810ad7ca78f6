//! Laws of the alarms.

use super::*;
use crate::packet::Kind;
use crate::process::Peaks;
use crate::process::finding::VibrationReport;
use crate::process::limits::{check_value, is_calm};
use AlarmChange::{Cleared, Raised};
use proptest::prelude::*;

/// All changes of a sensor whose packets are these values.
fn of_values(kind: Kind, values: impl IntoIterator<Item = f64>) -> Vec<AlarmChange> {
    let mut state = AlarmState::default();
    let judged = values.into_iter().flat_map(|value| {
        state.judge(&Finding::Limit(check_value(kind, value)), is_calm(kind, value, value), None)
    });
    judged.flatten().collect()
}

fn of_scores(scores: impl IntoIterator<Item = f64>) -> Vec<AlarmChange> {
    let mut state = AlarmState::default();
    let within = Finding::Limit(LimitCheck::Within);
    let judged = scores.into_iter().flat_map(|score| state.judge(&within, true, Some(score)));
    judged.flatten().collect()
}

fn block(zone: Zone) -> Finding {
    Finding::Vibration(VibrationReport {
        velocity_rms_mm_s: 1.0,
        crest_factor: 1.0,
        kurtosis: 1.0,
        peaks: Peaks::default(),
        zone,
    })
}

/// Zones and whether each is calm.
fn of_zones(blocks: impl IntoIterator<Item = (Zone, bool)>) -> Vec<AlarmChange> {
    let mut state = AlarmState::default();
    let judged = blocks.into_iter().flat_map(|(zone, calm)| state.judge(&block(zone), calm, None));
    judged.flatten().collect()
}

/// Upper limits, lower ends of their hysteresis, and what crossing raises.
const THRESHOLDS: [(Kind, f64, f64, Cause); 5] = [
    (Kind::Temperature, 85.0, 83.0, Cause::LimitHigh),
    (Kind::Temperature, -40.0, -38.0, Cause::LimitLow),
    (Kind::Load, 95.0, 90.0, Cause::LimitHigh),
    (Kind::Vibration, 500.0, 475.0, Cause::LimitHigh),
    (Kind::Vibration, -500.0, -475.0, Cause::LimitLow),
];

fn any_cause() -> impl Strategy<Value = (Kind, f64, f64, Cause)> {
    prop::sample::select(&THRESHOLDS[..])
}

proptest! {
    /// A value that swings around its limit by less than the hysteresis, in whatever rhythm,
    /// raises once and is never cleared; when it has left, it is cleared once.
    #[test]
    fn a_swing_about_a_limit_is_one_alarm(
        (kind, limit, calm, cause) in any_cause(),
        swing in prop::collection::vec(-0.99f64..0.99, 1..200),
        rest in 3usize..20,
    ) {
        let swing = swing.into_iter().map(|part| limit + part * (limit - calm).abs());
        let swing: Vec<f64> = swing.collect();
        let beyond = |value: &f64| check_value(kind, *value) != LimitCheck::Within;
        let expected = if swing.iter().any(beyond) { vec![Raised(cause)] } else { vec![] };
        prop_assert_eq!(&of_values(kind, swing.clone()), &expected);

        let after = swing.into_iter().chain(std::iter::repeat_n(1.0, rest));
        let cleared = expected.iter().copied().chain(expected.first().map(|_| Cleared(cause)));
        prop_assert_eq!(of_values(kind, after), cleared.collect::<Vec<_>>());
    }

    /// Likewise a score that swings between the thresholds and above the upper one.
    #[test]
    fn a_swing_of_the_score_is_one_alarm(
        swing in prop::collection::vec(3.01f64..9.0, 0..200),
        rest in 3usize..20,
    ) {
        let scores = [6.5, 6.5].into_iter().chain(swing);
        let scores = scores.chain(std::iter::repeat_n(2.9, rest));
        prop_assert_eq!(of_scores(scores), [Raised(Cause::Anomaly), Cleared(Cause::Anomaly)]);
    }

    /// Whatever a sensor does: an alarm is raised before it is cleared, no cause twice in one
    /// alarm, zone C never after zone D; and between the end of one and the next lie at
    /// least three packets.
    #[test]
    fn alarms_come_in_pairs_and_do_not_flap(zones in prop::collection::vec((0usize..4, any::<bool>()), 0..200)) {
        let mut state = AlarmState::default();
        let mut open: Vec<Cause> = Vec::new();
        let mut since_beyond = usize::MAX;
        for (zone, calm) in zones {
            let zone = [Zone::A, Zone::B, Zone::C, Zone::D][zone];
            let calm = calm && zone <= Zone::B;
            since_beyond = if zone > Zone::B { 0 } else { since_beyond.saturating_add(1) };
            let [limits, change, anomaly] = state.judge(&block(zone), calm, None);
            prop_assert_eq!((limits, anomaly), (None, None));
            match change {
                Some(Raised(cause)) => {
                    prop_assert!(!open.contains(&cause) && !open.contains(&Cause::ZoneD));
                    open.push(cause);
                }
                Some(Cleared(cause)) => {
                    prop_assert!(since_beyond >= 3);
                    prop_assert_eq!(open.pop(), Some(cause));
                    open.clear();
                }
                None => {}
            }
            prop_assert!(zone <= Zone::B || !open.is_empty());
        }
    }
}

#[test]
fn one_odd_packet_is_no_anomaly_and_two_are() {
    assert_eq!(of_scores([1.0, 900.0, 2.0, 1.0, 900.0, 0.0]), []);
    assert_eq!(of_scores([1.0, 5.9, 5.9, 5.9]), []);
    assert_eq!(of_scores([6.1, 3.1]), [Raised(Cause::Anomaly)]);
    assert_eq!(of_scores([6.1, 3.0, 3.1]), []);
}

#[test]
fn an_alarm_ends_after_three_calm_packets_in_a_row() {
    let raised = [Raised(Cause::LimitHigh)];
    assert_eq!(of_values(Kind::Load, [96.0, 50.0, 50.0, 91.0, 50.0, 50.0]), raised);
    assert_eq!(
        of_values(Kind::Load, [96.0, 50.0, 50.0, 91.0, 50.0, 50.0, 50.0, 50.0, 96.0]),
        [Raised(Cause::LimitHigh), Cleared(Cause::LimitHigh), Raised(Cause::LimitHigh)]
    );
}

#[test]
fn a_worse_zone_is_news_and_a_better_one_is_not() {
    let (b, c, d) = ((Zone::B, true), (Zone::C, false), (Zone::D, false));
    assert_eq!(
        of_zones([c, d, c, d, b, b, b]),
        [Raised(Cause::ZoneC), Raised(Cause::ZoneD), Cleared(Cause::ZoneD)]
    );
    assert_eq!(of_zones([d, c, c, b, b]), [Raised(Cause::ZoneD)]);
}

#[test]
fn groups_do_not_disturb_each_other() {
    let mut state = AlarmState::default();
    let odd = state.judge(&Finding::Limit(LimitCheck::NotFinite), false, None);
    assert_eq!(odd, [Some(Raised(Cause::NotFinite)), None, None]);
    // Blocks are finite again, and severe: one group ends as the other begins.
    assert_eq!(
        state.judge(&block(Zone::D), false, Some(9.0)),
        [None, Some(Raised(Cause::ZoneD)), None]
    );
    assert_eq!(
        state.judge(&block(Zone::D), false, Some(9.0)),
        [None, None, Some(Raised(Cause::Anomaly))]
    );
    assert_eq!(
        state.judge(&block(Zone::D), false, Some(0.0)),
        [Some(Cleared(Cause::NotFinite)), None, None]
    );
    // A broken block says nothing about zone and score: their counts stand still.
    assert_eq!(state.judge(&block(Zone::A), true, Some(0.0)), [None; 3]);
    state.judge(&Finding::Limit(LimitCheck::NotFinite), false, None);
    assert_eq!(
        state.judge(&block(Zone::A), true, Some(0.0)),
        [None, None, Some(Cleared(Cause::Anomaly))]
    );
    assert_eq!(
        state.judge(&block(Zone::A), true, Some(0.0)),
        [None, Some(Cleared(Cause::ZoneD)), None]
    );
}

#[test]
fn time_spent_says_nothing() {
    let mut state = AlarmState::default();
    state.judge(&Finding::Limit(LimitCheck::High), false, None);
    (0..9).for_each(|_| assert_eq!(state.judge(&Finding::Spun, true, None), [None; 3]));
}
