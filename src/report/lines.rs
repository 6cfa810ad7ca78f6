//! Lines of a file that may be anything: bounded, and a last one without its end told apart.

use std::io::{self, BufRead, Read};

/// The longest line that is kept: a row of ours has under 300 bytes, most of them a name's.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// A line, without its end.
pub(super) enum Line<'a> {
    /// A line that was ended.
    Whole(&'a [u8]),
    /// A line longer than any of ours; its bytes are skipped.
    TooLong,
    /// The last line, without an end: the file was cut in the middle of it, and even its last
    /// number cannot be believed (`12` may have been `128`).
    Torn,
}

/// Reads lines one after the other into one buffer.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Lines { reader, buffer: Vec::new() }
    }

    /// The next line; `None` at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let read = (&mut self.reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        if let Some(line) = self.buffer.strip_suffix(b"\n") {
            // A spreadsheet saves lines with a carriage return.
            return Ok(Some(Line::Whole(line.strip_suffix(b"\r").unwrap_or(line))));
        }
        if read as u64 == LINE_BYTES_MAX {
            self.reader.skip_until(b'\n')?;
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(Line::Torn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_long_and_torn_lines_are_told_apart() {
        let mut text = b"a\r\n\n".to_vec();
        text.extend(vec![b'x'; 200_000]);
        text.extend(b"\nlast");
        let mut lines = Lines::new(text.as_slice());
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push(match line {
                Line::Whole(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Line::TooLong => "too long".into(),
                Line::Torn => "torn".into(),
            });
            assert!(lines.buffer.capacity() <= 2 * LINE_BYTES_MAX as usize);
        }
        assert_eq!(seen, ["a", "", "too long", "torn"]);
    }
}
