//! The program while it runs: its log as it comes, and signals to it.

use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::place::{PATIENCE, Place, Said};

/// A running program; killed when the test gives up.
pub struct Started {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

impl Place {
    /// Starts the program and lets it run.
    pub fn start(&self, line: &str) -> Started {
        let args: Vec<&str> = line.split_whitespace().collect();
        Started::new(self.program(&args))
    }
}

impl Started {
    pub fn new(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // The test has ended before the program: nobody listens.
                let _ = sender.send(line.unwrap());
            }
        });
        Started { child, lines, log: String::new() }
    }

    /// Waits for a line of the log with `text` in it.
    #[track_caller]
    pub fn logs(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("'{text}' is not in:\n{}", self.log);
            };
            self.log += &format!("{line}\n");
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a signal again and again until a line of the log has `text` in it: one that comes
    /// too soon after another is the same request, and how soon is up to the machine.
    #[track_caller]
    pub fn insists(&mut self, signal: Signal, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.log.contains(text) {
            assert!(Instant::now() < deadline, "'{text}' is not in:\n{}", self.log);
            self.signal(signal);
            if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(20)) {
                self.log += &format!("{line}\n");
            }
        }
    }

    /// The kernel's number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Said {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        eventually("the program ends", || !self.runs());
        let status = self.child.wait().unwrap();
        self.log.extend(self.lines.iter().map(|line| line + "\n"));
        let stderr = std::mem::take(&mut self.log);
        let Some(code) = status.code() else { panic!("{status}\n{stderr}") };
        Said { code, stdout, stderr }
    }

    /// A client of the UDP source, whose address the log says.
    #[track_caller]
    pub fn client(&mut self) -> Client {
        let line = self.logs("listening for line protocol on");
        let address = line.rsplit(' ').next().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        Client(socket)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Ended already, most of the time.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends datagrams, and sees when they have been fetched.
pub struct Client(UdpSocket);

impl Client {
    pub fn send(&self, datagram: &[u8]) {
        assert_eq!(self.0.send(datagram).unwrap(), datagram.len());
    }

    /// Waits until the program has taken everything out of its socket.
    #[track_caller]
    pub fn fetched(&self) {
        let port = format!(":{:04X}", self.0.peer_addr().unwrap().port());
        eventually("the datagrams are fetched", || {
            let sockets = std::fs::read_to_string("/proc/net/udp").unwrap();
            let ours = sockets.lines().filter_map(|line| {
                let mut columns = line.split_whitespace();
                let local = columns.nth(1)?;
                local.ends_with(&port).then(|| columns.nth(2).unwrap().to_owned())
            });
            let queues: Vec<String> = ours.collect();
            !queues.is_empty() && queues.iter().all(|queue| queue.ends_with(":00000000"))
        });
    }
}

/// Waits, at most [`PATIENCE`], for something that no message tells.
#[track_caller]
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
