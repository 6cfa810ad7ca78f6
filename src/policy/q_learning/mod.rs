//! Q-learning: a table learns which class of cores to send to, under guard.
//!
//! The state is factored: for each class of cores the level of its shallowest queue ([`view`]);
//! an action is a class, and within it the shallowest queue gets the packet. So the table has a
//! few dozen rows where one row for every vector of queue lengths would have millions, most of
//! them never seen. One step (Watkins 1989), with reward r, learning rate α, discount γ:
//!
//! `Q(s, a) ← Q(s, a) + α (r + γ max Q(s', ·) − Q(s, a))`
//!
//! r is −(response time in ms) / 10, and −1000 for a failure; actions are ε-greedy, with ε
//! multiplied by its decay after each.
//!
//! *Under guard* ([`guard`]) the choices are at first those of shortest expected delay, and the
//! table learns in the shadow: in a virtual twin of the workers, where it chooses for the same
//! packets. Another twin replays them under shortest expected delay. The table takes over only when
//! it does no worse, and hands back when it does. Unguarded it chooses from the first packet on.

mod brain;
mod guard;
mod table;
mod twin;
mod view;

pub use table::{QSettings, QTable, WrongTable};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Ask, Policy, ShortestExpectedDelay};
use crate::feedback::{Done, NOT_ASKED};
use crate::ids::WorkerId;
use crate::learning::QReport;
use crate::loads::Loads;
use crate::random::Random;

use brain::Brain;
use view::View;

/// Choices that wait for what came of them; older ones are forgotten.
const PENDING: usize = 8_192;

/// What all dispatchers under this rule know together: a table, and whether it may act.
#[derive(Clone, Debug)]
pub struct SharedQ(Arc<Mutex<Brain>>);

impl SharedQ {
    /// Begins with `table`, or with one that knows nothing.
    pub fn new(settings: QSettings, table: Option<QTable>) -> Self {
        SharedQ(Arc::new(Mutex::new(Brain::new(settings, table))))
    }

    /// As [`SharedQ::new`], for workers of these capacities, relative to the fastest: the classes
    /// go by them. By the time of the first choice others may have been measured, and a table
    /// with the classes of that moment would not fit the next run.
    pub fn for_workers(settings: QSettings, table: Option<QTable>, capacities: &[f32]) -> Self {
        let shared = SharedQ::new(settings, table);
        shared.lock().know(capacities);
        shared
    }

    /// The table as it is now; `None` before the first choice, when nobody knows its shape yet.
    pub fn table(&self) -> Option<QTable> {
        self.lock().table().cloned()
    }

    /// How the learning went.
    pub fn report(&self) -> QReport {
        self.lock().report()
    }

    fn lock(&self) -> MutexGuard<'_, Brain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the head of this file.
#[derive(Debug)]
pub struct QLearning {
    shared: SharedQ,
    otherwise: ShortestExpectedDelay,
    pending: Box<[Option<Pending>]>,
    /// The oldest choice that the guard has not replayed.
    replayed: u64,
    next: u64,
}

/// A choice whose end is still to be heard of.
#[derive(Clone, Copy, Debug)]
struct Pending {
    ticket: u64,
    state: u32,
    action: u8,
    chosen_ns: u64,
    /// Nanoseconds of its work on the fastest worker, once that is known.
    work_ns: Option<f64>,
}

impl QLearning {
    /// One dispatcher's part in what `shared` knows.
    pub fn new(shared: SharedQ) -> Self {
        QLearning {
            shared,
            otherwise: ShortestExpectedDelay::new(None),
            pending: vec![None; PENDING].into(),
            replayed: 0,
            next: 0,
        }
    }

    fn pending(&mut self, ticket: u64) -> Option<&mut Pending> {
        let slot = self.pending[ticket as usize % PENDING].as_mut();
        slot.filter(|pending| pending.ticket == ticket)
    }

    fn remember(&mut self, pending: Pending) {
        if self.next == 0 {
            self.replayed = pending.ticket;
        }
        self.next = pending.ticket + 1;
        self.pending[pending.ticket as usize % PENDING] = Some(pending);
    }

    fn learn_from(&mut self, brain: &mut Brain, done: &Done, loads: &Loads) {
        if done.ticket == NOT_ASKED {
            return;
        }
        let next = self.pending(done.ticket + 1).map(|next| next.state);
        let work_ns = done.service_ns as f64 / f64::from(loads.delay_when_idle(done.worker));
        let Some(pending) = self.pending(done.ticket) else { return };
        pending.work_ns = Some(work_ns);
        let (state, action) = (pending.state, pending.action);
        let next = next.unwrap_or_else(|| View::of(loads, &brain.classes()).state());
        brain.hear(state, action, done.response_ns(), done.failed, next);
    }

    /// Shows the guard what has ended, in the sequence in which it was chosen. What was never
    /// heard of is passed over when it is half the ring old.
    fn replay(&mut self, brain: &mut Brain) {
        while self.replayed < self.next {
            let ticket = self.replayed;
            let ended = self.pending(ticket).map(|pending| (pending.chosen_ns, pending.work_ns));
            match ended {
                Some((chosen_ns, Some(work_ns))) => brain.replay(chosen_ns, work_ns),
                Some(_) if self.next - ticket < PENDING as u64 / 2 => return,
                _ => {}
            }
            self.replayed += 1;
        }
    }
}

impl Policy for QLearning {
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        let shared = self.shared.clone();
        let mut brain = shared.lock();
        brain.meet(loads);
        let classes = brain.classes();
        let view = View::of(loads, &classes);
        let worker = match brain.act(view.state(), random) {
            // Where all of a class are parked the table means nobody.
            Some(action) => loads.awake(view.shallowest(action, random)),
            None => self.otherwise.choose(ask, loads, random),
        };
        self.remember(Pending {
            ticket: ask.ticket,
            state: view.state(),
            action: classes.of(worker),
            chosen_ns: ask.now_ns,
            work_ns: None,
        });
        worker
    }

    fn wants_feedback(&self) -> bool {
        true
    }

    fn learn(&mut self, done: &[Done], loads: &Loads) {
        let shared = self.shared.clone();
        let mut brain = shared.lock();
        brain.meet(loads);
        for done in done {
            self.learn_from(&mut brain, done, loads);
        }
        self.replay(&mut brain);
    }

    fn name(&self) -> &'static str {
        "q-learning"
    }

    fn choices(&self, workers: u32) -> u32 {
        workers
    }
}
