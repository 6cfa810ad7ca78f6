//! Power sensors that the kernel shows under `class/hwmon`.
//!
//! Which of them tells what the board draws? Three sorts are believed, the first that is there:
//!
//! 1. `power_meter` (ACPI): the whole machine at its supply, by the firmware;
//! 2. a channel of a shunt monitor (`ina219`, `ina226`, `ina3221`, …) whose label names an input
//!    of the board (`VDD_IN`, `POM_5V_IN`, …);
//! 3. the shunt monitor that reads most, the sum of its channels. Two monitors may sit on one
//!    path, one behind the other, and would count twice: so it is one of them and never their
//!    sum.
//!
//! Nothing else is: `power1_input` of a network module is light, that of a graphics card or a
//! drive is a part of the machine, that of a battery is what it is charged with.
//!
//! A channel has `powerN_input` or `powerN_average` (µW), or `inN_input` (mV) and `currN_input`
//! (mA), which are multiplied.

use std::path::{Path, PathBuf};

use super::files::{Fault, Notes, noted, number, numbered, text};
use crate::power::WATTS_MAX;

/// Drivers of shunt monitors.
const MONITORS: [&str; 14] = [
    "ina209", "ina219", "ina220", "ina226", "ina230", "ina231", "ina233", "ina237", "ina238",
    "ina260", "ina2xx", "ina3221", "ltc2945", "pac1934",
];

/// The driver of the ACPI meter.
const METER: &str = "power_meter";

/// Words that a label of an input has.
const INPUTS: [&str; 6] = ["vdd_in", "5v_in", "vin", "dc_in", "total", "input"];

/// Channels of one chip that are looked for: the largest has four.
const CHANNELS_MAX: u32 = 8;

/// A monitor with three rails whose driver numbers further what is none: `in4` to `in6` are the
/// voltages of the shunts, in µV, and `curr4` is the sum of the currents.
const THREE_RAILS: (&str, u32) = ("ina3221", 3);

/// The channels that are added up.
#[derive(Debug)]
pub(super) struct Hwmon {
    channels: Vec<Channel>,
    words: String,
}

#[derive(Clone, Debug)]
struct Channel {
    way: Way,
    label: Option<String>,
}

/// How a channel tells its power.
#[derive(Clone, Debug)]
enum Way {
    Power(PathBuf),
    Product { volts: PathBuf, amperes: PathBuf },
}

struct Chip {
    driver: String,
    channels: Vec<Channel>,
}

impl Hwmon {
    /// The sensor under `sys` that tells what the board draws; none where there is none.
    pub fn open(sys: &Path, notes: &mut Notes) -> Option<Self> {
        let dirs = numbered(&sys.join("class/hwmon"), "hwmon");
        let chips: Vec<Chip> = dirs.iter().filter_map(|(_, dir)| Chip::open(dir)).collect();
        let of = |chip: &Chip, channels: Vec<Channel>| {
            let labels: Vec<&str> = channels.iter().filter_map(|c| c.label.as_deref()).collect();
            let words = if labels.is_empty() {
                chip.driver.clone()
            } else {
                format!("{} {}", chip.driver, labels.join("+"))
            };
            Hwmon { channels, words }
        };
        let whole = |chip: &Chip| of(chip, chip.channels.clone());
        let meters = chips.iter().filter(|chip| chip.driver == METER).map(whole);
        let inputs = chips.iter().filter_map(|chip| {
            let input = chip.channels.iter().find(|channel| channel.is_input())?;
            Some(of(chip, vec![input.clone()]))
        });
        let mut read = |candidate: Hwmon| {
            let watts = candidate.watts(notes)?;
            if watts == 0.0 {
                // This machine is on, and draws something.
                notes.add(format!("the power sensor {} reads 0 W: left out", candidate.words));
                return None;
            }
            Some((watts, candidate))
        };
        if let Some((_, found)) = meters.chain(inputs).find_map(&mut read) {
            return Some(found);
        }
        let monitors: Vec<_> = chips.iter().map(whole).filter_map(&mut read).collect();
        let (count, most) =
            (monitors.len(), monitors.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)));
        let (_, found) = most?;
        if count > 1 {
            let words = &found.words;
            notes.add(format!(
                "{count} power sensors have no label of an input: {words} reads most and is taken \
                 for the board"
            ));
        }
        Some(found)
    }

    /// The driver, and the labels where there are some.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The power now; none if a channel has no reading, or one that cannot be.
    pub fn watts(&self, notes: &mut Notes) -> Option<f64> {
        let mut sum = 0.0;
        for channel in &self.channels {
            sum += channel.way.watts(notes)?;
        }
        if !(0.0..=WATTS_MAX).contains(&sum) {
            notes.add(format!("{} read more than {WATTS_MAX} W: left out", self.words));
            return None;
        }
        Some(sum)
    }
}

impl Chip {
    fn open(dir: &Path) -> Option<Self> {
        let driver = text(&dir.join("name")).ok()?;
        if driver != METER && !MONITORS.contains(&driver.as_str()) {
            return None;
        }
        let channel = |number: u32| Channel::open(dir, number);
        let last = if driver == THREE_RAILS.0 { THREE_RAILS.1 } else { CHANNELS_MAX };
        let channels: Vec<Channel> = (0..=last).filter_map(channel).collect();
        (!channels.is_empty()).then_some(Chip { driver, channels })
    }
}

impl Channel {
    fn open(dir: &Path, number: u32) -> Option<Self> {
        // A channel that is there and switched off answers "no data".
        if self::number(&dir.join(format!("in{number}_enable")), 0..=0).is_ok() {
            return None;
        }
        let there = |kind: &str, what: &str| {
            let path = dir.join(format!("{kind}{number}_{what}"));
            path.exists().then_some(path)
        };
        let power = there("power", "input").or_else(|| there("power", "average"));
        let product = || {
            let (volts, amperes) = (there("in", "input")?, there("curr", "input")?);
            Some(Way::Product { volts, amperes })
        };
        let way = power.map(Way::Power).or_else(product)?;
        let label = |kind: &str| text(&dir.join(format!("{kind}{number}_label"))).ok();
        let label = ["power", "in", "curr"].into_iter().find_map(label);
        // What is written there is shown: one printable line.
        let label = label.map(|l| l.chars().filter(|c| !c.is_control()).take(40).collect());
        Some(Channel { way, label })
    }

    fn is_input(&self) -> bool {
        let label = self.label.as_deref().unwrap_or_default().to_lowercase();
        INPUTS.iter().any(|input| label.contains(input))
    }
}

impl Way {
    fn watts(&self, notes: &mut Notes) -> Option<f64> {
        const LARGEST: i64 = i64::MAX / 2;
        match self {
            Way::Power(file) => match number(file, 0..=LARGEST) {
                Ok(microwatts) => Some(microwatts as f64 / 1e6),
                Err(fault) => {
                    if fault == Fault::Missing {
                        notes.add(format!("{} is gone", file.display()));
                    }
                    notes.fault(file, &fault);
                    None
                }
            },
            // A shunt shows some mA backwards when nothing flows.
            Way::Product { volts, amperes } => {
                let millivolts = noted(volts, 0..=1_000_000, notes)?;
                let milliamperes = noted(amperes, -1_000..=1_000_000, notes)?.max(0);
                Some(millivolts as f64 * milliamperes as f64 / 1e6)
            }
        }
    }
}
