//! Where log lines go: to stderr, above the status line where there is one.

use std::io::Write;

use indicatif::ProgressBar;

/// Sets up logging: level `info` unless `EDGE_DISPATCH_LOG` says otherwise.
pub fn start(status: ProgressBar) {
    // The line-protocol crate prints whole foreign lines at debug level: never wanted.
    let mut builder = env_logger::Builder::new();
    builder
        .filter_level(log::LevelFilter::Info)
        .parse_env("EDGE_DISPATCH_LOG")
        .filter_module("influxdb_line_protocol", log::LevelFilter::Warn)
        .format(|out, record| writeln!(out, "{}: {}", level(record.level()), record.args()))
        .target(env_logger::Target::Pipe(Box::new(Above(status))));
    // Refused only where a logger is there already: then that one is meant.
    let _ = builder.try_init();
}

fn level(level: log::Level) -> &'static str {
    match level {
        log::Level::Error => "error",
        log::Level::Warn => "warning",
        log::Level::Info => "info",
        log::Level::Debug => "debug",
        log::Level::Trace => "trace",
    }
}

/// Writes above the status line.
struct Above(ProgressBar);

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // A stderr that is closed takes no line; the run goes on.
        self.0.suspend(|| {
            let _ = std::io::stderr().write_all(bytes);
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Panics in the work are counted and told of by the worker; the default report of each, with
/// its backtrace, would bury everything else. All other threads keep the default.
pub fn hush_workers() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        if !thread.name().is_some_and(|name| name.starts_with("worker-")) {
            default(info);
        }
    }));
}
