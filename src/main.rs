//! Dispatches telemetry over all cores of an edge box; see `edge-dispatch --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    edge_dispatch::cli::main()
}
