//! The housekeeping threads: sampler and recorder, each with its stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};

use super::StartError;
use crate::record_buffer::RecordBuffer;
use crate::recorder::{Buffers, Recorded, Recorder};
use crate::sampler::{self, Sampler, Samples};

/// The sampler's thread.
pub struct SamplerThread {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    samples: Arc<Mutex<Samples>>,
}

impl SamplerThread {
    pub fn start(
        (mut sampler, samples): (Sampler, Arc<Mutex<Samples>>),
    ) -> Result<Self, StartError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("sampler".into())
            .spawn(move || sampler::run(&mut sampler, &stopped))
            .map_err(StartError::Thread)?;
        Ok(SamplerThread { stop, thread, samples })
    }

    /// What was seen so far.
    pub fn samples(&self) -> Samples {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops it; it takes a last look if the one before was long enough ago.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
    }
}

/// The recorder's thread. Dropped without [`RecorderThread::stop`], it ends by itself.
pub struct RecorderThread {
    stop: Arc<AtomicBool>,
    buffers: Arc<Buffers>,
    handle: Thread,
    thread: Option<JoinHandle<Recorder>>,
}

impl RecorderThread {
    pub fn start(mut recorder: Recorder, buffers: &Arc<Buffers>) -> Result<Self, StartError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || {
                recorder.run(&stopped);
                recorder
            })
            .map_err(StartError::Thread)?;
        let handle = thread.thread().clone();
        Ok(RecorderThread { stop, buffers: buffers.clone(), handle, thread: Some(thread) })
    }

    /// A buffer for one more thread that records.
    pub fn buffer(&self) -> RecordBuffer {
        self.buffers.add(self.handle.clone())
    }

    /// Stops it; the file is still to be closed.
    pub fn stop(mut self) -> StoppedRecorder {
        self.end();
        StoppedRecorder(self.thread.take().and_then(|thread| thread.join().ok()))
    }

    fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.handle.unpark();
    }
}

impl Drop for RecorderThread {
    fn drop(&mut self) {
        self.end();
    }
}

/// The recorder after its thread ended; nothing where it panicked.
pub struct StoppedRecorder(Option<Recorder>);

impl StoppedRecorder {
    /// Closes the file over `received` packets.
    pub fn close(self, received: u64) -> Recorded {
        match self.0 {
            Some(recorder) => recorder.close(received),
            None => {
                let said = "the recorder panicked: a defect, please report";
                log::error!("{said}");
                let error = Some(std::io::Error::other(said));
                Recorded { rows: 0, not_recorded: received, error }
            }
        }
    }
}
