//! wasi:http through wstd's client behind the [`Http`] trait.

use std::future::poll_fn;
use std::pin::Pin;

use wstd::http::body::HttpBody as _;
use wstd::http::error::ErrorCode;
use wstd::http::{Body, HeaderMap, Method as WasiMethod};

use super::Wasi;

use crate::http::{BODY_LIMIT, Collector, Http, Method, Request, Response, TransportError};
use crate::text::excerpt;

impl Http for Wasi {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let request = build(request)?;
        let answer = self.client.send(request).await.map_err(translate)?;
        let (parts, body) = answer.into_parts();
        Ok(Response {
            status: parts.status.as_u16(),
            headers: texts(&parts.headers),
            body: read(body).await?,
        })
    }
}

/// Characters of an error in the host's words.
const LONGEST_ERROR: usize = 200;

/// States the length of every body: wasi:http would send it chunked otherwise, which
/// not every endpoint takes.
fn build(request: Request) -> Result<wstd::http::Request<Body>, TransportError> {
    let method = match request.method {
        Method::Get => WasiMethod::GET,
        Method::Post => WasiMethod::POST,
        Method::Put => WasiMethod::PUT,
        Method::Delete => WasiMethod::DELETE,
    };
    let mut builder = wstd::http::Request::builder()
        .method(method)
        .uri(request.url);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    if matches!(request.method, Method::Post | Method::Put) || !request.body.is_empty() {
        builder = builder.header("content-length", request.body.len());
    }
    builder
        .body(Body::from(request.body))
        .map_err(|error| TransportError::Unsendable(error.to_string()))
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

async fn read(body: Body) -> Result<Vec<u8>, TransportError> {
    let mut body = body.into_boxed_body();
    let mut collector = Collector::new(BODY_LIMIT);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(translate)?;
        if let Some(part) = frame.data_ref() {
            collector.push(part)?;
        }
    }
    Ok(collector.finish())
}

fn translate(error: wstd::http::Error) -> TransportError {
    match error.downcast_ref::<ErrorCode>() {
        Some(code) => from_code(code),
        // wstd reads a body's error as text only.
        None => TransportError::Broken("the connection broke while data was on its way"),
    }
}

fn from_code(code: &ErrorCode) -> TransportError {
    use TransportError::{Broken, Connection, Timeout};
    match code {
        ErrorCode::HttpRequestDenied => TransportError::Denied,
        ErrorCode::DestinationIpProhibited => TransportError::AddressDenied,
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => TransportError::NameNotFound,
        ErrorCode::DnsTimeout => Connection("the name did not resolve in time"),
        ErrorCode::TlsCertificateError => TransportError::Certificate,
        ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => TransportError::Tls,
        ErrorCode::ConnectionTimeout => Connection("no connection in time"),
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Timeout("no answer in time"),
        ErrorCode::ConnectionRefused => Connection("the connection was refused"),
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => {
            Broken("the connection broke")
        }
        ErrorCode::ConnectionLimitReached => Connection("the host's connection limit is reached"),
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            Connection("the server cannot be reached")
        }
        ErrorCode::HttpResponseBodySize(_) => TransportError::TooLarge { limit: BODY_LIMIT },
        ErrorCode::ConfigurationError => TransportError::HostConfiguration,
        other => TransportError::Other(excerpt(&format!("{other:?}"), LONGEST_ERROR)),
    }
}
