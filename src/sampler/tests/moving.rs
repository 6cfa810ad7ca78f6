//! A worker that is moved takes nothing along of what was measured of its old core.

use std::io;

use super::super::*;
use crate::clock::Clock;
use crate::packet::Kind;
use crate::topology::{
    Affinity, CpuList, Housekeepers, PlacementRequest, Roots, Seats, Topology, place,
};
use crate::totals::Done as Packet;

/// What the process may use, changed from outside.
struct Allowed(Arc<Mutex<CpuList>>);

impl Allowed {
    fn list(&self) -> CpuList {
        self.0.lock().unwrap().clone()
    }
}

impl Affinity for Allowed {
    fn usable(&mut self) -> Option<CpuList> {
        Some(self.list())
    }

    fn mask_of(&mut self, _thread: u32) -> Option<CpuList> {
        Some(self.list())
    }

    fn set_mask(&mut self, _thread: u32, _cpus: &CpuList) -> io::Result<()> {
        Ok(())
    }
}

/// Two fast CPUs with a worker each, and a slow one.
fn machine() -> Topology {
    let dir = tempfile::tempdir().expect("a place for a tree");
    let cpus = dir.path().join("sys/devices/system/cpu");
    for (cpu, capacity) in [(0, "1024"), (1, "1024"), (2, "410")] {
        let folder = cpus.join(format!("cpu{cpu}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("cpu_capacity"), capacity).expect("a file");
    }
    std::fs::write(cpus.join("online"), "0-2").expect("a file");
    let roots = Roots::tree(dir.path().join("sys"), Some(dir.path().join("proc")));
    Topology::read(&roots).expect("a topology")
}

#[test]
fn what_was_measured_before_a_move_says_nothing_of_the_new_core() {
    let topology = machine();
    let request = PlacementRequest { workers: Some(2), ..PlacementRequest::default() };
    let placement = place(&topology, &request).expect("a placement");
    let states: Vec<Arc<WorkerState>> = vec![Arc::default(), Arc::default()];
    let sampled = |(seat, state): (&Seat, &Arc<WorkerState>)| Sampled {
        cpu: seat.cpu,
        class: seat.class,
        prior_capacity: seat.capacity as f32,
        state: state.clone(),
    };
    let workers = placement.seats.iter().zip(&states).map(sampled).collect();
    let allowed = Arc::new(Mutex::new("0-2".parse().expect("a list")));
    let keeper = Keeper::new(KeeperParts {
        affinity: Box::new(Allowed(allowed.clone())),
        topology,
        asked: None,
        reserved: CpuList::default(),
        emulated: false,
        workers: states.clone(),
        seats: Arc::new(Seats::new(placement.seats.clone())),
        housekeepers: Arc::new(Housekeepers::of([])),
    });
    let board = Arc::new(LoadBoard::new([1.0, 1.0]));
    let (clock, samples) = (Clock::manual(), Arc::default());
    let proc = PathBuf::from("/nowhere");
    let mut sampler = Sampler::new(workers, board.clone(), clock.clone(), proc, samples, keeper);
    let mut look = || {
        // Both measure enough to be believed at once: a millisecond a packet, as on a fast core.
        for state in &states {
            (0..200).for_each(|_| state.totals().add(measured(1_000_000)));
        }
        clock.advance(1_000_000_000);
        sampler.look();
        board.speed(WorkerId(0)).0
    };
    assert_eq!(look(), 1.0);
    *allowed.lock().unwrap() = "1-2".parse().expect("a list");
    let moved = look();
    assert!((moved - 0.4).abs() < 0.01, "{moved}: what the slow core is believed to be");
}

fn measured(cpu_ns: u64) -> Packet {
    Packet {
        kind: Kind::Other,
        wait_ns: 0,
        service_ns: cpu_ns,
        cpu_ns: Some(cpu_ns),
        succeeded: true,
        weight: 1,
    }
}
