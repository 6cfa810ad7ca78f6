//! The built-in work with memory: the analysis, and what a sensor's own past makes of it.

use super::alarm::{AlarmChanges, AlarmState};
use super::finding::Finding;
use super::limits::is_calm;
use super::moments::level;
use super::severity::MachineClass;
use super::trend::{Trend, TrendReport};
use super::{Analysis, Failure, Process, WorkerInfo};
use crate::ids::SensorId;
use crate::packet::{Kind, Packet, Payload};

/// The part of the end of zone B up to which a vibration is calm.
const CALM_OF_ZONE_B: f32 = 0.9;

/// What [`Monitor`] finds in a packet. About 200 bytes, nothing on the heap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Insight {
    /// Who measured.
    pub sensor: SensorId,
    /// The packet's place in the sensor's sequence.
    pub sequence: u64,
    /// What was measured.
    pub kind: Kind,
    /// When, as the packet says.
    pub stamped_unix_ns: Option<i64>,
    /// What the analysis found.
    pub finding: Finding,
    /// The figure that is followed: the value; of a vibration block the velocity in mm/s RMS
    /// over 10–1000 Hz, of another block the mean. Not a number where a block's samples are
    /// not finite.
    pub value: f64,
    /// Whether the packet lies far enough inside its limits, or its zone, for an alarm to end.
    pub calm: bool,
    /// The value beside the sensor's past; nothing before [`Process::settle`], and for a value
    /// that is not finite.
    pub trend: Option<TrendReport>,
    /// The alarms that began or ended with this packet; none before [`Process::settle`].
    pub alarms: AlarmChanges,
}

/// What [`Monitor`] remembers of a sensor.
#[derive(Clone, Debug, Default)]
pub struct SensorState {
    /// What the sensor usually reads.
    pub trend: Trend,
    /// Its alarms.
    pub alarm: AlarmState,
}

/// [`Analysis`], and in the sensor's sequence moving mean and deviation, rate of change,
/// anomaly score ([`TrendReport`]) and alarms with hysteresis
/// ([`AlarmChange`](super::AlarmChange)).
///
/// It fails where the analysis fails; such a packet leaves no trace in the sensor's state. A
/// sensor should bring one sort of payload: its values and the figures of its blocks would be
/// one series.
///
/// Settling allocates nothing and takes some tens of nanoseconds.
#[derive(Default)]
pub struct Monitor {
    class: MachineClass,
    analysis: Analysis,
}

impl Monitor {
    /// The work for machines of `class`; [`Monitor::default`] is for class II.
    pub fn new(class: MachineClass) -> Self {
        Monitor { class, analysis: Analysis::new(class) }
    }

    /// The figure to follow, and whether it is calm.
    fn follow(&self, packet: &Packet, finding: &Finding) -> (f64, bool) {
        match (finding, &packet.payload) {
            (Finding::Vibration(report), _) => {
                let [_, zone_b, _] = self.class.boundaries_mm_s();
                let velocity = report.velocity_rms_mm_s;
                (f64::from(velocity), velocity <= CALM_OF_ZONE_B * zone_b)
            }
            (_, Payload::Value(value)) => (*value, is_calm(packet.kind, *value, *value)),
            (_, Payload::Block(block)) => {
                level(&block.samples).map_or((f64::NAN, false), |level| {
                    let [mean, lowest, highest] =
                        [level.mean, level.lowest, level.highest].map(f64::from);
                    (mean, is_calm(packet.kind, lowest, highest))
                })
            }
        }
    }
}

impl Process<Packet> for Monitor {
    type Out = Insight;
    type State = SensorState;

    fn work(&mut self, packet: &Packet, worker: &WorkerInfo) -> Result<Insight, Failure> {
        let finding = self.analysis.work(packet, worker)?;
        let (value, calm) = self.follow(packet, &finding);
        Ok(Insight {
            sensor: packet.sensor,
            sequence: packet.sequence,
            kind: packet.kind,
            stamped_unix_ns: packet.stamped_unix_ns,
            finding,
            value,
            calm,
            trend: None,
            alarms: [None; 3],
        })
    }

    fn settle(&mut self, state: &mut SensorState, out: &mut Insight) {
        let least = deviation_min(out.kind);
        out.trend = state.trend.take(out.value, out.stamped_unix_ns, least);
        let score = out.trend.map(|trend| trend.score);
        out.alarms = state.alarm.judge(&out.finding, out.calm, score);
    }
}

/// The least deviation that counts, in the unit of the figure that is followed: below it a
/// sensor shows its own steps and its machine's idling, not its machine's health.
fn deviation_min(kind: Kind) -> f64 {
    match kind {
        // °C: the step of common digital sensors.
        Kind::Temperature => 0.1,
        // Percent: an idle machine that does a little is not odd.
        Kind::Load => 1.0,
        // mm/s, or m/s² of a single value: the noise of a good accelerometer.
        Kind::Vibration => 0.01,
        Kind::Other => 0.0,
    }
}

#[cfg(test)]
mod tests;
