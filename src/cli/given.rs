//! How flags, environment and file fill the settings, by their table.
//!
//! The table does by data what a derive does by code for each of fifty settings: on a small board
//! that is 0.1 MB of program less.

use std::ffi::OsStr;
use std::fmt;

use clap::builder::TypedValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::settings::{Entry, Settings};
use super::values::nearest;

/// What the names of this program's variables begin with.
const PREFIX: &str = "EDGE_DISPATCH_";

/// Variables of this program's that are no settings.
const OTHERS: [&str; 2] = ["config", "log"];

impl Entry {
    fn arg(&'static self) -> Arg {
        let mut arg = Arg::new(self.key)
            .long(self.key)
            .env(self.variable)
            .hide_env(true)
            .value_name(self.value_name)
            .help_heading(self.heading)
            .help(self.help.trim_start())
            .value_parser(Checked(self));
        if self.many {
            arg = arg.action(ArgAction::Append).value_delimiter(',');
        }
        match self.alone {
            Some(value) => arg.num_args(0..=1).default_missing_value(value),
            None => arg,
        }
    }

    /// What the file says: a value, or a list of them where several may be given.
    fn put_toml(&self, settings: &mut Settings, value: toml::Value) -> Result<(), String> {
        let text = match value {
            toml::Value::Array(values) if self.many => {
                return values.into_iter().try_for_each(|value| self.put_one(settings, &value));
            }
            one => one,
        };
        self.put_one(settings, &text)
    }

    fn put_one(&self, settings: &mut Settings, value: &toml::Value) -> Result<(), String> {
        let text = match value {
            toml::Value::Boolean(true) => "on".to_owned(),
            toml::Value::Boolean(false) => "off".to_owned(),
            toml::Value::Integer(value) => value.to_string(),
            toml::Value::Float(value) => value.to_string(),
            toml::Value::String(text) => text.clone(),
            _ => return Err("give a number, a text, true or false".to_owned()),
        };
        (self.put)(settings, &text).map_err(|error| format!("'{text}': {error}"))
    }
}

/// Reads a value for the first time, so that a wrong one is told as every other wrong flag is.
#[derive(Clone)]
struct Checked(&'static Entry);

impl TypedValueParser for Checked {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let (is_text, put) = (value.to_str().is_some(), self.0.put);
        let read = move |text: &str| match is_text {
            true => put(&mut Settings::default(), text).map(|()| text.to_owned()),
            false => Err("write it in UTF-8".to_owned()),
        };
        read.parse_ref(command, arg, OsStr::new(&*value.to_string_lossy()))
    }
}

impl clap::Args for Settings {
    fn augment_args(command: Command) -> Command {
        command.args(Settings::ENTRIES.iter().map(Entry::arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Settings::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Settings::default();
        for entry in Settings::ENTRIES {
            for text in matches.get_many::<String>(entry.key).into_iter().flatten() {
                (entry.put)(&mut settings, text).map_err(|error| {
                    clap::Error::raw(clap::error::ErrorKind::InvalidValue, error)
                })?;
            }
        }
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Settings::from_arg_matches(matches)?.over(std::mem::take(self));
        Ok(())
    }
}

impl<'de> serde::Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Table)
    }
}

/// A sentence for each of these names of variables that is nearly one of ours. A name that is like
/// none is somebody else's: a cluster makes `EDGE_DISPATCH_SERVICE_HOST` of a service's name.
pub fn misspelt(names: impl Iterator<Item = String>) -> Vec<String> {
    let known: Vec<&str> = Settings::ENTRIES.iter().map(|entry| entry.key).chain(OTHERS).collect();
    let one = |name: String| {
        let key = name.strip_prefix(PREFIX)?.to_lowercase().replace('_', "-");
        let meant = nearest(&key, &known)?.to_uppercase().replace('-', "_");
        // Case counts: `EDGE_DISPATCH_rate` is read by nobody.
        (name[PREFIX.len()..] != *meant)
            .then(|| format!("{name} is no setting: did you mean {PREFIX}{meant}?"))
    };
    names.filter_map(one).collect()
}

/// Reads the table of a file, key by key.
struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = Settings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
        let mut settings = Settings::default();
        while let Some(entry) = map.next_key_seed(Key)? {
            map.next_value_seed(Value { entry, settings: &mut settings })?;
        }
        Ok(settings)
    }
}

/// Finds the setting of a key. The error is made here, where the file's reader knows the place.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = &'static Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = &'static Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a setting")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        let found = Settings::ENTRIES.iter().find(|entry| entry.key == key);
        found.ok_or_else(|| E::unknown_field(key, &[]))
    }
}

struct Value<'a> {
    entry: &'static Entry,
    settings: &'a mut Settings,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let value = <toml::Value as serde::Deserialize>::deserialize(deserializer)?;
        self.entry.put_toml(self.settings, value).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_nearly_a_setting_is_said() {
        let names = ["EDGE_DISPATCH_RTE", "EDGE_DISPATCH_RATE", "EDGE_DISPATCH_LOG", "RTE"];
        let said = misspelt(names.into_iter().map(str::to_owned));
        assert_eq!(said, ["EDGE_DISPATCH_RTE is no setting: did you mean EDGE_DISPATCH_RATE?"]);
        let small = misspelt(["EDGE_DISPATCH_rate".to_owned()].into_iter());
        assert_eq!(small, ["EDGE_DISPATCH_rate is no setting: did you mean EDGE_DISPATCH_RATE?"]);
        let of_a_cluster = ["SERVICE_HOST", "PORT_80_TCP", "SERVICE_PORT"];
        let names = of_a_cluster.into_iter().map(|name| format!("{PREFIX}{name}"));
        assert_eq!(misspelt(names), [""; 0]);
    }

    #[test]
    fn every_setting_has_the_variable_of_its_name() {
        for entry in Settings::ENTRIES {
            let name = format!("{PREFIX}{}", entry.key.to_uppercase().replace('-', "_"));
            assert_eq!(entry.variable, name);
        }
    }
}
