// Prints what must be the same on every machine, as digests: each policy's choices on a seeded
// stream of packets, and what the simulator makes of each policy. `scripts/check-cross` compares
// the lines of a program for an Arm board with this machine's.
//
// ```sh
// cargo run --example portable
// ```

use std::sync::Arc;

use edge_dispatch::feedback::Done;
use edge_dispatch::ids::WorkerId;
use edge_dispatch::job::Key;
use edge_dispatch::loads::{LoadBoard, Loads};
use edge_dispatch::packet::Kind;
use edge_dispatch::policy::{Ask, NAMES, by_name};
use edge_dispatch::random::Random;
use edge_dispatch::sim::{Replications, Setup, Speeds, simulate};

const WORKERS: u32 = 9;
const PACKETS: u64 = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for name in NAMES {
        println!("choices {name} {:016x}", choices(name)?);
        println!("simulation {name} {:016x}", simulation(name)?);
    }
    Ok(())
}

/// The workers that `name` chooses while loads, speeds, keys and kinds change and what came of
/// each choice is told.
fn choices(name: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let board = Arc::new(LoadBoard::new((0..WORKERS).map(|worker| 1.0 / (1 + worker % 3) as f32)));
    let (mut policy, mut loads) = (by_name(name, None)?, Loads::new(board.clone()));
    let (mut random, mut world) = (Random::new(2026), Random::new(7));
    let mut digest = Digest::new();
    for ticket in 0..PACKETS {
        let worker = WorkerId(world.below(WORKERS));
        board.in_flight(worker).set(world.below(50));
        board.set_speed(worker, 0.2 + 0.8 * world.unit() as f32, world.unit() as f32);
        loads.refresh();
        let kind = Kind::ALL[world.below(Kind::ALL.len() as u32) as usize];
        let key = Key(u64::from(world.below(64)));
        let now_ns = ticket * 1_000;
        let ask = Ask { now_ns, ticket, expected_work_ns: 700, ..Ask::new(key, kind) };
        let chosen = policy.choose(&ask, &loads, &mut random);
        digest.add(&chosen.0.to_le_bytes());
        let (wait_ns, service_ns) = (world.below(5_000).into(), world.below(9_000).into());
        let finished_ns = now_ns + wait_ns + service_ns;
        let failed = world.below(50) == 0;
        let done = Done { ticket, worker: chosen, kind, finished_ns, wait_ns, service_ns, failed };
        policy.learn(&[done], &loads);
    }
    Ok(digest.0)
}

/// Every figure of a simulation on fast and slow workers, and packets of it one by one.
fn simulation(name: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let speeds = Speeds::new(vec![1.0, 1.0, 0.55, 0.55, 0.3]);
    let setup = Setup {
        policy: name.to_owned(),
        speeds,
        packets: PACKETS,
        learn_capacity: true,
        seed: 5,
        log_rows: 1_000,
        ..Setup::default()
    };
    let outcome = simulate(&setup, Replications::default())?;
    let mut digest = Digest::new();
    digest.add(format!("{outcome:?}").as_bytes());
    Ok(digest.0)
}

/// FNV-1a, 64 bits: told in a line, and the same everywhere.
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
