//! Who else looks at the machine whenever the sampler does, and what that does to the workers.
//!
//! The watcher is called with each look and answers with a factor for each worker (1: nothing is
//! to be changed), by which the sampler multiplies the capacity that it believes. Measuring goes
//! on beneath it: a relieved worker that turns out to be fast is known to be fast.

use super::Sampler;
use crate::look::{Look, WorkerLook};

/// Called with each look; a factor (0 to 1] for each worker, in their order. A factor that is
/// missing, or is none, changes nothing.
pub type Watch = Box<dyn FnMut(&Look) -> Vec<f32> + Send>;

/// The watcher, and what it last said.
#[derive(Default)]
pub(super) struct Watcher {
    watch: Option<Watch>,
    factors: Vec<f32>,
}

impl Watcher {
    /// The factor for worker `index`.
    pub fn factor(&self, index: usize) -> f32 {
        let factor = self.factors.get(index).copied().unwrap_or(1.0);
        if factor > 0.0 && factor <= 1.0 { factor } else { 1.0 }
    }
}

impl Sampler {
    /// The same with a watcher.
    pub fn watched_by(mut self, watch: Watch) -> Self {
        self.watcher.watch = Some(watch);
        self
    }

    /// What is believed of worker `index`.
    pub(super) fn believed(&self, index: usize) -> f32 {
        self.capacity.capacity(index) as f32 * self.watcher.factor(index)
    }

    /// Lets the watcher look at what was seen in the last `elapsed_ns`.
    pub(super) fn let_watch(&mut self, now_ns: u64, elapsed_ns: u64) {
        let Some(watch) = &mut self.watcher.watch else { return };
        let worker = |(worker, own_ns): (&super::Sampled, &u64)| WorkerLook {
            cpu: worker.cpu,
            class: worker.class,
            own: *own_ns as f32 / elapsed_ns.max(1) as f32,
        };
        self.watcher.factors = watch(&Look {
            now_ns,
            elapsed_ns,
            workers: self.workers.iter().zip(&self.own_cpu_ns).map(worker).collect(),
            cpus: self.machine.cpu_looks(),
        });
    }
}
