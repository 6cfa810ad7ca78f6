//! What a machine can carry: the pace behind `--load FRACTION`.
//!
//! Problem: a first run must be sensible on a Pi Zero and on 64 cores alike, and nobody knows
//! beforehand what a packet costs there. Choice: try some packets, make and work them in one
//! thread, and take the pace at which all CPUs together would be busy for that fraction.
//! Consequence: the sources' own cost is in it, so workers are loaded *beside* the sources.
//! Then, in the first seconds of the run, the trial's figure is replaced by what a packet really
//! cost the process in CPU time: dispatch, recording and waking up are in it, what other
//! programs use is not. Limit: the correction ends after those seconds, so a machine that is
//! throttled later runs at a higher load.

use crate::clock::{Clock, thread_cpu_ns};
use crate::job::Job;
use crate::packet::Packet;
use crate::process::{Process, WorkerInfo};
use crate::source::Source;

/// CPU time that the trial may take, in ns.
const TRIAL_NS: u64 = 40_000_000;

/// Packets after which caches and plans are warm, and which are not counted.
const WARM_UP: usize = 64;

/// Mean CPU time that making a packet and working on it cost together, in ns, tried in the
/// calling thread. `source` is asked for as much as it can make; give it a pace without bound.
pub fn cost_of_packet_ns(
    source: &mut dyn Source<Packet>,
    work: &mut dyn FnMut(&Packet),
) -> Option<f64> {
    let clock = Clock::manual();
    let mut jobs: Vec<Job<Packet>> = Vec::new();
    let mut turn = |packets: &mut usize| {
        clock.advance(1_000_000);
        jobs.clear();
        source.bring(&clock, &mut jobs).ok()?;
        jobs.iter().for_each(|job| work(&job.payload));
        *packets += jobs.len();
        Some(())
    };
    let mut packets = 0;
    for _ in 0..1_000 {
        turn(&mut packets)?;
        if packets >= WARM_UP {
            break;
        }
    }
    let (start_ns, mut packets) = (thread_cpu_ns(), 0);
    while thread_cpu_ns() - start_ns < TRIAL_NS {
        turn(&mut packets)?;
    }
    (packets > 0).then(|| (thread_cpu_ns() - start_ns) as f64 / packets as f64)
}

/// As [`cost_of_packet_ns`] takes it: the work of a worker, settled as if all came from one
/// sensor, with its result dropped.
pub fn as_trial<'a, W: Process<Packet>>(
    work: &'a mut W,
    info: &'a WorkerInfo,
) -> impl FnMut(&Packet) + 'a {
    let mut state = W::State::default();
    move |packet| {
        if let Ok(mut out) = work.work(packet, info) {
            work.settle(&mut state, &mut out);
        }
    }
}

/// The pace at which CPUs of `capacity` in all (1 a fast core) are busy for `load` of their
/// time: `load × capacity / cost`, in packets per second.
///
/// Example: 0.6 of 4 cores at 20 µs a packet are 120,000 packets/s.
pub fn rate_for(load: f64, capacity: f64, cost_ns: f64) -> f64 {
    (load * capacity * 1e9 / cost_ns).max(1.0)
}

/// The pace after a correction: that for `load` at the cost now known, no more than a factor of
/// 2 from `rate`, since a cost measured at another pace is not quite the one at the new.
pub fn corrected(rate: f64, load: f64, capacity: f64, cost_ns: f64) -> f64 {
    rate_for(load, capacity, cost_ns).clamp(rate / 2.0, rate * 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_follows_from_load_cores_and_cost() {
        assert_eq!(rate_for(0.6, 4.0, 20_000.0), 120_000.0);
        assert_eq!(rate_for(0.001, 0.1, 1e12), 1.0);
    }

    #[test]
    fn a_correction_leads_to_the_load_asked_for() {
        // Waking up costs less for each packet the more there are.
        let cost_ns = |rate: f64| 10_000.0 + 1e8 / rate;
        let mut rate = 1_000.0;
        for _ in 0..12 {
            rate = corrected(rate, 0.6, 2.0, cost_ns(rate));
        }
        let busy = rate * cost_ns(rate) / 2e9;
        assert!((busy - 0.6).abs() < 0.01, "{busy}");
    }
}
