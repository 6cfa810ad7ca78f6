//! Time. The only file that reads a clock.
//!
//! Inside, time is nanoseconds since the run began, from the monotonic clock: a Pi has no
//! battery clock, and its wall clock jumps when the network comes up. The wall clock serves
//! stamps of measurements and summaries only. Tests hold a manual clock and move it themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A source of monotonic nanoseconds; clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Monotonic(Instant),
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// A clock that starts at 0 now.
    pub fn start() -> Self {
        Clock(Source::Monotonic(Instant::now()))
    }

    /// A clock that stands at 0 until [`Clock::advance`] moves it.
    pub fn manual() -> Self {
        Clock(Source::Manual(Arc::default()))
    }

    /// Nanoseconds since the start. Costs about 23 ns, as much as moving a packet.
    pub fn now_ns(&self) -> u64 {
        match &self.0 {
            Source::Monotonic(start) => start.elapsed().as_nanos() as u64,
            // Relaxed: the count is all there is to see, nothing is published through it.
            Source::Manual(now) => now.load(Ordering::Relaxed),
        }
    }

    /// Moves a manual clock forward.
    ///
    /// # Panics
    /// On a clock that runs by itself; that is a mistake in a test.
    pub fn advance(&self, by_ns: u64) {
        match &self.0 {
            Source::Monotonic(_) => panic!("only a manual clock can be moved"),
            Source::Manual(now) => now.fetch_add(by_ns, Ordering::Relaxed),
        };
    }
}

/// Nanoseconds since 1970 by the wall clock; 0 on a machine whose clock stands before that.
pub fn unix_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// The date and time by the wall clock, in UTC, as RFC 3339 writes it: `2026-11-21T17:06:00Z`.
pub fn utc_text() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// CPU time that the calling thread has used so far, in nanoseconds.
pub fn thread_cpu_ns() -> u64 {
    cpu_ns(rustix::time::ClockId::ThreadCPUTime)
}

/// CPU time that the whole process has used so far, in nanoseconds.
pub fn process_cpu_ns() -> u64 {
    cpu_ns(rustix::time::ClockId::ProcessCPUTime)
}

fn cpu_ns(clock: rustix::time::ClockId) -> u64 {
    let time = rustix::time::clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand_and_with_its_clones() {
        let clock = Clock::manual();
        let twin = clock.clone();
        assert_eq!(clock.now_ns(), 0);
        twin.advance(5);
        assert_eq!(clock.now_ns(), 5);
    }

    #[test]
    fn a_running_clock_never_goes_back() {
        let clock = Clock::start();
        let first = clock.now_ns();
        assert!(clock.now_ns() >= first);
    }
}
