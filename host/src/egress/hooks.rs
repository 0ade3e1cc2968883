//! Where wasmtime's wasi:http meets the egress: its hook for outgoing requests, and its
//! words for our errors. It must not decide anything.

use super::JobEgress;
use super::client::SendError;
use super::connect::ConnectError;
use http::{HeaderName, Request, Response, header};
use std::future::Future;
use std::sync::Arc;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks,
};

/// Hooks of one job.
pub struct Hooks {
    egress: Arc<JobEgress>,
}

impl Hooks {
    /// Hooks that send through `egress`.
    pub fn new(egress: Arc<JobEgress>) -> Self {
        Self { egress }
    }
}

type Sent = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Hooks {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name: &HeaderName| {
            DEFAULT_FORBIDDEN_HEADERS.contains(name)
                || *name == header::TE
                || *name == header::TRAILER
                || *name == header::EXPECT
        })
    }

    fn is_supported_scheme(&mut self, _: &http::uri::Scheme) -> bool {
        // What wasmtime refuses here is never seen: the grants deny it, and that is recorded.
        true
    }

    fn set_host_header(&mut self) -> bool {
        // The client writes it, from the URL that was matched.
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let egress = self.egress.clone();
        let (parts, body) = request.into_parts();
        let begun = egress.begin(&parts);
        Box::new(async move {
            let options = options.unwrap_or_default();
            let response = egress.send(begun, parts, body, options).await?;
            let io: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(async { Ok(()) });
            Ok((response, io))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        self.egress.limits.body_chunk
    }
}

/// The guest's word for an error.
pub(super) fn wasi_error(error: &SendError) -> Error {
    match error {
        SendError::Connect(connect) => match connect {
            ConnectError::Unresolved(_) => Error::DnsError {
                rcode: Some("NXDOMAIN".to_owned()),
                info_code: None,
            },
            ConnectError::Resolver(_) => Error::DnsTimeout,
            ConnectError::Timeout(_) | ConnectError::HandshakeTimeout(_) => {
                Error::ConnectionTimeout
            }
            ConnectError::Prohibited { .. } => Error::DestinationIpProhibited,
            ConnectError::Refused { .. } | ConnectError::Redirected { .. } => {
                Error::ConnectionRefused
            }
            // What only a change of the policy or of the proxy mends is not worth another try, and
            // this is the code that says so.
            ConnectError::Proxy { problem, .. } => match problem.may_pass() {
                true => Error::DestinationUnavailable,
                false => Error::ConfigurationError,
            },
            ConnectError::Certificate { .. } => Error::TlsCertificateError,
            ConnectError::Tls { .. } | ConnectError::NoTls(_) => Error::TlsProtocolError,
            ConnectError::UnknownName(_) => Error::DestinationNotFound,
            ConnectError::Trust(_) => Error::ConfigurationError,
            ConnectError::Destination(_) => Error::HttpRequestUriInvalid,
        },
        SendError::FirstByte(_) => Error::HttpResponseTimeout,
        SendError::Broken(_) | SendError::Shutdown => Error::ConnectionTerminated,
    }
}
