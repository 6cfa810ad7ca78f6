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

/// Gives up the lock and waits for a notification.
pub fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
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
