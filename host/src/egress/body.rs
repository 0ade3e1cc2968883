//! Bodies: a request's is collected whole before anything is decided, a response's is
//! passed on in pieces under caps. It must not know what they contain.

use super::attempt::Attempt;
use super::client::SendError;
use super::reached::ReachedLimits;
use crate::limits::Reached;
use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use secrecy::zeroize::Zeroize;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

/// A request body, whole.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) bytes: Bytes,
    /// Its share of what the job's bodies may have together, until the request is sent.
    pub(super) held: Option<OwnedSemaphorePermit>,
}

/// Wipes what was written into it when it goes, and nothing beyond: a buffer has room for the
/// longest body, and memory that nobody touches is none.
#[derive(Default)]
struct Written(Vec<u8>);

impl AsRef<[u8]> for Written {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// Why a request body was not collected.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It has more bytes than a request may.
    TooLong,
    /// It has trailers, which pass no rule.
    Trailers,
    /// The guest did not finish it.
    Broken(Error),
}

/// Collects a request body of at most `limit` bytes within `time`, so that it can be
/// matched and sent with its exact length. A longer one is drained as far as the time
/// allows: a guest whose stream closes early would see a reset, not the reason.
///
/// `held` has a permit for each byte that may be held at once; who waits too long for one has not
/// delivered in time.
///
/// Some bodies hold a private key, or a secret: the buffer never grows, so that no copy is left
/// where it was, and is wiped when the last reader is done with it.
pub(super) async fn collect(
    body: WasiBody,
    limit: usize,
    time: Duration,
    held: &Arc<Semaphore>,
) -> Result<Collected, BodyError> {
    let collecting = async move {
        let mut body = body;
        let mut collected = Written::default();
        let mut too_long = false;
        let mut share: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(BodyError::Broken)?;
            if frame.is_trailers() {
                return Err(BodyError::Trailers);
            }
            if let Ok(data) = frame.into_data() {
                too_long |= collected.0.len() + data.len() > limit;
                if !too_long && !data.is_empty() {
                    if collected.0.capacity() == 0 {
                        collected.0.reserve_exact(limit);
                    }
                    let permits = u32::try_from(data.len()).unwrap_or(u32::MAX);
                    let more = held.clone().acquire_many_owned(permits).await;
                    let more = more.map_err(|_| BodyError::Broken(Error::InternalError(None)))?;
                    match &mut share {
                        Some(share) => share.merge(more),
                        None => share = Some(more),
                    }
                    collected.0.extend_from_slice(&data);
                }
            }
        }
        if too_long {
            return Err(BodyError::TooLong);
        }
        Ok(Collected {
            bytes: Bytes::from_owner(collected),
            held: share,
        })
    };
    tokio::time::timeout(time, collecting)
        .await
        .unwrap_or(Err(BodyError::Broken(Error::ConnectionWriteTimeout)))
}

