//! Alarms: when something began that people should look at, and when it was over.
//!
//! Problem: a value that trembles about a limit crosses it all the time; an alarm at each
//! crossing is an alarm nobody reads. Choice: hysteresis. An alarm begins at one threshold and
//! ends at a lower one, and only after [`CALM_PACKETS`] packets in a row below that.
//!
//! Each sensor has one alarm in each of three groups:
//!
//! | group | causes | begins | ends |
//! |---|---|---|---|
//! | limits | `limit-high`, `limit-low`, `not-finite` | with the first packet beyond | 3 packets well within, as the head of `limits.rs` has it |
//! | zone | `zone-C`, `zone-D` | with the first block in zone C or D | 3 blocks of at most 0.9 of the end of zone B |
//! | anomaly | `anomaly` | with a score above 6, and the next still above 3 | 3 packets that score at most 3 |
//!
//! The second packet of an anomaly is asked for less, because the first is in the deviation
//! that it is measured by: after a step of any height it scores less than 8, and less than 4
//! where the past is short. One outlier followed by the usual is no alarm.
//!
//! While an alarm lasts, each further cause of its group is raised once (zone D after zone C
//! is news, zone C after zone D is not), and one `cleared` with the latest cause ends them all.
//! A packet that says nothing about a group (a value about the zone, one that is not finite
//! about the score) leaves that group as it is.

use super::finding::Finding;
use super::limits::LimitCheck;
use super::severity::Zone;

/// Packets in a row that end an alarm.
const CALM_PACKETS: u8 = 3;

/// A score above this begins an alarm, if the next is above [`SCORE_CALM`].
const SCORE_ODD: f64 = 6.0;

/// A score up to this is calm.
const SCORE_CALM: f64 = 3.0;

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Above the high limit of its kind.
    LimitHigh,
    /// Below the low limit of its kind.
    LimitLow,
    /// Infinite or not a number: the sensor is broken.
    NotFinite,
    /// A vibration that is tolerable for a while only.
    ZoneC,
    /// A vibration that does damage.
    ZoneD,
    /// Far from the sensor's own recent past.
    Anomaly,
}

impl Cause {
    /// The cause's name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::LimitHigh => "limit-high",
            Cause::LimitLow => "limit-low",
            Cause::NotFinite => "not-finite",
            Cause::ZoneC => "zone-C",
            Cause::ZoneD => "zone-D",
            Cause::Anomaly => "anomaly",
        }
    }

    /// The causes that are no news once this one is known, itself among them; a bit each.
    fn covers(self) -> u8 {
        match self {
            Cause::ZoneD => self.bit() | Cause::ZoneC.bit(),
            _ => self.bit(),
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The beginning or the end of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmChange {
    /// It began, or another cause of its group came to it.
    Raised(Cause),
    /// It is over, whatever causes of its group were raised; the latest is named.
    Cleared(Cause),
}

impl AlarmChange {
    /// The change's name in files: `raised` or `cleared`.
    pub fn as_str(self) -> &'static str {
        match self {
            AlarmChange::Raised(_) => "raised",
            AlarmChange::Cleared(_) => "cleared",
        }
    }

    /// What it is about.
    pub fn cause(self) -> Cause {
        match self {
            AlarmChange::Raised(cause) | AlarmChange::Cleared(cause) => cause,
        }
    }
}

/// What changed with one packet: limits, zone, anomaly.
pub type AlarmChanges = [Option<AlarmChange>; 3];

/// What one packet says about one group.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    /// Nothing.
    Unknown,
    /// Below the lower threshold.
    Calm,
    /// Between the thresholds.
    Between,
    /// Beyond the upper threshold.
    Beyond(Cause),
}

/// The alarms of one sensor.
#[derive(Clone, Debug, Default)]
pub struct AlarmState {
    limits: Group,
    zone: Group,
    anomaly: Group,
    /// The score before was above [`SCORE_ODD`].
    suspected: bool,
}

/// One alarm.
#[derive(Clone, Debug, Default)]
struct Group {
    latest: Option<Cause>,
    known: u8,
    calm: u8,
}

impl AlarmState {
    /// What changes with the sensor's next packet: what was found in it, whether that lies
    /// `calm` inside its limits or its zone, and its anomaly score where it has one.
    pub fn judge(&mut self, finding: &Finding, calm: bool, score: Option<f64>) -> AlarmChanges {
        let within = if calm { Verdict::Calm } else { Verdict::Between };
        let anomaly = score.map_or(Verdict::Unknown, |score| self.of_score(score));
        [
            self.limits.take(of_limits(finding, within)),
            self.zone.take(of_zone(finding, within)),
            self.anomaly.take(anomaly),
        ]
    }

    fn of_score(&mut self, score: f64) -> Verdict {
        let follows = std::mem::replace(&mut self.suspected, score > SCORE_ODD);
        if score <= SCORE_CALM {
            Verdict::Calm
        } else if follows {
            Verdict::Beyond(Cause::Anomaly)
        } else {
            Verdict::Between
        }
    }
}

impl Group {
    fn take(&mut self, verdict: Verdict) -> Option<AlarmChange> {
        match verdict {
            Verdict::Unknown => None,
            Verdict::Calm => self.calm_down(),
            Verdict::Between => {
                self.calm = 0;
                None
            }
            Verdict::Beyond(cause) => self.raise(cause),
        }
    }

    fn raise(&mut self, cause: Cause) -> Option<AlarmChange> {
        self.calm = 0;
        if self.known & cause.bit() != 0 {
            return None;
        }
        self.known |= cause.covers();
        self.latest = Some(cause);
        Some(AlarmChange::Raised(cause))
    }

    fn calm_down(&mut self) -> Option<AlarmChange> {
        let latest = self.latest?;
        self.calm += 1;
        if self.calm < CALM_PACKETS {
            return None;
        }
        *self = Group::default();
        Some(AlarmChange::Cleared(latest))
    }
}

fn of_limits(finding: &Finding, within: Verdict) -> Verdict {
    match finding {
        Finding::Limit(LimitCheck::Within) => within,
        Finding::Limit(LimitCheck::High) => Verdict::Beyond(Cause::LimitHigh),
        Finding::Limit(LimitCheck::Low) => Verdict::Beyond(Cause::LimitLow),
        Finding::Limit(LimitCheck::NotFinite) => Verdict::Beyond(Cause::NotFinite),
        // A block that could be analysed is finite, and has no other limits than its zone.
        Finding::Vibration(_) => Verdict::Calm,
        Finding::Spun => Verdict::Unknown,
    }
}

fn of_zone(finding: &Finding, within: Verdict) -> Verdict {
    let Finding::Vibration(report) = finding else { return Verdict::Unknown };
    match report.zone {
        Zone::A | Zone::B => within,
        Zone::C => Verdict::Beyond(Cause::ZoneC),
        Zone::D => Verdict::Beyond(Cause::ZoneD),
    }
}

#[cfg(test)]
mod tests;
