//! The one place where a request leaves the host: match → budget → credentials → resolve and
//! filter addresses → pool → caps → credentials again → audit.
//!
//! It must not know what the rules of a job are for.

pub mod address;
mod attempt;
mod audit;
mod body;
mod certificate;
mod client;
mod connect;
mod hooks;
mod link;
#[cfg(test)]
mod loopback;
mod network;
mod obstacle;
mod proxy;
mod reached;
mod route;
#[cfg(test)]
mod tests;
mod tls;
mod tunnel;
mod veiled;

pub use address::{Range, RangeError};
pub use attempt::JobIdentity;
pub use audit::{Audit, CredentialUse, Decision, JsonLines, Lost, NoAudit, Record};
pub use client::{Answer, AsksThisMachine, Client, SendError, Transport};
pub use connect::{ConnectError, Connector};
pub use hooks::Hooks;
pub use network::{Resolve, SystemResolver};
pub use obstacle::{Obstacle, Refusal};
pub use proxy::ProxyProblem;
pub use route::{ConnectTo, PrivateEndpoint, Proxy, Routes};
pub use tls::{AddedCa, Trust, TrustError};
pub use veiled::JobVeil;

use crate::clock::Clock;
use crate::grant::{Denial, Grants, Heads, Target};
use crate::limits::{Limits, Reached};
use attempt::Attempt;
use body::{BodyDeadlines, BodyError, Collected, ResponseBody};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::BodyExt;
use job_scope::counted;
use obstacle::Obstacles;
use reached::ReachedLimits;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use veiled::Veiled;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

/// Time until a response begins. Services answer in milliseconds; an import of a large
/// PKCS#12 was seen to take seconds.
const FIRST_BYTE: Duration = Duration::from_secs(60);

/// Time between two pieces of a response body.
const BETWEEN_BYTES: Duration = Duration::from_secs(30);

/// Time for a whole response body.
const TOTAL: Duration = Duration::from_secs(120);

/// The shortest deadline a guest may set: zero has made hosts panic (GHSA-w4qr-p94g-mjhv).
const SHORTEST: Duration = Duration::from_millis(1);

/// Denials whose texts are kept for the result; the audit has them all.
const DENIALS_KEPT: usize = 5;

/// The way out of one job: its rules, its budget, its records.
pub struct JobEgress {
    grants: Grants,
    transport: Arc<dyn Transport>,
    audit: Arc<dyn Audit>,
    identity: JobIdentity,
    clock: Clock,
    limits: Limits,
    /// Without one, the extension has the credentials itself.
    veil: Option<Veiled>,
    in_flight: Arc<Semaphore>,
    /// Requests that wait for others to end.
    waiting: AtomicU64,
    /// Bytes of request bodies that are held at once: those of all the requests that may be under
    /// way. Without it, a job could have a host hold one for each of its handles.
    held_bodies: Arc<Semaphore>,
    reached: Arc<ReachedLimits>,
    attempts: AtomicU64,
    /// Attempts that have no record.
    unrecorded: AtomicU64,
    sent: AtomicU64,
    denied: AtomicU64,
    denials: Mutex<Vec<Denial>>,
    obstacles: Obstacles,
}

/// What a job's requests came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that left.
    pub sent: u64,
    /// Requests that were denied.
    pub denied: u64,
    /// The first few denials.
    pub denials: Vec<Denial>,
    /// The limits that were reached.
    pub reached: Vec<Reached>,
}

impl JobEgress {
    /// The way out for one job.
    pub fn new(
        grants: Grants,
        transport: Arc<dyn Transport>,
        audit: Arc<dyn Audit>,
        identity: JobIdentity,
        clock: Clock,
        limits: Limits,
        veil: Option<Arc<JobVeil>>,
    ) -> Arc<Self> {
        let in_flight = Arc::new(Semaphore::new(limits.requests_in_flight));
        let held = limits.requests_in_flight.max(1) * limits.request_body;
        Arc::new(Self {
            grants,
            transport,
            audit,
            identity,
            clock,
            limits,
            veil: veil.map(Veiled::new),
            in_flight,
            waiting: AtomicU64::new(0),
            held_bodies: Arc::new(Semaphore::new(held.min(Semaphore::MAX_PERMITS))),
            reached: Arc::default(),
            attempts: AtomicU64::new(0),
            unrecorded: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            denied: AtomicU64::new(0),
            denials: Mutex::new(Vec::new()),
            obstacles: Obstacles::default(),
        })
    }

