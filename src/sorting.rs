//! Sorting of what is sorted once or seldom, with one copy of the sorting code in the program.
//!
//! The standard library's sort is made again for each type of element and each way to compare, at
//! 6 KB a time, so that long lists are sorted fast. The lists of this program (CPUs, zones, classes,
//! bars of a picture) are short, and a board's disk is too: here indices are sorted, by that same
//! sort, and the elements follow. What is sorted for every packet uses the standard library's.

use std::cmp::Ordering;

/// Sorts as [`slice::sort_by`] does: what is equal keeps its order.
pub(crate) fn sort_by<T>(items: &mut [T], mut order: impl FnMut(&T, &T) -> Ordering) {
    let mut from = sorted(items.len(), &mut |a, b| order(&items[a], &items[b]));
    // Each element of a cycle takes the place of the one before; a place that is done points to
    // itself.
    for start in 0..from.len() {
        let mut at = start;
        while from[at] != start {
            let next = from[at];
            items.swap(at, next);
            from[at] = at;
            at = next;
        }
        from[at] = at;
    }
}

/// Sorts as [`slice::sort_by_key`] does.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts as [`slice::sort`] does.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// The indices 0 to `count` by the order of what they stand for.
fn sorted(count: usize, order: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..count).collect();
    indices.sort_by(|a, b| order(*a, *b));
    indices
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_library_does(
            items in prop::collection::vec((0u8..20, any::<u16>()), 0..200),
        ) {
            let (mut ours, mut theirs) = (items.clone(), items);
            sort_by_key(&mut ours, |(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(&ours, &theirs);
            sort(&mut ours);
            theirs.sort();
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn an_order_that_contradicts_itself_loses_nothing(
            mut items in prop::collection::vec(any::<u8>(), 0..20),
            answers in prop::collection::vec(0..3, 1..50),
        ) {
            let mut before = items.clone();
            let mut answer = answers.iter().cycle();
            sort_by(&mut items, |_, _| match answer.next() {
                Some(0) => Ordering::Less,
                Some(1) => Ordering::Equal,
                _ => Ordering::Greater,
            });
            items.sort();
            before.sort();
            prop_assert_eq!(items, before);
        }
    }
}
