//! Cuts a text into lines of line protocol.
//!
//! A text field may hold a line end between its quotes, so a *logical* line can span several
//! *physical* ones. Where that goes wrong (a quote never closed), the physical lines are
//! what is left to try. Both ways skip blank lines and comments, and blanks around a line.

use influxdb_line_protocol::split_lines;

const BLANK: [char; 3] = [' ', '\t', '\r'];

/// The logical lines of `text`.
pub(super) fn logical(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = skip_nothings(rest);
        // The crate's cut is used for one line at a time and never sees a comment: a quote
        // in a comment would glue the comment to what follows.
        let line = split_lines(rest).next().filter(|line| !line.is_empty())?;
        rest = rest.get(line.len() + 1..).unwrap_or("");
        Some(line.trim_end_matches(BLANK))
    })
}

/// The physical lines of `text`.
pub(super) fn physical(text: &str) -> impl Iterator<Item = &str> {
    let trimmed = text.split('\n').map(|line| line.trim_matches(BLANK));
    trimmed.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// `text` from its first line that is neither blank nor a comment.
fn skip_nothings(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(BLANK).trim_start_matches('\n');
        if text.starts_with('#') {
            text = text.find('\n').map_or("", |end| &text[end..]);
        } else if !text.starts_with(BLANK) {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        logical(text).collect()
    }

    #[test]
    fn blanks_and_comments_are_nothing() {
        assert_eq!(cut("\n \r\n\t# x\n  a v=1 \r\n\n#\nb v=2\n# end"), ["a v=1", "b v=2"]);
        assert_eq!(cut(" \n \n"), [""; 0]);
        assert_eq!(physical(" a v=1\r\n\n # x\nb").collect::<Vec<_>>(), ["a v=1", "b"]);
    }

    #[test]
    fn a_line_end_between_quotes_does_not_end_a_line() {
        assert_eq!(cut("a s=\"x\ny\" 1\nb v=2"), ["a s=\"x\ny\" 1", "b v=2"]);
    }

    /// The crate's own cut makes one line of these two.
    #[test]
    fn a_quote_in_a_comment_opens_nothing() {
        assert_eq!(cut("# say a=\"b\nc v=1"), ["c v=1"]);
        assert_eq!(split_lines("# say a=\"b\nc v=1").count(), 1);
    }
}
