//! The pooled HTTP client: HTTP/2 where the server offers it, HTTP/1.1 otherwise, no
//! redirects, no retries of its own. It lives on the I/O runtime, so that a job which
//! spins holds up nobody's connections. It must not know grants.

use super::connect::{ConnectError, Connector};
use super::link::Peer;
use crate::limits::RESPONSE_HEADERS;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Handle;

/// Idle connections that are kept for each host: as many as one job may use at once. With
/// four, 3,000 requests were measured to open 1,625 connections; with 32, 31.
const IDLE_PER_HOST: usize = 64;

/// How long an idle connection is kept; front ends close theirs after minutes.
const IDLE: Duration = Duration::from_secs(60);

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The response did not begin in time.
    #[error("no answer within {0:?}")]
    FirstByte(Duration),
    /// The connection broke after the request had begun.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The host is shutting down.
    #[error("the host is shutting down")]
    Shutdown,
}

/// A response whose body is still to come.
pub struct Answer {
    /// The head, and the body as it arrives.
    pub response: Response<UnsyncBoxBody<Bytes, SendError>>,
    /// The address that answered.
    pub peer: Option<SocketAddr>,
}

/// Sends one request that has been granted. The client is one; a test's is a function.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and waits at most `first_byte` for its answer to begin.
    fn send(
        &self,
        request: Request<Bytes>,
        first_byte: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>>;
}

/// The client for real networks.
pub struct Client {
    pool: legacy::Client<Connector, Full<Bytes>>,
    /// For requests that are [`AsksThisMachine`]: a pool of their own, so that no other request
    /// finds a connection of theirs.
    to_identity_endpoint: legacy::Client<Connector, Full<Bytes>>,
    runtime: Handle,
}

/// Marks a request, as an extension of it, that may go to the endpoint of this machine's own
/// identity.
#[derive(Debug, Clone, Copy)]
pub struct AsksThisMachine;

impl Client {
    /// A client whose connections live on `runtime`.
    pub fn new(connector: Connector, runtime: Handle) -> Self {
        Self {
            to_identity_endpoint: pool(connector.to_identity_endpoint()),
            pool: pool(connector),
            runtime,
        }
    }
}

fn pool(connector: Connector) -> legacy::Client<Connector, Full<Bytes>> {
    legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        // Retrying is the extension's decision: an import must not be sent twice.
        .retry_canceled_requests(false)
        .http1_max_buf_size(RESPONSE_HEADERS)
        .http2_max_header_list_size(RESPONSE_HEADERS as u32)
        .http2_adaptive_window(true)
        .build(connector)
}

impl Transport for Client {
    fn send(
        &self,
        request: Request<Bytes>,
        first_byte: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>> {
        let pool = match request.extensions().get::<AsksThisMachine>() {
            Some(AsksThisMachine) => self.to_identity_endpoint.clone(),
            None => self.pool.clone(),
        };
        let sending = self.runtime.spawn(async move {
            tokio::time::timeout(first_byte, pool.request(request.map(Full::new)))
                .await
                .map_err(|_| SendError::FirstByte(first_byte))?
                .map_err(send_error)
        });
        // A job that ends takes its requests with it.
        let sending = AbortOnDrop(sending);
        Box::pin(async move {
            let response = sending.await??;
            let peer = response.extensions().get::<Peer>().map(|peer| peer.0);
            let response = response.map(|body| {
                use http_body_util::BodyExt;
                body.map_err(|error| SendError::Broken(error.to_string()))
                    .boxed_unsync()
            });
            Ok(Answer { response, peer })
        })
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, SendError>;

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|joined| joined.map_err(|_| SendError::Shutdown))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Only in words of our own, of hyper and of the system, which are fixed: what h2 says of a GOAWAY
/// repeats the bytes that came with it (RFC 9113 section 6.8), and they may be a credential.
fn send_error(error: legacy::Error) -> SendError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        if let Some(connect) = inner.downcast_ref::<ConnectError>() {
            return SendError::Connect(connect.clone());
        }
        if let Some(fixed) = inner.downcast_ref::<hyper::Error>() {
            text = format!("{text}: {fixed}");
        } else if let Some(system) = inner.downcast_ref::<std::io::Error>() {
            text = format!("{text}: {}", system.kind());
        }
        cause = inner.source();
    }
    SendError::Broken(text)
}

#[cfg(test)]
mod tests;
