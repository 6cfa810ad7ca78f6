//! Sets of CPUs, written as the kernel and `taskset` write them: `0-1,3,6,8,10`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::CpuId;

/// The largest CPU id a list may name. The largest kernels are built for 8,192 CPUs and the
/// largest machines have 2,000; an edge box has far fewer, and `0-4294967295` must not cost
/// memory.
pub const CPU_ID_MAX: u32 = 4095;

/// A set of CPUs, in ascending order.
///
/// As text: ids and ranges with commas between them, a range perhaps with a stride
/// (`0-10:2` is 0, 2, 4, 6, 8, 10). An empty line is the empty set, as in
/// `/sys/devices/system/cpu/isolated` of most machines. The kernel's `0-10:2/4` is refused: no
/// file that it writes has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CpuList(BTreeSet<CpuId>);

impl CpuList {
    /// The CPUs, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = CpuId> + '_ {
        self.0.iter().copied()
    }

    /// Whether `cpu` is one of them.
    pub fn contains(&self, cpu: CpuId) -> bool {
        self.0.contains(&cpu)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The CPUs of both.
    pub fn union(&self, other: &CpuList) -> CpuList {
        self.iter().chain(other.iter()).collect()
    }

    /// The CPUs of this one that `keep` is true of.
    pub fn only(&self, mut keep: impl FnMut(CpuId) -> bool) -> CpuList {
        self.iter().filter(|&cpu| keep(cpu)).collect()
    }
}

impl FromIterator<CpuId> for CpuList {
    fn from_iter<I: IntoIterator<Item = CpuId>>(cpus: I) -> Self {
        CpuList(cpus.into_iter().collect())
    }
}

/// A text that is no CPU list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CPU list '{text}': '{part}' {fault}; a list looks like 0-3,6,8")]
pub struct BadCpuList {
    text: String,
    part: String,
    fault: &'static str,
}

const NO_NUMBER: &str = "is neither a CPU nor a range";
const BACKWARDS: &str = "is a range that runs backwards";
const BEYOND: &str = "goes beyond the largest CPU, 4095";
const NO_STRIDE: &str = "has a stride that is no number from 1 on";

impl FromStr for CpuList {
    type Err = BadCpuList;

    fn from_str(text: &str) -> Result<Self, BadCpuList> {
        let mut cpus = BTreeSet::new();
        if text.trim().is_empty() {
            return Ok(CpuList(cpus));
        }
        for part in text.trim().split(',').map(str::trim) {
            let bad =
                |fault| BadCpuList { text: shortened(text.trim()), part: shortened(part), fault };
            let (range, stride) = parse_part(part).map_err(bad)?;
            cpus.extend(range.step_by(stride).map(CpuId));
        }
        Ok(CpuList(cpus))
    }
}

/// One part of a list: `3`, `0-1` or `0-10:2`.
fn parse_part(part: &str) -> Result<(std::ops::RangeInclusive<u32>, usize), &'static str> {
    let (range, stride) = match part.split_once(':') {
        Some((range, stride)) => (range, parse_stride(stride)?),
        None => (part, 1),
    };
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (parse_id(first)?, parse_id(last)?);
    if first > last { Err(BACKWARDS) } else { Ok((first..=last, stride)) }
}

fn parse_stride(digits: &str) -> Result<usize, &'static str> {
    digits.parse().ok().filter(|&stride| stride > 0 && only_digits(digits)).ok_or(NO_STRIDE)
}

fn parse_id(digits: &str) -> Result<u32, &'static str> {
    if !only_digits(digits) {
        return Err(NO_NUMBER);
    }
    digits.parse().ok().filter(|&id| id <= CPU_ID_MAX).ok_or(BEYOND)
}

/// `parse` alone would take `+3`.
fn only_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `text` fit for a message: control characters escaped, at most 60 characters of it.
pub(super) fn shortened(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    let rest = if start.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", start.escape_debug())
}

impl fmt::Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        let mut cpus = self.0.iter().map(|cpu| cpu.0).peekable();
        while let Some(first) = cpus.next() {
            let mut last = first;
            while let Some(next) = cpus.next_if_eq(&(last + 1)) {
                last = next;
            }
            write!(f, "{comma}{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}

impl From<CpuList> for String {
    fn from(list: CpuList) -> String {
        list.to_string()
    }
}

impl TryFrom<String> for CpuList {
    type Error = BadCpuList;

    fn try_from(text: String) -> Result<Self, BadCpuList> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(ids: &[u32]) -> CpuList {
        ids.iter().copied().map(CpuId).collect()
    }

    #[test]
    fn lists_of_real_kernels_are_read() {
        assert_eq!("0-1,3,6,8,10".parse(), Ok(list(&[0, 1, 3, 6, 8, 10])));
        assert_eq!("\n".parse(), Ok(list(&[])), "isolated and offline are often an empty line");
        assert_eq!("0-3\n".parse(), Ok(list(&[0, 1, 2, 3])));
        assert_eq!("0-10:2".parse(), Ok(list(&[0, 2, 4, 6, 8, 10])), "as taskset writes it");
        assert_eq!(" 2 , 1-1 ".parse(), Ok(list(&[1, 2])));
    }

    #[test]
    fn what_is_no_list_is_named() {
        let faults = [
            ("0,x", "'x' is neither"),
            ("1,,2", "'' is neither"),
            ("-1", "'-1' is neither"),
            ("+1", "'+1' is neither"),
            ("0-", "'0-' is neither"),
            ("3-1", "backwards"),
            ("0-4096", "goes beyond"),
            ("99999999999999999999", "goes beyond"),
            ("0-10:0", "stride"),
            ("0-10:2/4", "stride"),
            ("0\0", "'0\\0' is neither"),
        ];
        for (text, part) in faults {
            let message = text.parse::<CpuList>().map_err(|bad| bad.to_string());
            assert!(matches!(&message, Err(seen) if seen.contains(part)), "{text}: {message:?}");
        }
        let long = "x".repeat(100_000).parse::<CpuList>().map_err(|bad| bad.to_string());
        assert!(matches!(long, Err(message) if message.len() < 300));
    }

    proptest! {
        #[test]
        fn a_list_survives_its_text(ids in prop::collection::btree_set(0..=CPU_ID_MAX, 0..50)) {
            let list: CpuList = ids.into_iter().map(CpuId).collect();
            prop_assert_eq!(list.to_string().parse(), Ok(list));
        }

        #[test]
        fn neighbours_become_a_range(first in 0..4000u32, more in 1..90u32) {
            let list: CpuList = (first..=first + more).map(CpuId).collect();
            prop_assert_eq!(list.to_string(), format!("{first}-{}", first + more));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = text.parse::<CpuList>();
        }
    }
}
