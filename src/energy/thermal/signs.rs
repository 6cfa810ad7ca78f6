//! Signs that somebody slows the cores down.
//!
//! A Raspberry Pi's firmware tells it in `get_throttled`: bits for now, and the same bits 16
//! places higher for what happened before. Those are said to be since boot; a kernel driver that
//! polls them clears them as it does, so they may be of the last seconds only. On other boards
//! the kernel's own means show: a cooling device of the CPUs that is in force, and PCs count
//! throttling for each core.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::energy::child::{Answer, Question};
use crate::energy::files::{Notes, number, numbered, text};
use crate::summary::ThrottleSign;

/// Folders that are looked through for the firmware's file.
const FOLDERS_MAX: usize = 256;

/// How often a program is asked instead, in nanoseconds.
const ASK_EVERY_NS: u64 = 4_000_000_000;

/// Bits of `get_throttled` and what each tells.
const BITS: [(u32, ThrottleSign); 4] = [
    (0, ThrottleSign::Undervoltage),
    (1, ThrottleSign::FrequencyCapped),
    (2, ThrottleSign::Throttled),
    (3, ThrottleSign::SoftTemperatureLimit),
];

/// Where the bits of what happened before stand.
const BEFORE: u32 = 16;

/// What `get_throttled` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    pub now: BTreeSet<ThrottleSign>,
    pub before: BTreeSet<ThrottleSign>,
}

/// All places where a sign may show.
#[derive(Debug)]
pub(super) struct Signs {
    file: Option<PathBuf>,
    program: Option<Asked>,
    undervoltage: Option<PathBuf>,
    cooling: Vec<PathBuf>,
    /// Each with what it said last.
    counters: Vec<(PathBuf, Option<i64>)>,
    /// Whether a file could be read at some look.
    has_read: bool,
}

#[derive(Debug)]
struct Asked {
    question: Question,
    due_ns: u64,
    last: Option<Bits>,
    has_answered: bool,
    failures: u32,
}

/// What was seen at one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub now: BTreeSet<ThrottleSign>,
    /// Before, since boot as far as the firmware remembers.
    pub before: BTreeSet<ThrottleSign>,
}

impl Signs {
    /// Every place under `sys`, and `vcgencmd` where the kernel has no file for it.
    pub fn find(sys: &Path, programs: &OsStr) -> Self {
        let file = firmware_file(sys);
        let question = Question::find("vcgencmd", "get_throttled", programs);
        let asked =
            |question| Asked { question, due_ns: 0, last: None, has_answered: false, failures: 0 };
        let hwmon = numbered(&sys.join("class/hwmon"), "hwmon").into_iter();
        let volt = |dir: &PathBuf| text(&dir.join("name")).as_deref() == Ok("rpi_volt");
        let cpus = numbered(&sys.join("devices/system/cpu"), "cpu").into_iter();
        let of_cpu = |dir: &PathBuf| {
            let kind = text(&dir.join("type")).unwrap_or_default();
            kind.contains("cpufreq") || kind == "Processor"
        };
        let cooling = numbered(&sys.join("class/thermal"), "cooling_device").into_iter();
        Signs {
            program: if file.is_some() { None } else { question.map(asked) },
            file,
            undervoltage: hwmon.map(|(_, dir)| dir).find(volt).map(|d| d.join("in0_lcrit_alarm")),
            cooling: cooling.map(|(_, d)| d).filter(of_cpu).map(|d| d.join("cur_state")).collect(),
            counters: cpus
                .map(|(_, dir)| dir.join("thermal_throttle/core_throttle_count"))
                .filter(|file| file.exists())
                .map(|file| (file, None))
                .collect(),
            has_read: false,
        }
    }

    /// Whether this machine tells anything at all: somebody has given an answer that can be read.
    /// A place that is there and says nothing is no witness that all is well.
    pub fn are_told(&self) -> bool {
        let answers = |asked: &Asked| asked.has_answered && asked.failures < 3;
        self.has_read || self.program.as_ref().is_some_and(answers)
    }

