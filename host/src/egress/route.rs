//! Where connections go that do not go where their names lead: what an operator said of it.
//!
//! It must not know how a connection is made.

use super::address::Range;
use crate::grant::HostPattern;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use url::Host;

/// An operator's word on where connections go.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// Names that are elsewhere; the first that fits counts.
    pub connect_to: Vec<ConnectTo>,
    /// Names that may lead to private addresses.
    pub private_endpoints: Vec<PrivateEndpoint>,
    /// What connections are asked of.
    pub proxy: Option<Proxy>,
}

/// Sends connections to a name somewhere else, as an operator asked.
#[derive(Debug, Clone)]
pub struct ConnectTo {
    /// The names.
    pub host: HostPattern,
    /// Where connections to them go. Not filtered: the operator wrote it.
    pub address: SocketAddr,
}

/// Names that may lead to private addresses, as those of private links do.
#[derive(Debug, Clone)]
pub struct PrivateEndpoint {
    /// The names.
    pub hosts: Vec<HostPattern>,
    /// The addresses.
    pub ranges: Vec<Range>,
}

/// An HTTP proxy that opens connections for others (RFC 9110 section 9.3.6). It is told names and
/// resolves them itself, so that no address is filtered on this side of it: what it reaches is its
/// operator's business. TLS goes through it unopened, against the granted name.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Its name or address. Not filtered: the operator wrote it.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub tls: bool,
    /// Names that are reached without it.
    pub except: Vec<HostPattern>,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Routes {
    /// Where a name is that is elsewhere.
    pub(super) fn redirected(&self, host: &Host) -> Option<SocketAddr> {
        let mut all = self.connect_to.iter();
        all.find(|to| to.host.matches(host)).map(|to| to.address)
    }

    /// The proxy that a name is asked of. An address is never asked of one: it passes the filter
    /// here, or nothing.
    pub(super) fn proxy(&self, host: &Host) -> Option<&Proxy> {
        let is = |pattern: &HostPattern| pattern.matches(host);
        self.proxy
            .as_ref()
            .filter(|proxy| matches!(host, Host::Domain(_)) && !proxy.except.iter().any(is))
    }

    /// Whether the operator has said where connections to a name go.
    pub fn redirect(&self, host: &Host) -> bool {
        self.redirected(host).is_some()
    }

    /// Whether a name may lead to a private address.
    pub(super) fn private(&self, host: &Host, address: IpAddr) -> bool {
        self.private_endpoints.iter().any(|endpoint| {
            matches!(host, Host::Domain(_))
                && endpoint.hosts.iter().any(|pattern| pattern.matches(host))
                && endpoint.ranges.iter().any(|range| range.contains(address))
        })
    }
}
