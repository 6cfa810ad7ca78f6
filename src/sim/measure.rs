//! What one replication shows.

use hdrhistogram::Histogram;

use super::crowd::Finished;
use super::view::UNIT_NS;
use crate::stats::grows;

/// Slices of a replication, warm-up included, for what is shown over time.
pub const SLICES: usize = 100;

/// Batches of what is measured, for an interval from one replication. Long enough to be nearly
/// independent of each other.
pub const BATCHES: usize = 30;

/// Significant digits of percentiles.
const DIGITS: u8 = 4;

/// One packet, kept by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logged {
    /// Its number in its replication.
    pub packet: u64,
    /// The worker that ran it.
    pub worker: u32,
    /// When it arrived, in units.
    pub arrived: f64,
    /// Its waiting, in units.
    pub wait: f64,
    /// Its service, in units.
    pub service: f64,
}

/// A sum and how much is in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// The mean; 0 of nothing.
    pub fn get(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}

/// See the head of this file. Its size does not hang on the number of packets.
#[derive(Clone, Debug)]
pub struct Measure {
    packets: u64,
    warm: u64,
    log_every: u64,
    /// Sojourns, in nanoseconds.
    pub sojourns: Histogram<u64>,
    /// Sum of the sojourns and of their squares, in units.
    pub sum: f64,
    /// See `sum`.
    pub squares: f64,
    /// Packets that are measured.
    pub measured: u64,
    /// Those of them that had to wait.
    pub waited: u64,
    /// Mean sojourn of each batch.
    pub batches: Vec<Mean>,
    /// Mean sojourn of each slice.
    pub slices: Vec<Mean>,
    /// Packets in flight that arrivals of each slice found.
    pub found: Vec<Mean>,
    /// Measured packets of each worker.
    pub done: Vec<u64>,
    /// Most packets in flight at any time.
    pub max_in_flight: u64,
    /// Some packets one by one.
    pub log: Vec<Logged>,
}

/// In which of `parts` equal parts of `0..of` a number lies. In floating point, several times
/// quicker than a division; a number at a border may be counted with its neighbours.
fn part_of(number: u64, of: u64, parts: usize) -> usize {
    ((number as f64 * (parts as f64 / of as f64)) as usize).min(parts - 1)
}

/// A histogram that takes any sojourn.
pub fn histogram() -> Histogram<u64> {
    match Histogram::new(DIGITS) {
        Ok(histogram) => histogram,
        Err(error) => unreachable!("{DIGITS} digits are allowed: {error}"),
    }
}

/// A histogram that takes hardly any memory, in the place of one that was taken.
pub fn nothing() -> Histogram<u64> {
    match Histogram::new(0) {
        Ok(histogram) => histogram,
        Err(error) => unreachable!("no digits are allowed: {error}"),
    }
}

impl Measure {
    /// Of `packets`, of which the part `warmup` is not measured.
    pub fn new(packets: u64, warmup: f64, workers: usize, log_rows: u32) -> Self {
        Measure {
            packets,
            warm: (packets as f64 * warmup) as u64,
            log_every: packets.checked_div(u64::from(log_rows)).map_or(u64::MAX, |k| k.max(1)),
            sojourns: histogram(),
            sum: 0.0,
            squares: 0.0,
            measured: 0,
            waited: 0,
            batches: vec![Mean::default(); BATCHES],
            slices: vec![Mean::default(); SLICES],
            found: vec![Mean::default(); SLICES],
            done: vec![0; workers],
            max_in_flight: 0,
            log: Vec::new(),
        }
    }

    fn slice(&self, number: u64) -> usize {
        part_of(number, self.packets, SLICES)
    }

    /// Packet `number` arrived and found `in_flight` others.
    pub fn arrived(&mut self, number: u64, in_flight: usize) {
        let slice = self.slice(number);
        self.found[slice].add(in_flight as f64);
        self.max_in_flight = self.max_in_flight.max(in_flight as u64 + 1);
    }

    /// A packet is done.
    pub fn done(&mut self, finished: &Finished) {
        let Finished { job, worker, started_ns, done_ns } = *finished;
        let sojourn_ns = done_ns - job.arrived_ns;
        let sojourn = sojourn_ns as f64 / UNIT_NS;
        let slice = self.slice(job.number);
        self.slices[slice].add(sojourn);
        if self.log_every < u64::MAX && job.number.is_multiple_of(self.log_every) {
            self.log.push(Logged {
                packet: job.number,
                worker: worker as u32,
                arrived: job.arrived_ns as f64 / UNIT_NS,
                wait: (started_ns - job.arrived_ns) as f64 / UNIT_NS,
                service: (done_ns - started_ns) as f64 / UNIT_NS,
            });
        }
        if job.number < self.warm {
            return;
        }
        self.measured += 1;
        self.waited += u64::from(started_ns > job.arrived_ns);
        self.done[worker] += 1;
        self.sum += sojourn;
        self.squares += sojourn * sojourn;
        let batch = part_of(job.number - self.warm, self.packets - self.warm, BATCHES);
        self.batches[batch].add(sojourn);
        // Resizes itself, so nothing can be refused.
        let _ = self.sojourns.record(sojourn_ns.max(1));
    }

    /// Whether the queues went on growing, by what arrivals found; see [`grows`].
    pub fn grows(&self) -> bool {
        grows(&self.found.iter().map(Mean::get).collect::<Vec<f64>>())
    }
}
