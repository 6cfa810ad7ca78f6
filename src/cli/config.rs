//! The configuration file, and clear words about what is wrong in it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::exit::{Exit, Fault, OrExit};
use super::settings::Settings;
use super::values::nearest;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "edge-dispatch.toml";

/// The largest file read: a configuration is a page, not a disk.
const BYTES_MAX: u64 = 1 << 20;

/// The settings of `named`, else of `./edge-dispatch.toml` where there is one, else none;
/// with the path they came from.
pub fn find(named: Option<&Path>) -> Result<(Settings, Option<PathBuf>), Fault> {
    let default = Path::new(DEFAULT_FILE);
    let path = match named {
        Some(path) => path,
        // Also a link that leads nowhere: somebody meant it to be read.
        None if default.symlink_metadata().is_ok() => default,
        None => return Ok((Settings::default(), None)),
    };
    Ok((read(path)?, Some(path.to_owned())))
}

/// Reads and checks one file.
pub fn read(path: &Path) -> Result<Settings, Fault> {
    let shown = path.display();
    let file = File::open(path)
        .with_context(|| format!("{shown}: cannot open the configuration; name another file"))
        .or_exit(Exit::MissingInput)?;
    let mut text = String::new();
    // Bounded while reading: a pipe or a device does not tell its size before.
    file.take(BYTES_MAX + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("{shown}: cannot read the configuration"))
        .or_exit(Exit::Config)?;
    if text.len() as u64 > BYTES_MAX {
        let message = format!("{shown}: more than {BYTES_MAX} bytes are no configuration");
        return Err(Fault::says(Exit::Config, message));
    }
    parse(&text).map_err(|message| Fault::new(Exit::Config, anyhow!("{shown}: {message}")))
}

fn parse(text: &str) -> Result<Settings, String> {
    let settings: Settings = toml::from_str(text).map_err(|error| explain(text, &error))?;
    if settings.rate.is_some() && settings.load.is_some() {
        return Err("rate and load both set the pace: keep one of them".to_owned());
    }
    Ok(settings)
}

/// The line, what is wrong there, and for an unknown key the nearest known one.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let place = error.span().map(|span| {
        let before = text.get(..span.start).unwrap_or_default();
        (before.matches('\n').count() + 1, span)
    });
    let message = error.message().trim_end();
    let Some((line, span)) = place else {
        return message.to_owned();
    };
    if message.starts_with("unknown field") {
        let key = text.get(span).unwrap_or_default().trim();
        let keys: Vec<&str> = Settings::ENTRIES.iter().map(|entry| entry.key).collect();
        let hint = nearest(key, &keys).map_or_else(
            || "see `edge-dispatch run --help`".into(),
            |near| format!("did you mean '{near}'?"),
        );
        return format!("line {line}: unknown key '{key}': {hint}");
    }
    let key = text.lines().nth(line - 1).and_then(|line| line.split_once('='));
    match key {
        Some((key, _)) => format!("line {line}: {}: {message}", key.trim()),
        None => format!("line {line}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
        let error = parse("# pace\nrate = 5\nwokers = 3\n").unwrap_err();
        assert_eq!(error, "line 3: unknown key 'wokers': did you mean 'workers'?");
    }

    #[test]
    fn an_impossible_value_is_named_with_its_line_and_the_remedy() {
        let error = parse("rate = 5\nworkers = 0\n").unwrap_err();
        assert_eq!(error, "line 2: workers: '0': give a whole number of 1 or more");
        assert!(parse("rate = 5\nload = 0.5\n").unwrap_err().contains("keep one of them"));
        assert!(parse("rate = = 5").unwrap_err().starts_with("line 1"));
        let text = parse("workers = [1, 2]").unwrap_err();
        assert_eq!(text, "line 1: workers: give a number, a text, true or false");
    }

    #[test]
    fn values_may_be_written_in_tomls_own_types() {
        let text = "rate = 20000\nload-unused = 1".replace("load-unused = 1", "record = false");
        let settings = parse(&text).unwrap();
        assert_eq!(settings.rate.unwrap().0, 20_000.0);
        assert!(!settings.record.unwrap().0);
        let many = parse("source = [\"host\", \"virtual\"]\nemulate-class = [\"1=0.4\"]").unwrap();
        assert_eq!((many.source.len(), many.emulate_class.len()), (2, 1));
        assert_eq!(parse("source = \"host\"").unwrap().source.len(), 1);
        let error = parse("seed = 1\nsource = [\"host\", \"mqtt\"]").unwrap_err();
        assert_eq!(
            error,
            "line 2: source: 'mqtt': give virtual, host, udp://ADDR:PORT or replay:FILE"
        );
    }

    #[test]
    fn settings_lie_over_each_other_and_one_pace_replaces_the_other() {
        let file = parse("rate = 5\nworkers = 3\nseed = 9").unwrap();
        let flags = parse("load = 0.4\nworkers = 2").unwrap();
        let all = flags.laid_over(file);
        assert_eq!((all.rate, all.workers.unwrap().0), (None, 2));
        assert_eq!((all.load.unwrap().0, all.seed.unwrap().0), (0.4, 9));
    }
}
