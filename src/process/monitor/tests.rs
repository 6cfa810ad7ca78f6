//! Laws of the work with memory.

use super::*;
use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::packet::Block;
use crate::process::{AlarmChange, Cause, LimitCheck, SCORE_MAX};
use crate::random::Random;
use AlarmChange::{Cleared, Raised};
use proptest::prelude::*;

const WORKER: WorkerInfo = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };

fn packet(sensor: u32, kind: Kind, sequence: u64, payload: Payload) -> Packet {
    Packet { sensor: SensorId(sensor), kind, sequence, stamped_unix_ns: None, payload }
}

/// Worked and settled as one sensor's packets, in this order.
fn series(kind: Kind, payloads: impl IntoIterator<Item = Payload>) -> Vec<Insight> {
    let (mut monitor, mut state) = (Monitor::default(), SensorState::default());
    let packets = (0..).zip(payloads).map(|(at, payload)| packet(0, kind, at, payload));
    let settled = packets.map(|packet| {
        let mut insight = monitor.work(&packet, &WORKER).unwrap();
        monitor.settle(&mut state, &mut insight);
        insight
    });
    settled.collect()
}

/// Every change with the sequence number of its packet.
fn changes(insights: &[Insight]) -> Vec<(u64, AlarmChange)> {
    let of = |insight: &Insight| insight.alarms.map(|change| (insight.sequence, change));
    let all = insights.iter().flat_map(of);
    all.filter_map(|(sequence, change)| change.map(|change| (sequence, change))).collect()
}

/// 256 samples at 12.8 kHz: a sine at 200 Hz with this velocity.
fn vibration(velocity_rms_mm_s: f64) -> Payload {
    let amplitude = velocity_rms_mm_s * 1e-3 * 2f64.sqrt() * std::f64::consts::TAU * 200.0;
    let at = |i: u32| amplitude * libm::sin(std::f64::consts::TAU * f64::from(i) / 64.0);
    let samples = (0..256).map(|i| at(i) as f32).collect();
    Payload::Block(Block { samples, sample_rate_hz: 12_800.0 })
}

proptest! {
    /// However young the sensor and whatever its level: after a step of 20 deviations the
    /// second packet raises the one alarm there is, and it ends.
    #[test]
    fn a_step_is_one_anomaly(
        seed in any::<u64>(),
        before in 16u64..300,
        level in -50.0f64..50.0,
        up in any::<bool>(),
    ) {
        let mut random = Random::new(seed);
        // Up and down by 0.6 to 1.4 has a deviation near 1 and no outliers, and the first sixteen,
        // from which the spread is learned, never lie on one side.
        let mut side = 1.0;
        let mut noise = || {
            side = -side;
            side * Random::unit(&mut random).mul_add(0.8, 0.6)
        };
        let step = if up { 20.0 } else { -20.0 };
        let values: Vec<Payload> = (0..before + 200)
            .map(|at| level + noise() + if at < before { 0.0 } else { step })
            .map(Payload::Value)
            .collect();
        let insights = series(Kind::Other, values);
        let changes = changes(&insights);
        prop_assert_eq!(changes.len(), 2, "{:?}", &changes);
        prop_assert_eq!(changes[0], (before + 1, Raised(Cause::Anomaly)));
        let (cleared, change) = changes[1];
        prop_assert_eq!(change, Cleared(Cause::Anomaly));
        prop_assert!(cleared <= before + 30, "cleared {} after the step", cleared - before);
    }

    /// Work may be done by anyone in any order, and the sensors may be settled in any
    /// interleaving: each sensor's insights depend on its own sequence alone.
    #[test]
    fn only_the_sequence_of_a_sensor_matters(
        values in prop::collection::vec((0u32..3, -60.0f64..120.0), 0..150),
        seed in any::<u64>(),
    ) {
        let mut sequences = [0; 3];
        let packets: Vec<Packet> = values
            .into_iter()
            .map(|(sensor, value)| {
                let sequence = sequences[sensor as usize];
                sequences[sensor as usize] += 1;
                packet(sensor, Kind::Temperature, sequence, Payload::Value(value))
            })
            .collect();
        let of_sensor = |sensor| {
            let own = packets.iter().filter(move |packet| packet.sensor == SensorId(sensor));
            series(Kind::Temperature, own.map(|packet| packet.payload.clone()))
        };
        let expected: Vec<Insight> = (0..3).flat_map(of_sensor).collect();

        let mut random = Random::new(seed);
        let mut workers = [Monitor::default(), Monitor::default()];
        let mut order: Vec<usize> = (0..packets.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last as u32 + 1) as usize);
        }
        let worked = order.iter().map(|at| workers[at % 2].work(&packets[*at], &WORKER).unwrap());
        let mut worked: Vec<Insight> = worked.collect();
        // Sorted by sequence the sensors are interleaved as nowhere before.
        worked.sort_by_key(|insight| insight.sequence);
        let mut states = [(); 3].map(|()| SensorState::default());
        for insight in &mut worked {
            let state = &mut states[insight.sensor.index()];
            workers[insight.sequence as usize % 2].settle(state, insight);
        }
        worked.sort_by_key(|insight| insight.sensor.index());
        for (worked, expected) in worked.iter().zip(&expected) {
            prop_assert_eq!(worked, &Insight { sensor: worked.sensor, ..*expected });
        }
    }

    /// A packet that is not finite raises its own alarm, and leaves no trace in the trend nor
    /// in the alarm about a step, even in the middle of it.
    #[test]
    fn one_broken_packet_poisons_nothing(
        usual in prop::collection::vec(0.0f64..10.0, 20..60),
        at in any::<prop::sample::Index>(),
        odd in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
    ) {
        let values = [usual, vec![75.0; 30]].concat();
        let at = at.index(values.len() - 2);
        let plain = series(Kind::Temperature, values.iter().copied().map(Payload::Value));
        let mut mixed = values;
        mixed.insert(at, odd);
        let mut mixed = series(Kind::Temperature, mixed.into_iter().map(Payload::Value));
        let broken = mixed.remove(at);
        prop_assert_eq!(broken.trend, None);
        prop_assert_eq!(broken.alarms[0], Some(Raised(Cause::NotFinite)));
        prop_assert!(plain.iter().any(|insight| insight.alarms[2].is_some()));
        for (plain, mixed) in plain.iter().zip(&mixed) {
            prop_assert_eq!(plain.trend, mixed.trend);
            prop_assert_eq!(plain.alarms[2], mixed.alarms[2]);
        }
        prop_assert_eq!(mixed[at + 2].alarms[0], Some(Cleared(Cause::NotFinite)));
    }
}

