//! Bare channels: one that all workers share, or one for each worker.
//!
//! Senders and receivers wait as the channels themselves do (`send` and `recv` that block).
//! A shared channel holds the bound of all workers together.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;
use edge_dispatch::random::Random;

use crate::crew::Crew;
use crate::packet::Packet;
use crate::side::{BOUND, Measured, Run, Side};

/// The seed's stream for choices.
const CHOICES: u64 = 2;

/// One bounded crossbeam channel for all workers.
pub struct SharedChannel;

impl Side for SharedChannel {
    fn name(&self) -> &'static str {
        "shared-channel"
    }

    fn run(&self, run: &Run) -> Measured {
        let (sender, receiver) = crossbeam_channel::bounded(BOUND * run.workers());
        let receive = move |_| receiver.recv().ok();
        serve(run, receive, |_| (), move |packet| sender.send(packet).expect("workers live"))
    }
}

/// One bounded flume channel for all workers.
pub struct Flume;

impl Side for Flume {
    fn name(&self) -> &'static str {
        "flume"
    }

    fn run(&self, run: &Run) -> Measured {
        let (sender, receiver) = flume::bounded(BOUND * run.workers());
        let receive = move |_| receiver.recv().ok();
        serve(run, receive, |_| (), move |packet| sender.send(packet).expect("workers live"))
    }
}

/// One bounded kanal channel for all workers.
pub struct Kanal;

impl Side for Kanal {
    fn name(&self) -> &'static str {
        "kanal"
    }

    fn run(&self, run: &Run) -> Measured {
        let (sender, receiver) = kanal::bounded(BOUND * run.workers());
        let receive = move |_| receiver.recv().ok();
        serve(run, receive, |_| (), move |packet| sender.send(packet).expect("workers live"))
    }
}

/// A bounded crossbeam channel for each worker, in turn.
pub struct RoundRobin;

impl Side for RoundRobin {
    fn name(&self) -> &'static str {
        "round-robin"
    }

    fn run(&self, run: &Run) -> Measured {
        let (senders, receivers) = channel_each(run);
        let receive = move |worker: usize| receivers[worker].recv().ok();
        let mut turn = 0;
        let send = move |packet| {
            senders[turn].send(packet).expect("workers live");
            turn += 1;
            if turn == senders.len() {
                turn = 0;
            }
        };
        serve(run, receive, |_| (), send)
    }
}

/// A bounded crossbeam channel for each worker; of two distinct ones drawn at random, the one
/// with fewer packets in flight. What the engine's policy does above 16 workers, without
/// capacities, bound in packets, ledger, or closing.
pub struct TwoChoices;

impl Side for TwoChoices {
    fn name(&self) -> &'static str {
        "two-choices"
    }

    fn run(&self, run: &Run) -> Measured {
        let (senders, receivers) = channel_each(run);
        let in_flight: Vec<CachePadded<AtomicUsize>> =
            (0..run.workers()).map(|_| CachePadded::default()).collect();
        let in_flight = &in_flight;
        let receive = move |worker: usize| receivers[worker].recv().ok();
        // Relaxed, here and below: a count that only guides a choice.
        let release = |worker: usize| {
            in_flight[worker].fetch_sub(1, Ordering::Relaxed);
        };
        let mut random = Random::stream(run.seed, CHOICES);
        let send = move |packet| {
            let (one, other) = two_of(senders.len() as u32, &mut random);
            let counts = [one, other].map(|worker| in_flight[worker].load(Ordering::Relaxed));
            let worker = if counts[1] < counts[0] { other } else { one };
            in_flight[worker].fetch_add(1, Ordering::Relaxed);
            senders[worker].send(packet).expect("workers live");
        };
        serve(run, receive, release, send)
    }
}

/// Two distinct workers; twice the same where there is only one.
fn two_of(workers: u32, random: &mut Random) -> (usize, usize) {
    let one = random.below(workers);
    let further = if workers > 1 { 1 + random.below(workers - 1) } else { 0 };
    (one as usize, ((one + further) % workers) as usize)
}

type Ends = (Vec<crossbeam_channel::Sender<Packet>>, Vec<crossbeam_channel::Receiver<Packet>>);

fn channel_each(run: &Run) -> Ends {
    (0..run.workers()).map(|_| crossbeam_channel::bounded(BOUND)).unzip()
}

/// A pinned thread for each worker that receives and works until there is no sender any more;
/// `release` follows each packet's work.
fn serve(
    run: &Run,
    receive: impl Fn(usize) -> Option<Packet> + Sync,
    release: impl Fn(usize) + Sync,
    send: impl FnMut(Packet),
) -> Measured {
    let crew = Crew::new(run);
    let timed = std::thread::scope(|scope| {
        for worker in 0..run.workers() {
            let (crew, receive, release) = (&crew, &receive, &release);
            scope.spawn(move || {
                let mut hand = crew.pinned_hand(worker);
                while let Some(packet) = receive(worker) {
                    hand.work(&packet.payload);
                    release(worker);
                }
            });
        }
        // Takes `send`, and with it all senders: when it returns, the workers end.
        crew.send_singly(run, send)
    });
    crew.measured(run, timed)
}
