//! InfluxDB line protocol: what agents such as Telegraf send, into packets.
//!
//! ```text
//! cpu,cpu=cpu0,host=a usage_idle=97.5,usage_user=1i 1590488773254420000
//! └┬┘ └─────┬───────┘ └───────┬───────────────────┘ └───────┬─────────┘
//! measurement  tags         fields                      timestamp
//! ```
//!
//! - One packet a numeric field (float, `i`, `u`), its value as `f64`; integers beyond 2^53
//!   are rounded to the nearest one. Text, truth values and numbers too large for `f64` are
//!   counted `fields_not_numeric`.
//! - **Sensor**: measurement, tags sorted by key, a space, the field:
//!   `cpu,cpu=cpu0,host=a usage_idle`. Commas, spaces and equals signs inside a part keep
//!   their backslash, so that two sensors never share a name.
//! - **Kind**: by the words of the measurement, see `kind.rs`.
//! - **Stamp**: s, ms, µs or ns, told apart by magnitude, see `stamp.rs`.
//! - **Sequence**: per sensor, counted here from 0: the protocol has none.
//!
//! A line that cannot be used is rejected whole, under one of the reasons of [`Reject`]; the
//! lines beside it are not touched. Blank lines and comments are nothing.
//!
//! One line is parsed by the crate `influxdb-line-protocol`: no input makes it panic, numbers
//! out of range are errors. Cutting a datagram into lines is done here (`lines.rs`), because
//! its own cut lets one stray quote or backslash, even in a comment, swallow every line after
//! it. It also refuses a `\r` at a line's end and accepts a repeated tag; both are seen to
//! here. What it does not read, and so is `malformed` here: `NaN`, `+1`, `.5`, `1.`.

mod kind;
mod line;
mod lines;
mod stamp;

use crate::job::Job;
use crate::ledger::Input;
use crate::names::SensorNames;
use crate::packet::{Packet, Payload};

use line::{Line, LineReader};

/// The longest line that is read, in bytes; agents send hundreds.
pub const LINE_MAX: usize = 8 * 1024;

/// The longest name of a sensor, in bytes: names are kept for the whole run.
pub const NAME_MAX: usize = 1024;

/// Why a line, or a whole datagram, gave no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// It is not line protocol, repeats a tag, or has control characters in a name.
    #[error("malformed")]
    Malformed,
    /// It is not UTF-8. Counted once a line.
    #[error("not-utf8")]
    NotUtf8,
    /// A datagram without a byte.
    #[error("empty")]
    Empty,
    /// Longer than [`LINE_MAX`], or names a sensor longer than [`NAME_MAX`].
    #[error("oversized")]
    Oversized,
    /// It names a sensor that the table of names has no room for.
    #[error("too-many-sensors")]
    TooManySensors,
}

/// Reads datagrams.
#[derive(Debug)]
pub struct LineProtocol {
    reader: LineReader,
    names: SensorNames,
}

/// What one datagram comes to, as far as it is no packets.
struct Account<'a> {
    input: &'a mut Input,
    last: Option<Reject>,
}

impl Account<'_> {
    fn reject(&mut self, reject: Reject) {
        self.input.reject(&reject.to_string());
        self.last = Some(reject);
    }
}

impl LineProtocol {
    /// A reader that registers its sensors in `names`.
    pub fn new(names: SensorNames) -> Self {
        LineProtocol { reader: LineReader::new(names.clone()), names }
    }

    /// Appends the packets of one datagram to `out` and counts the rest in `input`.
    ///
    /// Returns the last rejection, for a message; `None` when every line was good. Time and
    /// memory are proportional to the datagram, whatever is in it.
    pub fn read(
        &mut self,
        datagram: &[u8],
        out: &mut Vec<Job<Packet>>,
        input: &mut Input,
    ) -> Option<Reject> {
        let mut account = Account { input, last: None };
        if datagram.is_empty() {
            account.reject(Reject::Empty);
        }
        match str::from_utf8(datagram) {
            Ok(text) => self.text(text, out, &mut account),
            Err(_) => self.bytes(datagram, out, &mut account),
        }
        account.last
    }

    /// Saves the readable lines of a datagram that is not text as a whole.
    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<Job<Packet>>, account: &mut Account<'_>) {
        for line in bytes.split(|byte| *byte == b'\n') {
            match str::from_utf8(line) {
                Ok(text) => self.text(text, out, account),
                Err(_) => account.reject(Reject::NotUtf8),
            }
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<Job<Packet>>, account: &mut Account<'_>) {
        for line in lines::logical(text) {
            match self.line(line, out, account) {
                Ok(()) => {}
                // A quote or backslash may have glued good lines to a bad one.
                Err(_) if line.contains('\n') => self.apart(line, out, account),
                Err(reject) => account.reject(reject),
            }
        }
    }

    fn apart(&mut self, glued: &str, out: &mut Vec<Job<Packet>>, account: &mut Account<'_>) {
        for line in lines::physical(glued) {
            if let Err(reject) = self.line(line, out, account) {
                account.reject(reject);
            }
        }
    }

    fn line(
        &mut self,
        line: &str,
        out: &mut Vec<Job<Packet>>,
        account: &mut Account<'_>,
    ) -> Result<(), Reject> {
        let Line { kind, stamped_unix_ns, not_numeric, readings } = self.reader.read(line)?;
        account.input.fields_not_numeric += not_numeric;
        out.extend(readings.iter().map(|&(sensor, value)| {
            let sequence = self.names.next_sequence(sensor);
            let payload = Payload::Value(value);
            Job::from(Packet { sensor, kind, sequence, stamped_unix_ns, payload })
        }));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
