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
    "{0:?} is not a host: write a name such as api.example in plain letters, *.api.example for every name below it, or an IP address in its usual spelling"
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

/// Parses a host as it stands in a URL, in its one plain spelling: a name in lower-case ASCII, an
/// IPv4 address as four decimal numbers, an IPv6 address as RFC 5952 writes it. Upper case, a
/// trailing dot, an escape, an empty label, a number in place of an address and names of other
/// scripts, as letters or as `xn--`, are refused: two spellings of one host would be two hosts to
/// a rule, and two names that look alike would be one to its reader.
pub(super) fn parse_host(text: &str) -> Result<Host, HostError> {
    let wrong = || HostError(text.to_owned());
    let host = Host::parse(text).map_err(|_| wrong())?;
    if host.to_string() != text {
        return Err(wrong());
    }
    match &host {
        // The parser lets through what no name server knows, `*` for one.
        Host::Domain(name) if !name.split('.').all(is_label) => Err(wrong()),
        _ => Ok(host),
    }
}

/// RFC 1123 section 2.1, and the underscore that some names have; no A-label of RFC 5890.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with("xn--")
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl FromStr for HostPattern {
    type Err = HostError;

    /// Reads a pattern as people write it: in any case.
    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.as_str();
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
        let host = parse_host(host).unwrap();
        pattern.parse::<HostPattern>().unwrap().matches(&host)
    }

    #[test]
    fn a_suffix_begins_at_a_label() {
        assert!(matches("*.store.example", "one.store.example"));
        assert!(matches("*.STORE.Example", "one.store.example"));
        assert!(matches("*.store.example", "a.b.store.example"));
        assert!(!matches("*.store.example", "store.example"));
        assert!(!matches("*.store.example", "evilstore.example"));
        assert!(!matches(
            "*.store.example",
            "one.store.example.evil.example"
        ));
    }

    #[test]
    fn addresses_match_only_exactly() {
        assert!(matches("127.0.0.1", "127.0.0.1"));
        assert!(matches("[::1]", "[::1]"));
        assert!(!matches("*.0.0.example", "127.0.0.1"));
    }

    #[test]
    fn a_host_has_one_spelling() {
        for text in [
            "a.example",
            "a-1_b.example",
            "127.0.0.1",
            "[::1]",
            "[2001:db8::a]",
        ] {
            assert!(parse_host(text).is_ok(), "{text}");
        }
        for text in [
            "A.example",
            "a.example.",
            "a..example",
            ".a.example",
            "ex%61mple.com",
            "a%2eexample",
            "b\u{fc}cher.example",
            "xn--bcher-kva.example",
            "www.xn--bcher-kva.example",
            "a\u{3002}example",
            "\u{ff41}.example",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "127.0.1",
            "127.000.000.001",
            "0x7F.0.0.1",
            "127.0.0.1.",
            "\u{2460}27.0.0.1",
            "::1",
            "[0:0:0:0:0:0:0:1]",
            "[::0001]",
            "[2001:DB8::A]",
            "[::ffff:127.0.0.1]",
            "[::1%25eth0]",
            "[::1%eth0]",
            "[fe80::1",
        ] {
            assert!(parse_host(text).is_err(), "{text}: {:?}", parse_host(text));
        }
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
            "xn--bcher-kva.example",
            "*.xn--bcher-kva.example",
            "0x7f.1",
            "*.*.example.com",
            "a/b",
        ] {
            assert!(text.parse::<HostPattern>().is_err(), "{text:?}");
        }
    }
}
