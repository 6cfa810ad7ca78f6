//! Who gave which setting, so that a fault names the flag or the file, and ends with its code.
//!
//! A value that is wrong by itself is found where it is read. What only the whole plan can show
//! (a CPU that there is not, a limit too small to record) is found later, and traced back here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::exit::{Exit, Fault};
use super::settings::Settings;

/// The settings that each layer gave.
#[derive(Clone, Debug, Default)]
pub struct Blame {
    flags: BTreeSet<String>,
    file: BTreeSet<String>,
    path: Option<PathBuf>,
}

impl Blame {
    /// `flags` includes the environment; `path` is where `file` was read.
    pub fn new(flags: &Settings, file: &Settings, path: Option<&Path>) -> Self {
        let keys = |settings: &Settings| settings.texts().into_keys().collect();
        Blame { flags: keys(flags), file: keys(file), path: path.map(Path::to_owned) }
    }

    /// The fault that `error` is, given that one of the settings `keys` caused it, most likely
    /// first.
    pub fn fault(&self, keys: &[&str], error: impl Into<anyhow::Error>) -> Fault {
        let error = error.into();
        let given =
            |layer: &BTreeSet<String>| keys.iter().find(|key| layer.contains(**key)).copied();
        if let Some(key) = given(&self.flags) {
            return Fault::new(Exit::Usage, error.context(format!("--{key}")));
        }
        match (given(&self.file), &self.path) {
            (Some(key), Some(path)) => {
                Fault::new(Exit::Config, error.context(format!("{}: {key}", path.display())))
            }
            _ => Fault::new(Exit::Usage, error),
        }
    }

    /// The configuration file, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether anybody gave the setting `key`.
    pub fn is_given(&self, key: &str) -> bool {
        self.flags.contains(key) || self.file.contains(key)
    }

    /// As [`Blame::fault`], with a message.
    pub fn says(&self, keys: &[&str], message: String) -> Fault {
        self.fault(keys, anyhow::anyhow!(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layer_that_gave_the_setting_is_named() {
        let settings = |text: &str| toml::from_str::<Settings>(text).unwrap();
        let (flags, file) = (settings("workers = 2"), settings("workers = 3\ncpus = \"0\""));
        let blame = Blame::new(&flags, &file, Some(Path::new("box.toml")));
        let fault = |keys: &[&str]| {
            let fault = blame.says(keys, "impossible".to_owned());
            (fault.to_string(), fault.exit)
        };
        assert_eq!(fault(&["workers"]), ("--workers: impossible".into(), Exit::Usage));
        assert_eq!(fault(&["cpus"]), ("box.toml: cpus: impossible".into(), Exit::Config));
        assert_eq!(fault(&["seed"]), ("impossible".into(), Exit::Usage));
    }
}
