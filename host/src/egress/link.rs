//! An open connection, as the pool takes it. It must not know how it came about.

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};

/// What bytes go over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a connection really leads, as an extension of each response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// An open connection.
pub struct Link {
    io: TokioIo<Box<dyn Stream>>,
    h2: bool,
    peer: Option<SocketAddr>,
}

impl Link {
    pub(super) fn new(stream: Box<dyn Stream>, h2: bool, peer: Option<SocketAddr>) -> Self {
        Self {
            io: TokioIo::new(stream),
            h2,
            peer,
        }
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        let mut connected = Connected::new();
        if let Some(peer) = self.peer {
            connected = connected.extra(Peer(peer));
        }
        if self.h2 {
            connected = connected.negotiated_h2();
        }
        connected
    }
}

impl hyper::rt::Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl hyper::rt::Write for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
