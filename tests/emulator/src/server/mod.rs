//! The loopback face: one port on which TLS and plain HTTP, HTTP/1.1 and HTTP/2 all work.
//!
//! Must not know what is answered; it carries requests to the emulator and answers back.

mod connection;
mod pace;
mod policy;
mod tls;

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::Emulator;
use tls::TlsAuthority;

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is reachable from other machines.
    #[error(
        "the emulator listens on loopback alone, and {0} is not; use 127.0.0.1 or [::1] with a port"
    )]
    NotLoopback(SocketAddr),
    /// The address could not be listened on.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for a free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate authority could not be made.
    #[error("the server's certificate authority could not be made: {0}")]
    Authority(String),
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ca_pem: String,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens on a loopback address and serves the emulator there, on the current tokio runtime.
    /// Port 0 takes a free one. The certificate authority is a new one at every start.
    ///
    /// # Errors
    /// Where the address is not loopback or cannot be listened on.
    pub async fn start(emulator: Emulator, address: SocketAddr) -> Result<Server, ServerError> {
        if !address.ip().is_loopback() {
            return Err(ServerError::NotLoopback(address));
        }
        let authority = TlsAuthority::new(emulator.clone())
            .map_err(|e| ServerError::Authority(e.to_string()))?;
        let ca_pem = authority.ca_pem();
        let acceptor =
            tls::acceptor(authority).map_err(|e| ServerError::Authority(e.to_string()))?;
        let failed = |source| ServerError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let (stop, stopping) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, emulator, acceptor, stopping));
        Ok(Server {
            address: bound,
            ca_pem,
            stop,
            accepting,
        })
    }

    /// The address listened on, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority behind every name served, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A policy fragment (TOML) that leads a client to this server by Azure's own host names:
    /// `[[connect-to]]` tables with host and address, and one `[[ca]]` with the names it is good for.
    #[must_use]
    pub fn policy_toml(&self) -> String {
        policy::policy(self.address, &self.ca_pem)
    }

    /// Stops listening and closes every connection.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // The task has nothing to report; a panic in it has been printed.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn accept(
    listener: TcpListener,
    emulator: Emulator,
    acceptor: tokio_rustls::TlsAcceptor,
    mut stopping: watch::Receiver<bool>,
) {
    // Connections end with this set, and so with the server.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::serve(stream, emulator.clone(), acceptor.clone()));
                }
                // Out of file handles, most likely; let some connections end first.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
