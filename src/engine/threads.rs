//! The housekeeping threads: sampler and recorder, each with its stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};

use crossbeam_channel::Sender;
use rustix::thread::gettid;

use super::StartError;
use crate::record_buffer::RecordBuffer;
use crate::recorder::{Buffers, Recorded, Recorder};
use crate::sampler::{self, Sampler, Samples};
use crate::topology::Housekeepers;

/// It waits for one message.
const WITNESS_STACK: usize = 64 * 1024;

/// The sampler's thread.
pub struct SamplerThread {
    /// Held for the sampler, which is told by it what the process may use.
    _witness: Witness,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    samples: Arc<Mutex<Samples>>,
}

impl SamplerThread {
    /// Starts the sampler that `make` makes for a thread that will never be pinned.
    pub fn start(
        housekeepers: &Arc<Housekeepers>,
        make: impl FnOnce(u32) -> (Sampler, Arc<Mutex<Samples>>),
    ) -> Result<Self, StartError> {
        let witness = Witness::start().map_err(StartError::Thread)?;
        let (mut sampler, samples) = make(witness.thread);
        let housekeepers = housekeepers.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("sampler".into())
            .spawn(move || {
                let _keeping = housekeepers.join();
                sampler::run(&mut sampler, &stopped);
            })
            .map_err(StartError::Thread)?;
        Ok(SamplerThread { _witness: witness, stop, thread, samples })
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

/// A thread that does nothing and is never pinned: what it may run on is what the process may.
/// Others are asked only about themselves; this one tells what the whole is allowed.
struct Witness {
    thread: u32,
    /// Disconnected by the drop, which ends the thread.
    _end: Sender<()>,
}

impl Witness {
    fn start() -> std::io::Result<Self> {
        let (end, ends) = crossbeam_channel::bounded::<()>(0);
        let (tell, told) = crossbeam_channel::bounded(1);
        std::thread::Builder::new().name("witness".into()).stack_size(WITNESS_STACK).spawn(
            move || {
                let _ = tell.send(gettid().as_raw_nonzero().get().unsigned_abs());
                // Nothing is ever sent.
                let _ = ends.recv();
            },
        )?;
        let thread = told.recv().map_err(std::io::Error::other)?;
        Ok(Witness { thread, _end: end })
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
    pub fn start(
        mut recorder: Recorder,
        buffers: &Arc<Buffers>,
        housekeepers: &Arc<Housekeepers>,
    ) -> Result<Self, StartError> {
        let housekeepers = housekeepers.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || {
                let _keeping = housekeepers.join();
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
