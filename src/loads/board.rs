//! The live board: what every dispatcher reads, and workers and the sampler write.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::ids::WorkerId;
use crate::in_flight::InFlight;
use crate::parking::Parking;

/// The most of a core that foreign load may take away in the score: 1 − it is at least 0.05,
/// so that a busy core stays a last resort instead of dividing by zero.
pub const FOREIGN_LOAD_MAX: f32 = 0.95;

/// The least capacity a worker is believed to have, for the same reason.
pub const CAPACITY_MIN: f32 = 0.01;

/// The live loads of all workers of one engine.
#[derive(Debug)]
pub struct LoadBoard {
    in_flight: Box<[CachePadded<InFlight>]>,
    speed: Box<[Speed]>,
    /// Counts what is said about speeds: readers keep a copy of them.
    speed_epoch: AtomicU64,
    parking: Parking,
}

/// How fast a worker is: capacity and foreign load, packed so that they change together.
#[derive(Debug)]
struct Speed {
    packed: AtomicU64,
    /// How busy the core was over the last window of sampling.
    utilization: AtomicU32,
    /// The part of its capacity that is left to it while it is spared.
    relief: AtomicU32,
    retired: AtomicBool,
}

impl Speed {
    fn new(capacity: f32, foreign_load: f32) -> Self {
        Speed {
            packed: AtomicU64::new(pack(capacity, foreign_load)),
            utilization: AtomicU32::new(0),
            relief: AtomicU32::new(1.0f32.to_bits()),
            retired: AtomicBool::new(false),
        }
    }

    fn get(&self) -> (f32, f32) {
        // Relaxed, here and below: what a reader copies, the epoch orders.
        let bits = self.packed.load(Ordering::Relaxed);
        (f32::from_bits((bits >> 32) as u32), f32::from_bits(bits as u32))
    }
}

fn pack(capacity: f32, foreign_load: f32) -> u64 {
    u64::from(capacity.to_bits()) << 32 | u64::from(foreign_load.to_bits())
}

impl LoadBoard {
    /// A board of idle workers with these capacities (0 to 1, relative to the fastest).
    pub fn new(capacities: impl IntoIterator<Item = f32>) -> Self {
        let clamp = |capacity: f32| capacity.max(CAPACITY_MIN);
        let speed: Box<[_]> =
            capacities.into_iter().map(|capacity| Speed::new(clamp(capacity), 0.0)).collect();
        let parking = Parking::new(speed.len() as u32);
        let in_flight = speed.iter().map(|_| CachePadded::default()).collect();
        LoadBoard { in_flight, speed, speed_epoch: AtomicU64::new(0), parking }
    }

    /// Which workers are parked.
    pub fn parking(&self) -> &Parking {
        &self.parking
    }

    /// How many workers there are.
    pub fn workers(&self) -> u32 {
        self.in_flight.len() as u32
    }

    /// The in-flight count of `worker`.
    pub fn in_flight(&self, worker: WorkerId) -> &InFlight {
        &self.in_flight[worker.index()]
    }

    /// Capacity (0 to 1) and foreign load (0 to 1) of `worker` as last set.
    pub fn speed(&self, worker: WorkerId) -> (f32, f32) {
        self.speed[worker.index()].get()
    }

    /// A number that changes whenever a speed, a utilization or a death is told.
    #[inline]
    pub(super) fn speed_epoch(&self) -> u64 {
        // Acquire: pairs with `changed`; the speeds are at least as new as the number.
        self.speed_epoch.load(Ordering::Acquire)
    }

    fn changed(&self) {
        // Release: pairs with `speed_epoch`.
        self.speed_epoch.fetch_add(1, Ordering::Release);
    }

    /// Nothing is expected of `worker` any more: it died. With nothing in flight it would look the
    /// best of all. A policy that goes by the expected delay takes it last.
    pub fn retire(&self, worker: WorkerId) {
        self.speed[worker.index()].retired.store(true, Ordering::Relaxed);
        self.changed();
    }

    /// Whether `worker` died.
    pub fn is_retired(&self, worker: WorkerId) -> bool {
        self.speed[worker.index()].retired.load(Ordering::Relaxed)
    }

    /// Sets how fast `worker` is; values outside their ranges are moved to the nearest end.
    pub fn set_speed(&self, worker: WorkerId, capacity: f32, foreign_load: f32) {
        let foreign_load = foreign_load.clamp(0.0, FOREIGN_LOAD_MAX);
        let packed = pack(capacity.max(CAPACITY_MIN), foreign_load);
        self.speed[worker.index()].packed.store(packed, Ordering::Relaxed);
        self.changed();
    }

    /// Sets the part of its capacity that `worker` is believed to have while it is spared, so that
    /// it cools (0 to 1, 1: it is not spared). It is in [`LoadBoard::speed`] already; here it says
    /// how much of that is speed.
    pub fn set_relief(&self, worker: WorkerId, factor: f32) {
        self.speed[worker.index()].relief.store(factor.to_bits(), Ordering::Relaxed);
    }

    /// How fast `worker` is, spared or not: for whoever turns its time into work.
    pub fn measured_capacity(&self, worker: WorkerId) -> f32 {
        let speed = &self.speed[worker.index()];
        speed.get().0 / f32::from_bits(speed.relief.load(Ordering::Relaxed))
    }

    /// Sets how busy the core of `worker` was over the last window of sampling (0 to 1).
    pub fn set_utilization(&self, worker: WorkerId, utilization: f32) {
        let bits = utilization.clamp(0.0, 1.0).to_bits();
        self.speed[worker.index()].utilization.store(bits, Ordering::Relaxed);
        self.changed();
    }

    /// How busy the core of `worker` was over the last window of sampling (0 to 1).
    pub fn utilization(&self, worker: WorkerId) -> f32 {
        f32::from_bits(self.speed[worker.index()].utilization.load(Ordering::Relaxed))
    }
}
