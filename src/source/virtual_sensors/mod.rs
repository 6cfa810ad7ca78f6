//! Virtual sensors: a fleet of machines that are not there.
//!
//! A run without hardware needs packets that are worth the work: temperatures, loads, and
//! vibration blocks of which some show a damaged bearing. [`Fleet`] says what there is and
//! divides it among threads, [`Pace`] how fast its packets come; each part is a
//! [`VirtualSensors`].
//!
//! Two things are kept apart. *What* a sensor sends follows from the seed and the sensor's
//! number alone: the same packets, in the same order, on any number of threads, at any pace,
//! on any machine. *When* a packet is due and *which* sensor of the part it comes from is
//! drawn from a stream of the part's own, evenly among its sensors. (In turn instead of at
//! random, four sensors and four workers would fall into step, and one worker would get all
//! the vibrations.)
//!
//! A part that cannot make packets as fast as they are due falls behind by at most 100 ms.
//! Beyond that its schedule is moved up, and what is missed is counted in [`Pace::behind`]:
//! no backlog grows, and a moment of weakness is not followed by a flood.
//!
//! Making a 1,024-sample block costs less than a quarter of analysing it
//! (`benches/signal.rs`), so the sources of a run stay out of its workers' way.

mod fleet;
mod impacts;
mod load;
mod noise;
mod pace;
mod sensor;
mod shaft;
mod temperature;
mod vibration;

use std::sync::Arc;

pub use fleet::{BLOCK_SAMPLES_MAX, Fleet, FleetError, SAMPLE_RATE_HZ};
pub use pace::Pace;

use self::noise::NoiseBank;
use self::sensor::Sensor;
use super::{PATIENCE_MS, Source, SourceError, TURN_MAX, Turn};
use crate::arrival::Schedule;
use crate::clock::Clock;
use crate::job::Job;
use crate::packet::Packet;
use crate::random::Random;

/// How far behind its schedule a part may be.
const BEHIND_MAX_NS: u64 = 100_000_000;

/// One thread's part of a [`Fleet`].
///
/// Time starts with the first turn, so what happens before it puts nothing behind.
pub struct VirtualSensors {
    sensors: Box<[Sensor]>,
    /// The part's share of the fleet's pace.
    share: f64,
    schedule: Schedule,
    choice: Random,
    pace: Pace,
    /// Packets missed that are not yet counted in `pace`: less than one.
    behind: f64,
    noise: Arc<NoiseBank>,
}

impl VirtualSensors {
    fn follow_pace(&mut self, now_ns: u64) {
        let rate_per_s = self.pace.rate_packets_per_s() * self.share;
        if rate_per_s != self.schedule.rate_per_s() {
            self.schedule.set_rate(rate_per_s, now_ns);
        }
        self.behind += self.schedule.move_up(now_ns.saturating_sub(BEHIND_MAX_NS));
        if self.behind >= 1.0 {
            self.pace.fell_behind(self.behind as u64);
            self.behind = self.behind.fract();
        }
    }

    fn packet(&mut self) -> Packet {
        let at = self.choice.below(self.sensors.len() as u32) as usize;
        self.sensors[at].next(&self.noise)
    }
}

impl Source<Packet> for VirtualSensors {
    fn name(&self) -> &str {
        "virtual"
    }

    /// Never fails and never ends. Looks at the pace again at least every [`PATIENCE_MS`].
    fn bring(&mut self, clock: &Clock, out: &mut Vec<Job<Packet>>) -> Result<Turn, SourceError> {
        let now_ns = clock.now_ns();
        self.follow_pace(now_ns);
        for _ in 0..TURN_MAX {
            let due_ns = self.schedule.due_ns();
            if due_ns > now_ns {
                return Ok(Turn::NotBefore(due_ns.min(now_ns + PATIENCE_MS * 1_000_000)));
            }
            out.push(self.packet().into());
            self.schedule.advance();
        }
        Ok(Turn::Again)
    }
}

/// A number between `least` and `most`, evenly.
fn between(random: &mut Random, least: f64, most: f64) -> f64 {
    least + (most - least) * random.unit()
}

#[cfg(test)]
mod tests;
