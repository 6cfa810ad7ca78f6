//! What a service manager is told: that the run has started, how it goes, that it stops, and,
//! while every worker makes progress, that the program is alive. Without one (no `NOTIFY_SOCKET`
//! in the environment) nothing is told.
//!
//! systemd names in `WATCHDOG_USEC` how long it waits for a sign of life before it ends the
//! program and starts it again. A quarter of that lies between two looks at the workers; one that
//! ends nothing over [`PATIENCE_LOOKS`] of them while it has packets stops the feeding until it
//! goes on. So a hang is known after at most three quarters of that time, and the program is
//! ended within one and a half.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::progress::{Progress, Stride};

/// Looks without an end after which a worker is stuck.
const PATIENCE_LOOKS: u32 = 2;

/// Looks within the time that the service manager waits.
const LOOKS: u32 = 4;

/// How long the files may take after the drain: a picture on an old board, a slow card.
const FILES: Duration = Duration::from_secs(30);

/// The service manager, if there is one.
pub struct Service {
    there: bool,
    watchdog: Option<Watchdog>,
}

struct Watchdog {
    every_ns: u64,
    due_ns: u64,
    progress: Progress,
    hungry: bool,
}

impl Service {
    /// The one that the environment names.
    pub fn of_environment() -> Self {
        let there = std::env::var_os("NOTIFY_SOCKET").is_some();
        let limit = sd_notify::watchdog_enabled().filter(|limit| there && !limit.is_zero());
        let watchdog = limit.map(|limit| Watchdog {
            every_ns: u64::try_from((limit / LOOKS).as_nanos()).unwrap_or(u64::MAX).max(1),
            due_ns: 0,
            progress: Progress::new(PATIENCE_LOOKS),
            hungry: false,
        });
        Service { there, watchdog }
    }

    /// The engine runs.
    pub fn ready(&self) {
        self.tell(&[NotifyState::Ready, NotifyState::Status("running")]);
    }

    /// When the workers are to be looked at next.
    pub fn due_ns(&self) -> u64 {
        self.watchdog.as_ref().map_or(u64::MAX, |watchdog| watchdog.due_ns)
    }

    /// Looks at the workers, if it is time, and feeds the watchdog if all make progress.
    pub fn look(&mut self, now_ns: u64, strides: impl FnOnce() -> Vec<Stride>) {
        let Some(watchdog) = self.watchdog.as_mut().filter(|watchdog| now_ns >= watchdog.due_ns)
        else {
            return;
        };
        watchdog.due_ns = now_ns.saturating_add(watchdog.every_ns);
        let stuck = watchdog.progress.look(&strides());
        let was_hungry = std::mem::replace(&mut watchdog.hungry, !stuck.is_empty());
        let Some(worker) = stuck.first() else {
            if was_hungry {
                log::warn!("all workers make progress again: the watchdog is fed");
            }
            return self.tell(&[NotifyState::Watchdog]);
        };
        if !was_hungry {
            let more = stuck.len() - 1;
            let others = if more == 0 { String::new() } else { format!(" and {more} more") };
            let text = format!(
                "worker {worker}{others} has packets and ends none: the watchdog is not fed"
            );
            log::error!("{text}");
            self.tell(&[NotifyState::Status(&text)]);
        }
    }

    /// Tells how the run goes, unless a hang is what is to be read; whether anybody was told.
    pub fn status(&self, text: &str) -> bool {
        if !self.watchdog.as_ref().is_some_and(|watchdog| watchdog.hungry) {
            self.tell(&[NotifyState::Status(text)]);
        }
        self.there
    }

    /// The sources stop, and what was accepted is finished within `drain_limit`.
    pub fn stopping(&self, drain_limit: Duration) {
        let longest = drain_limit.saturating_add(FILES).as_micros();
        self.tell(&[
            NotifyState::Stopping,
            NotifyState::Status("finishing what was accepted"),
            NotifyState::ExtendTimeoutUsec(u32::try_from(longest).unwrap_or(u32::MAX)),
        ]);
    }

    fn tell(&self, states: &[NotifyState]) {
        if !self.there {
            return;
        }
        // Whoever does not listen will not act either: the run goes on.
        if let Err(error) = sd_notify::notify(states) {
            log::debug!("the service manager cannot be told: {error}");
        }
    }
}
