//! `--save-packets`: every packet of every source, written as it comes in.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::exit::{Exit, Fault, OrExit};
use crate::engine::Tap;
use crate::job::Job;
use crate::names::SensorNames;
use crate::packet::Packet;
use crate::report::units;
use crate::source::save::{PacketSaver, Saved};

/// The file that packets are saved to, shared by the sources' threads.
pub struct Saving {
    path: PathBuf,
    saver: Arc<Mutex<Option<PacketSaver>>>,
}

impl Saving {
    pub fn start(path: &Path, limit_bytes: u64) -> Result<Self, Fault> {
        let saver = PacketSaver::create(path, limit_bytes).or_exit(Exit::CannotCreate)?;
        Ok(Saving { path: path.to_owned(), saver: Arc::new(Mutex::new(Some(saver))) })
    }

    pub fn tap(&self, names: SensorNames) -> Tap<Packet> {
        let saver = self.saver.clone();
        Arc::new(move |now_ns, jobs: &[Job<Packet>]| {
            let mut saver = saver.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(saver) = &mut *saver {
                jobs.iter().for_each(|job| saver.save(now_ns, &job.payload, &names));
            }
        })
    }

    /// Completes the file; a sentence on what it holds, and whether writing failed.
    pub fn finish(self) -> (String, bool) {
        let saver = self.saver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Saved { packets, not_saved, error } =
            saver.map(PacketSaver::finish).unwrap_or_default();
        let file = self.path.display();
        let mut said = format!("{} saved in {file}", units::counted(packets, "packet"));
        if not_saved > 0 {
            said += &format!(", {} not saved", units::count(not_saved));
        }
        if let Some(error) = &error {
            said += &format!(": {error}");
        } else if not_saved > 0 {
            said += ": save-limit is reached, or they hold nothing that can be written";
        }
        (said, error.is_some())
    }
}
