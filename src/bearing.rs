//! The frequencies at which a damaged rolling bearing knocks.
//!
//! A ball that passes a pit in a race strikes it. How often follows from the bearing's
//! geometry and the shaft's speed alone (outer race standing, inner race turning with the
//! shaft, no slip):
//!
//! ```text
//! FTF  = (1 - r) / 2          the cage turns
//! BPFO = n (1 - r) / 2        balls pass a point of the outer race
//! BPFI = n (1 + r) / 2        balls pass a point of the inner race
//! BSF  = D / (2 d) (1 - r²)   a ball spins about itself
//! ```
//!
//! per turn of the shaft, with n balls of diameter d on a pitch circle of diameter D and
//! r = d/D · cos(contact angle). Source: R. B. Randall, "Vibration-based Condition
//! Monitoring", Wiley 2011, section 2.2.3. A 6205 on a shaft at 1797 rpm: BPFO 107.364 Hz.
//! Tables that list 4.7135 for its BSF give twice the spin: a pit in a ball strikes both
//! races in one spin.

/// What a rolling bearing is made of. Any unit of length, the same for both diameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Number of balls.
    pub balls: u32,
    /// Diameter of a ball.
    pub ball_diameter: f64,
    /// Diameter of the circle on which the centres of the balls run.
    pub pitch_diameter: f64,
    /// Contact angle in radians; 0 for a deep-groove bearing under radial load.
    pub contact_angle_rad: f64,
}

/// How often each part knocks, per second or per turn of the shaft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DefectRates {
    /// Ball pass, outer race.
    pub bpfo: f64,
    /// Ball pass, inner race.
    pub bpfi: f64,
    /// Ball spin, once a spin.
    pub bsf: f64,
    /// Fundamental train: the cage.
    pub ftf: f64,
}

impl Geometry {
    /// The deep-groove ball bearing 6205, in inches, as in the bearing data of Case Western
    /// Reserve University.
    pub const DEEP_GROOVE_6205: Geometry =
        Geometry { balls: 9, ball_diameter: 0.3126, pitch_diameter: 1.537, contact_angle_rad: 0.0 };

    /// Knocks per turn of the shaft; by the formulas at the head of this file.
    pub fn per_turn(&self) -> DefectRates {
        let balls = f64::from(self.balls);
        let ratio = self.ball_diameter / self.pitch_diameter * libm::cos(self.contact_angle_rad);
        DefectRates {
            bpfo: balls * (1.0 - ratio) / 2.0,
            bpfi: balls * (1.0 + ratio) / 2.0,
            bsf: self.pitch_diameter / (2.0 * self.ball_diameter) * (1.0 - ratio * ratio),
            ftf: (1.0 - ratio) / 2.0,
        }
    }

    /// Knocks per second, in Hz, on a shaft that turns `shaft_hz` times a second.
    pub fn at(&self, shaft_hz: f64) -> DefectRates {
        let DefectRates { bpfo, bpfi, bsf, ftf } = self.per_turn();
        DefectRates {
            bpfo: bpfo * shaft_hz,
            bpfi: bpfi * shaft_hz,
            bsf: bsf * shaft_hz,
            ftf: ftf * shaft_hz,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(rates: DefectRates, expected: [f64; 4]) -> f64 {
        let found = [rates.bpfo, rates.bpfi, rates.bsf, rates.ftf];
        found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn a_6205_has_its_published_rates() {
        let bearing = Geometry::DEEP_GROOVE_6205;
        let per_turn = differs(bearing.per_turn(), [3.584776, 5.415224, 2.356722, 0.398308]);
        assert!(per_turn < 1e-5, "{per_turn}");
        let at_1797_rpm =
            differs(bearing.at(1797.0 / 60.0), [107.3640, 162.1860, 70.5838, 11.9293]);
        assert!(at_1797_rpm < 1e-3, "{at_1797_rpm}");
    }

    #[test]
    fn both_races_together_meet_every_ball_once_a_turn() {
        let tilted = Geometry { contact_angle_rad: 0.3, ..Geometry::DEEP_GROOVE_6205 };
        let rates = tilted.per_turn();
        assert!((rates.bpfo + rates.bpfi - 9.0).abs() < 1e-12);
        assert!((rates.bpfo - 9.0 * rates.ftf).abs() < 1e-12);
    }
}
