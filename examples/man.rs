// Writes the program's man pages into a folder: one for the program, one for each command.
//
// ```sh
// cargo run --example man -- target/man
// ```
//
// An example and not a command of the program, so that the program on a board does not carry
// what only a package's maker needs.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: man DIR");
        return ExitCode::from(64);
    };
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| clap_mangen::generate_to(edge_dispatch::cli::command(), &folder));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("man: {}: {error}; name a folder that can be written", folder.display());
            ExitCode::from(73)
        }
    }
}
