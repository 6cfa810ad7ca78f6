//! The laws of the whole fleet: reproducible, without holes, on pace, physically right.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::arrival::Arrivals;
use crate::class::Class;
use crate::ids::{CpuId, WorkerId};
use crate::names::SensorNames;
use crate::packet::{Kind, Payload};
use crate::process::{Analysis, Finding, Process, VibrationReport, WorkerInfo};

/// The packets of every sensor, by name, that `parts` threads bring in `turns` turns.
fn by_sensor(fleet: &Fleet, parts: usize, rate: f64, turns: u32) -> BTreeMap<String, Vec<Packet>> {
    let (names, clock) = (SensorNames::default(), Clock::manual());
    let mut sources = fleet.divide(parts, &Pace::new(rate), &names).unwrap();
    let mut jobs = Vec::new();
    for _ in 0..turns {
        for source in &mut sources {
            source.bring(&clock, &mut jobs).unwrap();
        }
        clock.advance(700_000);
    }
    let mut packets = BTreeMap::<String, Vec<Packet>>::new();
    for job in jobs {
        let name = names.name(job.payload.sensor).unwrap().to_string();
        packets.entry(name).or_default().push(job.payload);
    }
    packets
}

fn bits(packet: &Packet) -> Vec<u64> {
    match &packet.payload {
        Payload::Value(value) => vec![value.to_bits()],
        Payload::Block(block) => block.samples.iter().map(|x| u64::from(x.to_bits())).collect(),
    }
}

fn same(a: &Packet, b: &Packet) -> bool {
    (a.kind, a.sequence) == (b.kind, b.sequence) && bits(a) == bits(b)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What a sensor sends is the same bytes on any number of threads, at any pace, in any
    /// kind of arrivals; its sequence has no holes.
    #[test]
    fn a_sensors_packets_follow_from_the_seed_alone(
        seed: u64,
        sensors in 1u32..20,
        block_samples in prop_oneof![1usize..100, 1_000usize..2_100],
        parts in 1usize..6,
        arrivals in prop::sample::select(Arrivals::ALL.to_vec()),
    ) {
        let fleet = Fleet { sensors, seed, block_samples, ..Fleet::default() };
        let one = by_sensor(&fleet, 1, 20_000.0, 25);
        let other = by_sensor(&Fleet { arrivals, ..fleet }, parts, 31_000.0, 25);
        let mut compared = 0;
        for (name, packets) in &one {
            for (nth, packet) in packets.iter().enumerate() {
                prop_assert_eq!(packet.sequence, nth as u64);
                if let Some(twin) = other.get(name).and_then(|packets| packets.get(nth)) {
                    prop_assert!(same(packet, twin), "{} {}", name, nth);
                    compared += 1;
                }
            }
        }
        prop_assert!(compared > 0);
    }
}

