//! The URL of a rule, filled or not, as text.
//!
//! It must not know what else a rule says.

use super::host::parse_host;
use super::target::{Scheme, split_authority};
use url::Host;

/// Whether it may be one that an operator wrote; otherwise why not.
///
/// # Errors
/// It is for plain HTTP, or names an address. A host that cannot be read yet passes.
pub(super) fn operators_url(url: &str) -> Result<(), &'static str> {
    if !url.starts_with("https://") {
        return Err(
            "its url does not begin with https://, and no policy opens the way to plain HTTP",
        );
    }
    let authority = host_of(url);
    if authority.contains('{') {
        return Ok(());
    }
    let authority = authority.to_ascii_lowercase();
    let host =
        split_authority(&authority, Scheme::Https).and_then(|(host, _)| parse_host(host).ok());
    match host {
        Some(Host::Domain(_)) => Ok(()),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => {
            Err("its url names an address, but a rule of a policy is for a host by its name")
        }
        None => Err("its url has no host, or one in a spelling that no request may have"),
    }
}

/// Host and port of a URL, filled or not.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}
