//! How an answer arrives when a fault lets it arrive badly, in one form for both faces.
//!
//! Must not know requests or services. An answer of `Emulator::handle` holds in its body what arrives,
//! and a [`Delivery`] among its extensions says what comes then; [`deliver`] turns both into a body
//! that behaves so. A caller who wants whole bytes alone may ignore it: the body is then shorter than its
//! `Content-Length`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};

/// What happens after the bytes of the body, or before any of the answer. An extension of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The connection is closed before the announced length.
    Truncated,
    /// Nothing more comes, and the connection stays open.
    Stalled,
    /// The first bytes of the answer trickle in for so long. `Emulator::handle` has waited already.
    SlowHeaders(Duration),
}

/// A body that ends as its [`Delivery`] says.
#[derive(Debug)]
pub struct DeliveredBody {
    data: Option<Bytes>,
    then: Option<Delivery>,
    /// Whether a truncated body has let its bytes go out before it breaks.
    paused: bool,
}

/// Makes a body out of an answer that behaves as the fault behind the answer wants.
#[must_use]
pub fn deliver(response: Response<Bytes>) -> Response<DeliveredBody> {
    let then = response.extensions().get::<Delivery>().copied();
    response.map(|data| DeliveredBody {
        data: Some(data).filter(|d| !d.is_empty()),
        then: then.filter(|t| !matches!(t, Delivery::SlowHeaders(_))),
        paused: false,
    })
}

impl Body for DeliveredBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.then {
            // Never woken: whoever waits has a timeout, or goes.
            Some(Delivery::Stalled) => Poll::Pending,
            // A server writes what it has when the body has nothing for it, and not when it breaks.
            Some(Delivery::Truncated) if !self.paused => {
                self.paused = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Delivery::Truncated) => {
                self.then = None;
                Poll::Ready(Some(Err(io::Error::other(
                    "the body was truncated by a fault",
                ))))
            }
            Some(Delivery::SlowHeaders(_)) | None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.then.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.data, self.then) {
            (data, None) => {
                SizeHint::with_exact(data.as_ref().map_or(0, Bytes::len).try_into().unwrap_or(0))
            }
            (_, Some(_)) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn with(delivery: Option<Delivery>) -> DeliveredBody {
        let mut response = Response::new(Bytes::from_static(b"half"));
        if let Some(delivery) = delivery {
            response.extensions_mut().insert(delivery);
        }
        deliver(response).into_body()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_ends_well_or_with_an_error_or_never() {
        let whole = with(None).collect().await.unwrap().to_bytes();
        assert_eq!(whole, "half");
        let mut truncated = with(Some(Delivery::Truncated));
        let first = truncated.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "half");
        assert!(truncated.frame().await.unwrap().is_err());
        let stalled = with(Some(Delivery::Stalled)).collect();
        let waited = tokio::time::timeout(Duration::from_secs(3_600), stalled).await;
        assert!(waited.is_err());
    }
}
