//! A keeper over a fake tree, in which CPUs come and go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::ids::CpuId;
use crate::topology::{OwnThreads, PlacementRequest, Roots, place};

const WITNESS: u32 = 100;
const HOUSEKEEPER: u32 = 200;

/// Masks are files of the tree; setting one writes it, as the kernel would.
struct Tree {
    dir: PathBuf,
    threads: OwnThreads,
}

impl Affinity for Tree {
    fn usable(&mut self) -> Option<CpuList> {
        self.threads.usable()
    }

    fn mask_of(&mut self, thread: u32) -> Option<CpuList> {
        self.threads.mask_of(thread)
    }

    fn set_mask(&mut self, thread: u32, cpus: &CpuList) -> io::Result<()> {
        let usable = self.usable().unwrap_or_default();
        if !cpus.iter().any(|cpu| usable.contains(cpu)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        set_mask(&self.dir, thread, &cpus.to_string());
        Ok(())
    }
}

fn write(dir: &Path, file: &str, text: &str) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn set_mask(dir: &Path, thread: u32, cpus: &str) {
    write(
        dir,
        &format!("proc/self/task/{thread}/status"),
        &format!("Cpus_allowed_list:\t{cpus}\n"),
    );
}

/// A machine of four CPUs, two of them slow, with a worker on each and the keeper that looks.
struct Scene {
    dir: TempDir,
    keeper: Keeper,
    seats: Arc<Seats>,
    workers: Vec<Arc<WorkerState>>,
    now_ns: u64,
}

impl Scene {
    fn new(request: PlacementRequest) -> Self {
        let dir = tempfile::tempdir().expect("a place for a tree");
        write(dir.path(), "sys/devices/system/cpu/online", "0-3\n");
        for (cpu, capacity) in [(0, "1024"), (1, "1024"), (2, "400"), (3, "400")] {
            write(dir.path(), &format!("sys/devices/system/cpu/cpu{cpu}/cpu_capacity"), capacity);
        }
        let roots = Roots::tree(dir.path().join("sys"), Some(dir.path().join("proc")));
        let topology = Topology::read(&roots).expect("a topology");
        let placement = place(&topology, &request).expect("a placement");
        let workers: Vec<Arc<WorkerState>> =
            placement.seats.iter().map(|_| Arc::default()).collect();
        for (seat, state) in placement.seats.iter().zip(&workers) {
            state.introduce(seat.worker.0 + 1, true);
            set_mask(dir.path(), seat.worker.0 + 1, &seat.cpu.to_string());
        }
        [WITNESS, HOUSEKEEPER].iter().for_each(|&thread| set_mask(dir.path(), thread, "0-3"));
        let seats = Arc::new(Seats::new(placement.seats.clone()));
        let threads = OwnThreads::new(roots, WITNESS);
        let keeper = Keeper::new(KeeperParts {
            affinity: Box::new(Tree { dir: dir.path().into(), threads }),
            topology,
            asked: request.cpus,
            reserved: placement.reserved,
            emulated: false,
            workers: workers.clone(),
            seats: seats.clone(),
            housekeepers: Arc::new(Housekeepers::of([HOUSEKEEPER])),
        });
        Scene { dir, keeper, seats, workers, now_ns: 0 }
    }

    /// The CPUs that a thread may run on.
    fn mask(&self, thread: u32) -> String {
        let path = self.dir.path().join(format!("proc/self/task/{thread}/status"));
        let text = fs::read_to_string(path).expect("a mask");
        text.trim_start_matches("Cpus_allowed_list:").trim().to_owned()
    }

    /// A CPU is unplugged or plugged in again: the kernel widens the masks of those pinned there.
    fn online(&mut self, cpus: &str) {
        write(self.dir.path(), "sys/devices/system/cpu/online", cpus);
        let online: CpuList = cpus.parse().expect("a list");
        for thread in 1..=self.workers.len() as u32 {
            let mask: CpuList = self.mask(thread).parse().expect("a list");
            if mask.iter().all(|cpu| !online.contains(cpu)) {
                set_mask(self.dir.path(), thread, "0-3");
            }
        }
    }

