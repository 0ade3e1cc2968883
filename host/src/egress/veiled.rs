//! Where the veil meets the way out: real values go into a granted request at the last moment,
//! and an answer is rebuilt or searched before any of it goes back.
//!
//! It must not decide what may be sent, nor know what a credential is.

use super::audit::CredentialUse;
use super::body::ResponseBody;
use crate::grant::{Applicant, Audience, Grants, Issues, Rule};
use crate::veil::answer::{LONGEST_ANSWER, Withheld, is_encoded};
use crate::veil::form::FormError;
use crate::veil::screen::Screen;
use crate::veil::{Veil, answer};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, header};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use secrecy::zeroize::Zeroizing;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use wasmtime_wasi_http::{Error, WasiBody};

/// The veil of a job whose rules say what tokens are for.
pub type JobVeil = Veil<Audience>;

/// The veil of one way out, and how many answers it kept back.
#[derive(Clone)]
pub(super) struct Veiled {
    veil: Arc<JobVeil>,
    withheld: Arc<AtomicU64>,
}

/// A request's body as it leaves, and what is to be said of it.
pub(super) struct Filling {
    pub(super) body: Bytes,
    /// What became of the placeholders in the request.
    pub(super) used: Option<CredentialUse>,
    /// Why a proof cannot be put into its form.
    pub(super) unfilled: Option<FormError>,
}

impl Veiled {
    pub(super) fn new(veil: Arc<JobVeil>) -> Self {
        Self {
            veil,
            withheld: Arc::default(),
        }
    }

    /// Answers that were withheld because they held a credential.
    pub(super) fn withheld(&self) -> u64 {
        self.withheld.load(Ordering::Relaxed)
    }

    /// What may be told of why there is no answer: whoever answers may have a hand in it.
    pub(super) fn told(&self, text: String) -> String {
        if self.veil.probes().found_in(text.as_bytes()) {
            format!("withheld: {}", Withheld::Credential)
        } else {
            text
        }
    }

    /// Puts real values into a request that `rule` lets pass, asks for an answer that can be
    /// searched, and says what became of the placeholders.
    pub(super) fn fill(
        &self,
        grants: &Grants,
        rule: &Rule,
        parts: &mut Parts,
        mut body: Bytes,
    ) -> Filling {
        let (mut attached, mut unfilled) = (false, None);
        if let Issues::ForForm(_, Applicant { client_id, scope }) = rule.issues() {
            match self.veil.fill_form(&body, client_id, scope) {
                Ok(filled) if filled.replaced => {
                    body = Bytes::from_owner(filled.body);
                    attached = true;
                }
                Ok(_) => {}
                Err(error) => unfilled = Some(error),
            }
        }
        if let Some(given) = parts.headers.get_mut(header::AUTHORIZATION)
            && let Some(real) = self
                .veil
                .fill_header(given, |audience| grants.accepts(rule, audience))
        {
            *given = real;
            attached = true;
        }
        let mentioned = |text: &[u8]| self.veil.is_mentioned_in(text);
        let path = parts.uri.path_and_query().map(|path| path.as_str());
        let misplaced = mentioned(&body)
            || path.is_some_and(|path| mentioned(path.as_bytes()))
            || parts
                .headers
                .values()
                .any(|value| mentioned(value.as_bytes()));
        let used = match (attached, misplaced) {
            (true, true) => Some(CredentialUse::AttachedAndMisplaced),
            (true, false) => Some(CredentialUse::Attached),
            (false, true) => Some(CredentialUse::Misplaced),
            (false, false) => None,
        };
        let plain = HeaderValue::from_static("identity");
        parts.headers.insert(header::ACCEPT_ENCODING, plain);
        Filling {
            body,
            used,
            unfilled,
        }
    }

