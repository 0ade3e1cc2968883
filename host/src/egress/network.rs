//! What lies under connections: names that become addresses, and addresses that are dialled. The
//! system's own, and anything else in a test.
//!
//! It must not know which addresses are allowed.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use tokio::net::TcpStream;

/// What comes of it in the end.
type Later<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Turns a name and a port into addresses.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a name, in the order to try them.
    fn resolve(
        &self,
        name: String,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: String, port: u16) -> Later<Vec<SocketAddr>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

/// Opens a TCP connection to an address.
pub(super) trait Dial: Send + Sync + 'static {
    /// The open connection.
    fn dial(&self, address: SocketAddr) -> Later<TcpStream>;
}

/// The system's sockets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sockets;

impl Dial for Sockets {
    fn dial(&self, address: SocketAddr) -> Later<TcpStream> {
        Box::pin(TcpStream::connect(address))
    }
}
