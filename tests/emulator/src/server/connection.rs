//! One connection: TLS or not by its first byte, then HTTP until it ends.
//!
//! Must not know hosts or services.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use super::pace::{Pace, Paced};
use crate::{DeliveredBody, Delivery, Emulator, deliver};

/// The first byte of a TLS handshake record, RFC 8446 section 5.1; no HTTP method begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// A fatal alert, `unrecognized_name`: RFC 8446 section 5.1 and 6, RFC 6066 section 3.
const UNRECOGNISED_NAME: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 112];

/// The largest request body taken; a certificate import stays far below it.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// A client that fails is its own problem: nothing here is reported.
pub(super) async fn serve(stream: TcpStream, emulator: Emulator, acceptor: TlsAcceptor) {
    let _ = stream.set_nodelay(true);
    let mut first = [0; 1];
    match stream.peek(&mut first).await {
        Ok(1) if first == [TLS_HANDSHAKE] => {
            if let Ok(stream) = tls(stream, &emulator, &acceptor).await {
                http(stream, emulator, "https").await;
            }
        }
        Ok(1) => http(stream, emulator, "http").await,
        _ => {}
    }
}

/// The handshake. A name that nobody answers for is told so, where a server that only lacks a
/// certificate would leave the client to guess.
async fn tls(
    stream: TcpStream,
    emulator: &Emulator,
    acceptor: &TlsAcceptor,
) -> io::Result<TlsStream<TcpStream>> {
    let mut start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let known = start
        .client_hello()
        .server_name()
        .is_none_or(|name| emulator.knows_host(name));
    if !known {
        start.io.write_all(&UNRECOGNISED_NAME).await?;
        start.io.shutdown().await?;
        return Err(io::ErrorKind::NotFound.into());
    }
    start.into_stream(Arc::clone(acceptor.config())).await
}

async fn http<S>(stream: S, emulator: Emulator, scheme: &'static str)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let dropped = Arc::new(Notify::new());
    let pace = Pace::default();
    let stream = Paced::new(stream, pace.clone());
    let service = {
        let dropped = Arc::clone(&dropped);
        service_fn(move |request| {
            let (emulator, pace) = (emulator.clone(), pace.clone());
            answer(request, emulator, scheme, pace, Arc::clone(&dropped))
        })
    };
    let builder = auto::Builder::new(TokioExecutor::new());
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = serving => {}
        () = dropped.notified() => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    emulator: Emulator,
    scheme: &'static str,
    pace: Pace,
    dropped: Arc<Notify>,
) -> Result<Response<DeliveredBody>, Infallible> {
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(refused(413)),
    };
    let Some(uri) = absolute(&parts, scheme) else {
        return Ok(refused(400));
    };
    parts.uri = uri;
    match emulator.begin(Request::from_parts(parts, body)).await {
        Ok(response) => {
            if let Some(Delivery::SlowHeaders(time)) = response.extensions().get() {
                pace.trickle(*time);
            }
            Ok(deliver(response))
        }
        Err(_) => {
            // The connection is dropped from outside; until then there must be no answer.
            dropped.notify_one();
            std::future::pending().await
        }
    }
}

/// The URI with the scheme that the connection has, whatever the client wrote.
fn absolute(parts: &http::request::Parts, scheme: &str) -> Option<Uri> {
    let header = parts
        .headers
        .get(header::HOST)
        .and_then(|v| v.to_str().ok());
    let authority = parts.uri.authority().map(|a| a.as_str()).or(header)?;
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(path)
        .build()
        .ok()
}

fn refused(status: u16) -> Response<DeliveredBody> {
    let mut response = Response::new(Bytes::new());
    if let Ok(status) = http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    deliver(response)
}
