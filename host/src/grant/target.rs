//! Where a request would go, parsed once from what the guest gave. Every spelling that two
//! readers could read differently is refused here, before any rule is looked at.
//!
//! It must not know rules.

use super::denial::{Asked, Denial, Reason};
use super::host::parse_host;
use crate::limits::key;
use http::{HeaderMap, Method, Uri};
use url::Host;

/// The parsed destination of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) method: Method,
    pub(super) scheme: Scheme,
    pub(super) host: Host,
    pub(super) port: u16,
    /// Decoded path segments; the last one may be empty (a trailing slash).
    pub(super) path: Vec<String>,
    /// Decoded query pairs, in order.
    pub(super) query: Vec<(String, String)>,
}

/// The schemes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    pub(super) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Host and path of a request for a log: no query, no user, nothing that is not text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The host, with its port where one is given.
    pub host: String,
    /// The path.
    pub path: String,
}

/// What may be shown of a URL, parsed or not.
pub fn shown(uri: &Uri) -> Shown {
    const LONGEST: usize = 200;
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let authority = authority.unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let cut = |text: &str| crate::text::one_line(text, LONGEST);
    Shown {
        host: cut(host),
        path: cut(uri.path()),
    }
}

impl Target {
    /// Parses the destination of a request whose URL has at most `longest` bytes.
    pub fn parse(method: &Method, uri: &Uri, longest: usize) -> Result<Self, Denial> {
        let denied = |reason: Reason| Denial::unread(reason, method, uri);
        let url = |what: &'static str| denied(Reason::Url(what));
        let authority = uri.authority().ok_or_else(|| url("it has no host"))?;
        let length =
            authority.as_str().len() + uri.path_and_query().map_or(0, |path| path.as_str().len());
        if length > longest {
            return Err(denied(Reason::TooLarge {
                what: "URL",
                most: longest,
                key: key::URL,
            }));
        }
        if matches!(*method, Method::CONNECT | Method::TRACE) {
            return Err(denied(Reason::Method));
        }
        let scheme = uri
            .scheme_str()
            .and_then(Scheme::parse)
            .ok_or_else(|| url("its scheme is neither https nor http"))?;
        if authority.as_str().contains('@') {
            return Err(url("it has a user part"));
        }
        let (host, port) = split_authority(authority.as_str(), scheme)
            .ok_or_else(|| url("its port is not a number from 1 to 65535"))?;
        let host = parse_host(host).map_err(|_| {
            url(
                "its host is not in its one plain spelling: lower-case ASCII without a dot at the end, an address as it is usually written",
            )
        })?;
        let path = parse_path(uri.path()).map_err(url)?;
        let query = parse_query(uri.query().unwrap_or_default()).map_err(url)?;
        Ok(Self {
            method: method.clone(),
            scheme,
            host,
            port,
            path,
            query,
        })
    }
}

/// Host and port of an authority without a user part.
pub(super) fn split_authority(authority: &str, scheme: Scheme) -> Option<(&str, u16)> {
    let after_address = authority.rfind(']').map_or(0, |end| end + 1);
    match authority.get(after_address..)?.find(':') {
        None => Some((authority, scheme.default_port())),
        Some(colon) => {
            let (host, port) = authority.split_at_checked(after_address + colon)?;
            let port = port.strip_prefix(':')?;
            // In digits, and the first of them no zero: one spelling again.
            if port.starts_with('0') || !port.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            Some((host, port.parse().ok()?))
        }
    }
}

/// Splits a path at its slashes and decodes the segments. What a server could read as
/// another path is refused: no leading slash, dot segments, empty segments within,
/// encoded slashes, backslashes, escapes of what needs none.
pub(super) fn parse_path(path: &str) -> Result<Vec<String>, &'static str> {
    let rest = path
        .strip_prefix('/')
        .ok_or("its path does not begin with a slash")?;
    let mut segments = Vec::new();
    let mut parts = rest.split('/').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() && parts.peek().is_some() {
            return Err("its path has an empty segment");
        }
        let decoded = decode_segment(part)?;
        if decoded == "." || decoded == ".." {
            return Err("its path has a dot segment");
        }
        segments.push(decoded);
    }
    Ok(segments)
}

fn decode_segment(segment: &str) -> Result<String, &'static str> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
                    return Err("its path has a broken escape");
                };
                let byte = u8::try_from(high * 16 + low).unwrap_or_default();
                if is_unreserved(byte) {
                    return Err("its path escapes a character that needs none");
                }
                if matches!(byte, b'/' | b'\\' | b'%') || byte.is_ascii_control() {
                    return Err("its path has an escaped slash or control character");
                }
                decoded.push(byte);
            }
            byte if is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte) => decoded.push(byte),
            _ => return Err("its path has a character that must be escaped"),
        }
    }
    String::from_utf8(decoded).map_err(|_| "its path is not UTF-8")
}

/// Decodes a query to its pairs, in order. What no two readers decode alike is refused: broken
/// escapes, bytes that are not text, control characters.
fn parse_query(query: &str) -> Result<Vec<(String, String)>, &'static str> {
    if !query.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("its query has a character that must be escaped");
    }
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !query.split('%').skip(1).all(is_escape) {
        return Err("its query has a broken escape");
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    // What is not UTF-8 was decoded to the replacement character.
    let is_odd = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
    if pairs
        .iter()
        .any(|(name, value)| name.contains(is_odd) || value.contains(is_odd))
    {
        return Err("its query has an escaped control character, or is not UTF-8");
    }
    Ok(pairs)
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

impl Target {
    /// A denial of this request, which was read but fits no rule.
    pub(super) fn denied(
        &self,
        reason: Reason,
        nearest: Option<String>,
        headers: &HeaderMap,
        body: Option<usize>,
    ) -> Denial {
        let port = if self.port == self.scheme.default_port() {
            String::new()
        } else {
            format!(":{}", self.port)
        };
        let asked = Asked::new(
            &self.method,
            self.scheme.as_str(),
            format!("{}{port}", self.host),
            &self.path,
        )
        .with_query(&self.query)
        .with_headers(headers);
        Denial::of(reason, nearest, asked, self.without_values(), headers, body)
    }

    /// The same, with as much of each value of the query as a rule looks at that leaves it open:
    /// its length. What a denial keeps is printed.
    fn without_values(&self) -> Self {
        let blank = |(name, value): &(String, String)| (name.clone(), "x".repeat(value.len()));
        Self {
            query: self.query.iter().map(blank).collect(),
            ..self.clone()
        }
    }
}
