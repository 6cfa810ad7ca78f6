//! This machine's own sensors: load and frequency of every core, and its temperatures.
//!
//! | sensor | kind | unit |
//! |---|---|---|
//! | `host/cpu0/load` | load | percent of the time since the last look |
//! | `host/cpu0/mhz` | other | MHz |
//! | `host/temp/coretemp Package id 0` | temperature | °C |
//!
//! Read through `sysinfo`, which measures load between two looks at least 200 ms apart and
//! says 0 before: the first look only takes the mark, readings start one period later. A
//! machine without thermal sensors (most virtual ones) has no temperatures, that is all.
//! Without cpufreq, `sysinfo` falls back to the first frequency in `/proc/cpuinfo` for every
//! core; where it finds none, there is none.
//!
//! `sysinfo` knows cores by their place in `/proc/stat`: while a CPU is offline, those behind
//! it appear under the name before theirs.
//!
//! Some drivers answer slowly (a disk's thermometer behind a bridge), and without cpufreq each
//! core costs a reading of all of `/proc/cpuinfo`. What takes longer than [`PATIENCE_MS`] once
//! is left out from then on, with a line in the log.

mod machine;

use std::time::Duration;

use crate::clock::{Clock, unix_ns};
use crate::job::Job;
use crate::ledger::Input;
use crate::names::SensorNames;
use crate::packet::{Packet, Payload};

use super::line_protocol::Reject;
use super::{PATIENCE_MS, Source, SourceError, Turn};
use machine::{Machine, PARTS, Part, ThisMachine};

/// The shortest period: `sysinfo` needs 200 ms between two looks, and some room.
const PERIOD_MIN: Duration = Duration::from_millis(250);

/// The source of this machine's own readings.
pub struct Host {
    machine: Box<dyn Machine>,
    names: SensorNames,
    input: Input,
    parts: Vec<Part>,
    period_ns: u64,
    due_ns: Option<u64>,
}

impl Host {
    /// Reads this machine every `period`, at least every 250 ms; a second is sensible. Sensors
    /// are registered in `names`.
    pub fn new(period: Duration, names: SensorNames) -> Self {
        Host::of(Box::new(ThisMachine::new()), period, names)
    }

    fn of(machine: Box<dyn Machine>, period: Duration, names: SensorNames) -> Self {
        Host {
            machine,
            names,
            input: Input::default(),
            parts: PARTS.to_vec(),
            period_ns: u64::try_from(period.max(PERIOD_MIN).as_nanos()).unwrap_or(u64::MAX),
            due_ns: None,
        }
    }

    /// Looks at every part, and leaves out from now on those that took too long.
    fn look(&mut self, clock: &Clock) -> Vec<(Part, Vec<(String, f64)>)> {
        let mut seen = Vec::new();
        self.parts.retain(|&part| {
            let began_ns = clock.now_ns();
            seen.push((part, self.machine.look(part)));
            let took_ms = clock.now_ns().saturating_sub(began_ns) / 1_000_000;
            if took_ms > PATIENCE_MS {
                log::warn!("source host: {part:?} took {took_ms} ms to read and is left out");
            }
            took_ms <= PATIENCE_MS
        });
        seen
    }

    fn push(&mut self, part: Part, name: &str, value: f64, out: &mut Vec<Job<Packet>>) {
        if !value.is_finite() {
            self.input.fields_not_numeric += 1;
            return;
        }
        let Some(sensor) = self.names.register(name) else {
            self.input.reject(&Reject::TooManySensors.to_string());
            return;
        };
        out.push(Job::from(Packet {
            sensor,
            kind: part.kind(),
            sequence: self.names.next_sequence(sensor),
            stamped_unix_ns: i64::try_from(unix_ns()).ok(),
            payload: Payload::Value(value),
        }));
    }
}

impl Source<Packet> for Host {
    fn name(&self) -> &str {
        "host"
    }

    fn bring(&mut self, clock: &Clock, out: &mut Vec<Job<Packet>>) -> Result<Turn, SourceError> {
        let now_ns = clock.now_ns();
        match self.due_ns {
            Some(due_ns) if now_ns < due_ns => return Ok(Turn::NotBefore(due_ns)),
            Some(_) => {
                for (part, readings) in self.look(clock) {
                    for (name, value) in readings {
                        self.push(part, &name, value, out);
                    }
                }
            }
            None => drop(self.look(clock)),
        }
        // From the end of the look: two looks are never closer than a period, however late
        // or slow this one was.
        let due_ns = clock.now_ns().saturating_add(self.period_ns);
        self.due_ns = Some(due_ns);
        Ok(Turn::NotBefore(due_ns))
    }

