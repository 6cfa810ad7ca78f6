//! Line protocol over UDP.
//!
//! UDP knows no back-pressure: what is not fetched in time is dropped by the kernel, which
//! only counts it. So a turn waits for the first datagram and then takes what else is there
//! without waiting, the kernel is asked for a receive buffer of 4 MiB (it grants at most
//! `net.core.rmem_max`, often 208 KiB), and its drops are read once a second and at the end.
//! What lies in the socket when the run stops is taken out and counted, not worked on: so every
//! datagram that came before the stop is a packet, a rejected line, or a drop.
//!
//! The lines themselves are read by [`line_protocol`](super::line_protocol).

mod bind;
mod complaint;
mod kernel_drops;

pub use bind::BindError;

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recvfrom, sockopt};

use crate::clock::Clock;
use crate::job::Job;
use crate::ledger::Input;
use crate::names::SensorNames;
use crate::packet::Packet;

use super::line_protocol::{LineProtocol, Reject};
use super::{PATIENCE_MS, Source, SourceError, TURN_MAX, Turn};
use bind::resolve;
use complaint::Complaint;
use kernel_drops::{KernelDrops, inode_of};

/// More than the largest datagram there is (65,507 bytes of payload over IPv4).
const DATAGRAM_MAX: usize = 64 * 1024;

/// What the kernel is asked for.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

const DROPS_EVERY_NS: u64 = 1_000_000_000;

/// The reason under which a datagram counts that was still in the socket at the stop.
const LEFT_AT_STOP: &str = "left-at-stop";

/// The most datagrams taken out at the stop: more than 4 MiB of receive buffer hold. Whoever
/// goes on sending must not hold up the end.
const LEFT_MAX: u32 = 64 * 1024;

/// A socket that line protocol arrives on.
#[derive(Debug)]
pub struct Udp {
    name: String,
    local: SocketAddr,
    socket: UdpSocket,
    datagram: Box<[u8]>,
    lines: LineProtocol,
    input: Input,
    drops: KernelDrops,
    drops_due_ns: u64,
    complaint: Complaint,
    last_reject: Option<(Reject, Option<SocketAddr>)>,
}

impl Udp {
    /// Listens on `address`, `ADDR:PORT` with an IPv4 address, an IPv6 address in brackets or
    /// a host's name; port 0 lets the system choose. Sensors are registered in `names`.
    ///
    /// # Errors
    /// By what the caller can do about it, see [`BindError`].
    pub fn bind(address: &str, names: SensorNames) -> Result<Self, BindError> {
        let addresses = resolve(address)?;
        let of_address = |error| BindError::new(address, error);
        let socket = UdpSocket::bind(&addresses[..]).map_err(of_address)?;
        let patience = Duration::from_millis(PATIENCE_MS);
        socket.set_read_timeout(Some(patience)).map_err(of_address)?;
        let local = socket.local_addr().map_err(of_address)?;
        Ok(Udp {
            name: format!("udp://{local}"),
            local,
            drops: drops_of(&socket),
            drops_due_ns: 0,
            socket,
            datagram: vec![0; DATAGRAM_MAX].into(),
            lines: LineProtocol::new(names),
            input: Input::default(),
            complaint: Complaint::default(),
            last_reject: None,
        })
    }

    /// Where it listens, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// One datagram's length and sender; `None` when none came.
    fn receive(
        &mut self,
        flags: RecvFlags,
    ) -> Result<Option<(usize, Option<SocketAddr>)>, SourceError> {
        match recvfrom(&self.socket, &mut self.datagram[..], flags) {
            Ok((len, _, peer)) => {
                Ok(Some((len, peer.and_then(|peer| SocketAddr::try_from(peer).ok()))))
            }
            // Nothing there; a signal; an answer of somebody's to something we never sent.
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNREFUSED) => Ok(None),
            Err(errno) => Err(SourceError {
                name: self.name.clone(),
                what: "receiving".into(),
                error: errno.into(),
            }),
        }
    }

    fn look_after(&mut self, now_ns: u64) {
        if now_ns >= self.drops_due_ns {
            self.drops_due_ns = now_ns.saturating_add(DROPS_EVERY_NS);
            self.drops.refresh();
        }
        if let Some(new) = self.complaint.due(now_ns, self.input.rejected()) {
            self.complain(new);
        }
    }

    /// Empties the socket without waiting, and counts what was in it.
    fn count_left(&mut self, clock: &Clock) -> u32 {
        let until_ns = clock.now_ns().saturating_add(PATIENCE_MS * 1_000_000);
        let mut left = 0;
        // The clock now and then: who is set aside for a while has not counted for as long. A
        // socket that fails has nothing more to count; why it fails was said before.
        while left < LEFT_MAX
            && (left % 1_024 != 0 || clock.now_ns() < until_ns)
            && let Ok(Some(_)) = self.receive(RecvFlags::DONTWAIT)
        {
            self.input.reject(LEFT_AT_STOP);
            left += 1;
        }
        left
    }

    fn complain(&self, new: u64) {
        let Some((reject, peer)) = self.last_reject else { return };
        let peer = peer.map_or("unknown".to_owned(), |peer| peer.to_string());
        log::warn!("{}: {new} lines rejected, the last one {reject}, from {peer}", self.name);
    }
}

impl Source<Packet> for Udp {
    fn name(&self) -> &str {
        &self.name
    }

    /// Waits for one datagram, at most [`PATIENCE_MS`], and takes up to [`TURN_MAX`] that wait
    /// already, until they have brought that many packets.
    fn bring(&mut self, clock: &Clock, out: &mut Vec<Job<Packet>>) -> Result<Turn, SourceError> {
        let enough = out.len() + TURN_MAX;
        let mut flags = RecvFlags::empty();
        for _ in 0..TURN_MAX {
            let Some((len, peer)) = self.receive(flags)? else { break };
            if let Some(reject) = self.lines.read(&self.datagram[..len], out, &mut self.input) {
                self.last_reject = Some((reject, peer));
            }
            if out.len() >= enough {
                break;
            }
            flags = RecvFlags::DONTWAIT;
        }
        self.look_after(clock.now_ns());
        Ok(Turn::Again)
    }

    fn finish(&mut self, clock: &Clock) {
        if let Some(new) = self.complaint.rest(self.input.rejected()) {
            self.complain(new);
        }
        let left = self.count_left(clock);
        if left > 0 {
            log::info!("{}: datagrams that came too late for this run: {left}", self.name);
        }
        self.drops.refresh();
    }

    fn input(&self) -> Input {
        Input { kernel_drops: self.drops.count(), ..self.input.clone() }
    }
}

/// The socket's counter of drops, after asking for a larger buffer.
fn drops_of(socket: &UdpSocket) -> KernelDrops {
    // Linux grants less instead of refusing; a system that refuses keeps its default.
    if let Err(error) = sockopt::set_socket_recv_buffer_size(socket, RECEIVE_BUFFER) {
        log::debug!("receive buffer stays as it is: {error}");
    }
    let proc_root = Path::new("/proc");
    KernelDrops::new(proc_root, inode_of(proc_root, socket.as_raw_fd()).ok())
}

#[cfg(test)]
mod tests;
