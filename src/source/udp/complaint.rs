//! Complaints about bad input, at a bounded rate.
//!
//! Whoever sends rubbish decides how much of it arrives. One message a second says how many
//! there were; a message each would fill the disk that the log is on.

/// The shortest time between two messages.
const SILENCE_NS: u64 = 1_000_000_000;

/// When was complained last, and about how many.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    said: u64,
    quiet_until_ns: u64,
}

impl Complaint {
    /// How many to complain about now, of `total` so far; `None` while there is nothing new or
    /// the last message is less than a second old.
    pub fn due(&mut self, now_ns: u64, total: u64) -> Option<u64> {
        if now_ns < self.quiet_until_ns {
            return None;
        }
        let new = self.rest(total)?;
        self.quiet_until_ns = now_ns.saturating_add(SILENCE_NS);
        Some(new)
    }

    /// How many were not complained about yet, whenever the last message was.
    pub fn rest(&mut self, total: u64) -> Option<u64> {
        let new = total.saturating_sub(self.said);
        self.said += new;
        (new > 0).then_some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_message_a_second_and_each_thing_said_once() {
        let mut complaint = Complaint::default();
        let mut said = Vec::new();
        for step in 0..40 {
            // A bad line every tenth of a second, for two seconds.
            said.extend(complaint.due(step * SILENCE_NS / 10, (step + 1).min(20)));
        }
        assert_eq!(said, [1, 10, 9]);
        assert_eq!(complaint.rest(20), None);
        assert_eq!(complaint.rest(23), Some(3));
    }
}
