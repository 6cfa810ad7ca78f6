//! The rule of one dispatcher: the policy, what it wants to know, and what comes back to it.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::switch::PolicySwitch;
use crate::feedback::{Done, Mailbox, NOT_ASKED};
use crate::job::Job;
use crate::loads::Loads;
use crate::policy::{Ask, Policy};
use crate::typical::Typical;

/// See the head of this file.
pub struct Rule {
    pub policy: Box<dyn Policy>,
    switch: Arc<PolicySwitch>,
    epoch: u64,
    typical: Arc<Typical>,
    wants_work: bool,
    mail: Option<(Arc<Mailbox>, Receiver<Done>)>,
    heard: Vec<Done>,
    ticket: u64,
    /// The ticket of the choice made last.
    last: u64,
}

impl Rule {
    /// The rule of `switch`, as it is now.
    pub fn new(switch: Arc<PolicySwitch>, typical: Arc<Typical>) -> Self {
        let (policy, epoch) = switch.make();
        let mut rule = Rule {
            policy,
            switch,
            epoch,
            typical,
            wants_work: false,
            mail: None,
            heard: Vec::new(),
            ticket: 0,
            last: NOT_ASKED,
        };
        rule.meet();
        rule
    }

    /// Learns what the policy wants.
    fn meet(&mut self) {
        self.wants_work = self.policy.wants_work();
        self.mail = self.policy.wants_feedback().then(Mailbox::new);
    }

    /// Follows the switch; true where the rule is a new one.
    #[inline]
    pub fn follow(&mut self) -> bool {
        if self.switch.epoch() == self.epoch {
            return false;
        }
        (self.policy, self.epoch) = self.switch.make();
        self.meet();
        true
    }

    /// Whether the policy is told what comes of its choices.
    #[inline]
    pub fn listens(&self) -> bool {
        self.mail.is_some()
    }

    /// Tells the policy what came of its choices since the last time.
    #[inline]
    pub fn listen(&mut self, loads: &Loads) {
        if let Some((_, receiver)) = &self.mail {
            self.heard.clear();
            self.heard.extend(receiver.try_iter());
            if !self.heard.is_empty() {
                self.policy.learn(&self.heard, loads);
            }
        }
    }

    /// What the policy may know of `job`.
    #[inline]
    pub fn ask<P>(&mut self, job: &Job<P>, now_ns: u64) -> Ask {
        let mut ask = Ask { now_ns, ..Ask::new(job.key, job.kind) };
        if self.mail.is_some() {
            ask.ticket = self.ticket;
            self.ticket += 1;
        }
        if self.wants_work {
            ask.expected_work_ns = self.typical.get_ns(job.kind);
        }
        ask
    }

    /// The policy was asked about the packet of this ticket, or was not.
    #[inline]
    pub fn asked(&mut self, ticket: u64) {
        self.last = ticket;
    }

    /// Where what comes of the choice made last is to be left.
    #[inline]
    pub fn reply(&self) -> Option<(u64, &Arc<Mailbox>)> {
        self.reply_for(self.last)
    }

    /// Where what comes of the choice with this ticket is to be left.
    #[inline]
    pub fn reply_for(&self, ticket: u64) -> Option<(u64, &Arc<Mailbox>)> {
        self.mail.as_ref().map(|(mailbox, _)| (ticket, mailbox))
    }
}
