//! A program that is asked now and then, and never waited for.
//!
//! The sampler asks at one look and takes the answer at a later one. A program that does not
//! answer in time is killed; one that cannot even be killed (it waits for the firmware inside
//! the kernel) is left alone, and not asked again before it has ended. What it prints is read
//! up to a bound and without waiting: somebody else may still hold the pipe open.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Bytes of an answer that are read; the longest known has 1,000.
const BYTES_MAX: usize = 16 * 1024;

/// How long an answer may take, in nanoseconds.
const PATIENCE_NS: u64 = 2_000_000_000;

/// One question to one program.
#[derive(Debug)]
pub(super) struct Question {
    program: PathBuf,
    argument: &'static str,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    asked_ns: u64,
    killed: bool,
}

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing yet, or nothing was asked.
    Pending,
    /// What it printed, and when it was asked.
    Said(String, u64),
    /// Why there is no answer.
    Failed(String),
}

impl Question {
    /// A question to `name`, if `path` (the variable's text) leads to it.
    pub fn find(name: &str, argument: &'static str, path: &OsStr) -> Option<Self> {
        // A relative folder means another program in every place.
        let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
        let program = folders.map(|folder| folder.join(name)).find(|file| file.is_file())?;
        Some(Question { program, argument, running: None })
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Whether the last question is still open.
    #[cfg(test)]
    pub fn is_open(&self) -> bool {
        self.running.is_some()
    }

    /// Asks, unless the last question is still open.
    ///
    /// # Errors
    /// Why the program could not be started.
    pub fn ask(&mut self, now_ns: u64) -> Result<(), String> {
        if self.running.is_some() {
            return Ok(());
        }
        let mut command = Command::new(&self.program);
        command.arg(self.argument).stdin(Stdio::null()).stderr(Stdio::null());
        // A key at the terminal reaches the whole group of the terminal: the run's own drain
        // must not lose its last answers to it.
        let child = command.stdout(Stdio::piped()).process_group(0).spawn();
        let child = child.map_err(|error| self.says(&format!("cannot be started ({error})")))?;
        self.running = Some(Running { child, asked_ns: now_ns, killed: false });
        Ok(())
    }

    /// Takes the answer, if it is there.
    pub fn take(&mut self, now_ns: u64) -> Answer {
        let Some(running) = &mut self.running else { return Answer::Pending };
        match running.child.try_wait() {
            Ok(None) => {
                let late = now_ns.saturating_sub(running.asked_ns) > PATIENCE_NS;
                if late && !running.killed {
                    running.killed = true;
                    kill(&running.child);
                    return Answer::Failed(self.says("did not answer in 2 s: killed"));
                }
                Answer::Pending
            }
            ended => {
                let Some(mut running) = self.running.take() else { return Answer::Pending };
                match ended {
                    Ok(Some(status)) if status.success() => {
                        let said = running.child.stdout.take().map(read).unwrap_or_default();
                        Answer::Said(said, running.asked_ns)
                    }
                    // Said when it was killed.
                    Ok(_) if running.killed => Answer::Pending,
                    Ok(Some(status)) => Answer::Failed(self.says(&format!("failed ({status})"))),
                    Ok(None) => Answer::Pending,
                    Err(error) => {
                        Answer::Failed(self.says(&format!("cannot be waited for ({error})")))
                    }
                }
            }
        }
    }

    fn says(&self, what: &str) -> String {
        format!("{} {} {what}", self.program.display(), self.argument)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            kill(&running.child);
            collect(running.child);
        }
    }
}

/// Kills a program that was not waited for yet, and all that it started: they are a group of their
/// own. They may have ended in this moment; then whoever looks next finds that.
fn kill(child: &Child) {
    let group = rustix::process::Pid::from_child(child);
    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
}

/// Takes a killed program out of the table of processes without anybody waiting for it here: one
/// that hangs inside the kernel ends late or never, and a library's process goes on for long.
fn collect(mut child: Child) {
    if matches!(child.try_wait(), Ok(Some(_))) {
        return;
    }
    let collector = std::thread::Builder::new().name("collect-child".into());
    // Without a thread it stays in the table until this process ends.
    let _ = collector.spawn(move || child.wait());
}

fn read(mut from: ChildStdout) -> String {
    let mut bytes = vec![0; BYTES_MAX];
    let mut length = 0;
    if rustix::io::ioctl_fionbio(&from, true).is_err() {
        return String::new();
    }
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match from.read(room) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    bytes.truncate(length);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    /// A question that is open, to a program that ends only when it is killed, and its process.
    fn open(dir: &Path) -> (Question, u32) {
        opened("vcgencmd", dir)
    }

    /// The same to one of the fixtures.
    fn opened(fixture: &str, dir: &Path) -> (Question, u32) {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture);
        std::os::unix::fs::symlink(program, dir.join("vcgencmd")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", dir.join("endless")).unwrap();
        let mut question = Question::find("vcgencmd", "endless", dir.as_os_str()).unwrap();
        question.ask(0).unwrap();
        let id = question.running.as_ref().unwrap().child.id();
        (question, id)
    }

    /// A field of `/proc/ID/stat`, counted from the state on; none where there is no such process.
    fn stat(id: u32, field: usize) -> Option<String> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (_, after) = text.rsplit_once(") ")?;
        after.split(' ').nth(field).map(str::to_owned)
    }

    #[test]
    fn a_question_that_is_dropped_leaves_no_zombie() {
        let dir = tempfile::tempdir().unwrap();
        let (question, id) = open(dir.path());
        assert!(stat(id, 0).is_some());
        drop(question);
        // Real time passes; the bound is only there so that a failure ends.
        assert!(within_a_minute(|| stat(id, 0).is_none()), "process {id}: {:?}", stat(id, 0));
    }

    fn within_a_minute(is: impl Fn() -> bool) -> bool {
        let clock = Clock::start();
        while !is() {
            if clock.now_ns() > 60_000_000_000 {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }

    /// How many processes run in the group of process `id`. One that has ended and that nobody asks
    /// for, as in a container whose first process is no init, does not run.
    fn members(id: u32) -> usize {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let runs = |one: u32| stat(one, 0).is_some_and(|state| state != "Z" && state != "X");
        let is_member = |one: u32| stat(one, 2).is_some_and(|group| group == id.to_string());
        ids.filter(|one| is_member(*one) && runs(*one)).count()
    }

    #[test]
    fn what_the_program_started_ends_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let (question, id) = opened("starts-another", dir.path());
        assert!(within_a_minute(|| members(id) >= 2), "the script has started something");
        drop(question);
        assert!(within_a_minute(|| members(id) == 0), "{} are left", members(id));
    }

    /// A key at the terminal reaches the terminal's group: the run ends in order and asks on.
    #[test]
    fn a_question_is_not_in_the_group_of_the_terminal() {
        let dir = tempfile::tempdir().unwrap();
        let (_question, id) = open(dir.path());
        assert_eq!(stat(id, 2), Some(id.to_string()), "a group of its own");
    }
}
