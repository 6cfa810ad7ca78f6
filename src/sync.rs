//! The atomics and locks that the inbox protocol is written in.
//!
//! `in_flight.rs` and `inbox/protocol.rs` take them from `crate::sync`; the loom test compiles
//! those same two files in a crate whose `sync` holds loom's, so that loom decides who runs
//! when.

pub use std::sync::atomic::{AtomicU32, Ordering};
pub use std::sync::{Arc, Condvar, Mutex};
pub use std::thread::{Thread, current, park};

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// Locks; a thread that panicked inside left nothing half-done that could matter here.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives up the lock and waits for a notification, at most some milliseconds: a dispatcher that
/// waits at a gate while others take the room before the count has come down to where it would be
/// told looks for itself now and then.
pub fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    let waited = condvar.wait_timeout(guard, Duration::from_millis(10));
    waited.unwrap_or_else(PoisonError::into_inner).0
}

/// Lets a moment pass: in place, twice as long with each try and up to about a microsecond, or
/// without a try by giving the CPU to whoever wants it.
///
/// A look takes cache lines away from the thread that is looked at, so the next look is not made
/// at once: what comes meanwhile is then found together.
pub fn pause(in_place: Option<u32>) {
    match in_place {
        Some(tries) => (0..1 << tries.min(6)).for_each(|_| std::hint::spin_loop()),
        None => std::thread::yield_now(),
    }
}

/// Lets a moment pass, longer with each try: first in place, then off the CPU, so that a
/// thread it waits for can run even when that thread has a lower real-time priority.
pub fn back_off(tries: u32) {
    match tries {
        0..32 => std::hint::spin_loop(),
        32..40 => std::thread::yield_now(),
        _ => std::thread::park_timeout(Duration::from_micros(50)),
    }
}
