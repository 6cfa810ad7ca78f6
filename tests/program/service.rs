//! What a service manager hears. It is played by a datagram socket, as systemd's is; how it acts
//! on what it hears is not tried here.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use super::place::{PATIENCE, Place};
use super::started::Started;

/// The socket of a service manager.
struct Manager(UnixDatagram);

impl Manager {
    /// Starts the program with `line`, watched with a time limit of `watchdog_us`.
    fn start(place: &Place, line: &str, watchdog_us: Option<&str>) -> (Manager, Started) {
        let path = place.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let args: Vec<&str> = line.split_whitespace().collect();
        let mut command = place.program(&args);
        command.env("NOTIFY_SOCKET", path).env_remove("WATCHDOG_PID");
        match watchdog_us {
            Some(limit) => command.env("WATCHDOG_USEC", limit),
            None => command.env_remove("WATCHDOG_USEC"),
        };
        (Manager(socket), Started::new(command))
    }

    /// The next message.
    #[track_caller]
    fn hears(&self) -> String {
        let mut message = [0; 4096];
        let length = loop {
            match self.0.recv(&mut message) {
                // The machine was stopped and went on.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                received => break received.expect("a message comes"),
            }
        };
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    /// Waits for a message with `text` in it; the messages before it.
    #[track_caller]
    fn waits_for(&self, text: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let message = self.hears();
            if message.contains(text) {
                return before;
            }
            before.push(message);
        }
    }

    /// What has come in by now.
    fn rest(&self) -> Vec<String> {
        self.0.set_nonblocking(true).unwrap();
        let mut message = [0; 4096];
        let received =
            std::iter::from_fn(|| self.0.recv(&mut message).ok().map(|n| message[..n].to_vec()));
        received.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }
}

#[test]
fn a_service_manager_hears_ready_first_then_signs_of_life_then_stopping() {
    let place = Place::new();
    let line = "run --rate 2000 --workers 2 --drain-limit 7s";
    let (manager, started) = Manager::start(&place, line, Some("200000"));
    assert!(manager.hears().starts_with("READY=1\n"));
    for _ in 0..3 {
        manager.waits_for("WATCHDOG=1");
    }
    started.signal(Signal::TERM);
    let before = manager.waits_for("STOPPING=1\n");
    assert!(before.iter().all(|message| message == "WATCHDOG=1\n"), "{before:?}");
    started.end().exits(0);
    assert_eq!(manager.rest(), Vec::<String>::new());
}

#[test]
fn the_stop_may_take_as_long_as_the_drain_and_the_files() {
    let place = Place::new();
    let line = "run --rate 100 --duration 1ms --drain-limit 7s";
    let (manager, started) = Manager::start(&place, line, None);
    manager.waits_for("READY=1");
    let stopping = manager.hears();
    assert!(stopping.contains("EXTEND_TIMEOUT_USEC=37000000\n"), "{stopping}");
    started.end().exits(0);
}

/// One packet that takes an hour: to whoever watches, a worker that hangs.
#[test]
fn a_worker_that_hangs_ends_the_signs_of_life() {
    let place = Place::new();
    let line = "run --rate 1000 --workers 1 --inbox-bound 4 --overflow drop-newest \
                --work spin:1h --drain-limit 1ms";
    let (manager, started) = Manager::start(&place, line, Some("200000"));
    manager.waits_for("READY=1");
    manager.waits_for("worker 0 has packets and ends none: the watchdog is not fed");
    // For as long as the program would live then, and four times longer, nothing comes.
    manager.0.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let silent = manager.0.recv(&mut [0; 64]);
    assert!(silent.is_err(), "it is fed all the same: {silent:?}");
    manager.0.set_read_timeout(Some(PATIENCE)).unwrap();
    started.signal(Signal::TERM);
    let before = manager.waits_for("STOPPING=1");
    assert_eq!(before, Vec::<String>::new());
    started.end().exits(75).complains(&["the watchdog is not fed"]);
}

#[test]
fn nobody_is_fed_who_did_not_ask_for_it() {
    let place = Place::new();
    let line = "run --rate 1000 --duration 500ms";
    let (manager, started) = Manager::start(&place, line, None);
    started.end().exits(0);
    let messages = manager.rest();
    assert_eq!(messages.len(), 2, "ready and stopping: {messages:?}");
}

#[test]
fn a_manager_that_is_not_there_does_not_disturb_the_run() {
    let place = Place::new();
    let gone = place.path("nowhere");
    let gone = gone.to_str().unwrap();
    place.run_with("run --rate 1000 --duration 50ms", &[("NOTIFY_SOCKET", gone)]).exits(0);
}
