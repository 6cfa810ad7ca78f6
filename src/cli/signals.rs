//! Signals: the first asks for an orderly end, the second for an end at once.
//!
//! A shell and its tools often deliver one Ctrl+C twice; within [`SAME_REQUEST`] it is the
//! same request. SIGHUP (the terminal went away) does not stop a gateway. `ctrlc` serves
//! SIGINT; its `termination` feature cannot tell SIGHUP from SIGTERM, so those two are
//! signal-hook's. SIGXFSZ (a file reached `ulimit -f`) becomes an error of the write, like a full
//! disk: its default would end a gateway that could go on without rows.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use crossbeam_channel::{Receiver, Sender};
use signal_hook::consts::{SIGHUP, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::clock::Clock;
use crate::engine::Halt;

/// Two signals closer than this are one.
pub const SAME_REQUEST: Duration = Duration::from_millis(500);

/// How long the files may take after an end at once was asked for.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Starts listening; each signal that asks for an end arrives in the channel.
pub fn listen() -> anyhow::Result<Receiver<&'static str>> {
    let (sender, receiver) = crossbeam_channel::unbounded();
    let interrupted = sender.clone();
    ctrlc::set_handler(move || tell(&interrupted, "SIGINT")).context("cannot listen for Ctrl+C")?;
    let mut signals = Signals::new([SIGTERM, SIGHUP]).context("cannot listen for SIGTERM")?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGTERM => tell(&sender, "SIGTERM"),
                    _ => log::info!("SIGHUP: the terminal went away, the run goes on"),
                }
            }
        })
        .context("cannot start a thread")?;
    Ok(receiver)
}

/// Lets a write past the limit of a file's size fail instead of ending the program.
pub fn ignore_file_size_limit() {
    // Any handler will do; what it sets, nobody looks at. Without it the default remains.
    if let Err(error) = flag::register(SIGXFSZ, Arc::default()) {
        log::debug!("a file that reaches ulimit -f will end the program: {error}");
    }
}

fn tell(sender: &Sender<&'static str>, signal: &'static str) {
    // Nobody listens any more at the very end of the program.
    let _ = sender.send(signal);
}

/// Waits, in a thread of its own, for a second request, and then calls a halt; if the files
/// then hold the program up all the same, ends it. `asked`: whether the first has just come; a
/// run that ended by itself has had none.
pub fn halt_on_second(signals: Receiver<&'static str>, asked: bool, clock: Clock, halt: Halt) {
    let mut first_ns = asked.then(|| clock.now_ns());
    let wait = move || {
        for signal in signals {
            let now_ns = clock.now_ns();
            let Some(first_ns) = first_ns else {
                log::info!("{signal}: accepted packets are being finished; again to stop at once");
                first_ns = Some(now_ns);
                continue;
            };
            if now_ns - first_ns >= SAME_REQUEST.as_nanos() as u64 {
                log::warn!("{signal} again: stopping at once");
                halt.call();
                let until_ns = clock.now_ns() + AT_ONCE.as_nanos() as u64;
                while clock.now_ns() < until_ns {
                    std::thread::park_timeout(AT_ONCE / 10);
                }
                std::process::exit(super::exit::Exit::Aborted as i32);
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("second-signal".into()).spawn(wait) {
        log::warn!("a second signal will not be noticed: cannot start a thread: {error}");
    }
}
