//! How the program ends: a message for the person, a code for the script (sysexits.h).

use std::fmt;

/// An exit code with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Ok = 0,
    /// The command line is wrong.
    Usage = 64,
    /// Data that was given is not what it should be.
    BadData = 65,
    /// A file that should be read is not there.
    MissingInput = 66,
    /// A file, folder or port cannot be created.
    CannotCreate = 73,
    /// Reading or writing failed on the way.
    Io = 74,
    /// The run was cut off before all was done.
    Unfinished = 75,
    /// The configuration file is wrong.
    Config = 78,
    /// Stopped at once, on a second signal (128 + SIGINT).
    Aborted = 130,
}

impl Exit {
    /// This code, or `other` where this says that all went well: the first fault counts.
    pub fn or(self, other: Exit) -> Exit {
        if self == Exit::Ok { other } else { self }
    }
}

/// A failure with its exit code.
#[derive(Debug)]
pub struct Fault {
    pub exit: Exit,
    pub error: anyhow::Error,
}

impl Fault {
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Fault { exit, error: error.into() }
    }

    pub fn says(exit: Exit, message: impl fmt::Display) -> Self {
        Fault { exit, error: anyhow::anyhow!("{message}") }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

/// Gives an error its exit code.
pub trait OrExit<T> {
    fn or_exit(self, exit: Exit) -> Result<T, Fault>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Fault> {
        self.map_err(|error| Fault::new(exit, error))
    }
}
