//! A way out whose requests and answers pass a test, which may look at them and change the
//! answers. It stands where the network would: what passes is what is really sent.
//!
//! It must not know what the test is about.

use bytes::Bytes;
use extension_host::egress::{Answer, SendError, Transport};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a test does with a request and its whole answer.
type Pass = dyn Fn(&Request<Bytes>, Response<Bytes>) -> Response<Bytes> + Send + Sync;

/// The way out behind, and the test before it.
pub struct Through {
    behind: Arc<dyn Transport>,
    pass: Arc<Pass>,
}

impl Through {
    /// Lets what goes to `behind`, and comes back, pass a test.
    pub fn new(
        behind: Arc<dyn Transport>,
        pass: impl Fn(&Request<Bytes>, Response<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            behind,
            pass: Arc::new(pass),
        })
    }
}

impl Transport for Through {
    fn send(
        &self,
        request: Request<Bytes>,
        first_byte: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>> {
        let seen = request.clone();
        let sent = self.behind.send(request, first_byte);
        let pass = self.pass.clone();
        Box::pin(async move {
            let Answer { response, peer } = sent.await?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            let response = pass(&seen, Response::from_parts(parts, body)).map(|body| {
                Full::new(body)
                    .map_err(|never| match never {})
                    .boxed_unsync()
            });
            Ok(Answer { response, peer })
        })
    }
}
