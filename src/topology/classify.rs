//! Which class each CPU belongs to.

use super::cpu_list::CpuList;
use crate::class::Class;
use crate::ids::CpuId;
use crate::sorting;

/// A CPU at least this fast, relative to the next faster one, is of the same class.
///
/// A tenth: the favoured cores of an i7-1370P reach 5.2 GHz and the others of their kind
/// 5.0 GHz (0.96), its efficiency cores 3.9 GHz (0.75).
const SAME_CLASS_FROM: f64 = 0.9;

/// The class of each capacity, in the order given. Capacities are positive, in any one unit.
///
/// Going down from the fastest, a class ends where a CPU is more than a tenth slower than the
/// one before it. One class: `uniform`. Example: 1.0, 0.96, 0.75 are `performance`,
/// `performance`, `efficiency`.
pub fn classify(capacities: &[f64]) -> Vec<Class> {
    let mut fastest_first = capacities.to_vec();
    sorting::sort_by(&mut fastest_first, |a, b| b.total_cmp(a));
    let slowest_of_class = fastest_first.into_iter().fold(Vec::new(), extend_classes);
    let classes = slowest_of_class.len();
    let rank =
        |capacity: f64| slowest_of_class.iter().take_while(|&&slowest| capacity < slowest).count();
    capacities.iter().map(|&capacity| name(rank(capacity), classes)).collect()
}

/// Adds the next slower capacity to the last class, or to a new one.
fn extend_classes(mut slowest_of_class: Vec<f64>, capacity: f64) -> Vec<f64> {
    // The margin keeps 0.9 of 1.0 in the class however it was rounded.
    let belongs = |slowest: &f64| capacity >= slowest * (SAME_CLASS_FROM - 1e-9);
    match slowest_of_class.last_mut().filter(|slowest| belongs(slowest)) {
        Some(slowest) => *slowest = capacity,
        None => slowest_of_class.push(capacity),
    }
    slowest_of_class
}

/// The name of the class that is number `rank` of `classes`, counted from 0, fastest first.
fn name(rank: usize, classes: usize) -> Class {
    match rank {
        _ if classes <= 1 => Class::Uniform,
        0 => Class::Performance,
        _ if rank + 1 >= classes => Class::Efficiency,
        _ if classes == 3 => Class::Middle(0),
        _ => Class::Middle(u8::try_from(rank).unwrap_or(u8::MAX)),
    }
}

/// The class of each of `cpus` by the lists of core types, fastest type first; none if there
/// are no lists.
///
/// # Errors
/// A note if the lists leave a CPU out or name one twice: then they decide nothing.
pub(super) fn by_core_type(
    cpus: &CpuList,
    types: &[CpuList],
) -> Result<Option<Vec<Class>>, String> {
    let types: Vec<CpuList> = types
        .iter()
        .map(|list| list.only(|cpu| cpus.contains(cpu)))
        .filter(|list| !list.is_empty())
        .collect();
    if types.is_empty() {
        return Ok(None);
    }
    let torn = cpus.only(|cpu| types.iter().filter(|list| list.contains(cpu)).count() != 1);
    if !torn.is_empty() {
        return Err(format!("the core-type lists name CPU {torn} not once each: not used"));
    }
    let class_of = |cpu: CpuId| {
        let rank = types.iter().position(|list| list.contains(cpu))?;
        Some(name(rank, types.len()))
    };
    Ok(Some(cpus.iter().filter_map(class_of).collect()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use Class::{Efficiency, Middle, Performance, Uniform};

    #[test]
    fn classes_are_those_of_real_chips() {
        assert_eq!(classify(&[5.0, 5.2, 3.9]), [Performance, Performance, Efficiency]);
        assert_eq!(classify(&[381.0, 1024.0]), [Efficiency, Performance]);
        assert_eq!(classify(&[1024.0; 4]), [Uniform; 4]);
        // Snapdragon 8 Gen 2: one prime, four big, three little.
        assert_eq!(classify(&[270.0, 871.0, 1024.0]), [Efficiency, Middle(0), Performance]);
        assert_eq!(classify(&[]), []);
    }

    #[test]
    fn exactly_a_tenth_slower_is_the_same_class() {
        assert_eq!(classify(&[1.0, 0.9]), [Uniform; 2]);
        assert_eq!(classify(&[1.0, 0.899]), [Performance, Efficiency]);
        assert_eq!(classify(&[1.0, 0.92, 0.84, 0.5])[2], Performance, "a tenth of the *next* one");
    }

    #[test]
    fn several_middle_classes_are_numbered_from_the_fastest() {
        let classes = classify(&[0.1, 0.3, 0.6, 1.0]);
        assert_eq!(classes, [Efficiency, Middle(2), Middle(1), Performance]);
    }

    fn list(text: &str) -> CpuList {
        text.parse().expect("a CPU list")
    }

    #[test]
    fn core_types_name_the_classes() {
        let by_type = by_core_type(&list("0-1,4,6"), &[list("0-1"), list("4-5"), list("6")]);
        assert_eq!(by_type, Ok(Some(vec![Performance, Performance, Middle(0), Efficiency])));
        assert_eq!(by_core_type(&list("0-1"), &[]), Ok(None));
        // All efficiency cores are offline.
        assert_eq!(by_core_type(&list("0"), &[list("0"), list("")]), Ok(Some(vec![Uniform])));
    }

    #[test]
    fn core_types_that_contradict_the_cpus_decide_nothing() {
        let forgotten = by_core_type(&list("0-3"), &[list("0-1"), list("2")]);
        assert!(matches!(forgotten, Err(note) if note.contains("CPU 3 ")));
        let twice = by_core_type(&list("0-1"), &[list("0-1"), list("1")]);
        assert!(matches!(twice, Err(note) if note.contains("CPU 1 ")));
    }

    proptest! {
        #[test]
        fn a_faster_cpu_is_never_of_a_slower_class(
            capacities in prop::collection::vec(0.001f64..1.0, 1..40)
        ) {
            let classes = classify(&capacities);
            for (a, class_a) in capacities.iter().zip(&classes) {
                for (b, class_b) in capacities.iter().zip(&classes) {
                    prop_assert!(a < b || class_a <= class_b);
                }
            }
        }

        #[test]
        fn any_numbers_are_classified(capacities in prop::collection::vec(prop::num::f64::ANY, 0..40)) {
            prop_assert_eq!(classify(&capacities).len(), capacities.len());
        }
    }
}
