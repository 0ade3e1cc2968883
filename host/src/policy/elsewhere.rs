//! What can lead traffic elsewhere: redirections, added certificate authorities, private addresses
//! and a proxy. It stands in the operator's file alone, and a run with any of it says so.
//!
//! It must not know how connections are made.

use super::PolicyError;
use super::file::{CaEntry, ConnectToEntry, PrivateEndpointEntry, ProxyEntry};
use crate::egress::{AddedCa, ConnectTo, PrivateEndpoint, Proxy, Routes};
use crate::grant::HostPattern;

pub(super) fn read(
    connect_to: Vec<ConnectToEntry>,
    cas: Vec<CaEntry>,
    private_endpoints: Vec<PrivateEndpointEntry>,
    proxy: Option<ProxyEntry>,
) -> Result<(Routes, Vec<AddedCa>), PolicyError> {
    let mut added_cas = Vec::new();
    for CaEntry { hosts, pem } in cas {
        if hosts.is_empty() {
            return Err(PolicyError(
                "[[ca]]: hosts is empty; write the names that it is trusted for".to_owned(),
            ));
        }
        added_cas.push(AddedCa { hosts, pem });
    }
    let mut endpoints = Vec::new();
    for PrivateEndpointEntry { hosts, ranges } in private_endpoints {
        if hosts.is_empty() || ranges.is_empty() {
            return Err(PolicyError(
                "[[private-endpoint]]: hosts or ranges is empty; write which names may lead to which private addresses".to_owned(),
            ));
        }
        endpoints.push(PrivateEndpoint { hosts, ranges });
    }
    let proxy = proxy
        .map(|entry| read_proxy(entry, &mut added_cas))
        .transpose()?;
    let connect_to = connect_to.into_iter();
    Ok((
        Routes {
            connect_to: connect_to
                .map(|ConnectToEntry { host, address }| ConnectTo { host, address })
                .collect(),
            private_endpoints: endpoints,
            proxy,
        },
        added_cas,
    ))
}

fn read_proxy(entry: ProxyEntry, added_cas: &mut Vec<AddedCa>) -> Result<Proxy, PolicyError> {
    let wrong = |what: &str| PolicyError(format!("[proxy]: {what}"));
    let HostPattern::Exact(host) = entry.host else {
        return Err(wrong(
            "host is a pattern, but a proxy has one name or address",
        ));
    };
    if entry.port == 0 {
        return Err(wrong("port is 0; write a number from 1 to 65535"));
    }
    if let Some(pem) = entry.ca {
        if !entry.tls {
            return Err(wrong(
                "ca is for a proxy that is spoken to over TLS: add `tls = true`, or list a CA that opens TLS on the way under [[ca]]",
            ));
        }
        added_cas.push(AddedCa {
            hosts: vec![HostPattern::Exact(host.clone())],
            pem,
        });
    }
    Ok(Proxy {
        host,
        port: entry.port,
        tls: entry.tls,
        except: entry.except,
    })
}

/// What a run under these says of itself.
pub(super) fn caution(routes: &Routes, added_cas: &[AddedCa]) -> Option<String> {
    let mut parts = Vec::new();
    let redirected = routes.connect_to.iter().map(|to| &to.host);
    if let Some(names) = some_names(redirected) {
        parts.push(format!("redirected connections to {names}"));
    }
    let trusted = added_cas.iter().flat_map(|ca| &ca.hosts);
    if let Some(names) = some_names(trusted) {
        parts.push(format!("trusted an added CA for {names}"));
    }
    let private = routes.private_endpoints.iter().flat_map(|one| &one.hosts);
    if let Some(names) = some_names(private) {
        parts.push(format!("let {names} lead to private addresses"));
    }
    if let Some(proxy) = &routes.proxy {
        parts.push(format!("sent connections through the proxy {proxy}"));
    }
    (!parts.is_empty()).then(|| format!("the policy {}", parts.join(" and ")))
}

/// The first name, and how many more there are.
fn some_names<'a>(mut names: impl Iterator<Item = &'a HostPattern>) -> Option<String> {
    let first = names.next()?;
    Some(match names.count() {
        0 => first.to_string(),
        more => format!("{first} and {more} more"),
    })
}
