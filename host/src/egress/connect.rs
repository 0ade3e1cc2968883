//! Opens connections: resolve once, filter what came back, connect to what is left, then
//! TLS against the granted name. Each step has a deadline of its own.
//!
//! It must not know requests: whatever arrives here has been granted.

use super::link::{Link, Stream};
use super::network::{Dial, Resolve, Sockets};
use super::obstacle::Refusal;
use super::proxy::ProxyProblem;
use super::route::{Proxy, Routes};
use super::tls::{Trust, TrustError};
use super::{address, certificate, tunnel};
use http::Uri;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
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
    /// Nothing takes connections where the operator's policy leads them.
    #[error(
        "cannot connect to {host}: {error} at {address}, where the policy leads to; is it running?"
    )]
    Redirected {
        /// The name.
        host: String,
        /// The address in its place.
        address: SocketAddr,
        /// What the attempt said.
        error: Arc<io::Error>,
    },
    /// The TLS handshake took too long.
    #[error("no TLS handshake with {0} within {HANDSHAKE:?}")]
    HandshakeTimeout(String),
    /// The certificate was not accepted.
    #[error("{}", certificate::cause(host, error))]
    Certificate {
        /// The name.
        host: String,
        /// What rustls said.
        error: rustls::Error,
    },
    /// The server says that it has no such name (RFC 6066 section 3).
    #[error("the server at the address of {0} knows no such name")]
    UnknownName(String),
    /// What answers there does not speak TLS.
    #[error("what answers at the address of {0} does not speak TLS")]
    NoTls(String),
    /// TLS failed otherwise.
    #[error("TLS with {host} failed: {error}")]
    Tls {
        /// The name.
        host: String,
        /// What the handshake said.
        error: Arc<io::Error>,
    },
    /// The proxy makes no connection.
    #[error("the proxy {proxy} opens no connection to {host}: {problem}")]
    Proxy {
        /// The proxy.
        proxy: String,
        /// The name.
        host: String,
        /// What it did instead.
        problem: ProxyProblem,
    },
    /// Trust could not be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The destination is no usable name.
    #[error("{0} is not a destination")]
    Destination(String),
}

impl ConnectError {
    /// What to do about it, where that is for this machine and its policy, and the message itself
    /// does not say it.
    pub(super) fn remedy(&self) -> Option<String> {
        match self {
            Self::Certificate { error, .. } => Some(certificate::remedy(error).to_owned()),
            Self::Proxy { problem, .. } => Some(problem.remedy()),
            Self::NoTls(_) => Some(
                "something in between answers in its place, such as a network's page for signing in"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Cause and remedy of what an extension gets no more than a code for.
    pub(super) fn told(&self) -> Option<String> {
        match (self, self.remedy()) {
            (_, Some(remedy)) => Some(format!("{self}; {remedy}")),
            (Self::Redirected { .. } | Self::Trust(_), None) => Some(self.to_string()),
            (_, None) => None,
        }
    }

    /// What refused, where other programs get past it with what their environment says.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Unresolved(_) | Self::Resolver(_) => Some(Refusal::NoName),
            Self::Timeout(_)
            | Self::Refused { .. }
            | Self::Redirected { .. }
            | Self::HandshakeTimeout(_) => Some(Refusal::NoConnection),
            Self::Certificate {
                error:
                    rustls::Error::InvalidCertificate(
                        rustls::CertificateError::UnknownIssuer
                        | rustls::CertificateError::BadSignature,
                    ),
                ..
            } => Some(Refusal::UnknownAuthority),
            // What rustls says is about the other side, and not about the network.
            Self::Tls { error, .. } => {
                let inner = error.get_ref();
                let of_tls = inner.is_some_and(|inner| inner.is::<rustls::Error>());
                (!of_tls).then_some(Refusal::NoConnection)
            }
            _ => None,
        }
    }
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
    routes: Routes,
    resolver: Box<dyn Resolve>,
    dial: Box<dyn Dial>,
}

impl Connector {
    /// A connector with the operator's word on where connections go.
    pub fn new(trust: Trust, routes: Routes, resolver: Box<dyn Resolve>) -> Self {
        Self::dialling(trust, routes, resolver, Box::new(Sockets))
    }

    pub(super) fn dialling(
        trust: Trust,
        routes: Routes,
        resolver: Box<dyn Resolve>,
        dial: Box<dyn Dial>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                trust,
                routes,
                resolver,
                dial,
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
        let is_https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let (io, peer) = match self.routes.proxy(&host) {
            // What is not TLS is not shown to a proxy.
            Some(proxy) if is_https && self.routes.redirected(&host).is_none() => {
                self.tunnel(proxy, &host, port).await?
            }
            _ => {
                let addresses = self.addresses(&host, port, identity_endpoint);
                let tcp = self.tcp(&host, addresses).await?;
                let peer = tcp.peer_addr().ok();
                (Box::new(tcp) as Box<dyn Stream>, peer)
            }
        };
        if !is_https {
            return Ok(Link::new(io, false, peer));
        }
        let stream = tls(&host, self.trust.for_host(&host)?, io).await?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Link::new(Box::new(stream), h2, peer))
    }