    /// What the requests so far came to.
    pub fn traffic(&self) -> Traffic {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            let most = self.limits.requests_in_flight;
            self.reached.note(Reached::RequestsInFlight(most));
        }
        Traffic {
            sent: self.sent.load(Ordering::Relaxed),
            denied: self.denied.load(Ordering::Relaxed),
            denials: self
                .denials
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            reached: self.reached.all(),
        }
    }

    /// How many answers were withheld because they held a credential.
    pub fn withheld(&self) -> u64 {
        self.veil.as_ref().map_or(0, Veiled::withheld)
    }

    /// What keeps requests from the last host that was not reached, where the extension cannot see
    /// it.
    pub fn obstacle(&self) -> Option<Obstacle> {
        self.obstacles.last()
    }

    /// Decides on the head of a request, at once: whether or not the guest ever waits for an
    /// answer, it was an attempt, and a denied one fails the job. What goes beyond the limit is
    /// not even looked at, and only the first has a record: a disk is not the extension's to fill.
    fn begin(self: &Arc<Self>, parts: &Parts) -> Begun {
        let most = self.limits.requests;
        let before = self.attempts.fetch_add(1, Ordering::Relaxed);
        if before > most {
            self.unrecorded.fetch_add(1, Ordering::Relaxed);
            return Begun::Limited;
        }
        let shown = crate::grant::shown(&parts.uri);
        let mut attempt = Attempt::begin(
            self.audit.clone(),
            self.clock,
            &self.identity,
            &parts.method,
            shown.host,
            shown.path,
        );
        if before == most {
            attempt.refuse(Decision::Limited, "requests");
            self.reached.note(Reached::Requests(most));
            return Begun::Limited;
        }
        let head = Target::parse(&parts.method, &parts.uri, self.limits.url)
            .and_then(|target| self.grants.heads(target, &parts.headers));
        let heads = match head {
            Ok(heads) => heads,
            Err(denial) => {
                self.deny(attempt, denial);
                return Begun::Denied;
            }
        };
        attempt.begun(heads.path_template());
        Begun::Granted(Box::new((attempt, heads)))
    }

    fn deny(&self, attempt: Attempt, denial: Denial) {
        attempt.refuse(Decision::Denied, denial.reason.code());
        self.denied.fetch_add(1, Ordering::Relaxed);
        let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        if denials.len() < DENIALS_KEPT {
            denials.push(denial);
        }
    }

    /// Takes a request of the guest to its answer, or to the reason why there is none.
    async fn send(
        &self,
        begun: Begun,
        mut parts: Parts,
        body: WasiBody,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        // A denied request is drained as well: a guest whose stream closes early would see
        // a reset, not the reason.
        let limits = &self.limits;
        let time = limits.request_body_time;
        let (mut attempt, heads) = match begun {
            Begun::Granted(granted) => *granted,
            // Nor does a spent limit come back: whoever thinks it a full pool would wait for one.
            Begun::Denied | Begun::Limited => {
                body::drain(body, time).await;
                return Err(Error::HttpRequestDenied);
            }
        };
        let body = body::collect(body, limits.request_body, time, &self.held_bodies).await;
        let decided = match &body {
            Ok(body) => heads.decide(&parts.headers, &body.bytes).map(Some),
            Err(BodyError::TooLong) => Err(heads.deny_size(&parts.headers, limits.request_body)),
            Err(BodyError::Trailers) => Err(heads.deny_trailers(&parts.headers)),
            Err(BodyError::Broken(_)) => Ok(None),
        };
        let (rule, body) = match (decided, body) {
            (Ok(Some(rule)), Ok(body)) => (rule, body),
            (Err(denial), _) => {
                self.deny(attempt, denial);
                return Err(Error::HttpRequestDenied);
            }
            (_, Err(BodyError::Broken(error))) => {
                attempt.refuse(Decision::Limited, &format!("request body: {error}"));
                return Err(error);
            }
            _ => return Err(Error::InternalError(None)),
        };
        let Collected { bytes, held } = body;
        let Some(permit) = self.permit().await else {
            return Err(Error::ConnectionLimitReached);
        };
        attempt.allow(rule.id(), rule.path_template(), permit);

        let bytes = match &self.veil {
            Some(veil) => {
                let filled = veil.fill(&self.grants, rule, &mut parts, bytes);
                attempt.used(filled.used, filled.unfilled);
                filled.body
            }
            None => bytes,
        };
        let mut request = granted(parts, bytes);
        let uri = request.uri().clone();
        if rule.asks_this_machine() {
            request.extensions_mut().insert(AsksThisMachine);
        }
        let first_byte = shorter(options.first_byte_timeout, FIRST_BYTE);
        // Counted before it is known: whoever stops waiting does not take it back.
        self.sent.fetch_add(1, Ordering::Relaxed);
        let sent = self.transport.send(request, first_byte).await;
        drop(held);
        if matches!(sent, Err(SendError::Connect(_))) {
            self.sent.fetch_sub(1, Ordering::Relaxed);
        }
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                let shown = |text| self.veil.iter().fold(text, |text, veil| veil.told(text));
                attempt.failed(&shown(error.to_string()));
                let told = match &error {
                    SendError::Connect(error) => error.told().map(shown),
                    _ => None,
                };
                self.obstacles.failed(&uri, &error, told);
                return Err(hooks::wasi_error(&error));
            }
        };
        self.obstacles.answered(&uri);
        attempt.answered(answer.response.status().as_u16(), answer.peer);
        if header_bytes(answer.response.headers()) > limits.response_headers {
            self.reached
                .note(Reached::ResponseHeaders(limits.response_headers));
            let error =
                Error::HttpResponseHeaderSectionSize(u32::try_from(limits.response_headers).ok());
            attempt.failed(&error.to_string());
            return Err(error);
        }
        let deadlines = BodyDeadlines {
            between_bytes: shorter(options.between_bytes_timeout, BETWEEN_BYTES),
            total: TOTAL,
        };
        let limit = limits.response_body;
        let reached = self.reached.clone();
        let response = answer
            .response
            .map(|body| ResponseBody::new(body, attempt, limit, reached, deadlines));
        match &self.veil {
            Some(veil) => veil.answer(rule, response).await,
            None => Ok(response.map(ResponseBody::boxed_unsync)),
        }
    }

    /// Waits until the job may have one more request under way.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = self.in_flight.clone().try_acquire_owned() {
            return Some(permit);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let permit = self.in_flight.clone().acquire_owned().await.ok();
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        permit
    }
}

