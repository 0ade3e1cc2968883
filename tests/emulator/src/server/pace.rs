//! A stream whose next bytes can be made to trickle: how an answer's headers become slow.
//!
//! Must not know HTTP; it counts bytes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How many bytes trickle: fewer than the headers of any answer have, in HTTP/1.1 and in HTTP/2.
const TRICKLING: u32 = 100;

/// The pace of one connection's stream; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<Mutex<Trickle>>);

#[derive(Debug, Default)]
struct Trickle {
    every: Duration,
    left: u32,
}

impl Pace {
    /// Lets the bytes that are written next take so long.
    pub(super) fn trickle(&self, time: Duration) {
        *self.lock() = Trickle {
            every: time / TRICKLING,
            left: TRICKLING,
        };
    }

    /// Takes one slow byte, if the next one is to be slow: how long to wait before it.
    fn slow_byte(&self) -> Option<Duration> {
        let mut trickle = self.lock();
        trickle.left = trickle.left.checked_sub(1)?;
        Some(trickle.every)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Trickle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream with a pace.
#[derive(Debug)]
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    /// The wait before a byte that is slow.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Pace) -> Paced<S> {
        Paced {
            stream,
            pace,
            waiting: None,
        }
    }
}

impl<S: AsyncWrite + Unpin> Paced<S> {
    /// Whether a slow byte is due now; pending while it is waited for.
    fn slow(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.waiting.is_none() {
            self.waiting = self
                .pace
                .slow_byte()
                .map(|wait| Box::pin(tokio::time::sleep(wait)));
        }
        let Some(waiting) = &mut self.waiting else {
            return Poll::Ready(false);
        };
        ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(true)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let buf = if ready!(self.slow(cx)) {
            buf.get(..1).unwrap_or(buf)
        } else {
            buf
        };
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        // TLS gathers bytes into records; a slow one must leave by itself.
        if written == 1 {
            let _ = Pin::new(&mut self.stream).poll_flush(cx)?;
        }
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.waiting.is_some() || self.pace.lock().left > 0 {
            let first = bufs.iter().find(|b| !b.is_empty()).map_or(&[][..], |b| b);
            return self.poll_write(cx, first);
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