    /// What shows now.
    pub fn look(&mut self, now_ns: u64, notes: &mut Notes) -> Seen {
        let bits = self.bits(now_ns, notes);
        let alarm = self.undervoltage.as_ref().and_then(|file| read(file, notes));
        let cooling: Vec<i64> = self.cooling.iter().filter_map(|file| read(file, notes)).collect();
        let counted = self.has_counted(notes);
        let of_file = bits.is_some() && self.file.is_some();
        self.has_read |= of_file || alarm.is_some() || !cooling.is_empty() || counted.is_some();
        let Bits { mut now, before } = bits.unwrap_or_default();
        if alarm == Some(1) {
            now.insert(ThrottleSign::Undervoltage);
        }
        if cooling.iter().any(|state| *state > 0) {
            now.insert(ThrottleSign::Cooling);
        }
        if counted == Some(true) {
            now.insert(ThrottleSign::Throttled);
        }
        Seen { now, before }
    }

    fn bits(&mut self, now_ns: u64, notes: &mut Notes) -> Option<Bits> {
        let Some(file) = &self.file else { return self.program.as_mut()?.look(now_ns, notes) };
        let text = text(file).inspect_err(|fault| notes.fault(file, fault)).ok()?;
        let bits = bits(&text);
        if bits.is_none() {
            notes.add(format!("{} has no hexadecimal number: ignored", file.display()));
        }
        bits
    }

    /// Whether a core was throttled since the last look; none where no counter can be read.
    fn has_counted(&mut self, notes: &mut Notes) -> Option<bool> {
        let mut counted = None;
        for (file, last) in &mut self.counters {
            // Each by itself: that of a CPU that went offline is away and comes back as it was.
            let Some(now) = read(file, notes) else { continue };
            let more = last.replace(now).is_some_and(|before| now > before);
            counted = Some(counted.unwrap_or(false) | more);
        }
        counted
    }
}

impl Asked {
    fn look(&mut self, now_ns: u64, notes: &mut Notes) -> Option<Bits> {
        match self.question.take(now_ns) {
            Answer::Pending => {}
            Answer::Said(text, _) => match bits(&text) {
                Some(bits) => {
                    (self.last, self.has_answered, self.failures) = (Some(bits), true, 0);
                }
                None => self.failed("vcgencmd get_throttled printed no number".into(), notes),
            },
            Answer::Failed(why) => self.failed(why, notes),
        }
        if now_ns >= self.due_ns && self.failures < 3 {
            self.due_ns = now_ns + ASK_EVERY_NS;
            if let Err(why) = self.question.ask(now_ns) {
                self.failed(why, notes);
            }
        }
        self.last.clone()
    }

    fn failed(&mut self, why: String, notes: &mut Notes) {
        self.failures += 1;
        self.last = None;
        notes.add(why);
    }
}

/// The firmware's file, where the kernel has it: `soc/soc:firmware/get_throttled` below
/// `devices/platform`; newer boards write an address behind `soc`.
fn firmware_file(sys: &Path) -> Option<PathBuf> {
    let within = |dir: &Path| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten().take(FOLDERS_MAX);
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let named = |path: &Path, is: fn(&str) -> bool| {
        path.file_name().and_then(OsStr::to_str).is_some_and(is)
    };
    let mut dirs = within(&sys.join("devices/platform"));
    dirs.retain(|dir| named(dir, |name| name.starts_with("soc")));
    let inner: Vec<PathBuf> = dirs.iter().flat_map(|dir| within(dir)).collect();
    dirs.extend(inner);
    dirs.retain(|dir| named(dir, |name| name.ends_with(":firmware")));
    dirs.into_iter().map(|dir| dir.join("get_throttled")).find(|file| file.is_file())
}

/// What `get_throttled` says, as the file writes it (`50005`) or the program (`throttled=0x50005`).
pub(super) fn bits(text: &str) -> Option<Bits> {
    let digits = text.trim();
    let digits = digits.strip_prefix("throttled=").unwrap_or(digits);
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let value = u32::from_str_radix(digits, 16).ok()?;
    let from = |first: u32| {
        let set = BITS.iter().filter(|(bit, _)| value >> (first + bit) & 1 == 1);
        set.map(|(_, sign)| *sign).collect()
    };
    Some(Bits { now: from(0), before: from(BEFORE) })
}

fn read(file: &Path, notes: &mut Notes) -> Option<i64> {
    number(file, 0..=i64::MAX).inspect_err(|fault| notes.fault(file, fault)).ok()
}
