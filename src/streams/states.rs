//! What stateful work remembers of each key.
//!
//! A state belongs to its key, not to a worker, so a stream that moves finds it again. `sticky`
//! and `ordered` see to it that no two workers want the same one at once; the lock around each
//! shard is there because keys share a table, and is held for one key's settling.
//!
//! Limits: 256 shards of at most 1,024 keys. A key beyond that takes the place of another, whose
//! state begins anew when it comes again; [`States::forgotten`] counts them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::place_of;
use crate::job::Key;

/// log2 of the number of shards.
const BITS: u32 = 8;

/// Keys remembered in one shard.
const KEYS_MAX: usize = 1_024;

/// The states of all keys.
#[derive(Debug)]
pub struct States<S> {
    shards: Box<[Mutex<HashMap<Key, S>>]>,
    forgotten: AtomicU64,
}

impl<S> Default for States<S> {
    fn default() -> Self {
        let shards = (0..1usize << BITS).map(|_| Mutex::default()).collect();
        States { shards, forgotten: AtomicU64::new(0) }
    }
}

impl<S: Default> States<S> {
    /// Does something with the state of `key`, a new one if there is none. If `work` panics the
    /// state is whatever `work` left; the caller forgets it with [`States::forget`].
    pub fn with<T>(&self, key: Key, work: impl FnOnce(&mut S) -> T) -> T {
        let shard = &self.shards[place_of(key, BITS)];
        let mut states = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= KEYS_MAX && !states.contains_key(&key) {
            let other = states.keys().next().copied();
            other.and_then(|other| states.remove(&other));
            // Relaxed: a figure for reports.
            self.forgotten.fetch_add(1, Ordering::Relaxed);
        }
        work(states.entry(key).or_default())
    }

    /// Begins anew with `key`.
    pub fn forget(&self, key: Key) {
        let shard = &self.shards[place_of(key, BITS)];
        shard.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    /// How many states were given up for others.
    pub fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_found_again_until_it_is_forgotten() {
        let states = States::<u32>::default();
        assert_eq!(
            [1, 1, 2].map(|key| states.with(Key(key), |n| {
                *n += 1;
                *n
            })),
            [1, 2, 1]
        );
        states.forget(Key(1));
        assert_eq!(states.with(Key(1), |n| *n), 0);
    }

    #[test]
    fn the_table_is_bounded() {
        let states = States::<u8>::default();
        let bound = KEYS_MAX << BITS;
        (0..2 * bound as u64).for_each(|key| states.with(Key(key), |_| ()));
        let kept: usize = states.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(kept <= bound);
        assert_eq!(kept as u64 + states.forgotten(), 2 * bound as u64);
    }
}