#[test]
fn a_constant_signal_is_never_odd() {
    for kind in Kind::ALL {
        let insights = series(kind, (0..200).map(|_| Payload::Value(21.5)));
        assert_eq!(changes(&insights), []);
        assert!(insights.iter().all(|insight| insight.trend.unwrap().score == 0.0));
    }
}

#[test]
fn a_sensor_that_moves_by_its_own_step_is_not_odd() {
    for (kind, level, to) in
        [(Kind::Temperature, 5.0, 5.5), (Kind::Load, 0.0, 5.0), (Kind::Vibration, 0.0, 0.05)]
    {
        let values = [level; 50].into_iter().chain([to; 50]);
        assert_eq!(changes(&series(kind, values.map(Payload::Value))), [], "{kind}");
    }
    let values = [0.0; 50].into_iter().chain([1.0; 50]).map(Payload::Value);
    let insights = series(Kind::Other, values);
    assert_eq!(insights[50].trend.unwrap().score, SCORE_MAX);
    assert_eq!(changes(&insights)[0], (51, Raised(Cause::Anomaly)));
}

#[test]
fn the_figure_of_a_block_is_its_velocity_or_its_mean() {
    let insights = series(Kind::Vibration, [vibration(2.0)]);
    assert!((insights[0].value - 2.0).abs() < 0.02, "{:?}", insights[0]);
    let block =
        |samples: &[f32]| Payload::Block(Block { samples: samples.into(), sample_rate_hz: 0.0 });
    let insights = series(Kind::Load, [block(&[10.0, 91.0, 1.0]), block(&[10.0, f32::NAN])]);
    assert_eq!((insights[0].value, insights[0].calm), (34.0, false));
    assert!(insights[1].value.is_nan() && !insights[1].calm && insights[1].trend.is_none());
    assert_eq!(insights[1].finding, Finding::Limit(LimitCheck::NotFinite));
}

/// Zone B ends at 2.8 mm/s and is calm below 2.52.
#[test]
fn a_vibration_about_the_end_of_zone_b_is_one_alarm() {
    let swing = (0..60).map(|at| if at % 7 == 0 { 2.9 } else { 2.6 });
    let insights = series(Kind::Vibration, swing.chain([2.3; 5]).map(vibration));
    let changes: Vec<_> = insights.iter().filter_map(|insight| insight.alarms[1]).collect();
    assert_eq!(changes, [Raised(Cause::ZoneC), Cleared(Cause::ZoneC)]);
}

#[test]
fn a_packet_that_fails_has_no_insight() {
    let empty = Payload::Block(Block { samples: [].into(), sample_rate_hz: 1.0 });
    assert!(Monitor::default().work(&packet(0, Kind::Load, 0, empty), &WORKER).is_err());
}

#[test]
fn an_insight_and_a_state_are_small() {
    assert!(size_of::<Insight>() <= 208, "{}", size_of::<Insight>());
    assert!(size_of::<SensorState>() <= 80, "{}", size_of::<SensorState>());
}
