//! Laws of what panics where it must not, and of workers that die.

use super::*;
use crate::order::{Order, OrderRule};

/// Panics when it is dropped, without the hook's report: it is asked for.
struct Bomb(bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 {
            std::panic::resume_unwind(Box::new(()));
        }
    }
}

fn in_order(order: Order, n: u32) -> Builder<Bomb> {
    Engine::builder().placement(workers(n)).order(OrderRule::all(order))
}

/// A payload, a process or a panic that panics when it is dropped: the work on it has ended, and
/// so it costs nothing more.
#[test]
fn a_destructor_that_panics_costs_no_worker() {
    hush_expected_panics();
    for order in Order::ALL {
        let work = |_: WorkerInfo| {
            let process = Bomb(true);
            move |bomb: &Bomb, _: &WorkerInfo| match (&process, bomb.0) {
                (_, true) => std::panic::resume_unwind(Box::new(Bomb(true))),
                _ => Ok(()),
            }
        };
        let mut engine = in_order(order, 1).process_into(work, |_| drop).start().unwrap();
        let mut dispatcher = engine.dispatcher();
        for round in 0..4 {
            assert!(dispatcher.dispatch(Job::new(1, Bomb(round % 2 == 0))).is_ok());
            let mut jobs = [false, true, false].map(|bomb| Job::new(1, Bomb(bomb))).into();
            assert_eq!(dispatcher.dispatch_batch(&mut jobs).accepted, 3);
        }
        let closing = engine.finish(Duration::from_secs(60));
        let ledger = closing.last.ledger;
        assert_eq!((closing.ended, ledger.processed, ledger.failed), (Ended::Complete, 10, 6));
    }
}