impl Drop for JobEgress {
    fn drop(&mut self) {
        let unrecorded = *self.unrecorded.get_mut();
        if unrecorded > 0 {
            let limit = Reached::Requests(self.limits.requests);
            let more = counted(unrecorded, "more attempt");
            let text = format!("{more} without a record: the job tried {limit}");
            self.audit.note(self.identity.job, &text);
        }
    }
}

/// What was decided on a request before its body was there.
enum Begun {
    Granted(Box<(Attempt, Heads)>),
    Denied,
    Limited,
}

/// The request as it leaves: the granted URL, the headers a rule let pass, and the exact
/// length of its body, never chunked.
fn granted(parts: Parts, body: Bytes) -> Request<Bytes> {
    let carries_body = matches!(
        parts.method,
        http::Method::POST | http::Method::PUT | http::Method::PATCH
    );
    let mut request = Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    let length = request.body().len();
    let headers = request.headers_mut();
    headers.remove(http::header::CONTENT_LENGTH);
    headers.remove(http::header::HOST);
    if carries_body || length > 0 {
        headers.insert(http::header::CONTENT_LENGTH, length.into());
    }
    request
}

/// Bytes of a header section, as HTTP/2 counts them but for its constant (RFC 9113 section 6.5.2).
fn header_bytes(headers: &http::HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

fn shorter(asked: Option<Duration>, ours: Duration) -> Duration {
    asked.unwrap_or(ours).clamp(SHORTEST, ours)
}