/// A seed means the same packets on every machine and in every version of this program. If
/// this fails after a change of the signals, that change belongs into the changelog.
#[test]
fn a_seed_gives_these_bytes() {
    // FNV-1a over the first packets of a temperature, a load, a healthy and a damaged bearing.
    let packets = by_sensor(&Fleet { seed: 7, sensors: 8, ..Fleet::default() }, 1, 50_000.0, 3);
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for name in ["temp-00", "load-01", "vib-02", "vib-06"] {
        for byte in bits(&packets[name][0]).into_iter().flat_map(u64::to_le_bytes) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    assert_eq!(hash, 308819432777188748);
}

#[test]
fn another_seed_sends_something_else() {
    let first = |seed| by_sensor(&Fleet { seed, ..Fleet::default() }, 2, 50_000.0, 30);
    let (a, b) = (first(1), first(2));
    for (name, packets) in &a {
        assert!(b.get(name).is_none_or(|other| !same(&packets[0], &other[0])), "{name}");
    }
}

#[test]
fn kinds_and_payloads_fit_the_names() {
    for (name, packets) in by_sensor(&Fleet::default(), 3, 100_000.0, 60) {
        for packet in packets {
            let fits = match (&name[..3], packet.kind, &packet.payload) {
                ("tem", Kind::Temperature, Payload::Value(_)) => true,
                ("loa", Kind::Load, Payload::Value(_)) => true,
                ("vib", Kind::Vibration, Payload::Block(block)) => block.samples.len() == 1_024,
                _ => false,
            };
            assert!(fits, "{name}: {packet:?}");
        }
    }
}

/// Runs a fleet in three parts for `seconds` of a manual clock, asked whenever it wants to be.
fn brought_in(arrivals: Arrivals, pace: &Pace, clock: &Clock, seconds: u64) -> usize {
    let fleet = Fleet { arrivals, block_samples: 1, ..Fleet::default() };
    let mut sources = fleet.divide(3, pace, &SensorNames::default()).unwrap();
    let (mut brought, mut jobs) = (0, Vec::new());
    let end_ns = clock.now_ns() + seconds * 1_000_000_000;
    while clock.now_ns() < end_ns {
        let mut next_ns = end_ns;
        for source in &mut sources {
            loop {
                let before = jobs.len();
                let turn = source.bring(clock, &mut jobs).unwrap();
                assert!(jobs.len() - before <= TURN_MAX);
                match turn {
                    Turn::Again => continue,
                    Turn::NotBefore(due_ns) => {
                        assert!(due_ns > clock.now_ns());
                        assert!(due_ns <= clock.now_ns() + PATIENCE_MS * 1_000_000);
                        next_ns = next_ns.min(due_ns);
                        break;
                    }
                    Turn::Ended => panic!("virtual sensors never end"),
                }
            }
        }
        brought += jobs.len();
        jobs.clear();
        clock.advance(next_ns - clock.now_ns());
    }
    brought
}

#[test]
fn the_pace_is_kept_and_followed() {
    for (arrivals, deviation) in Arrivals::ALL.into_iter().zip([0.0, 1.0, 6.0]) {
        let (clock, pace) = (Clock::manual(), Pace::new(2_000.0));
        let brought = brought_in(arrivals, &pace, &clock, 10) as f64;
        assert!((brought - 20_000.0).abs() < 4.0 + 4.0 * deviation * 142.0, "{arrivals} {brought}");
        pace.set_rate(0.0);
        assert_eq!(brought_in(arrivals, &pace, &clock, 10), 0);
        assert_eq!(pace.behind(), 0);
    }
}

#[test]
fn a_pace_beyond_reach_is_counted_and_leaves_no_backlog() {
    let (clock, pace) = (Clock::manual(), Pace::new(10_000.0));
    let fleet = Fleet { arrivals: Arrivals::Periodic, ..Fleet::default() };
    let mut source = fleet.divide(1, &pace, &SensorNames::default()).unwrap().remove(0);
    let mut jobs = Vec::new();
    assert!(matches!(source.bring(&clock, &mut jobs), Ok(Turn::NotBefore(100_000))));
    clock.advance(3_000_000_000);
    while source.bring(&clock, &mut jobs).unwrap() == Turn::Again {}
    // 100 ms were made up for, 2.9 s are lost.
    assert!(jobs.len().abs_diff(1_000) <= 1, "{}", jobs.len());
    assert!(pace.behind().abs_diff(29_000) <= 1, "{}", pace.behind());
    clock.advance(100_000);
    jobs.clear();
    source.bring(&clock, &mut jobs).unwrap();
    assert_eq!(jobs.len(), 1);
}

/// Reports and samples of the first `blocks` blocks of sensor `index`.
fn vibration(index: u32, seed: u64, blocks: usize) -> (Vec<VibrationReport>, Vec<f32>) {
    let (fleet, names) = (Fleet { seed, ..Fleet::default() }, SensorNames::default());
    let mut sources = fleet.divide(64, &Pace::new(1e12), &names).unwrap();
    let source = &mut sources[index as usize];
    let worker = WorkerInfo { worker: WorkerId(0), cpu: CpuId(0), class: Class::Uniform };
    let (mut analysis, mut reports, mut samples) = (Analysis::default(), vec![], vec![]);
    for _ in 0..blocks {
        let packet = source.packet();
        let Ok(Finding::Vibration(report)) = analysis.work(&packet, &worker) else {
            panic!("{} was not analysed", sensor::name(index))
        };
        reports.push(report);
        let Payload::Block(block) = packet.payload else { panic!("a value that was analysed") };
        samples.extend_from_slice(&block.samples);
    }
    (reports, samples)
}

fn mean_of(reports: &[VibrationReport], figure: fn(&VibrationReport) -> f32) -> f32 {
    reports.iter().map(figure).sum::<f32>() / reports.len() as f32
}

#[test]
fn a_damaged_bearing_knocks() {
    for seed in 0..3 {
        for index in (2..64).step_by(4) {
            let (reports, _) = vibration(index, seed, 20);
            let kurtosis = mean_of(&reports, |report| report.kurtosis);
            let crest = mean_of(&reports, |report| report.crest_factor);
            match sensor::is_damaged(index) {
                true => assert!(kurtosis > 4.0 && crest > 4.5, "{index}: {kurtosis} {crest}"),
                false => assert!(kurtosis < 3.4 && crest < 4.2, "{index}: {kurtosis} {crest}"),
            }
        }
    }
}

#[test]
fn a_fleet_has_machines_in_every_zone() {
    let zones: std::collections::BTreeSet<_> =
        (2..64).step_by(4).map(|index| vibration(index, 0, 1).0[0].zone).collect();
    assert_eq!(zones.len(), 4, "{zones:?}");
}

/// Power of the line at `hz` in `signal`, sampled at 12.8 kHz (Goertzel, plainly).
fn line(signal: &[f64], hz: f64) -> f64 {
    let angle = |i: usize| std::f64::consts::TAU * hz * i as f64 / 12_800.0;
    let real: f64 = signal.iter().enumerate().map(|(i, x)| x * libm::cos(angle(i))).sum();
    let imaginary: f64 = signal.iter().enumerate().map(|(i, x)| x * libm::sin(angle(i))).sum();
    real.hypot(imaginary)
}

/// The strongest line of `signal` between two frequencies, in steps of 0.25 Hz.
fn strongest_hz(signal: &[f64], from_hz: u32, to_hz: u32) -> f64 {
    (from_hz * 4..to_hz * 4)
        .map(|step| f64::from(step) / 4.0)
        .max_by(|a, b| line(signal, *a).total_cmp(&line(signal, *b)))
        .unwrap_or_default()
}

/// The shaft runs on from block to block (its line is as narrow as 16 blocks allow), and the
/// envelope of the signal repeats as often as balls pass the outer race.
#[test]
fn a_damaged_bearing_knocks_at_its_outer_race_rate() {
    for index in [6, 22] {
        let (_, samples) = vibration(index, 0, 16);
        let plain: Vec<f64> = samples.iter().copied().map(f64::from).collect();
        let shaft_hz = strongest_hz(&plain, 20, 35);
        // Differences twice over leave the shaft's lines behind, and the rings remain.
        let rings = plain.windows(3).map(|x| (x[0] - 2.0 * x[1] + x[2]).abs());
        let mut envelope: Vec<f64> = rings.collect();
        let mean = envelope.iter().sum::<f64>() / envelope.len() as f64;
        envelope.iter_mut().for_each(|x| *x -= mean);
        let knock_hz = strongest_hz(&envelope, 70, 130);
        let expected_hz = crate::bearing::Geometry::DEEP_GROOVE_6205.at(shaft_hz).bpfo;
        println!("{index}: shaft {shaft_hz}, knocks {knock_hz}, expected {expected_hz}");
        assert!((knock_hz / expected_hz - 1.0).abs() < 0.01, "{knock_hz} for {expected_hz}");
    }
}
