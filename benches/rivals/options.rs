//! The words behind `--` on the command line.

use std::path::PathBuf;

/// What there is to say.
const USAGE: &str = "\
usage: cargo bench --bench rivals -- [--rounds N] [--quick] [--only PART] [--json FILE]
  --rounds N    rounds that count, 1 or more; 7 by default
  --quick       one round with a tenth of the packets, to see that all sides still work
  --only PART   only where 'engine work shape load' contains PART, such as 'none single'
  --json FILE   writes all rows there";

/// See the head of this file.
#[derive(Debug)]
pub struct Options {
    /// Rounds that count.
    pub rounds: usize,
    /// A tenth of the packets.
    pub quick: bool,
    /// Part of the name of what is wanted; empty for everything.
    pub only: String,
    /// Where rows go.
    pub json: Option<PathBuf>,
}

impl Options {
    /// Those of this process; ends it where they cannot be understood.
    pub fn read() -> Self {
        Options::parse(std::env::args().skip(1)).unwrap_or_else(|fault| {
            eprintln!("{fault}\n{USAGE}");
            std::process::exit(64);
        })
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options { rounds: 7, quick: false, only: String::new(), json: None };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--rounds" => options.rounds = rounds(&value()?)?,
                "--quick" => (options.quick, options.rounds) = (true, 1),
                "--only" => options.only = value()?,
                "--json" => options.json = Some(value()?.into()),
                "--help" => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                // Cargo's own word.
                "--bench" => {}
                _ => return Err(format!("{word}: there is no such option")),
            }
        }
        Ok(options)
    }
}

fn rounds(text: &str) -> Result<usize, String> {
    let rounds = text.parse().ok().filter(|rounds| *rounds > 0);
    rounds.ok_or(format!("--rounds {text}: give a whole number, 1 or more"))
}
