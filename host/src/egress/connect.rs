//! Opens connections: resolve once, filter what came back, connect to what is left, then
//! TLS against the granted name. Each step has a deadline of its own.
//!
//! It must not know requests: whatever arrives here has been granted.

use super::address;
use super::tls::{Trust, TrustError};
use crate::grant::HostPattern;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;

/// Time to resolve a name and open a TCP connection. Services answer in well under a second.
const CONNECT: Duration = Duration::from_secs(10);

/// Time for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The one inner address that a connection may have for its destination: the endpoint by which
/// a cloud's machine gets tokens for its own identity. It speaks plain HTTP, and only a job's own
/// rule leads there; a name that resolves to it is refused.
const IDENTITY_ENDPOINT: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), 80);

/// Sends connections to a name somewhere else, as an operator asked.
#[derive(Debug, Clone)]
pub struct ConnectTo {
    /// The names.
    pub host: HostPattern,
    /// Where connections to them go. Not filtered: the operator wrote it.
    pub address: SocketAddr,
}

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
    fn resolve(
        &self,
        name: String,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name has no address.
    #[error("the name {0} does not resolve")]
    Unresolved(String),
    /// The name server did not answer.
    #[error("the name server did not answer for {0}")]
    Resolver(String),
    /// The name took too long to resolve, or no address answered in time.
    #[error("no connection to {0} within {CONNECT:?}")]
    Timeout(String),
    /// Every address of the name is out of bounds.
    #[error("{host} resolves to {address}, which is {reason}: not reachable from a job")]
    Prohibited {
        /// The name.
        host: String,
        /// The last address that was refused.
        address: std::net::IpAddr,
        /// What that address is.
        reason: address::Reason,
    },
    /// No address accepted a connection.
    #[error("cannot connect to {host}: {error}")]
    Refused {
        /// The name.
        host: String,
        /// What the last attempt said.
        error: Arc<io::Error>,
    },
    /// The TLS handshake took too long.
    #[error("no TLS handshake with {0} within {HANDSHAKE:?}")]
    HandshakeTimeout(String),
    /// The certificate was not accepted.
    #[error("the certificate of {host} is not accepted: {error}")]
    Certificate {
        /// The name.
        host: String,
        /// What rustls said.
        error: rustls::Error,
    },
    /// The server says that it has no such name (RFC 6066 section 3).
    #[error("the server at the address of {0} knows no such name")]
    UnknownName(String),
    /// TLS failed otherwise.
    #[error("TLS with {host} failed: {error}")]
    Tls {
        /// The name.
        host: String,
        /// What the handshake said.
        error: Arc<io::Error>,
    },
    /// Trust could not be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The destination is no usable name.
    #[error("{0} is not a destination")]
    Destination(String),
}

/// Makes connections for the pool.
#[derive(Clone)]
pub struct Connector {
    shared: Arc<Shared>,
    identity_endpoint: IdentityEndpoint,
}

/// Whether a connection may lead to the endpoint of this machine's own identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdentityEndpoint {
    /// It may: the job's own rule says so.
    Reachable,
    /// It may not.
    Prohibited,
}

struct Shared {
    trust: Trust,
    connect_to: Vec<ConnectTo>,
    resolver: Box<dyn Resolve>,
}

impl Connector {
    /// A connector with the operator's redirections.
    pub fn new(trust: Trust, connect_to: Vec<ConnectTo>, resolver: Box<dyn Resolve>) -> Self {
        Self {
            shared: Arc::new(Shared {
                trust,
                connect_to,
                resolver,
            }),
            identity_endpoint: IdentityEndpoint::Prohibited,
        }
    }

    /// The same for requests that may go to the endpoint of this machine's own identity.
    pub(super) fn to_identity_endpoint(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            identity_endpoint: IdentityEndpoint::Reachable,
        }
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Link;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Link, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let shared = self.shared.clone();
        let identity_endpoint = self.identity_endpoint;
        Box::pin(async move { shared.connect(&uri, identity_endpoint).await })
    }
}

