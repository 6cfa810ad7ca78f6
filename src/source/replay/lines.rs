//! The lines of a file, one at a time, in bounded memory.
//!
//! A file of any size is read through one buffer; a line longer than the bound is reported
//! once and skipped piece by piece, so that no single call reads through gigabytes.

use std::io::{self, BufRead};

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line, without its line end (`\n` or `\r\n`).
    Whole(&'a [u8]),
    /// The last line, which no line end follows.
    Torn,
    /// A line longer than the bound.
    Oversized,
    /// More of a line that was reported oversized.
    Skipping,
    /// Nothing more.
    End,
}

/// Cuts a reader into lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    max: usize,
    number: u64,
    skipping: bool,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `reader`, none longer than `max` bytes without its line end.
    pub fn new(reader: R, max: usize) -> Self {
        Lines { reader, line: Vec::new(), max, number: 0, skipping: false }
    }

    /// The number of the line that was returned last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line; reads at most `max` bytes beyond what its answer needs.
    pub fn next(&mut self) -> io::Result<Line<'_>> {
        self.line.clear();
        let ended = self.fill()?;
        if std::mem::replace(&mut self.skipping, false) {
            self.skipping = !ended && !self.line.is_empty();
            return Ok(Line::Skipping);
        }
        if self.line.is_empty() && !ended {
            return Ok(Line::End);
        }
        self.number += 1;
        if self.line.len() > self.max {
            self.skipping = !ended;
            return Ok(Line::Oversized);
        }
        if !ended {
            return Ok(Line::Torn);
        }
        Ok(Line::Whole(self.line.strip_suffix(b"\r").unwrap_or(&self.line)))
    }

    /// Reads into the line until its end (`true`), the file's end, or past the bound.
    fn fill(&mut self) -> io::Result<bool> {
        while self.line.len() <= self.max {
            let chunk = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                return Ok(false);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(chunk.len());
            self.line.extend_from_slice(&chunk[..taken]);
            self.reader.consume(taken + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every answer with its line number, read through a buffer of `capacity` bytes.
    fn cut(text: &[u8], capacity: usize) -> Vec<String> {
        let mut lines = Lines::new(io::BufReader::with_capacity(capacity, text), 4);
        let mut answers = Vec::new();
        loop {
            let answer = match lines.next().unwrap() {
                Line::Whole(line) => String::from_utf8(line.to_vec()).unwrap(),
                Line::End => return answers,
                other => format!("{other:?}"),
            };
            answers.push(format!("{} {answer}", lines.number()));
        }
    }

    #[test]
    fn lines_are_numbered_and_only_the_last_may_be_torn() {
        for capacity in [1, 3, 64] {
            assert_eq!(cut(b"", capacity), [""; 0]);
            assert_eq!(cut(b"a\n\r\nbcd\r\n", capacity), ["1 a", "2 ", "3 bcd"]);
            assert_eq!(cut(b"a\nb", capacity), ["1 a", "2 Torn"]);
            assert_eq!(cut(b"abcd\n", capacity), ["1 abcd"]);
        }
    }

    #[test]
    fn a_line_past_the_bound_is_one_line_and_costs_no_other() {
        for capacity in [1, 3, 64] {
            let long = [b"a\n", &b"x".repeat(23)[..], b"\nb\n"].concat();
            let answers = cut(&long, capacity);
            let kept: Vec<_> = answers.iter().filter(|line| !line.ends_with("Skipping")).collect();
            assert_eq!(kept, ["1 a", "2 Oversized", "3 b"], "{capacity}");
            assert_eq!(cut(&b"x".repeat(23), capacity)[0], "1 Oversized");
        }
    }
}
