//! What stateful work remembers of each key.
//!
//! A state belongs to its key, not to a worker, so a stream that moves finds it again. A shard
//! of the table is locked to find a state, and never while the user's code runs: that may wait
//! for other keys, by dispatching say. Each state has a lock of its own for that. `sticky` and
//! `ordered` see to it that hardly ever two workers want the same one at once; a key whose kinds
//! go different ways may bring it about, and then one waits for the other.
//!
//! Limits: 256 shards of at most 1,024 keys. A key beyond that takes the place of another, whose
//! state begins anew when it comes again; [`States::forgotten`] counts them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::place_of;
use crate::job::Key;
use crate::panics::drop_quietly;

/// log2 of the number of shards.
const BITS: u32 = 8;

/// Keys remembered in one shard.
const KEYS_MAX: usize = 1_024;

/// One key's state; nothing until it is first wanted, since its making is the user's code too.
type Slot<S> = Arc<Mutex<Option<S>>>;

/// The keys of one shard.
type Shard<S> = HashMap<Key, Slot<S>>;

/// The states of all keys.
#[derive(Debug)]
pub struct States<S> {
    shards: Box<[Mutex<Shard<S>>]>,
    forgotten: Forgotten,
}

/// How many states were given up for others; to be read by whoever knows nothing of their type.
#[derive(Clone, Debug, Default)]
pub struct Forgotten(Arc<AtomicU64>);

impl Forgotten {
    /// So many so far.
    pub fn get(&self) -> u64 {
        // Relaxed: a figure for reports.
        self.0.load(Ordering::Relaxed)
    }
}

impl<S> Default for States<S> {
    fn default() -> Self {
        let shards = (0..1usize << BITS).map(|_| Mutex::default()).collect();
        States { shards, forgotten: Forgotten::default() }
    }
}

impl<S: Default> States<S> {
    /// Does something with the state of `key`, a new one if there is none. If `work` panics, the
    /// state begins anew.
    pub fn with<T>(&self, key: Key, work: impl FnOnce(&mut S) -> T) -> T {
        let slot = self.slot(key);
        let mut state = match slot.lock() {
            Ok(state) => state,
            Err(poisoned) => {
                // A panic may have left it half changed.
                slot.clear_poison();
                let mut state = poisoned.into_inner();
                drop_quietly(state.take());
                state
            }
        };
        work(state.get_or_insert_with(S::default))
    }

    fn slot(&self, key: Key) -> Slot<S> {
        let mut states = self.shard(key);
        if let Some(slot) = states.get(&key) {
            return slot.clone();
        }
        let other = (states.len() >= KEYS_MAX).then(|| states.keys().next().copied()).flatten();
        let evicted = other.and_then(|other| states.remove(&other));
        let slot = states.entry(key).or_default().clone();
        drop(states);
        if evicted.is_some() {
            // Relaxed: a figure for reports.
            self.forgotten.0.fetch_add(1, Ordering::Relaxed);
        }
        drop_quietly(evicted);
        slot
    }

    /// Begins anew with `key`.
    pub fn forget(&self, key: Key) {
        let slot = self.shard(key).remove(&key);
        drop_quietly(slot);
    }

    /// How many states were given up for others.
    pub fn forgotten(&self) -> &Forgotten {
        &self.forgotten
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard<S>> {
        self.shards[place_of(key, BITS)].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::time::Duration;

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
        assert_eq!(kept as u64 + states.forgotten().get(), 2 * bound as u64);
    }

    /// Keys that share a shard with key 0.
    fn neighbours() -> impl Iterator<Item = Key> {
        (1..).map(Key).filter(|key| place_of(*key, BITS) == place_of(Key(0), BITS))
    }

    /// Settling may wait for what another key's settling does, by dispatching under `block` say.
    #[test]
    fn a_state_in_use_keeps_no_other_key_waiting() {
        let states = States::<u32>::default();
        let other = neighbours().next().unwrap();
        let (done, other_is_done) = crossbeam_channel::bounded(1);
        std::thread::scope(|scope| {
            states.with(Key(0), |_| {
                scope.spawn(|| states.with(other, |_| done.send(()).unwrap()));
                other_is_done.recv_timeout(Duration::from_secs(20)).unwrap();
            });
        });
    }

    /// Where a key's kinds go different ways, two workers may want its state at once.
    #[test]
    fn the_same_state_is_never_used_twice_at_once() {
        let states = States::<(u32, u32)>::default();
        let work = || {
            for _ in 0..2_000 {
                states.with(Key(5), |state| {
                    state.0 += 1;
                    std::thread::yield_now();
                    state.1 += 1;
                    assert_eq!(state.0, state.1);
                });
            }
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(work);
            work();
            other.join().unwrap();
        });
        assert_eq!(states.with(Key(5), |state| *state), (4_000, 4_000));
    }

    thread_local! {
        static ARMED: Cell<bool> = const { Cell::new(false) };
    }

    #[derive(Default)]
    struct Bomb(u32);

    impl Drop for Bomb {
        fn drop(&mut self) {
            if ARMED.get() {
                // Without the hook's report: it is asked for.
                std::panic::resume_unwind(Box::new(()));
            }
        }
    }

    /// A state that cannot be dropped costs neither the key that takes its place nor the worker.
    #[test]
    fn a_state_that_panics_when_dropped_harms_nobody() {
        let states = States::<Bomb>::default();
        neighbours().take(KEYS_MAX).for_each(|key| states.with(key, |_| ()));
        ARMED.set(true);
        assert_eq!(states.with(Key(0), |state| std::mem::replace(&mut state.0, 3)), 0);
        assert_eq!(states.forgotten().get(), 1);
        states.forget(Key(0));
        ARMED.set(false);
        assert_eq!(states.with(Key(0), |state| state.0), 0);
    }

    #[test]
    fn a_panic_begins_the_state_anew() {
        let states = States::<u32>::default();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            states.with(Key(1), |n| {
                *n = 7;
                std::panic::resume_unwind(Box::new(()));
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(states.with(Key(1), |n| *n), 0);
    }
}
