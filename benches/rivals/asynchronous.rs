//! Tokio: a task for each packet, or a task for each worker with a channel before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};

use crate::crew::Crew;
use crate::packet::{BATCH, Packet};
use crate::seat;
use crate::side::{BOUND, Measured, Run, Side};

/// A task for each packet, bounded by a semaphore. Permits are taken 32 at a time and given
/// back some at a time (`seat.rs`): a permit that each task takes along and drops was no faster.
pub struct TokioSpawn;

impl Side for TokioSpawn {
    fn name(&self) -> &'static str {
        "tokio-spawn"
    }

    fn run(&self, run: &Run) -> Measured {
        let crew = Crew::new(run);
        let permits = Arc::new(Semaphore::new(BOUND * run.workers()));
        let (hands, given_back) = (crew.clone(), permits.clone());
        let runtime = runtime(run, move |worker| {
            let permits = given_back.clone();
            seat::take(hands.pinned_hand(worker), move |count| permits.add_permits(count));
        });
        let mut taken = 0;
        let timed = crew.send_singly(run, |packet: Packet| {
            if taken == 0 {
                take_some(&runtime, &permits);
                taken = BATCH;
            }
            taken -= 1;
            runtime.spawn(async move { seat::work(&packet.payload) });
        });
        drop(runtime);
        crew.measured(run, timed)
    }
}

fn take_some(runtime: &Runtime, permits: &Semaphore) {
    let some = match permits.try_acquire_many(BATCH as u32) {
        Ok(some) => some,
        Err(_) => runtime
            .handle()
            .block_on(permits.acquire_many(BATCH as u32))
            .expect("the semaphore is never closed"),
    };
    some.forget();
}

/// A pool of pinned threads that knows nothing of I/O or timers.
fn runtime(run: &Run, seat: impl Fn(usize) + Send + Sync + 'static) -> Runtime {
    let next = AtomicUsize::new(0);
    Builder::new_multi_thread()
        .worker_threads(run.workers())
        .on_thread_start(move || seat(next.fetch_add(1, Ordering::Relaxed)))
        .build()
        .expect("the runtime starts")
}

/// A bounded channel and a task for each worker, in turn: `try_send`, which costs least, and
/// `blocking_send` where there is no room; a task takes what has come in, up to 32 at a time.
///
/// The tasks share the runtime's threads and may change between them, and a packet's work is
/// that of the worker whose thread it is done on. A runtime of its own for each pinned thread
/// was tried: less than half as fast, since each thread then sleeps and wakes for itself.
pub struct TokioMpsc;

impl Side for TokioMpsc {
    fn name(&self) -> &'static str {
        "tokio-mpsc"
    }

    fn run(&self, run: &Run) -> Measured {
        let crew = Crew::new(run);
        let hands = crew.clone();
        let runtime = runtime(run, move |worker| seat::take(hands.pinned_hand(worker), |_| ()));
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..run.workers()).map(|_| mpsc::channel(BOUND)).unzip();
        for receiver in receivers {
            runtime.spawn(serve(receiver));
        }
        let mut turn = 0;
        let timed = crew.send_singly(run, |packet| {
            send(&senders[turn], packet);
            turn += 1;
            if turn == senders.len() {
                turn = 0;
            }
        });
        drop(runtime);
        crew.measured(run, timed)
    }
}

fn send(sender: &mpsc::Sender<Packet>, packet: Packet) {
    match sender.try_send(packet) {
        Ok(()) => {}
        Err(TrySendError::Full(packet)) => {
            sender.blocking_send(packet).expect("tasks live until the run is over")
        }
        Err(TrySendError::Closed(_)) => unreachable!("tasks live until the run is over"),
    }
}

async fn serve(mut receiver: mpsc::Receiver<Packet>) {
    let mut packets = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut packets, BATCH).await > 0 {
        packets.drain(..).for_each(|packet: Packet| seat::work(&packet.payload));
    }
}
