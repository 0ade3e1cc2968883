//! Bodies: a request's is collected whole before anything is decided, a response's is
//! passed on in pieces under caps. It must not know what they contain.

use super::attempt::Attempt;
use super::client::SendError;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

/// Collects a request body of at most `limit` bytes within `time`, so that it can be
/// matched and sent with its exact length. A longer one is drained as far as the time
/// allows: a guest whose stream closes early would see a reset, not the reason.
pub(super) async fn collect(body: WasiBody, limit: usize, time: Duration) -> Result<Bytes, Error> {
    let collecting = async move {
        let mut body = body;
        let mut collected = BytesMut::new();
        let mut too_long = false;
        while let Some(frame) = body.frame().await {
            let frame = frame?;
            if frame.is_trailers() {
                return Err(Error::HttpRequestTrailerSectionSize(Some(0)));
            }
            if let Ok(data) = frame.into_data() {
                too_long |= collected.len() + data.len() > limit;
                if !too_long {
                    collected.extend_from_slice(&data);
                }
            }
        }
        if too_long {
            return Err(Error::HttpRequestBodySize(Some(limit as u64)));
        }
        Ok(collected.freeze())
    };
    tokio::time::timeout(time, collecting)
        .await
        .unwrap_or(Err(Error::ConnectionWriteTimeout))
}

/// Deadlines of a response body.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyDeadlines {
    /// Between one piece and the next.
    pub(super) between_bytes: Duration,
    /// For the whole body.
    pub(super) total: Duration,
}

/// A response body under caps. It holds the attempt, and with it the job's in-flight
/// permit, until it is read to its end or dropped.
pub(super) struct ResponseBody {
    inner: UnsyncBoxBody<Bytes, SendError>,
    attempt: Attempt,
    limit: u64,
    between_bytes: Duration,
    next_by: Pin<Box<Sleep>>,
    end_by: Instant,
    ended: bool,
}

impl ResponseBody {
    pub(super) fn new(
        inner: UnsyncBoxBody<Bytes, SendError>,
        attempt: Attempt,
        limit: u64,
        deadlines: BodyDeadlines,
    ) -> Self {
        let now = Instant::now();
        let end_by = now + deadlines.total;
        Self {
            inner,
            attempt,
            limit,
            between_bytes: deadlines.between_bytes,
            next_by: Box::pin(sleep_until(end_by.min(now + deadlines.between_bytes))),
            end_by,
            ended: false,
        }
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.ended = true;
        self.attempt.failed(&error.to_string());
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(None) => {
                this.ended = true;
                this.attempt.finish();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else {
                    // Trailers are of no use to a job and pass no filter.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                };
                if this.attempt.received(data.len() as u64) > this.limit {
                    let limit = this.limit;
                    return this.fail(Error::HttpResponseBodySize(Some(limit)));
                }
                let next = this.end_by.min(Instant::now() + this.between_bytes);
                this.next_by.as_mut().reset(next);
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Poll::Ready(Some(Err(_))) => this.fail(Error::HttpResponseIncomplete),
            Poll::Pending => {
                ready!(this.next_by.as_mut().poll(cx));
                this.fail(Error::ConnectionReadTimeout)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    fn wasi(text: &'static str) -> WasiBody {
        Full::new(Bytes::from(text))
            .map_err(Error::from)
            .boxed_unsync()
    }

    #[tokio::test]
    async fn a_request_body_is_collected_whole() {
        let body = collect(wasi("a=b"), 3, Duration::from_secs(5)).await;
        assert_eq!(body.unwrap(), "a=b");
    }

    #[tokio::test]
    async fn a_longer_one_is_refused() {
        let error = collect(wasi("a=bc"), 3, Duration::from_secs(5)).await;
        assert!(matches!(error, Err(Error::HttpRequestBodySize(Some(3)))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let error = collect(Never.boxed_unsync(), 3, Duration::from_secs(5)).await;
        assert!(matches!(error, Err(Error::ConnectionWriteTimeout)));
    }

    struct Never;

    impl Body for Never {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            Poll::Pending
        }
    }
}