    /// What the extension gets of an answer.
    pub(super) async fn answer(
        &self,
        rule: &Rule,
        response: Response<ResponseBody>,
    ) -> Result<Response<WasiBody>, Error> {
        let (mut parts, mut body) = response.into_parts();
        let audience = match rule.issues() {
            Issues::ForForm(audience, _) | Issues::OfMachine(audience) => audience,
            Issues::Nothing => {
                let withheld = if is_encoded(&parts.headers) {
                    Some(Withheld::Encoded)
                } else if self.veil.found_in_headers(&parts.headers) {
                    Some(Withheld::Credential)
                } else {
                    None
                };
                if let Some(why) = withheld {
                    self.withhold(&mut body, why);
                    return Ok(self.fixed(&parts, why));
                }
                // The length may become another one.
                parts.headers.remove(header::CONTENT_LENGTH);
                let screened = Screened::new(self.clone(), body);
                return Ok(Response::from_parts(parts, screened.boxed_unsync()));
            }
        };
        let rebuilt = if is_encoded(&parts.headers) {
            Err(Withheld::Encoded)
        } else {
            match collect(&mut body).await? {
                Some(text) if text.is_empty() => Ok(Vec::new()),
                Some(text) => self.veil.rebuild(&text, audience),
                None => Err(Withheld::TooLong),
            }
        };
        let mut answer = match rebuilt {
            Ok(json) => {
                let mut answer = Response::new(whole(json));
                let json = HeaderValue::from_static("application/json");
                answer.headers_mut().insert(header::CONTENT_TYPE, json);
                answer
            }
            Err(why) => {
                self.withhold(&mut body, why);
                return Ok(self.fixed(&parts, why));
            }
        };
        *answer.status_mut() = parts.status;
        answer
            .headers_mut()
            .extend(self.veil.kept_headers(&parts.headers));
        Ok(answer)
    }

    /// In place of an answer: its status, the headers that any may keep, and a fixed text.
    fn fixed(&self, of: &http::response::Parts, why: Withheld) -> Response<WasiBody> {
        let mut answer = Response::new(whole(why.text().into_bytes()));
        *answer.status_mut() = of.status;
        let text = HeaderValue::from_static("text/plain");
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, text);
        headers.extend(self.veil.kept_headers(&of.headers));
        answer
    }

    fn withhold(&self, body: &mut ResponseBody, why: Withheld) {
        if why == Withheld::Credential {
            self.withheld.fetch_add(1, Ordering::Relaxed);
        }
        body.withheld(why);
    }
}

fn whole(body: Vec<u8>) -> WasiBody {
    Full::new(Bytes::from(body))
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A whole token answer, in a buffer that never grows; `None` for a longer one.
async fn collect(body: &mut ResponseBody) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let mut collected = Zeroizing::new(Vec::with_capacity(answer::LONGEST_ANSWER));
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            if collected.len() + data.len() > LONGEST_ANSWER {
                return Ok(None);
            }
            collected.extend_from_slice(&data);
        }
    }
    Ok(Some(collected))
}

/// A body that is searched while it passes.
struct Screened {
    veiled: Veiled,
    /// Gone when the body is over.
    inner: Option<ResponseBody>,
    screen: Screen,
    has_passed: bool,
}

impl Screened {
    fn new(veiled: Veiled, inner: ResponseBody) -> Self {
        let screen = Screen::new(veiled.veil.probes());
        Self {
            veiled,
            inner: Some(inner),
            screen,
            has_passed: false,
        }
    }

    /// Ends it: with a fixed text if nothing of it has passed, else as one that broke off.
    fn withhold(&mut self) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let why = Withheld::Credential;
        if let Some(mut body) = self.inner.take() {
            self.veiled.withhold(&mut body, why);
        }
        Poll::Ready(Some(if self.has_passed {
            Err(Error::InternalError(Some(why.text())))
        } else {
            Ok(Frame::data(why.text().into()))
        }))
    }
}

impl Body for Screened {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        loop {
            let Some(inner) = this.inner.as_mut() else {
                return Poll::Ready(None);
            };
            let passed = match ready!(Pin::new(inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.screen.push(&data),
                    Err(_) => continue,
                },
                Some(Err(error)) => {
                    this.inner = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    let rest = this.screen.finish();
                    if rest.is_ok() {
                        this.inner = None;
                    }
                    rest
                }
            };
            match passed {
                Err(_) => return this.withhold(),
                Ok(passed) if passed.is_empty() => {}
                Ok(passed) => {
                    this.has_passed = true;
                    return Poll::Ready(Some(Ok(Frame::data(passed.into()))));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