    /// The CPUs of the workers after the next look, which find their pins in force.
    fn look(&mut self) -> Vec<u32> {
        self.now_ns += KEEP_EVERY_NS;
        self.keeper.look(self.now_ns);
        let seats = self.seats.all();
        for (seat, state) in seats.iter().zip(&self.workers) {
            assert_eq!(self.mask(seat.worker.0 + 1), seat.cpu.to_string());
            assert!(state.pinned());
        }
        seats.iter().map(|seat| seat.cpu.0).collect()
    }
}

#[test]
fn a_worker_whose_cpu_is_unplugged_moves_and_comes_back_with_it() {
    let mut scene = Scene::new(PlacementRequest::default());
    assert_eq!(scene.look(), [0, 1, 2, 3]);
    scene.online("0,2-3");
    assert_eq!(scene.look(), [0, 0, 2, 3], "all have one worker: the fastest takes another");
    let seat = scene.seats.all()[1];
    assert_eq!((seat.class, seat.capacity), (crate::class::Class::Performance, 1.0));
    scene.online("0-3");
    assert_eq!(scene.look(), [0, 1, 2, 3]);
    assert_eq!(scene.seats.moves().1, 2);
    assert_eq!(scene.seats.restored(), 0, "nobody but the kernel moved a pin");
}

#[test]
fn a_pin_that_was_changed_from_outside_is_put_right_once() {
    let mut scene = Scene::new(PlacementRequest::default());
    scene.look();
    set_mask(scene.dir.path(), 2, "0-3");
    assert_eq!(scene.look(), [0, 1, 2, 3]);
    scene.look();
    assert_eq!((scene.seats.restored(), scene.seats.moves().1), (1, 0));
}

/// `taskset -a` gives all threads of the process one mask.
#[test]
fn what_may_be_used_is_never_widened() {
    let mut scene = Scene::new(PlacementRequest::default());
    let all = |scene: &Scene, cpus: &str| {
        let threads = [1, 2, 3, 4, WITNESS, HOUSEKEEPER];
        threads.iter().for_each(|&thread| set_mask(scene.dir.path(), thread, cpus));
    };
    all(&scene, "2-3");
    assert_eq!(scene.look(), [2, 3, 2, 3]);
    assert_eq!(scene.mask(WITNESS), "2-3");
    all(&scene, "3");
    assert_eq!(scene.look(), [3, 3, 3, 3]);
    all(&scene, "0-3");
    assert_eq!(scene.look(), [0, 1, 2, 3]);
}

#[test]
fn a_free_cpu_is_taken_before_one_is_shared_and_housekeeping_leaves_it() {
    let fast = PlacementRequest { workers: Some(2), ..PlacementRequest::default() };
    let mut scene = Scene::new(fast);
    assert_eq!(scene.look(), [0, 1]);
    assert_eq!(scene.mask(HOUSEKEEPER), "2-3");
    scene.online("1-3");
    assert_eq!(scene.look(), [2, 1]);
    assert_eq!(scene.mask(HOUSEKEEPER), "3");
    scene.online("0-3");
    scene.look();
    assert_eq!(scene.mask(HOUSEKEEPER), "2-3");
}

#[test]
fn what_was_asked_for_is_kept_to_while_any_of_it_is_left() {
    let asked = PlacementRequest { cpus: "0-1".parse().ok(), ..PlacementRequest::default() };
    let mut scene = Scene::new(asked);
    scene.online("0,2-3");
    assert_eq!(scene.look(), [0, 0]);
    scene.online("2-3");
    assert_eq!(scene.look(), [2, 3], "nothing of it is left");
}

#[test]
fn between_two_seconds_nothing_is_looked_at() {
    let mut scene = Scene::new(PlacementRequest::default());
    scene.look();
    scene.online("0");
    assert_eq!(scene.keeper.look(scene.now_ns + KEEP_EVERY_NS - 1), []);
    assert_eq!(scene.keeper.look(scene.now_ns + KEEP_EVERY_NS).len(), 3);
}

#[test]
fn a_thread_that_has_ended_and_a_witness_that_cannot_be_read_are_left_alone() {
    let mut scene = Scene::new(PlacementRequest::default());
    fs::remove_dir_all(scene.dir.path().join("proc/self/task/2")).expect("it was there");
    scene.keeper.look(0);
    assert!(!scene.dir.path().join("proc/self/task/2").exists());
    fs::remove_dir_all(scene.dir.path().join("proc")).expect("it was there");
    assert_eq!(scene.keeper.look(KEEP_EVERY_NS), []);
    assert_eq!(scene.seats.moves().1, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Whatever goes away and comes back: everybody sits on a usable CPU, pinned; and once all is
    /// back, at home.
    #[test]
    fn every_worker_is_pinned_where_it_may_run(
        steps in proptest::collection::vec((1u8..16, any::<bool>()), 1..20),
    ) {
        let mut scene = Scene::new(PlacementRequest::default());
        for (bits, by_mask) in steps {
            let cpus: CpuList = (0..4).filter(|cpu| bits & (1 << cpu) != 0).map(CpuId).collect();
            if by_mask {
                set_mask(scene.dir.path(), WITNESS, &cpus.to_string());
                scene.online("0-3");
            } else {
                set_mask(scene.dir.path(), WITNESS, "0-3");
                scene.online(&cpus.to_string());
            }
            let seats = scene.look();
            prop_assert!(seats.iter().all(|&cpu| cpus.contains(CpuId(cpu))), "{seats:?} of {cpus}");
        }
        set_mask(scene.dir.path(), WITNESS, "0-3");
        scene.online("0-3");
        prop_assert_eq!(scene.look(), [0, 1, 2, 3]);
    }
}
