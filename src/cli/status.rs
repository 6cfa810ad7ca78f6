//! What a running engine shows: on a terminal one line redrawn each second, else a log line
//! every ten.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::service::Service;
use crate::class::Class;
use crate::engine::Snapshot;
use crate::report::units;
use crate::stats::Latency;

/// The status of a run.
pub struct Status {
    line: ProgressBar,
    on_terminal: bool,
    before: Option<Before>,
}

struct Before {
    now_ns: u64,
    finished: u64,
    total: Latency,
}

impl Status {
    pub fn new() -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let line = if on_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        line.set_style(ProgressStyle::default_spinner());
        Status { line, on_terminal, before: None }
    }

    /// The line, for log lines to be written above it.
    pub fn line(&self) -> ProgressBar {
        self.line.clone()
    }

    /// How often it is shown.
    pub fn every(&self) -> Duration {
        Duration::from_secs(if self.on_terminal { 1 } else { 10 })
    }

    /// Shows how it goes: on the terminal, or to the service manager, or in the log. Not in both
    /// of these: a line every ten seconds wears out an SD card.
    pub fn show(&mut self, snapshot: &Snapshot, service: &Service) {
        let text = self.text(snapshot);
        if self.on_terminal {
            self.line.set_message(text);
            self.line.tick();
        } else if !service.status(&text) {
            log::info!("{text}");
        }
    }

    pub fn clear(&self) {
        self.line.finish_and_clear();
    }

    fn text(&mut self, snapshot: &Snapshot) -> String {
        let mut total = Latency::default();
        snapshot.workers.iter().for_each(|worker| total.add(&worker.totals.total));
        let finished = total.samples();
        let now = Before { now_ns: snapshot.now_ns, finished, total };
        let start = Before { now_ns: 0, finished: 0, total: Latency::default() };
        let before = self.before.replace(now);
        let before = before.as_ref().unwrap_or(&start);
        let Some(now) = &self.before else { return String::new() };
        let seconds = (now.now_ns - before.now_ns).max(1) as f64 / 1e9;
        let per_s = (now.finished - before.finished) as f64 / seconds;
        let p99 = now.total.quantile_since(&before.total, 0.99);
        format!(
            "{:.0} s · {} packets/s · {} in flight · p99 {} · {}{}",
            now.now_ns as f64 / 1e9,
            units::count(per_s.round() as u64),
            units::count(snapshot.ledger.in_flight),
            p99.map_or("–".to_owned(), |ns| units::time(ns as f64)),
            active(snapshot),
            shares(snapshot),
        )
    }
}

/// Under the goal of energy how many workers are active: `3 of 8 active · `.
fn active(snapshot: &Snapshot) -> String {
    let workers = snapshot.workers.len();
    snapshot
        .packed
        .as_ref()
        .map_or_else(String::new, |packed| format!("{} of {workers} active · ", packed.active))
}

/// The share of each class: `performance 71 % efficiency 29 %`.
fn shares(snapshot: &Snapshot) -> String {
    let mut packets: BTreeMap<Class, u64> = BTreeMap::new();
    for worker in &snapshot.workers {
        *packets.entry(worker.seat.class).or_default() += worker.packets;
    }
    let all = packets.values().sum::<u64>().max(1);
    let share = |(class, packets): (&Class, &u64)| {
        format!("{class} {:.0} %", *packets as f64 * 100.0 / all as f64)
    };
    packets.iter().map(share).collect::<Vec<_>>().join(" ")
}
