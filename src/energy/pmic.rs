//! The power chip of a Raspberry Pi 5, through `vcgencmd pmic_read_adc`.
//!
//! It prints a line a channel, `VDD_CORE_A current(7)=6.22421000A` and
//! `VDD_CORE_V volt(15)=0.86173300V`. A rail's two lines have the same name before `_A` and `_V`;
//! the number in parentheses is the channel's and differs between them. `EXT5V` and `BATT` have
//! no current and no power. What is left is what the rails give to the board: the chip's own
//! loss and USB are not in it.
//!
//! A reading takes the firmware some 23 ms, so it is asked once a second.

use std::collections::BTreeMap;

use super::child::{Answer, Question};
use super::files::Notes;
use super::step::{Step, Trapezoid};
use crate::power::WATTS_MAX;

/// How often it is asked, in nanoseconds.
const EVERY_NS: u64 = 1_000_000_000;

/// After so many failures in a row it is not asked any more.
const FAILURES_MAX: u32 = 3;

/// The chip, asked now and then.
#[derive(Debug)]
pub(super) struct Pmic {
    question: Question,
    due_ns: u64,
    failures: u32,
    trapezoid: Trapezoid,
}

impl Pmic {
    /// The chip behind this question, asked a first time.
    pub fn new(question: Question, now_ns: u64, notes: &mut Notes) -> Self {
        let mut pmic =
            Pmic { question, due_ns: now_ns, failures: 0, trapezoid: Trapezoid::default() };
        pmic.ask(now_ns, notes);
        pmic
    }

    /// Whether it has failed too often to be asked again.
    pub fn is_dead(&self) -> bool {
        self.failures >= FAILURES_MAX
    }

    /// Takes an answer where there is one, asks again where it is time.
    pub fn look(&mut self, now_ns: u64, notes: &mut Notes) -> Option<Step> {
        let step = match self.question.take(now_ns) {
            Answer::Pending => None,
            Answer::Failed(why) => {
                self.failed(why, notes);
                None
            }
            Answer::Said(text, asked_ns) => match watts(&text) {
                Ok(watts) => {
                    self.failures = 0;
                    self.trapezoid.add(asked_ns, watts)
                }
                Err(why) => {
                    let program = self.question.program().display();
                    self.failed(format!("{program} pmic_read_adc {why}"), notes);
                    None
                }
            },
        };
        if now_ns >= self.due_ns && !self.is_dead() {
            self.ask(now_ns, notes);
        }
        step
    }

    fn ask(&mut self, now_ns: u64, notes: &mut Notes) {
        // From now, not from when it was due: what was missed is not caught up with.
        self.due_ns = now_ns + EVERY_NS;
        if let Err(why) = self.question.ask(now_ns) {
            self.failed(why, notes);
        }
    }

    fn failed(&mut self, why: String, notes: &mut Notes) {
        self.failures += 1;
        notes.add(why);
        if self.is_dead() {
            notes.add(format!(
                "the power chip gave no reading {FAILURES_MAX} times: not asked again"
            ));
        }
    }
}

/// The power of all rails in what `pmic_read_adc` prints, in watts.
fn watts(text: &str) -> Result<f64, String> {
    let mut rails: BTreeMap<&str, (Option<f64>, Option<f64>)> = BTreeMap::new();
    for (name, value) in text.lines().filter_map(reading) {
        if let Some(rail) = name.strip_suffix("_A") {
            rails.entry(rail).or_default().0 = Some(value);
        } else if let Some(rail) = name.strip_suffix("_V") {
            rails.entry(rail).or_default().1 = Some(value);
        }
    }
    let powers = rails.values().filter_map(|(amperes, volts)| Some((*amperes)? * (*volts)?));
    let powers: Vec<f64> = powers.collect();
    let sum: f64 = powers.iter().sum();
    match powers.len() {
        0 => {
            let seen: String = text.trim().chars().take(60).collect();
            Err(format!("printed no rail: '{}'", seen.escape_debug()))
        }
        _ if !(0.0..=WATTS_MAX).contains(&sum) => Err(format!("adds up to {sum} W: left out")),
        _ => Ok(sum),
    }
}

/// Name and value of a line `NAME current(7)=6.2A` or `NAME volt(15)=0.86V`.
fn reading(line: &str) -> Option<(&str, f64)> {
    let (name, rest) = line.trim().split_once(' ')?;
    let (_, value) = rest.split_once('=')?;
    let value: f64 = value.trim().strip_suffix(['A', 'V'])?.parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAPTURE: &str = include_str!("../../tests/fixtures/pmic_read_adc.txt");

    /// What the golden vectors say of the case `case` of the area `pmic`.
    fn golden(case: &str) -> f64 {
        let text = include_str!("../../tests/fixtures/golden_vectors.csv");
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let mut rows = rows.records().map(|row| row.unwrap());
        let row = rows.find(|row| &row[0] == "pmic" && &row[1] == case).unwrap();
        row[2].strip_suffix(" W").unwrap().parse().unwrap()
    }

    #[test]
    fn the_captured_rails_add_up_to_the_golden_figure() {
        let all = watts(CAPTURE).unwrap();
        assert!((all - golden("verbatim Pi5 capture 12 rails")).abs() < 1e-6, "{all}");
        let core: Vec<&str> = CAPTURE.lines().filter(|line| line.contains("VDD_CORE")).collect();
        let core = watts(&core.join("\n")).unwrap();
        assert!((core - golden("VDD_CORE")).abs() < 1e-6, "{core}");
    }

    #[test]
    fn rails_are_paired_by_name_whatever_their_numbers_and_order() {
        let text =
            "B_V volt(0)=2.0V\nA_A current(0)=3.0A\n B_A current(9)=0.5A\nA_V volt(9)=1.0V\n";
        assert_eq!(watts(text), Ok(4.0));
        assert_eq!(watts("EXT5V_V volt(24)=5.1V\nA_A current(0)=1.0A\nA_V volt(1)=2.0V"), Ok(2.0));
    }

    #[test]
    fn what_is_no_reading_is_refused_in_words() {
        let said = |text: &str| watts(text).unwrap_err();
        assert!(said("error=1 error_msg=\"Command not registered\"").contains("not registered"));
        assert!(said("").contains("no rail"));
        assert!(said("A_A current(0)=-1.0A\nA_V volt(1)=2.0V").contains("no rail"));
        assert!(said("A_A current(0)=nanA\nA_V volt(1)=2.0V").contains("no rail"));
        assert!(said("A_A current(0)=99999A\nA_V volt(1)=2.0V").contains("199998 W"));
    }

    proptest! {
        #[test]
        fn any_text_gives_a_sensible_power_or_none(text in "([A-Z0-9_]{1,3}_[AV] ?[a-z]*\\([0-9]\\)=[-0-9e.]{1,5}[AV]\n|.{0,9}\n){0,20}") {
            if let Ok(watts) = watts(&text) {
                prop_assert!((0.0..=WATTS_MAX).contains(&watts));
            }
        }
    }
}
