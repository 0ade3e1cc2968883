//! HTTP as the job logic needs it: one request, one answer, both whole and bounded.
//!
//! It must not know Azure, and not how a request is sent: wstd in the component,
//! anything in a test.

use std::future::Future;
use std::time::Duration;

/// Bytes of a response body that are read. A list page of 25 certificates is about
/// 15 kB and a certificate with its policy below 20 kB; the limit keeps a broken
/// server from filling the guest's memory (48 of these fit in no job by accident).
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// One attempt, from the connection to the end of the body. Key Vault and Entra answer
/// in milliseconds; a proxy in between gives up after 60 s itself, so that longer
/// waiting brings nothing.
///
/// Measured by the caller's own clock, not by wasi:http's request options: hosts differ
/// in which of those they take, and at least one keeps every option object until the
/// job ends, so that some 950 requests filled its table.
pub const ATTEMPT_LIMIT: Duration = Duration::from_secs(60);

/// The methods that the job logic uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// RFC 9110 section 9.3.1
    Get,
    /// RFC 9110 section 9.3.3
    Post,
    /// RFC 9110 section 9.3.4
    Put,
    /// RFC 9110 section 9.3.5
    Delete,
}

/// A request. It has no `Debug`: headers and body may hold credentials.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// An absolute URL.
    pub url: String,
    /// Names in lower case. `content-length` and `host` are the sender's business.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
}

impl Request {
    /// A GET without headers.
    pub fn get(url: String) -> Self {
        Request::new(Method::Get, url)
    }

    /// A request without headers and body.
    pub fn new(method: Method, url: String) -> Self {
        Request {
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A request with a JSON body.
    pub fn json(method: Method, url: String, body: &serde_json::Value) -> Self {
        let mut request = Request::new(method, url);
        request.set("content-type", "application/json".to_owned());
        request.body = body.to_string().into_bytes();
        request
    }

    /// Sets a header, in place of an earlier one of that name.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// An answer, read to its end. No `Debug`: a body may hold a token.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// At most [`BODY_LIMIT`] bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header, asked for in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a header, asked for in lower case.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The host does not let this job send this request.
    #[error("the host refused the request: this job is not granted it")]
    Denied,
    /// The name resolves to an address that the host does not let this job reach.
    #[error("the host refused the address that the name resolves to")]
    AddressDenied,
    /// There is no such name.
    #[error("the name does not resolve")]
    NameNotFound,
    /// The server's certificate is not accepted, and only the host knows why.
    #[error("the server's TLS certificate is not accepted")]
    Certificate,
    /// TLS failed otherwise.
    #[error("the TLS handshake failed")]
    Tls,
    /// No connection: the request was not sent.
    #[error("{0}")]
    Connection(&'static str),
    /// The connection broke, maybe after the request arrived.
    #[error("{0}")]
    Broken(&'static str),
    /// A time limit of this one request; it may have arrived.
    #[error("{0}")]
    Timeout(&'static str),
    /// More came than is read.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// What is read at most.
        limit: usize,
    },
    /// The host is not set up for this connection: its trust, or the proxy that it asks.
    #[error("the host cannot make this connection the way it is set up")]
    HostConfiguration,
    /// The request could not be expressed.
    #[error("the request could not be built: {0}")]
    Unsendable(String),
    /// Anything else, in the host's words.
    #[error("the request failed: {0}")]
    Other(String),
}

impl TransportError {
    /// Whether the request may have reached the server and taken effect there.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            TransportError::Broken(_)
            | TransportError::Timeout(_)
            | TransportError::TooLarge { .. }
            | TransportError::Other(_) => true,
            TransportError::Denied
            | TransportError::AddressDenied
            | TransportError::NameNotFound
            | TransportError::Certificate
            | TransportError::Tls
            | TransportError::Connection(_)
            | TransportError::HostConfiguration
            | TransportError::Unsendable(_) => false,
        }
    }
}

/// Sends requests. Redirects are never followed.
pub trait Http {
    /// Sends one request and reads its whole answer.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, TransportError>>;
}

/// Collects a body up to a limit.
pub struct Collector {
    bytes: Vec<u8>,
    limit: usize,
}

impl Collector {
    /// An empty one.
    pub fn new(limit: usize) -> Self {
        Collector {
            bytes: Vec::new(),
            limit,
        }
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`TransportError::TooLarge`] when the limit would be passed.
    pub fn push(&mut self, part: &[u8]) -> Result<(), TransportError> {
        if part.len() > self.limit.saturating_sub(self.bytes.len()) {
            return Err(TransportError::TooLarge { limit: self.limit });
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    /// What was collected.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_up_to_its_limit_and_one_byte_more_is_an_error() {
        let mut body = Collector::new(4);
        assert_eq!(body.push(b"ab"), Ok(()));
        assert_eq!(body.push(b"cd"), Ok(()));
        assert_eq!(body.push(b"e"), Err(TransportError::TooLarge { limit: 4 }));
        assert_eq!(body.finish(), b"abcd");
    }

    #[test]
    fn setting_a_header_again_replaces_it() {
        let mut request = Request::get("https://a.example/".into());
        request.set("authorization", "Bearer one".into());
        request.set("authorization", "Bearer two".into());
        assert_eq!(request.headers.len(), 1);
        assert_eq!(request.header("authorization"), Some("Bearer two"));
    }
}
