//! Who sits where when CPUs went away, or came back.
//!
//! Worked out anew from the seats of the start each time and not from where the workers sit now,
//! so that the same CPUs always give the same seats, and nobody wanders.

use std::collections::BTreeMap;

use super::cpu_list::CpuList;
use super::model::Topology;
use super::placement::Seat;
use crate::class::Class;
use crate::ids::CpuId;

/// The seats when only `usable` CPUs may be used. Whose home is among them sits at home; the
/// others, by ascending worker, each on the CPU with the fewest workers so far, of those on a core
/// with the fewest, of those on the fastest. A CPU of `reserved` has a worker only if no other is
/// left. With nothing usable, which no running thread can see, all stay.
pub fn reseat(
    homes: &[Seat],
    usable: &CpuList,
    reserved: &CpuList,
    topology: &Topology,
) -> Vec<Seat> {
    if usable.is_empty() {
        return homes.to_vec();
    }
    let mut workers: BTreeMap<CpuId, u32> = usable.iter().map(|cpu| (cpu, 0)).collect();
    for home in homes {
        workers.entry(home.cpu).and_modify(|count| *count += 1);
    }
    let on_core = |workers: &BTreeMap<CpuId, u32>, cpu: CpuId| -> u32 {
        let siblings = topology.cpu(cpu).into_iter().flat_map(|cpu| &cpu.smt_siblings);
        siblings.chain([&cpu]).filter_map(|cpu| workers.get(cpu)).sum()
    };
    let place = |home: &Seat| {
        if usable.contains(home.cpu) {
            return *home;
        }
        let rank = |(cpu, count): (&CpuId, &u32)| {
            let others = on_core(&workers, *cpu);
            (reserved.contains(*cpu), *count, others, class(topology, *cpu), *cpu)
        };
        let best = workers.iter().map(rank).min();
        let Some((_, _, _, class, cpu)) = best else { return *home };
        workers.entry(cpu).and_modify(|count| *count += 1);
        let capacity = topology.cpu(cpu).map_or(home.capacity, |cpu| cpu.capacity);
        Seat { worker: home.worker, cpu, class, capacity }
    };
    homes.iter().map(place).collect()
}

/// A CPU that was not there at the start is taken for one of the slowest.
fn class(topology: &Topology, cpu: CpuId) -> Class {
    let slowest = topology.classes.last().map_or(Class::Uniform, |group| group.name);
    topology.cpu(cpu).map_or(slowest, |cpu| cpu.class)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::WorkerId;
    use crate::topology::placement::tests::hybrid;
    use crate::topology::{PlacementRequest, place};

    fn list(text: &str) -> CpuList {
        text.parse().expect("a list")
    }

    fn homes(workers: u32) -> Vec<Seat> {
        let request = PlacementRequest { workers: Some(workers), ..PlacementRequest::default() };
        place(&hybrid(), &request).expect("a placement").seats
    }

    proptest! {
        /// Nobody sits on a CPU that may not be used, who can sit at home does, and nobody else
        /// has company while a CPU is free.
        #[test]
        fn everybody_sits_on_a_usable_cpu_and_at_home_if_it_is_one(
            workers in 1..12u32,
            usable in proptest::collection::btree_set((0..8u32).prop_map(CpuId), 1..6),
        ) {
            let usable: CpuList = usable.into_iter().collect();
            let (homes, topology) = (homes(workers), hybrid());
            let seats = reseat(&homes, &usable, &CpuList::default(), &topology);
            for (seat, home) in seats.iter().zip(&homes) {
                prop_assert!(usable.contains(seat.cpu) && seat.worker == home.worker);
                prop_assert!(!usable.contains(home.cpu) || seat == home);
            }
            let at = |cpu| seats.iter().filter(|seat| seat.cpu == cpu).count();
            let strangers = seats.iter().zip(&homes).filter(|(seat, home)| seat.cpu != home.cpu);
            for (seat, _) in strangers {
                prop_assert!(usable.iter().all(|cpu| at(cpu) + 1 >= at(seat.cpu)));
            }
            let none = CpuList::default();
            prop_assert_eq!(reseat(&homes, &topology.allowed(), &none, &topology), homes);
        }
    }

    #[test]
    fn the_fastest_free_cpu_is_taken() {
        let homes = homes(2);
        assert_eq!((homes[0].cpu, homes[1].cpu), (CpuId(2), CpuId(5)));
        let seats = reseat(&homes, &list("0,4-5"), &list(""), &hybrid());
        assert_eq!((seats[0].cpu, seats[0].class), (CpuId(4), Class::Performance));
        assert_eq!(seats[1].worker, WorkerId(1));
    }

    #[test]
    fn with_nothing_usable_all_stay() {
        assert_eq!(reseat(&homes(3), &list(""), &list(""), &hybrid()), homes(3));
    }

    /// CPUs 2 and 4 are one core; 0 and 1 are slow.
    #[test]
    fn a_whole_core_comes_before_a_sibling_and_a_reserved_cpu_last() {
        let cpus = |seats: Vec<Seat>| seats.iter().map(|seat| seat.cpu.0).collect::<Vec<_>>();
        let homes = homes(2);
        assert_eq!(cpus(reseat(&homes, &list("0-2,4"), &list(""), &hybrid())), [2, 0]);
        assert_eq!(cpus(reseat(&homes, &list("0-2"), &list("0"), &hybrid())), [2, 1]);
        assert_eq!(cpus(reseat(&homes, &list("0,2"), &list("0"), &hybrid())), [2, 2]);
        assert_eq!(cpus(reseat(&homes, &list("0"), &list("0"), &hybrid())), [0, 0]);
    }
}
