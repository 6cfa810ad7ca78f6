//! One sensor of the fleet: its kind, its name, its packets.

use super::Fleet;
use super::load::Load;
use super::noise::NoiseBank;
use super::temperature::Temperature;
use super::vibration::Vibration;
use crate::ids::SensorId;
use crate::packet::{Kind, Packet, Payload};
use crate::random::Random;

/// The kinds of sensors 0, 1, 2, 3 of the fleet, and of every four after them.
const KINDS: [Kind; 4] = [Kind::Temperature, Kind::Load, Kind::Vibration, Kind::Temperature];

/// Of the fleet's vibration sensors, every fourth sits on a damaged bearing, the second first.
const DAMAGED: (u32, u32) = (4, 1);

/// What sensor number `index` of the fleet measures.
pub(super) fn kind(index: u32) -> Kind {
    KINDS[index as usize % KINDS.len()]
}

/// Whether sensor number `index` of the fleet is a vibration sensor on a damaged bearing.
pub(super) fn is_damaged(index: u32) -> bool {
    let nth = index / KINDS.len() as u32;
    kind(index) == Kind::Vibration && nth % DAMAGED.0 == DAMAGED.1
}

/// The name of sensor number `index`: `temp-00`, `load-01`, `vib-02`, `temp-03`.
pub(super) fn name(index: u32) -> String {
    let kind = match kind(index) {
        Kind::Temperature => "temp",
        Kind::Load => "load",
        Kind::Vibration => "vib",
        Kind::Other => "other",
    };
    format!("{kind}-{index:02}")
}

/// One sensor. Its packets follow from the fleet's seed and its number alone.
pub(super) struct Sensor {
    id: SensorId,
    kind: Kind,
    sequence: u64,
    random: Random,
    signal: Signal,
}

enum Signal {
    Temperature(Temperature),
    Load(Load),
    Vibration(Box<Vibration>),
}

impl Sensor {
    /// Sensor number `index` of `fleet`, known to the run as `id`.
    pub fn new(fleet: &Fleet, index: u32, id: SensorId) -> Self {
        let mut random = Random::stream(fleet.seed, u64::from(index));
        let kind = kind(index);
        let signal = match kind {
            Kind::Load => Signal::Load(Load::new(&mut random)),
            Kind::Vibration => Signal::Vibration(Box::new(Vibration::new(
                &mut random,
                fleet.block_samples,
                fleet.sample_rate_hz,
                is_damaged(index),
            ))),
            Kind::Temperature | Kind::Other => Signal::Temperature(Temperature::new(&mut random)),
        };
        Sensor { id, kind, sequence: 0, random, signal }
    }

    /// The sensor's next packet.
    pub fn next(&mut self, noise: &NoiseBank) -> Packet {
        let random = &mut self.random;
        let payload = match &mut self.signal {
            Signal::Temperature(signal) => Payload::Value(signal.next(random, noise)),
            Signal::Load(signal) => Payload::Value(signal.next(random, noise)),
            Signal::Vibration(signal) => Payload::Block(signal.next(random, noise)),
        };
        let sequence = self.sequence;
        self.sequence += 1;
        Packet { sensor: self.id, kind: self.kind, sequence, stamped_unix_ns: None, payload }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_vibrates_and_a_quarter_of_that_is_damaged() {
        let of = |kinds: Kind| (0..64).filter(|index| kind(*index) == kinds).count();
        assert_eq!([of(Kind::Temperature), of(Kind::Load), of(Kind::Vibration)], [32, 16, 16]);
        let damaged: Vec<u32> = (0..64).filter(|index| is_damaged(*index)).collect();
        assert_eq!(damaged, [6, 22, 38, 54]);
    }

    #[test]
    fn names_tell_kind_and_number() {
        let names: Vec<String> = [0, 1, 2, 3, 102].into_iter().map(name).collect();
        assert_eq!(names, ["temp-00", "load-01", "vib-02", "temp-03", "vib-102"]);
    }
}