    /// Opens the first of the addresses that answers.
    async fn tcp(
        &self,
        host: &Host,
        addresses: impl Future<Output = Result<Vec<SocketAddr>, ConnectError>>,
    ) -> Result<TcpStream, ConnectError> {
        let late = || ConnectError::Timeout(host.to_string());
        let addresses = tokio::time::timeout(CONNECT, addresses)
            .await
            .map_err(|_| late())??;
        // Each address has its share, so that one that swallows packets leaves time for the next.
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut failed = late();
        for address in addresses {
            match tokio::time::timeout(CONNECT / count, self.dial.dial(address)).await {
                Ok(Ok(tcp)) => {
                    // Requests are small and answers are awaited: Nagle's delay only costs.
                    let _ = tcp.set_nodelay(true);
                    return Ok(tcp);
                }
                Ok(Err(error)) => failed = self.refused(host, address, error),
                Err(_) if self.routes.redirected(host) == Some(address) => {
                    failed = self.refused(host, address, io::ErrorKind::TimedOut.into());
                }
                Err(_) => failed = late(),
            }
        }
        Err(failed)
    }

    fn refused(&self, host: &Host, address: SocketAddr, error: io::Error) -> ConnectError {
        let (name, error) = (host.to_string(), Arc::new(error));
        if self.routes.redirected(host) == Some(address) {
            ConnectError::Redirected {
                host: name,
                address,
                error,
            }
        } else {
            ConnectError::Refused { host: name, error }
        }
    }

    /// A connection to `host` that the proxy opened, and the proxy's address.
    async fn tunnel(
        &self,
        proxy: &Proxy,
        host: &Host,
        port: u16,
    ) -> Result<(Box<dyn Stream>, Option<SocketAddr>), ConnectError> {
        let refused = |problem: ProxyProblem| ConnectError::Proxy {
            proxy: proxy.to_string(),
            host: host.to_string(),
            problem,
        };
        let unreachable = |error| refused(ProxyProblem::Unreachable(Box::new(error)));
        let (mut io, peer) = self.to_proxy(proxy).await.map_err(unreachable)?;
        tokio::time::timeout(CONNECT, tunnel::open(&mut io, host, port))
            .await
            .map_err(|_| refused(ProxyProblem::Late(CONNECT)))?
            .map_err(refused)?;
        Ok((io, peer))
    }

    /// A connection to the proxy itself, and its address.
    async fn to_proxy(
        &self,
        proxy: &Proxy,
    ) -> Result<(Box<dyn Stream>, Option<SocketAddr>), ConnectError> {
        let addresses = self.resolved(&proxy.host, proxy.port);
        let tcp = self.tcp(&proxy.host, addresses).await?;
        let peer = tcp.peer_addr().ok();
        let mut io: Box<dyn Stream> = Box::new(tcp);
        if proxy.tls {
            let mut config = ClientConfig::clone(&*self.trust.for_host(&proxy.host)?);
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            io = Box::new(tls(&proxy.host, Arc::new(config), io).await?);
        }
        Ok((io, peer))
    }

    /// Every address of a name.
    async fn resolved(&self, host: &Host, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        match host {
            Host::Domain(name) => self
                .resolver
                .resolve(name.clone(), port)
                .await
                .map_err(|error| resolve_error(name.clone(), &error)),
            Host::Ipv4(v4) => Ok(vec![SocketAddr::from((*v4, port))]),
            Host::Ipv6(v6) => Ok(vec![SocketAddr::from((*v6, port))]),
        }
    }

    /// The addresses that connections to `host` may go to. Nothing resolves again later.
    async fn addresses(
        &self,
        host: &Host,
        port: u16,
        identity_endpoint: IdentityEndpoint,
    ) -> Result<Vec<SocketAddr>, ConnectError> {
        if let Some(address) = self.routes.redirected(host) {
            return Ok(vec![address]);
        }
        let found = self.resolved(host, port).await?;
        let is_literal = !matches!(host, Host::Domain(_));
        if is_literal
            && identity_endpoint == IdentityEndpoint::Reachable
            && found == [IDENTITY_ENDPOINT]
        {
            return Ok(found);
        }
        let mut allowed = Vec::new();
        let mut refused = None;
        for address in found {
            match address::prohibited(address.ip()) {
                None => allowed.push(address),
                Some(_) if self.routes.private(host, address.ip()) => allowed.push(address),
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

/// TLS over a stream, against a name.
async fn tls(
    host: &Host,
    config: Arc<ClientConfig>,
    io: Box<dyn Stream>,
) -> Result<TlsStream<Box<dyn Stream>>, ConnectError> {
    let server = match host {
        Host::Domain(domain) => ServerName::try_from(domain.clone())
            .map_err(|_| ConnectError::Destination(domain.clone()))?,
        Host::Ipv4(v4) => ServerName::IpAddress((*v4).into()),
        Host::Ipv6(v6) => ServerName::IpAddress((*v6).into()),
    };
    let connecting = TlsConnector::from(config).connect(server, io);
    tokio::time::timeout(HANDSHAKE, connecting)
        .await
        .map_err(|_| ConnectError::HandshakeTimeout(host.to_string()))?
        .map_err(|error| tls_error(host.to_string(), error))
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
        Some(rustls::Error::InvalidMessage(_)) => ConnectError::NoTls(host),
        _ => ConnectError::Tls {
            host,
            error: Arc::new(error),
        },
    }
}

#[cfg(test)]
mod tests;
