//! Capacities that a rule is not told and that are learned from service times.

use super::crowd::Finished;
use crate::ids::WorkerId;
use crate::loads::LoadBoard;

/// Completions between two looks.
const LOOK_EVERY: u64 = 64;

/// Packets that are looked back on.
const LOOK_BACK: u32 = 256;

/// All workers' service times: who takes twice as long as the quickest is half as fast.
#[derive(Clone, Debug)]
pub struct LearnedSpeeds {
    each: Vec<Learned>,
    heard: u64,
}

/// What the service times of one worker tell: their mean at first, then a moving average.
#[derive(Clone, Copy, Debug, Default)]
struct Learned {
    packets: u32,
    mean_ns: f64,
}

impl Learned {
    fn hear(&mut self, service_ns: f64) {
        self.packets = (self.packets + 1).min(LOOK_BACK);
        self.mean_ns += (service_ns - self.mean_ns) / f64::from(self.packets);
    }
}

impl LearnedSpeeds {
    /// Nothing is known of `workers`.
    pub fn new(workers: usize) -> Self {
        LearnedSpeeds { each: vec![Learned::default(); workers], heard: 0 }
    }

    /// Learns from a packet, and shows now and then on `board` what is known.
    pub fn hear(&mut self, finished: &Finished, board: &LoadBoard) {
        let service_ns = (finished.done_ns - finished.started_ns) as f64;
        self.each[finished.worker].hear(service_ns);
        self.heard += 1;
        if self.heard.is_multiple_of(LOOK_EVERY) {
            self.show(board);
        }
    }

    fn show(&self, board: &LoadBoard) {
        let known = || self.each.iter().enumerate().filter(|(_, each)| each.packets > 0);
        let quickest_ns = known().map(|(_, each)| each.mean_ns).fold(f64::INFINITY, f64::min);
        for (worker, each) in known() {
            let capacity = (quickest_ns / each.mean_ns) as f32;
            board.set_speed(WorkerId(worker as u32), capacity, 0.0);
        }
    }
}
