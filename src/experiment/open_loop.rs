//! Packets that come when they are due, whether or not anybody keeps up.
//!
//! Latency is measured from the moment at which a packet was *due*, not from when it was
//! dispatched: a generator that is held up by the system under test would otherwise leave out the very
//! packets that had to wait (the coordinated omission). So what the source is late by counts too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::arrival::{Arrivals, Schedule};
use crate::clock::Clock;
use crate::job::Job;
use crate::random::Random;
use crate::sim::Service;
use crate::source::{Source, SourceError, TURN_MAX, Turn};

/// How long after its time the source may still bring what was due.
const GRACE_NS: u64 = 500_000_000;

/// A packet that knows when it was due and what it costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// Its number.
    pub number: u64,
    /// When it was due, in nanoseconds since the source began.
    pub due_ns: u64,
    /// Its work on a worker of speed 1.
    pub work_ns: u64,
}

/// What is brought.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// How packets follow each other.
    pub arrivals: Arrivals,
    /// The work of a packet.
    pub service: Service,
    /// Mean work.
    pub work_ns: f64,
    /// Mean pace.
    pub packets_per_s: f64,
    /// Keys that packets have.
    pub sensors: u32,
    /// How long they come.
    pub lasts_ns: u64,
    /// The seed, and the repeat: the same for every policy.
    pub seed: (u64, u32),
}

/// See the head of this file.
pub struct OpenLoop {
    traffic: Traffic,
    schedule: Schedule,
    packets: Random,
    clock: Clock,
    begun: bool,
    number: u64,
    late: Arc<AtomicBool>,
}

impl OpenLoop {
    /// Brings `traffic` by `clock`, which begins with the first turn.
    pub fn new(traffic: Traffic, clock: Clock) -> Self {
        let (seed, repeat) = traffic.seed;
        let stream = |which: u64| Random::stream(seed, u64::from(repeat) * 8 + which);
        let schedule = Schedule::new(traffic.arrivals, stream(0));
        OpenLoop {
            schedule,
            packets: stream(1),
            traffic,
            clock,
            begun: false,
            number: 0,
            late: Arc::default(),
        }
    }

    /// Set when it was held up until its time was over, and left packets out.
    pub fn late(&self) -> Arc<AtomicBool> {
        self.late.clone()
    }

    fn packet(&mut self, due_ns: u64) -> Job<Timed> {
        let work_ns = (self.traffic.service.draw(&mut self.packets) * self.traffic.work_ns) as u64;
        let key = u64::from(self.packets.below(self.traffic.sensors));
        let number = self.number;
        self.number += 1;
        Job { sequence: number, ..Job::new(key, Timed { number, due_ns, work_ns }) }
    }
}

impl Source<Timed> for OpenLoop {
    fn name(&self) -> &str {
        "open-loop"
    }

    fn bring(&mut self, engine: &Clock, out: &mut Vec<Job<Timed>>) -> Result<Turn, SourceError> {
        let now_ns = self.clock.now_ns();
        if !self.begun {
            self.begun = true;
            self.schedule.set_rate(self.traffic.packets_per_s, now_ns);
        }
        for _ in 0..TURN_MAX {
            let due_ns = self.schedule.due_ns();
            if due_ns > self.traffic.lasts_ns {
                return Ok(Turn::Ended);
            }
            if now_ns > self.traffic.lasts_ns + GRACE_NS {
                // Held up by full inboxes: what is still due would be brought for ever.
                self.late.store(true, Ordering::Relaxed);
                return Ok(Turn::Ended);
            }
            if due_ns > now_ns {
                // The engine has a clock of its own, which began at another moment.
                return Ok(Turn::NotBefore(engine.now_ns() + (due_ns - now_ns)));
            }
            let packet = self.packet(due_ns);
            out.push(packet);
            self.schedule.advance();
        }
        Ok(Turn::Again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_when_they_are_due_and_not_before() {
        let traffic = Traffic {
            arrivals: Arrivals::Periodic,
            service: Service::Deterministic,
            work_ns: 200.0,
            packets_per_s: 1_000.0,
            sensors: 4,
            lasts_ns: 10_000_000,
            seed: (1, 0),
        };
        let clock = Clock::manual();
        let mut source = OpenLoop::new(traffic, clock.clone());
        let mut jobs = Vec::new();
        assert_eq!(source.bring(&clock, &mut jobs).unwrap(), Turn::NotBefore(1_000_000));
        clock.advance(3_500_000);
        source.bring(&clock, &mut jobs).unwrap();
        let dues: Vec<u64> = jobs.iter().map(|job| job.payload.due_ns).collect();
        assert_eq!(dues, [1_000_000, 2_000_000, 3_000_000]);
        clock.advance(10_000_000);
        assert_eq!(source.bring(&clock, &mut jobs).unwrap(), Turn::Ended);
        assert_eq!((jobs.len(), jobs[9].payload.work_ns), (10, 200));
    }
}
