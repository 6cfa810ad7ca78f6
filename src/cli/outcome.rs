//! The work of a run, and where its results go.

use super::exit::{Exit, Fault};
use super::files::{self, ResultsFolder};
use super::plan::Plan;
use crate::engine::{Builder, Ready};
use crate::names::SensorNames;
use crate::packet::Packet;
use crate::process::{Monitor, Work, WorkChoice};
use crate::report::units;
use crate::sink::{ALARMS_LIMIT_BYTES, Alarms, Findings};

/// What takes the results of the work.
pub struct Outcome {
    work: WorkChoice,
    pub findings: Findings,
    alarms: Option<Alarms>,
}

impl Outcome {
    /// Begins `alarms.csv` where the work finds alarms.
    pub fn open(plan: &Plan, folder: &ResultsFolder, names: &SensorNames) -> Result<Self, Fault> {
        let findings = Findings::default();
        let mut alarms = None;
        if plan.work == WorkChoice::Monitor {
            let path = folder.path(files::ALARMS);
            let file = Alarms::create(&path, ALARMS_LIMIT_BYTES, names.clone(), findings.clone());
            alarms = Some(file.map_err(|error| files::cannot_create(&path, error))?);
        }
        Ok(Outcome { work: plan.work, findings, alarms })
    }

    /// Gives an engine its work.
    pub fn work_of(&self, builder: Builder<Packet>) -> Ready<Packet> {
        if let Some(alarms) = &self.alarms {
            let alarms = alarms.clone();
            return builder.process_into(|_| Monitor::default(), move |_| alarms.sink());
        }
        let (work, findings) = (self.work, self.findings.clone());
        builder.process_into(
            move |_| work.stateless().unwrap_or_else(|| Work::Analysis(Box::default())),
            move |_| findings.sink(),
        )
    }

    /// Ends the file: a sentence for the notes, and a fault where alarms are not in it.
    pub fn close(&self) -> (Option<String>, Option<Fault>) {
        let Some(alarms) = &self.alarms else { return (None, None) };
        let written = alarms.close();
        let mut note =
            format!("{} in {}", units::counted(written.rows, "alarm row"), files::ALARMS);
        if written.not_written > 0 {
            note += &format!(", {} not written", units::count(written.not_written));
        }
        let fault = written.error.map(|error| {
            let context = format!("{}: alarms are missing from this file", files::ALARMS);
            Fault::new(Exit::Io, anyhow::Error::new(error).context(context))
        });
        (Some(note), fault)
    }
}
