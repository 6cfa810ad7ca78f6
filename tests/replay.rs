//! One policy code, two drivers: what a live engine chose, the simulator's driver chooses too.
//!
//! A live run is traced: for each choice what the rule saw of the loads, what it was asked, and the state of
//! its random stream. The trace is replayed through the view that the simulator uses, and the
//! choices must be the same; also while workers are parked, who is is a part of what the rule saw.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edge_dispatch::engine::Engine;
use edge_dispatch::feedback::Done;
use edge_dispatch::ids::WorkerId;
use edge_dispatch::job::Job;
use edge_dispatch::loads::Loads;
use edge_dispatch::policy::{Ask, NAMES, Policy, by_name};
use edge_dispatch::process::WorkerInfo;
use edge_dispatch::random::Random;
use edge_dispatch::sim::SimView;
use edge_dispatch::topology::PlacementRequest;

const WORKERS: u32 = 3;

/// What a rule went through, in order.
enum Step {
    Chose { ask: Ask, seen: Vec<Seen>, random: Random, worker: WorkerId },
    Learned { done: Vec<Done>, seen: Vec<Seen> },
}

impl Step {
    fn saw_parked(&self) -> bool {
        let (Step::Chose { seen, .. } | Step::Learned { seen, .. }) = self;
        seen.iter().any(|seen| seen.parked)
    }
}

/// One worker as the rule saw it.
#[derive(Clone, Copy)]
struct Seen {
    in_flight: u32,
    capacity: f32,
    foreign_load: f32,
    utilization: f32,
    parked: bool,
}

fn look(loads: &Loads) -> Vec<Seen> {
    let seen = |worker| Seen {
        in_flight: loads.in_flight(worker),
        capacity: loads.capacity(worker),
        foreign_load: loads.foreign_load(worker),
        utilization: loads.utilization(worker),
        parked: loads.is_parked(worker),
    };
    (0..loads.workers()).map(WorkerId).map(seen).collect()
}

/// What one rule wrote down.
type Trace = Arc<Mutex<Vec<Step>>>;

/// A rule that writes down everything.
struct Traced {
    inner: Box<dyn Policy>,
    steps: Trace,
}

impl Policy for Traced {
    fn choose(&mut self, ask: &Ask, loads: &Loads, random: &mut Random) -> WorkerId {
        let (seen, before) = (look(loads), random.clone());
        let worker = self.inner.choose(ask, loads, random);
        let step = Step::Chose { ask: *ask, seen, random: before, worker };
        self.steps.lock().unwrap().push(step);
        worker
    }

    fn wants_feedback(&self) -> bool {
        self.inner.wants_feedback()
    }

    fn wants_work(&self) -> bool {
        self.inner.wants_work()
    }

    fn learn(&mut self, done: &[Done], loads: &Loads) {
        let step = Step::Learned { done: done.to_vec(), seen: look(loads) };
        self.steps.lock().unwrap().push(step);
        self.inner.learn(done, loads);
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn choices(&self, workers: u32) -> u32 {
        self.inner.choices(workers)
    }
}

/// The steps of a live run of `policy`, with single packets and batches on real workers; where it
/// `parks`, others are parked every now and then.
fn trace(policy: &'static str, parks: bool) -> Vec<Step> {
    let traces: Arc<Mutex<Vec<Trace>>> = Arc::default();
    let made = traces.clone();
    let mut engine = Engine::builder()
        .placement(PlacementRequest { workers: Some(WORKERS), ..PlacementRequest::default() })
        .seed(11)
        .own_policy(move || {
            let steps = Trace::default();
            made.lock().unwrap().push(steps.clone());
            Traced { inner: by_name(policy, None).unwrap(), steps }
        })
        .process(|number: &u64, _: &WorkerInfo| {
            Ok((0..200).fold(*number, |a, b| a.rotate_left(3) ^ b))
        })
        .start()
        .unwrap();
    let (mut dispatcher, mut batch) = (engine.dispatcher(), Vec::new());
    for number in 0..2_000 {
        if parks && number % 40 == 0 {
            let active =
                [[true, false, true], [false, true, false], [true; 3]][number as usize / 40 % 3];
            engine.parking().set(&active, &[], f32::INFINITY);
        }
        if number % 5 == 0 {
            dispatcher.dispatch(Job::new(number % 13, number)).unwrap();
        } else {
            batch.push(Job::new(number % 13, number));
            if batch.len() == 12 {
                dispatcher.dispatch_batch(&mut batch);
            }
        }
    }
    drop(dispatcher);
    engine.drain(Duration::from_secs(20)).unwrap();
    let traces = traces.lock().unwrap();
    // The first rule was made only to be asked for its name.
    let longest = traces.iter().max_by_key(|steps| steps.lock().unwrap().len()).unwrap();
    std::mem::take(&mut *longest.lock().unwrap())
}

fn show(view: &SimView, seen: &[Seen]) {
    let active: Vec<bool> = seen.iter().map(|seen| !seen.parked).collect();
    view.board().parking().set(&active, &[], f32::INFINITY);
    for (worker, seen) in seen.iter().enumerate() {
        let worker = WorkerId(worker as u32);
        view.board().in_flight(worker).set(seen.in_flight);
        view.board().set_speed(worker, seen.capacity, seen.foreign_load);
        view.board().set_utilization(worker, seen.utilization);
    }
}

#[test]
fn the_simulators_driver_chooses_as_the_live_one_did() {
    for (policy, parks) in NAMES.into_iter().flat_map(|name| [(name, false), (name, true)]) {
        let steps = trace(policy, parks);
        let chosen = steps.iter().filter(|step| matches!(step, Step::Chose { .. })).count();
        assert!(chosen > 1_900, "{policy}: {chosen} choices were traced");
        assert_eq!(steps.iter().any(Step::saw_parked), parks, "{policy}");
        let mut again = by_name(policy, None).unwrap();
        let mut view = SimView::new([1.0; WORKERS as usize]);
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Chose { ask, seen, mut random, worker } => {
                    show(&view, &seen);
                    let chosen = view.choose(&mut *again, &ask, &mut random);
                    assert_eq!(chosen, worker, "{policy}, step {at}");
                }
                Step::Learned { done, seen } => {
                    show(&view, &seen);
                    view.tell(&mut *again, &done);
                }
            }
        }
    }
}