impl Shared {
    async fn connect(
        &self,
        uri: &Uri,
        identity_endpoint: IdentityEndpoint,
    ) -> Result<Link, ConnectError> {
        let name = uri.host().unwrap_or_default();
        let host = Host::parse(name).map_err(|_| ConnectError::Destination(name.to_owned()))?;
        let tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let tcp = self.tcp(&host, port, identity_endpoint).await?;
        let peer = tcp.peer_addr().ok();
        // Requests are small and answers are awaited: Nagle's delay only costs.
        let _ = tcp.set_nodelay(true);
        if !tls {
            return Ok(Link::new(Box::new(tcp), false, peer));
        }
        let server = match &host {
            Host::Domain(domain) => ServerName::try_from(domain.clone())
                .map_err(|_| ConnectError::Destination(domain.clone()))?,
            Host::Ipv4(v4) => ServerName::IpAddress((*v4).into()),
            Host::Ipv6(v6) => ServerName::IpAddress((*v6).into()),
        };
        let connector = TlsConnector::from(self.trust.for_host(&host)?);
        let stream = tokio::time::timeout(HANDSHAKE, connector.connect(server, tcp))
            .await
            .map_err(|_| ConnectError::HandshakeTimeout(host.to_string()))?
            .map_err(|error| tls_error(host.to_string(), error))?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Link::new(Box::new(stream), h2, peer))
    }

    async fn tcp(
        &self,
        host: &Host,
        port: u16,
        identity_endpoint: IdentityEndpoint,
    ) -> Result<TcpStream, ConnectError> {
        let late = || ConnectError::Timeout(host.to_string());
        let addresses =
            tokio::time::timeout(CONNECT, self.addresses(host, port, identity_endpoint))
                .await
                .map_err(|_| late())??;
        // Each address has its share, so that one that swallows packets leaves time for the next.
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut failed = late();
        for address in addresses {
            match tokio::time::timeout(CONNECT / count, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => {
                    failed = ConnectError::Refused {
                        host: host.to_string(),
                        error: Arc::new(error),
                    };
                }
                Err(_) => failed = late(),
            }
        }
        Err(failed)
    }

    /// The addresses that connections to `host` may go to. Nothing resolves again later.
    async fn addresses(
        &self,
        host: &Host,
        port: u16,
        identity_endpoint: IdentityEndpoint,
    ) -> Result<Vec<SocketAddr>, ConnectError> {
        if let Some(redirect) = self.connect_to.iter().find(|to| to.host.matches(host)) {
            return Ok(vec![redirect.address]);
        }
        let found = match host {
            Host::Domain(name) => self
                .resolver
                .resolve(name.clone(), port)
                .await
                .map_err(|error| resolve_error(name.clone(), &error))?,
            Host::Ipv4(v4)
                if identity_endpoint == IdentityEndpoint::Reachable
                    && IDENTITY_ENDPOINT == SocketAddr::from((*v4, port)) =>
            {
                return Ok(vec![IDENTITY_ENDPOINT]);
            }
            Host::Ipv4(v4) => vec![SocketAddr::from((*v4, port))],
            Host::Ipv6(v6) => vec![SocketAddr::from((*v6, port))],
        };
        let mut allowed = Vec::new();
        let mut refused = None;
        for address in found {
            match address::prohibited(address.ip()) {
                None => allowed.push(address),
                Some(reason) => refused = Some((address.ip(), reason)),
            }
        }
        match (allowed.is_empty(), refused) {
            (false, _) => Ok(allowed),
            (true, None) => Err(ConnectError::Unresolved(host.to_string())),
            (true, Some((address, reason))) => Err(ConnectError::Prohibited {
                host: host.to_string(),
                address,
                reason,
            }),
        }
    }
}

/// The system says why only in words. "Temporary failure" is EAI_AGAIN of getaddrinfo: the
/// name server did not answer, which says nothing about the name.
fn resolve_error(name: String, error: &io::Error) -> ConnectError {
    if error.to_string().contains("Temporary failure") {
        ConnectError::Resolver(name)
    } else {
        ConnectError::Unresolved(name)
    }
}

fn tls_error(host: String, error: io::Error) -> ConnectError {
    use rustls::AlertDescription::UnrecognisedName;
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(error @ rustls::Error::InvalidCertificate(_)) => ConnectError::Certificate {
            host,
            error: error.clone(),
        },
        Some(rustls::Error::AlertReceived(UnrecognisedName)) => ConnectError::UnknownName(host),
        _ => ConnectError::Tls {
            host,
            error: Arc::new(error),
        },
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a connection really leads, as an extension of each response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// An open connection.
pub struct Link {
    io: TokioIo<Box<dyn Stream>>,
    h2: bool,
    peer: Option<SocketAddr>,
}

impl Link {
    fn new(stream: Box<dyn Stream>, h2: bool, peer: Option<SocketAddr>) -> Self {
        Self {
            io: TokioIo::new(stream),
            h2,
            peer,
        }
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        let mut connected = Connected::new();
        if let Some(peer) = self.peer {
            connected = connected.extra(Peer(peer));
        }
        if self.h2 {
            connected = connected.negotiated_h2();
        }
        connected
    }
}

impl hyper::rt::Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl hyper::rt::Write for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
