//! The workers and their queues.
//!
//! Each works first come first served, one packet at a time, at a rate that faults may change:
//! what is left of the packet in hand is then worked on at the new rate.

use std::collections::VecDeque;

use super::race::{NEVER, Race};

/// A packet on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimJob {
    /// Its number, counted from 0 as they arrive.
    pub number: u64,
    /// The stream it belongs to.
    pub key: u32,
    /// When it arrived.
    pub arrived_ns: u64,
    /// Its work: nanoseconds at rate 1.
    pub work_ns: f64,
}

/// A packet that is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finished {
    /// Which.
    pub job: SimJob,
    /// By which worker.
    pub worker: usize,
    /// When its work began.
    pub started_ns: u64,
    /// When it was done.
    pub done_ns: u64,
}

#[derive(Clone, Debug)]
struct Server {
    /// The one in hand first.
    queue: VecDeque<SimJob>,
    rate: f64,
    started_ns: u64,
    /// What was left of the packet in hand when the rate last changed, and when that was.
    left_ns: f64,
    since_ns: u64,
    /// The sum of all service so far.
    busy_ns: u64,
}

/// All workers.
#[derive(Clone, Debug)]
pub struct Crowd {
    servers: Vec<Server>,
    race: Race,
    in_flight: usize,
}

impl Crowd {
    /// Idle workers of these rates.
    pub fn new(rates: &[f64]) -> Self {
        let server = |rate: &f64| Server {
            queue: VecDeque::new(),
            rate: *rate,
            started_ns: 0,
            left_ns: 0.0,
            since_ns: 0,
            busy_ns: 0,
        };
        let servers: Vec<Server> = rates.iter().map(server).collect();
        Crowd { race: Race::new(servers.len()), servers, in_flight: 0 }
    }

    /// Packets at `worker`, the one in hand included.
    pub fn in_flight_at(&self, worker: usize) -> usize {
        self.servers[worker].queue.len()
    }

    /// Packets at all workers.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// When the next packet will be done; [`NEVER`] if none.
    pub fn next_ns(&self) -> u64 {
        self.race.first().1
    }

    /// Queues `job` at `worker`.
    pub fn push(&mut self, worker: usize, job: SimJob, now_ns: u64) {
        self.servers[worker].queue.push_back(job);
        self.in_flight += 1;
        if self.servers[worker].queue.len() == 1 {
            self.begin(worker, now_ns);
        }
    }

    /// Takes the packet that is done first.
    pub fn pop(&mut self) -> Option<Finished> {
        let (worker, done_ns) = self.race.first();
        if done_ns == NEVER {
            return None;
        }
        let server = &mut self.servers[worker];
        let job = server.queue.pop_front()?;
        let started_ns = server.started_ns;
        server.busy_ns += done_ns - started_ns;
        self.in_flight -= 1;
        if server.queue.is_empty() {
            self.race.set(worker, NEVER);
        } else {
            self.begin(worker, done_ns);
        }
        Some(Finished { job, worker, started_ns, done_ns })
    }

    fn begin(&mut self, worker: usize, now_ns: u64) {
        let server = &mut self.servers[worker];
        if let Some(job) = server.queue.front() {
            (server.started_ns, server.since_ns) = (now_ns, now_ns);
            server.left_ns = job.work_ns;
            self.race.set(worker, done_ns(server));
        }
    }

    /// From now on `worker` works at `rate`; at 0 it stands still.
    pub fn set_rate(&mut self, worker: usize, rate: f64, now_ns: u64) {
        let server = &mut self.servers[worker];
        if !server.queue.is_empty() {
            let worked_ns = (now_ns - server.since_ns) as f64 * server.rate;
            server.left_ns = (server.left_ns - worked_ns).max(0.0);
            server.since_ns = now_ns;
        }
        server.rate = rate;
        if !server.queue.is_empty() {
            let done_ns = done_ns(server);
            self.race.set(worker, done_ns);
        }
    }

    /// Takes everything from `worker`, the packet in hand first.
    pub fn take_all(&mut self, worker: usize, now_ns: u64) -> VecDeque<SimJob> {
        let server = &mut self.servers[worker];
        let jobs = std::mem::take(&mut server.queue);
        if !jobs.is_empty() {
            server.busy_ns += now_ns - server.started_ns;
        }
        self.in_flight -= jobs.len();
        self.race.set(worker, NEVER);
        jobs
    }

    /// How long `worker` has worked so far, what it has in hand included.
    pub fn busy_ns(&self, worker: usize, now_ns: u64) -> u64 {
        let server = &self.servers[worker];
        let in_hand = if server.queue.is_empty() { 0 } else { now_ns - server.started_ns };
        server.busy_ns + in_hand
    }
}

fn done_ns(server: &Server) -> u64 {
    if server.rate <= 0.0 {
        return NEVER;
    }
    // Away from 0, so that a packet with any work left takes some time.
    server.since_ns.saturating_add(libm::ceil(server.left_ns / server.rate) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(number: u64, arrived_ns: u64, work_ns: f64) -> SimJob {
        SimJob { number, key: 0, arrived_ns, work_ns }
    }

    #[test]
    fn each_worker_serves_first_come_first_served_at_its_rate() {
        let mut crowd = Crowd::new(&[1.0, 0.5]);
        crowd.push(0, job(0, 0, 10.0), 0);
        crowd.push(0, job(1, 0, 10.0), 0);
        crowd.push(1, job(2, 0, 7.0), 0);
        let mut ends = Vec::new();
        while let Some(done) = crowd.pop() {
            ends.push((done.job.number, done.worker, done.started_ns, done.done_ns));
        }
        assert_eq!(ends, [(0, 0, 0, 10), (2, 1, 0, 14), (1, 0, 10, 20)]);
        assert_eq!((crowd.busy_ns(0, 50), crowd.busy_ns(1, 50)), (20, 14));
    }

    #[test]
    fn a_change_of_rate_keeps_what_is_done() {
        let mut crowd = Crowd::new(&[1.0]);
        crowd.push(0, job(0, 0, 10.0), 0);
        crowd.set_rate(0, 0.0, 4);
        assert_eq!((crowd.next_ns(), crowd.pop()), (NEVER, None));
        crowd.set_rate(0, 0.5, 100);
        assert_eq!(crowd.next_ns(), 112);
        crowd.set_rate(0, 1.0, 106);
        assert_eq!(crowd.next_ns(), 109);
    }
}
