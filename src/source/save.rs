//! Packets into a recording, for [`replay`](super::replay) to play.
//!
//! Saving never stops the work: what does not fit under the limit or on the disk is counted
//! and said at the end. The file is a prefix of the run without gaps, so after the first
//! packet that did not fit no later one is tried; and it ends in a whole row as far as the
//! disk lets it. A packet that could not be read again (a number that is not finite, a block
//! without samples, a name with control characters) is counted too and leaves a gap.
//!
//! Rows are gathered to 64 KiB before they are written: a power cut costs that much. Owned by
//! whoever brings the packets; several share it behind a mutex.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::names::SensorNames;
use crate::packet::Packet;

use super::row::{self, HEADER};

/// The default limit on a recording: 1 GiB.
pub const SAVE_LIMIT_BYTES: u64 = 1 << 30;

const GATHER_BYTES: usize = 64 * 1024;

/// A recording that cannot be begun.
#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot be created for --save-packets: {error}")]
pub struct SaveError {
    /// What was given.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

/// What became of a recording.
#[derive(Debug, Default)]
pub struct Saved {
    /// Packets in the file.
    pub packets: u64,
    /// Packets that are not.
    pub not_saved: u64,
    /// What the system said when it took no more.
    pub error: Option<io::Error>,
}

/// A recording being written.
#[derive(Debug)]
pub struct PacketSaver {
    file: File,
    rows: Vec<u8>,
    rows_packets: u64,
    written_bytes: u64,
    limit_bytes: u64,
    closed: bool,
    saved: Saved,
}

impl PacketSaver {
    /// Begins a recording at `path`, over what is there, of at most `limit_bytes`.
    ///
    /// # Errors
    /// If the file cannot be created, or takes not even the header.
    pub fn create(path: &Path, limit_bytes: u64) -> Result<Self, SaveError> {
        let begin = || {
            // Opening a pipe waits for its reader, and no signal ends that.
            if std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo()) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it is a pipe; name a file",
                ));
            }
            let mut file = File::create(path)?;
            writeln!(file, "{HEADER}")?;
            Ok(file)
        };
        let file = begin().map_err(|error| SaveError { path: path.to_owned(), error })?;
        Ok(PacketSaver {
            file,
            rows: Vec::new(),
            rows_packets: 0,
            written_bytes: HEADER.len() as u64 + 1,
            limit_bytes,
            closed: false,
            saved: Saved::default(),
        })
    }

    /// Saves `packet`, brought `offset_ns` after the run began; or counts it as not saved.
    pub fn save(&mut self, offset_ns: u64, packet: &Packet, names: &SensorNames) {
        let before = self.rows.len();
        let name = names.name(packet.sensor).filter(|_| !self.closed);
        let written = name.is_some_and(|name| row::write(&mut self.rows, offset_ns, &name, packet));
        if written && self.written_bytes + self.rows.len() as u64 > self.limit_bytes {
            self.rows.truncate(before);
            self.closed = true;
            log::warn!("--save-packets: the limit of {} bytes is reached", self.limit_bytes);
        }
        if self.rows.len() == before {
            self.saved.not_saved += 1;
            return;
        }
        self.rows_packets += 1;
        if self.rows.len() >= GATHER_BYTES {
            self.flush();
        }
    }

    /// Writes what is left, and says what became of all.
    pub fn finish(mut self) -> Saved {
        self.flush();
        std::mem::take(&mut self.saved)
    }

    fn flush(&mut self) {
        match self.file.write_all(&self.rows) {
            Ok(()) => {
                self.written_bytes += self.rows.len() as u64;
                self.saved.packets += self.rows_packets;
            }
            Err(error) => self.give_up(error),
        }
        self.rows.clear();
        self.rows_packets = 0;
    }

    fn give_up(&mut self, error: io::Error) {
        log::warn!("--save-packets: no more packets are saved: {error}");
        // Back to the last whole row; a device that cannot be cut keeps what it has.
        let _ = self.file.set_len(self.written_bytes);
        self.closed = true;
        self.saved.not_saved += self.rows_packets;
        self.saved.error = Some(error);
    }
}

impl Drop for PacketSaver {
    /// A saver that nobody finished still writes what it has.
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::SensorId;
    use crate::job::Job;
    use crate::packet::{Block, Kind, Payload};
    use crate::source::replay::{Pace, Replay, ReplayOptions};
    use crate::source::{Source, Turn};

