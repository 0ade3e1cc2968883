//! Names of hosts, and patterns over them. It must not know what resolves them.

use std::fmt;
use std::str::FromStr;
use url::Host;

/// A host exactly, or every host below a suffix.
///
/// | text | matches |
/// |---|---|
/// | `api.example` | that host |
/// | `*.api.example` | every name with labels before `.api.example`, not `api.example` itself |
/// | `169.254.169.254`, `[::1]` | that address |
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host.
    Exact(Host),
    /// Every name that ends in a dot and this suffix, which is in lower case.
    Below(String),
}

/// Why a text is no host pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a host: write a name such as api.example, *.api.example for every name below it, or an IP address"
)]
pub struct HostError(String);

impl HostPattern {
    /// Whether `host` is one of these.
    pub fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Exact(exact), host) => exact == host,
            (Self::Below(suffix), Host::Domain(name)) => name
                .strip_suffix(suffix.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            (Self::Below(_), Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

/// Parses a host as it stands in a URL, lower-cased. A trailing dot, an escape or an empty
/// label is refused: two spellings of one host would be two hosts to a rule.
pub(super) fn parse_host(text: &str) -> Result<Host, HostError> {
    let wrong = || HostError(text.to_owned());
    if text.is_empty() || text.contains('%') || text.ends_with('.') {
        return Err(wrong());
    }
    let host = Host::parse(text).map_err(|_| wrong())?;
    match &host {
        // The parser lets through what no name server knows, `*` for one.
        Host::Domain(name) if !name.split('.').all(is_label) => Err(wrong()),
        _ => Ok(host),
    }
}

/// RFC 1123 section 2.1, and the underscore that some names have.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl FromStr for HostPattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let Some(suffix) = text.strip_prefix("*.") else {
            return parse_host(text).map(Self::Exact);
        };
        match parse_host(suffix)? {
            // A wildcard over a whole top-level domain is never what somebody means.
            Host::Domain(name) if name.contains('.') => Ok(Self::Below(name)),
            _ => Err(HostError(text.to_owned())),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => host.fmt(f),
            Self::Below(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for HostPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, host: &str) -> bool {
        pattern
            .parse::<HostPattern>()
            .unwrap()
            .matches(&parse_host(host).unwrap())
    }

    #[test]
    fn a_suffix_begins_at_a_label() {
        assert!(matches("*.store.example", "one.store.example"));
        assert!(matches("*.store.example", "ONE.Store.example"));
        assert!(matches("*.store.example", "a.b.store.example"));
        assert!(!matches("*.store.example", "store.example"));
        assert!(!matches("*.store.example", "evilstore.example"));
        assert!(!matches(
            "*.store.example",
            "one.store.example.evil.example"
        ));
    }

    #[test]
    fn addresses_match_in_every_spelling_and_only_exactly() {
        assert!(matches("127.0.0.1", "0x7f.1"));
        assert!(!matches("*.0.0.example", "127.0.0.1"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "*",
            "*.",
            "*.com",
            "a..b",
            "a.example.",
            "a b",
            "user@a.example",
            "a.example:443",
            "ex%61mple.com",
            "*.*.example.com",
            "a/b",
        ] {
            assert!(text.parse::<HostPattern>().is_err(), "{text:?}");
        }
    }
}
