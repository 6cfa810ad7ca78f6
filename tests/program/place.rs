//! A folder to run the program in, and what it left there.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use edge_dispatch::record::{COLUMNS, Row};
use edge_dispatch::summary::Summary;
use rustix::thread::{CpuSet, sched_getaffinity};
use tempfile::TempDir;

/// No run of these tests takes as long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The folder of one test.
pub struct Place(TempDir);

/// What a run that has ended said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// Demands an exit code; shows everything otherwise.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        let Said { stdout, stderr, .. } = &self;
        assert_eq!(self.code, code, "\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// Demands each of `texts` on stderr, and that nobody panicked.
    #[track_caller]
    pub fn complains(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "'{text}' is not in:\n{}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// Demands each of `texts` on stdout.
    #[track_caller]
    pub fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stdout.contains(text), "'{text}' is not in:\n{}", self.stdout);
        }
        self
    }
}

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program, to be started here.
    pub fn program<A: AsRef<OsStr>>(&self, args: &[A]) -> Command {
        self.at_home(Command::new(env!("CARGO_BIN_EXE_edge-dispatch")), args)
    }

    /// Any program, to be started here.
    pub fn at_home<A: AsRef<OsStr>>(&self, mut command: Command, args: &[A]) -> Command {
        // Whoever runs the tests may have asked for colours, which stand within words.
        command.args(args).current_dir(self.0.path()).env("NO_COLOR", "1");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("EDGE_DISPATCH_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs the program to its end with a line of arguments.
    #[track_caller]
    pub fn run(&self, line: &str) -> Said {
        self.run_with(line, &[])
    }

    /// As [`Place::run`], with an environment.
    #[track_caller]
    pub fn run_with(&self, line: &str, environment: &[(&str, &str)]) -> Said {
        let args: Vec<&str> = line.split_whitespace().collect();
        let mut command = self.program(&args);
        command.envs(environment.iter().copied());
        end(command)
    }

    pub fn summary(&self, folder: &str) -> Summary {
        let path = self.path(folder).join("summary.json");
        let text = std::fs::read_to_string(&path).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
    }

    /// Every row of a run, each parsed and the header compared.
    pub fn rows(&self, folder: &str) -> Vec<Row> {
        rows_of(&self.path(folder).join("assignments.csv"))
    }
}

/// Runs a command to its end.
#[track_caller]
pub fn end(command: Command) -> Said {
    let output = assert_cmd::Command::from_std(command).timeout(PATIENCE).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("it ends by itself and in time");
    Said { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

pub fn rows_of(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap(), &COLUMNS[..]);
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// How many packets the rows of each worker stand for; rows that nobody ran are left out.
pub fn packets_by_worker(rows: &[Row]) -> BTreeMap<u32, u64> {
    let mut packets = BTreeMap::new();
    for row in rows {
        if let Some(worker) = row.worker {
            *packets.entry(worker).or_default() += row.weight;
        }
    }
    packets
}

/// What holds of every run whose files are complete, whatever became of its packets.
#[track_caller]
pub fn books_balance(summary: &Summary, rows: &[Row]) {
    let ledger = &summary.ledger;
    assert!(ledger.closes(), "{ledger}");
    assert_eq!(ledger.in_flight, 0, "{ledger}");
    assert_eq!(summary.recorded_rows, rows.len() as u64);
    assert_eq!(rows.iter().map(|row| row.weight).sum::<u64>(), ledger.received);
    let finished = ledger.processed + ledger.failed;
    assert_eq!(summary.workers.iter().map(|worker| worker.packets).sum::<u64>(), finished);
    assert_eq!(summary.classes.iter().map(|class| class.packets).sum::<u64>(), finished);
}

/// The CPUs that the tests, and what they start, may run on.
pub fn allowed_cpus() -> Vec<usize> {
    let set = sched_getaffinity(None).unwrap();
    (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}