    fn packet(sensor: SensorId, sequence: u64, payload: Payload) -> Packet {
        Packet { sensor, kind: Kind::Vibration, sequence, stamped_unix_ns: None, payload }
    }

    fn replay(path: &Path, names: &SensorNames) -> Vec<Packet> {
        let options = ReplayOptions { pace: Pace::MAX, ..ReplayOptions::default() };
        let mut replay = Replay::open(path, names.clone(), options).unwrap();
        let mut out: Vec<Job<Packet>> = Vec::new();
        while replay.bring(&Clock::manual(), &mut out).unwrap() != Turn::Ended {}
        assert_eq!(replay.bad_rows().count(), 0);
        out.into_iter().map(|job| job.payload).collect()
    }

    /// Values and blocks of two sensors, enough for several writes.
    fn some_packets(names: &SensorNames) -> Vec<Packet> {
        let a = names.register("cpu,host=a usage").unwrap();
        let b = names.register("vib \"7\"").unwrap();
        let block = |i: u16| {
            let samples = (0..100).map(|s| (f32::from(i) + f32::from(s as u8)).sin()).collect();
            Payload::Block(Block { samples, sample_rate_hz: 12_800.0 })
        };
        (0..200u16)
            .flat_map(|i| {
                let value = Payload::Value(f64::from(i) / 3.0);
                [packet(a, u64::from(i), value), packet(b, u64::from(i), block(i))]
            })
            .collect()
    }

    #[test]
    fn what_is_saved_is_replayed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("packets.csv");
        let names = SensorNames::default();
        let packets = some_packets(&names);
        let mut saver = PacketSaver::create(&path, SAVE_LIMIT_BYTES).unwrap();
        for (offset_ns, packet) in (0..).zip(&packets) {
            saver.save(offset_ns, packet, &names);
        }
        let saved = saver.finish();
        assert_eq!((saved.packets, saved.not_saved), (packets.len() as u64, 0));
        assert!(saved.error.is_none());
        assert_eq!(replay(&path, &names), packets);
    }

    #[test]
    fn the_limit_holds_and_what_is_past_it_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("packets.csv");
        let names = SensorNames::default();
        let packets = some_packets(&names);
        let limit = 100_000;
        let mut saver = PacketSaver::create(&path, limit).unwrap();
        packets.iter().for_each(|packet| saver.save(0, packet, &names));
        let saved = saver.finish();
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size <= limit && size > limit - 2_000, "{size}");
        assert_eq!(saved.packets + saved.not_saved, packets.len() as u64);
        assert_eq!(replay(&path, &names), packets[..saved.packets as usize]);
    }

    #[test]
    fn what_cannot_be_read_again_is_counted_and_the_rest_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("packets.csv");
        let names = SensorNames::default();
        let a = names.register("a").unwrap();
        let mut saver = PacketSaver::create(&path, SAVE_LIMIT_BYTES).unwrap();
        saver.save(0, &packet(a, 0, Payload::Value(f64::NAN)), &names);
        saver.save(0, &packet(SensorId(9), 0, Payload::Value(1.0)), &names);
        saver.save(0, &packet(a, 1, Payload::Value(1.0)), &names);
        drop(saver);
        assert_eq!(replay(&path, &names), [packet(a, 1, Payload::Value(1.0))]);
    }

    #[test]
    fn a_full_disk_costs_the_recording_not_the_work() {
        // Linux's device that is always full; elsewhere there is nothing to try it on.
        let Ok(file) = File::options().write(true).open("/dev/full") else { return };
        let dir = tempfile::tempdir().unwrap();
        let names = SensorNames::default();
        let packets = some_packets(&names);
        let mut saver = PacketSaver::create(&dir.path().join("file"), SAVE_LIMIT_BYTES).unwrap();
        saver.file = file;
        packets.iter().for_each(|packet| saver.save(0, packet, &names));
        let saved = saver.finish();
        assert_eq!((saved.packets, saved.not_saved), (0, packets.len() as u64));
        assert_eq!(saved.error.unwrap().kind(), io::ErrorKind::StorageFull);
        let refused = PacketSaver::create(Path::new("/dev/full"), 1).unwrap_err();
        assert!(refused.to_string().contains("/dev/full"), "{refused}");
    }

    #[test]
    fn a_file_that_cannot_be_created_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = PacketSaver::create(&dir.path().join("no/such"), 1).unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }
}
