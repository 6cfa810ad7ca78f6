//! The program's face: flags, files, signals, exit codes.

mod aims;
mod args;
mod blame;
mod compare;
mod config;
mod emulate;
mod exit;
mod field;
mod files;
mod finish;
mod given;
mod goal_settings;
mod lock;
mod log_output;
mod orders;
mod outcome;
mod plan;
mod plot;
mod power_settings;
mod q_settings;
mod run;
mod same_place;
mod saving;
mod service;
mod settings;
mod signals;
mod simulate;
mod sources;
mod status;
mod study_files;
mod topology;
mod values;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use args::Command;
use exit::{Exit, Fault, OrExit};

/// Runs the program on this process's arguments; returns its exit code.
pub fn main() -> ExitCode {
    let command = match args::parse() {
        Ok(command) => command,
        Err(error) => {
            // Help and version are no failure. A closed pipe is not ours to mend.
            let _ = error.print();
            return code(if error.use_stderr() { Exit::Usage } else { Exit::Ok });
        }
    };
    signals::ignore_file_size_limit();
    match dispatch(command) {
        Ok(exit) => code(exit),
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "edge-dispatch: {fault}");
            code(fault.exit)
        }
    }
}

fn dispatch(command: Command) -> Result<Exit, Fault> {
    match command {
        Command::Run(args) => run::run(*args),
        Command::Simulate(args) => simulate::simulate(*args),
        Command::Compare(args) => compare::compare(*args),
        Command::Experiment(args) => compare::experiment(*args),
        Command::Report(args) => compare::report(args),
        Command::Plot(args) => plot::plot(args),
        Command::Topology(args) => topology::topology(args),
        Command::Validate(args) => plan::validate(&args.config),
        Command::Completions { shell } => completions(shell),
    }
}

/// The whole command line, for man pages.
pub fn command() -> clap::Command {
    args::command()
}

fn completions(shell: clap_complete::Shell) -> Result<Exit, Fault> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "edge-dispatch", &mut text);
    print(&String::from_utf8_lossy(&text))
}

/// Prints to stdout. That the reader went away (`| head`) is no failure.
fn print(text: &str) -> Result<Exit, Fault> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to stdout").or_exit(Exit::Io)
        }
        _ => Ok(Exit::Ok),
    }
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}
