//! What all dispatchers know together: the table, its classes, the guard, and how it went.

use std::sync::Arc;

use super::guard::{Guard, WINDOW};
use super::table::{QSettings, QTable};
use super::view::Classes;
use crate::ids::WorkerId;
use crate::learning::{LearningPoint, QReport};
use crate::loads::Loads;
use crate::random::Random;

/// The most points of the learning curve; when there are more, every second one is dropped.
const CURVE_MAX: usize = 1_024;

/// In its own twin the table never quite stops trying.
const EPSILON_MIN: f64 = 0.002;

/// See the head of this file.
#[derive(Debug)]
pub struct Brain {
    settings: QSettings,
    epsilon: f64,
    classes: Arc<Classes>,
    delays: Vec<f32>,
    given: Option<QTable>,
    table: Option<QTable>,
    guard: Guard,
    last: Option<(u32, u8, f64)>,
    random: Random,
    replayed: u64,
    rewards: (f64, u64),
    curve: Vec<LearningPoint>,
    stride: u64,
}

/// Of a worker that died nothing is to be expected; in a twin it takes very long.
fn delay(loads: &Loads, worker: WorkerId) -> f32 {
    const MOST: f32 = 10_000.0;
    loads.delay_when_idle(worker).min(MOST)
}

impl Brain {
    pub fn new(settings: QSettings, given: Option<QTable>) -> Self {
        Brain {
            epsilon: settings.epsilon,
            settings,
            classes: Arc::default(),
            delays: Vec::new(),
            given,
            table: None,
            guard: Guard::default(),
            last: None,
            // What the twins draw decides nothing but ties: any fixed stream will do.
            random: Random::new(0x7_714E),
            replayed: 0,
            rewards: (0.0, 0),
            curve: Vec::new(),
            stride: 1,
        }
    }

    /// The classes of workers of these capacities.
    pub fn know(&mut self, capacities: &[f32]) {
        self.classes = Arc::new(Classes::new(capacities));
    }

    /// Learns at the first meeting which classes there are, if nobody told; they stay, or the table
    /// would mean something else with every measurement. The speeds follow the measurements.
    pub fn meet(&mut self, loads: &Loads) {
        if self.table.is_none() {
            let workers = || (0..loads.workers()).map(WorkerId);
            if self.classes.workers() != loads.workers() as usize {
                let capacities: Vec<f32> = workers().map(|each| loads.capacity(each)).collect();
                self.know(&capacities);
            }
            let given = self.given.take().filter(|table| match table.check(&self.classes) {
                Ok(()) => true,
                Err(error) => {
                    log::warn!("q-learning begins anew: {error}");
                    false
                }
            });
            self.table = Some(given.unwrap_or_else(|| QTable::new(&self.classes)));
            self.delays = workers().map(|worker| delay(loads, worker)).collect();
        } else if self.replayed.is_multiple_of(WINDOW as u64) {
            for (at, delay) in self.delays.iter_mut().enumerate() {
                *delay = self::delay(loads, WorkerId(at as u32));
            }
        }
    }

    pub fn classes(&self) -> Arc<Classes> {
        self.classes.clone()
    }

    pub fn table(&self) -> Option<&QTable> {
        self.table.as_ref()
    }

    /// The action for `state`, if the table is to choose.
    pub fn act(&mut self, state: u32, random: &mut Random) -> Option<u8> {
        let table = self.table.as_ref()?;
        if !self.settings.unguarded && !self.guard.acts() {
            return None;
        }
        if !self.settings.unguarded {
            // Under guard trying is for the twin: here it would cost real packets.
            return Some(table.best(state, random));
        }
        let action = table.explore(state, self.epsilon, random);
        self.epsilon *= self.settings.epsilon_decay;
        Some(action)
    }

    /// Learns from a real packet.
    pub fn hear(&mut self, state: u32, action: u8, response_ns: u64, failed: bool, next: u32) {
        let reward = self.settings.reward(response_ns, failed);
        self.rewards = (self.rewards.0 + reward, self.rewards.1 + 1);
        // While another rule chooses, the table learns in its twin alone.
        let acts = self.settings.unguarded || self.guard.acts();
        if let Some(table) = self.table.as_mut().filter(|_| acts) {
            table.learn(&self.settings, state, action, reward, next);
        }
    }

    /// Replays a packet in the twins.
    pub fn replay(&mut self, chosen_ns: u64, work_ns: f64) {
        self.replayed += 1;
        if self.settings.unguarded {
            return self.note_unguarded();
        }
        let Some(table) = &mut self.table else { return };
        let epsilon = self.epsilon.max(EPSILON_MIN);
        self.epsilon *= self.settings.epsilon_decay;
        let (replayed, compared) = self.guard.replay(
            (table, epsilon),
            &self.classes,
            &self.delays,
            (chosen_ns, work_ns),
            &mut self.random,
        );
        if let Some((state, action, reward)) = self.last {
            table.learn(&self.settings, state, action, reward, replayed.state);
        }
        let reward = self.settings.reward(replayed.response_ns, false);
        self.last = Some((replayed.state, replayed.action, reward));
        if let Some(compared) = compared {
            self.note(compared.table_ns / 1e6, compared.otherwise_ns / 1e6, self.guard.acts());
        }
    }

    fn note_unguarded(&mut self) {
        if self.replayed.is_multiple_of(WINDOW as u64) {
            self.note(0.0, 0.0, true);
        }
    }

    fn note(&mut self, table_ms: f64, otherwise_ms: f64, acts: bool) {
        if !(self.replayed / WINDOW as u64).is_multiple_of(self.stride) {
            return;
        }
        let (sum, count) = std::mem::take(&mut self.rewards);
        let reward = if count == 0 { 0.0 } else { sum / count as f64 };
        let packets = self.replayed;
        self.curve.push(LearningPoint { packets, table_ms, otherwise_ms, reward, acts });
        if self.curve.len() >= CURVE_MAX {
            let mut keep = false;
            self.curve.retain(|_| {
                keep = !keep;
                !keep
            });
            self.stride *= 2;
        }
    }

    pub fn report(&self) -> QReport {
        let values = self.classes.states() * self.classes.count() as usize;
        QReport {
            learned: self.table.as_ref().map_or(0, QTable::touched),
            values: if self.table.is_some() { values } else { 0 },
            take_overs: self.guard.take_overs,
            hand_backs: self.guard.hand_backs,
            curve: self.curve.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loads::LoadBoard;

    /// The second worker is measured as slow before the first packet comes.
    fn after_a_measurement(mut brain: Brain) -> QTable {
        let board = Arc::new(LoadBoard::new([1.0, 1.0]));
        board.set_speed(WorkerId(1), 0.5, 0.0);
        brain.meet(&Loads::new(board));
        brain.table().unwrap().clone()
    }

    #[test]
    fn a_table_has_the_classes_that_were_told_and_not_those_of_the_first_choice() {
        let brain = || Brain::new(QSettings::default(), None);
        let mut told = brain();
        told.know(&[1.0, 1.0]);
        assert_eq!(after_a_measurement(told).check_for(&[1.0, 1.0]), Ok(()));
        assert!(after_a_measurement(brain()).check_for(&[1.0, 1.0]).is_err());
    }
}
