//! Vibration severity by ISO 10816-1:1995, annex B: velocity in, zone out.

use std::fmt;

/// The classes of machines that ISO 10816-1 tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineClass {
    /// Small machines and parts of machines; electric motors up to 15 kW.
    I,
    /// Medium machines, 15 to 75 kW without special foundations, up to 300 kW on them.
    #[default]
    II,
    /// Large machines on rigid foundations.
    III,
    /// Large machines on foundations that give.
    IV,
}

/// How severe a vibration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// As of a machine newly commissioned.
    A,
    /// Fit to run for years.
    B,
    /// Fit to run for a while, until there is an occasion for repair.
    C,
    /// Severe enough to do damage.
    D,
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl MachineClass {
    /// Where zones A, B and C end, in mm/s RMS over 10–1000 Hz.
    pub fn boundaries_mm_s(self) -> [f32; 3] {
        match self {
            MachineClass::I => [0.71, 1.8, 4.5],
            MachineClass::II => [1.12, 2.8, 7.1],
            MachineClass::III => [1.8, 4.5, 11.2],
            MachineClass::IV => [2.8, 7.1, 18.0],
        }
    }

    /// The zone of a velocity; one on a boundary belongs to the better zone.
    pub fn zone(self, velocity_rms_mm_s: f32) -> Zone {
        let [a, b, c] = self.boundaries_mm_s();
        if velocity_rms_mm_s <= a {
            Zone::A
        } else if velocity_rms_mm_s <= b {
            Zone::B
        } else if velocity_rms_mm_s <= c {
            Zone::C
        } else {
            Zone::D
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [MachineClass; 4] =
        [MachineClass::I, MachineClass::II, MachineClass::III, MachineClass::IV];

    #[test]
    fn the_standards_example_lies_in_zone_c() {
        assert_eq!(MachineClass::default().zone(3.2), Zone::C);
    }

    #[test]
    fn each_boundary_ends_its_zone() {
        for class in CLASSES {
            let zones = [Zone::A, Zone::B, Zone::C, Zone::D];
            for (at, boundary) in class.boundaries_mm_s().into_iter().enumerate() {
                assert_eq!(class.zone(boundary), zones[at]);
                assert_eq!(class.zone(boundary * 1.001), zones[at + 1]);
            }
        }
    }

    #[test]
    fn a_larger_machine_may_shake_more() {
        for pair in CLASSES.windows(2) {
            let (smaller, larger) = (pair[0].boundaries_mm_s(), pair[1].boundaries_mm_s());
            assert!(smaller.iter().zip(larger).all(|(smaller, larger)| *smaller < larger));
        }
    }
}
