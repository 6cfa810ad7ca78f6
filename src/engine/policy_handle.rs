//! Exchanges the policy of a running engine.

use std::sync::Arc;

use super::{Engine, PolicyMaker};
use crate::clock::Clock;
use crate::dispatch::{PolicySwitch, Switched};
use crate::policy::{self, Options, Policy, UnknownPolicy};

/// Exchanges the policy of a running engine, from any thread. Every dispatcher takes the new rule
/// with its next packet or batch; what is counted goes on, and streams keep their order.
///
/// ```
/// use edge_dispatch::{Engine, Job, WorkerInfo};
/// use std::time::Duration;
///
/// let mut engine = Engine::builder().process(|n: &u64, _: &WorkerInfo| Ok(n + 1)).start()?;
/// let (mut dispatcher, policy) = (engine.dispatcher(), engine.policy());
/// dispatcher.dispatch(Job::new(1, 1))?;
/// policy.switch("round-robin", None)?;
/// dispatcher.dispatch(Job::new(1, 2))?;
/// assert_eq!(policy.name(), "round-robin");
/// assert_eq!(engine.drain(Duration::from_secs(5))?.processed, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PolicyHandle {
    switch: Arc<PolicySwitch>,
    clock: Clock,
}

impl PolicyHandle {
    /// Goes over to the policy called `name`, which looks at `choices` workers where it can be told.
    /// The log says so, and [`Snapshot::switched`](super::Snapshot::switched) and the summary keep it.
    ///
    /// # Errors
    /// [`UnknownPolicy`]; the rule stays as it was.
    pub fn switch(&self, name: &str, choices: Option<u32>) -> Result<(), UnknownPolicy> {
        let make = policy::maker(name, &Options::with_choices(choices))?;
        self.exchange(make);
        Ok(())
    }

    /// As [`PolicyHandle::switch`], to what [`policy::maker`] makes with options of your own.
    pub fn switch_to(&self, make: PolicyMaker) {
        self.exchange(make);
    }

    /// As [`PolicyHandle::switch`], to a policy of your own; `make` is called once for each
    /// dispatcher, and once more to ask for its name.
    pub fn switch_to_own<Q, F>(&self, make: F)
    where
        Q: Policy + 'static,
        F: Fn() -> Q + Send + Sync + 'static,
    {
        self.exchange(Arc::new(move || Box::new(make())));
    }

    /// The policy in force.
    pub fn name(&self) -> &'static str {
        self.switch.current().0
    }

    fn exchange(&self, make: PolicyMaker) {
        let Switched { at_ns, from, to } = self.switch.exchange(make, self.clock.now_ns());
        log::info!("policy: {from} until {:.3} s, {to} from then on", at_ns as f64 / 1e9);
    }
}

impl<P: Send + 'static> Engine<P> {
    /// What exchanges the policy while the engine runs.
    pub fn policy(&self) -> PolicyHandle {
        PolicyHandle { switch: self.switch.clone(), clock: self.shared.clock.clone() }
    }
}
