//! Addresses to listen on, and why one cannot be had.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The text is no address, or a name that nobody knows.
    #[error(
        "'{address}' is no address to listen on ({error}): give ADDR:PORT, such as 0.0.0.0:8089 or [::]:8089"
    )]
    NotAnAddress {
        /// What was given.
        address: String,
        /// What the resolver said.
        error: io::Error,
    },
    /// Somebody else listens there.
    #[error(
        "{address} is in use: stop the program that listens there (ss -ulpn shows it) or take another port"
    )]
    InUse {
        /// What was given.
        address: String,
    },
    /// No interface of this machine has that address.
    #[error(
        "{address} is no address of this machine: take one that `ip address` lists, or 0.0.0.0 for all"
    )]
    NotAvailable {
        /// What was given.
        address: String,
    },
    /// The system does not let us; ports below 1024 are often kept for root.
    #[error(
        "no permission to listen on {address}: take a port from 1024 up, or grant CAP_NET_BIND_SERVICE"
    )]
    Denied {
        /// What was given.
        address: String,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {error}")]
    Other {
        /// What was given.
        address: String,
        /// What the system said.
        error: io::Error,
    },
}

impl BindError {
    pub(super) fn new(address: &str, error: io::Error) -> Self {
        let address = address.to_owned();
        match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { address },
            io::ErrorKind::AddrNotAvailable => BindError::NotAvailable { address },
            io::ErrorKind::PermissionDenied => BindError::Denied { address },
            _ => BindError::Other { address, error },
        }
    }
}

/// The addresses that `ADDR:PORT` stands for, at least one.
pub(super) fn resolve(address: &str) -> Result<Vec<SocketAddr>, BindError> {
    let none = || io::Error::new(io::ErrorKind::NotFound, "no such host");
    let resolved = address.to_socket_addrs().map(Vec::from_iter);
    resolved
        .and_then(|list| if list.is_empty() { Err(none()) } else { Ok(list) })
        .map_err(|error| BindError::NotAnAddress { address: address.to_owned(), error })
}