/// Reads a request body as far as the time allows, and keeps nothing of it.
pub(super) async fn drain(mut body: WasiBody, time: Duration) {
    let draining = async move { while let Some(Ok(_)) = body.frame().await {} };
    // Whatever it is, nobody asked for it.
    let _ = tokio::time::timeout(time, draining).await;
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
    reached: Arc<ReachedLimits>,
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
        reached: Arc<ReachedLimits>,
        deadlines: BodyDeadlines,
    ) -> Self {
        let now = Instant::now();
        let end_by = now + deadlines.total;
        Self {
            inner,
            attempt,
            limit,
            reached,
            between_bytes: deadlines.between_bytes,
            next_by: Box::pin(sleep_until(end_by.min(now + deadlines.between_bytes))),
            end_by,
            ended: false,
        }
    }

    /// Ends it: what it holds goes no further.
    pub(super) fn withheld(&mut self, why: impl std::fmt::Display) {
        self.ended = true;
        self.attempt.failed(&format!("withheld: {why}"));
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
                    this.reached.note(Reached::ResponseBody(limit));
                    return this.fail(Error::HttpResponseBodySize(Some(limit)));
                }
                let now = Instant::now();
                if now >= this.end_by {
                    return this.fail(Error::ConnectionReadTimeout);
                }
                let next = this.end_by.min(now + this.between_bytes);
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

    const TIME: Duration = Duration::from_secs(5);

    fn room(bytes: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(bytes))
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_have_room_for_so_many_bytes_together_and_only_until_they_are_gone() {
        let room = room(5);
        let first = collect(wasi("a=b"), 3, TIME, &room).await.unwrap();
        let second = collect(wasi("c=d"), 3, TIME, &room).await;
        assert!(matches!(
            second,
            Err(BodyError::Broken(Error::ConnectionWriteTimeout))
        ));
        drop(first);
        assert!(collect(wasi("c=d"), 3, TIME, &room).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_nobody_asked_for_is_drained_as_far_as_the_time_allows() {
        let before = Instant::now();
        drain(wasi("a=b"), TIME).await;
        assert_eq!(before.elapsed(), Duration::ZERO);
        drain(Never.boxed_unsync(), TIME).await;
        assert_eq!(before.elapsed(), TIME);
    }

    #[tokio::test]
    async fn a_request_body_is_collected_whole() {
        let body = collect(wasi("a=b"), 3, TIME, &room(3)).await;
        assert_eq!(body.unwrap().bytes, "a=b");
    }

    #[test]
    fn nothing_of_a_request_body_is_left_in_freed_memory() {
        use crate::wiped::watched::{PATTERN, left_behind};
        const PIECES: usize = 3_000;
        let limit = PATTERN.len() * PIECES;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let left = left_behind(|| {
            let piece = |_| Ok::<_, Error>(Frame::data(Bytes::from_static(PATTERN)));
            let pieces = Pieces((0..PIECES).map(piece).collect()).boxed_unsync();
            let body = runtime.block_on(collect(pieces, limit, TIME, &room(limit)));
            assert_eq!(body.unwrap().bytes.len(), limit);
        });
        assert_eq!(left, 0);
    }

    /// A body of pieces.
    struct Pieces(std::collections::VecDeque<Result<Frame<Bytes>, Error>>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    #[tokio::test]
    async fn a_longer_one_is_refused() {
        let error = collect(wasi("a=bc"), 3, TIME, &room(3)).await;
        assert!(matches!(error, Err(BodyError::TooLong)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let error = collect(Never.boxed_unsync(), 3, TIME, &room(3)).await;
        assert!(matches!(
            error,
            Err(BodyError::Broken(Error::ConnectionWriteTimeout))
        ));
    }

    fn attempt() -> Attempt {
        let identity = super::super::JobIdentity {
            job: 1,
            attempt: String::new(),
            extension: String::new(),
        };
        Attempt::begin(
            std::sync::Arc::new(super::super::NoAudit),
            crate::clock::Clock::system(),
            &identity,
            &http::Method::GET,
            String::new(),
            String::new(),
        )
    }

    fn response(inner: UnsyncBoxBody<Bytes, SendError>) -> ResponseBody {
        let deadlines = BodyDeadlines {
            between_bytes: Duration::from_secs(30),
            total: Duration::from_secs(120),
        };
        ResponseBody::new(inner, attempt(), 8, Arc::default(), deadlines)
    }

    fn sent(text: &'static str) -> UnsyncBoxBody<Bytes, SendError> {
        Full::new(Bytes::from(text))
            .map_err(|never| match never {})
            .boxed_unsync()
    }

    #[tokio::test]
    async fn a_response_up_to_its_cap_is_passed_on() {
        let whole = response(sent("12345678")).collect().await.unwrap();
        assert_eq!(whole.to_bytes(), "12345678");
    }

    #[tokio::test]
    async fn a_longer_response_ends_with_an_error() {
        let error = response(sent("123456789")).collect().await.unwrap_err();
        assert!(matches!(error, Error::HttpResponseBodySize(Some(8))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_stalls_is_given_up_between_its_bytes() {
        let started = Instant::now();
        let stalled = Never.map_err(|_| SendError::Shutdown).boxed_unsync();
        let error = response(stalled).collect().await.unwrap_err();
        assert!(matches!(error, Error::ConnectionReadTimeout));
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_drips_is_given_up_at_its_total() {
        let started = Instant::now();
        let error = response(Drip::default().boxed_unsync())
            .collect()
            .await
            .unwrap_err();
        assert!(matches!(error, Error::ConnectionReadTimeout));
        assert_eq!(started.elapsed().as_secs(), 120);
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_always_has_another_piece_is_given_up_at_its_total() {
        let mut body = response(Always.boxed_unsync());
        assert!(body.frame().await.unwrap().is_ok());
        tokio::time::advance(Duration::from_secs(120)).await;
        let error = body.frame().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::ConnectionReadTimeout));
        assert!(body.frame().await.is_none());
    }

    /// An empty piece every twenty seconds, for ever.
    #[derive(Default)]
    struct Drip(Option<Pin<Box<Sleep>>>);

    impl Body for Drip {
        type Data = Bytes;
        type Error = SendError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, SendError>>> {
            let wait = self.0.get_or_insert_with(|| {
                Box::pin(sleep_until(Instant::now() + Duration::from_secs(20)))
            });
            ready!(wait.as_mut().poll(cx));
            self.0 = None;
            Poll::Ready(Some(Ok(Frame::data(Bytes::new()))))
        }
    }

    /// An empty piece at any time.
    struct Always;

    impl Body for Always {
        type Data = Bytes;
        type Error = SendError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, SendError>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::new()))))
        }
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