    fn input(&self) -> Input {
        self.input.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::machine::sensor;
    use super::*;
    use crate::packet::Kind;

    const SECOND: Duration = Duration::from_secs(1);
    const SECOND_NS: u64 = 1_000_000_000;

    /// Says 0 at the first look, as `sysinfo` does, and reads slowly where told to.
    struct Invented {
        looks: u32,
        clock: Clock,
        slow: Option<Part>,
    }

    impl Machine for Invented {
        fn look(&mut self, part: Part) -> Vec<(String, f64)> {
            if self.slow == Some(part) {
                self.clock.advance(300_000_000);
            }
            match part {
                Part::Load => {
                    self.looks += 1;
                    let load = if self.looks == 1 { 0.0 } else { 50.0 };
                    vec![(sensor("cpu0", "load"), load)]
                }
                Part::Frequency => vec![(sensor("cpu0", "mhz"), 2400.0)],
                Part::Temperature => {
                    vec![(sensor("temp", "soc\n"), 48.5), (sensor("temp", "broken"), f64::NAN)]
                }
            }
        }
    }

    fn host(slow: Option<Part>) -> (Host, Clock) {
        let clock = Clock::manual();
        let machine = Invented { looks: 0, clock: clock.clone(), slow };
        (Host::of(Box::new(machine), SECOND, SensorNames::default()), clock)
    }

    fn turn(host: &mut Host, clock: &Clock) -> (Turn, Vec<(String, Kind, u64, Payload)>) {
        let mut out = Vec::new();
        let turn = host.bring(clock, &mut out).unwrap();
        let row = |job: Job<Packet>| {
            let name = host.names.name(job.payload.sensor).unwrap().to_string();
            (name, job.kind, job.sequence, job.payload.payload)
        };
        (turn, out.into_iter().map(row).collect())
    }

    #[test]
    fn the_first_look_is_never_reported() {
        let (mut host, clock) = host(None);
        assert_eq!(turn(&mut host, &clock), (Turn::NotBefore(SECOND_NS), vec![]));
        clock.advance(SECOND_NS - 1);
        assert_eq!(turn(&mut host, &clock), (Turn::NotBefore(SECOND_NS), vec![]));
        clock.advance(1);
        let row = |name: &str, kind, value| (name.into(), kind, 0, Payload::Value(value));
        let rows = vec![
            row("host/cpu0/load", Kind::Load, 50.0),
            row("host/cpu0/mhz", Kind::Other, 2400.0),
            row("host/temp/soc ", Kind::Temperature, 48.5),
        ];
        assert_eq!(turn(&mut host, &clock), (Turn::NotBefore(2 * SECOND_NS), rows));
        assert_eq!(host.input().fields_not_numeric, 1);
        clock.advance(SECOND_NS);
        assert!(turn(&mut host, &clock).1.iter().all(|row| row.2 == 1));
    }

    #[test]
    fn what_reads_slowly_is_read_once() {
        let (mut host, clock) = host(Some(Part::Temperature));
        turn(&mut host, &clock);
        clock.advance(SECOND_NS);
        let (_, rows) = turn(&mut host, &clock);
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(host.parts, [Part::Load, Part::Frequency]);
    }

    #[test]
    fn two_looks_are_never_too_close() {
        let clock = Clock::manual();
        let mut host = Host::new(Duration::ZERO, SensorNames::default());
        assert_eq!(turn(&mut host, &clock).0, Turn::NotBefore(PERIOD_MIN.as_nanos() as u64));
    }

    #[test]
    fn this_machine_has_plausible_sensors() {
        let clock = Clock::manual();
        let mut host = Host::new(SECOND, SensorNames::default());
        turn(&mut host, &clock);
        clock.advance(SECOND_NS);
        let (_, rows) = turn(&mut host, &clock);
        for (name, kind, _, payload) in rows {
            let Payload::Value(value) = payload else { panic!("{name} is one value") };
            match kind {
                Kind::Load => assert!((0.0..=100.0).contains(&value), "{name} {value}"),
                Kind::Other => assert!(value > 0.0, "{name} {value}"),
                // Boards show -128 or 65261 where nothing is connected.
                _ => {
                    assert!((-130.0..200.0).contains(&value) || value > 65_000.0, "{name} {value}")
                }
            }
        }
    }
}
