//! The core: from a request to its answer, with latency, faults and the log around; `service` is whose answer
//! it is.
//!
//! Must not know sockets or TLS; a request comes in, an answer or a dropped connection goes out.

mod service;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};

use crate::answer::Ids;
use crate::arm::Arm;
use crate::clock::Clock;
use crate::control;
use crate::entra::Entra;
use crate::fault::{Applied, Asked, Delivery, Fault, Faults, Instead, Turn};
use crate::identity::Machine;
use crate::log::{RequestLog, RequestRecord, body_keys};
use crate::seed::Seed;
use crate::state::{self, Dirty, Keeper, StateError};
use crate::vault::{self, VaultControl, Vaults};

use service::{Asking, Service};

/// The instance metadata service's address, the one host that is asked over plain HTTP.
pub(crate) const METADATA_HOST: &str = "169.254.169.254";

/// The host whose requests are to the emulator itself; RFC 2606 keeps it from ever being a real one.
const CONTROL_HOST: &str = "emulator.invalid";

/// The emulator; clones are the same one.
#[derive(Clone, Debug)]
pub struct Emulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    latency_ms: AtomicU64,
    ids: Ids,
    log: RequestLog,
    faults: Faults,
    entra: Entra,
    machine: Machine,
    arm: Arm,
    vaults: Arc<Vaults>,
    dirty: Dirty,
    /// Ends, and writes a last time, before what it writes does.
    keeper: Mutex<Option<Keeper>>,
}

/// Why an emulator could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the emulator's keys could not be made: {0}; this build is damaged, build it again")]
pub struct StartError(String);

/// No answer came: what a client sees as a failed or broken connection.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Disconnected {
    /// No such vault or service; of the real one not even the name would resolve.
    #[error(
        "there is no host {0:?} here; a vault must be in the seed, and plain HTTP reaches 169.254.169.254 alone"
    )]
    NoSuchHost(String),
    /// A fault dropped the connection.
    #[error("the connection was reset by a fault")]
    Reset,
}

impl Emulator {
    /// An emulator that holds what the seed says, with all time taken from the clock.
    ///
    /// # Errors
    /// None in a build whose tests passed.
    pub fn new(seed: &Seed, clock: Clock) -> Result<Emulator, StartError> {
        let broken = |e: crate::pki::PkiError| StartError(e.to_string());
        let dirty = Dirty::default();
        Ok(Emulator {
            inner: Arc::new(Inner {
                clock,
                latency_ms: AtomicU64::new(0),
                ids: Ids::new(&seed.key),
                log: RequestLog::default(),
                faults: Faults::new(seed.faults.clone()),
                entra: Entra::new(seed).map_err(broken)?,
                machine: Machine::new(seed),
                arm: Arm::new(seed, dirty.clone()),
                vaults: Arc::new(Vaults::new(seed, dirty.clone()).map_err(broken)?),
                dirty,
                keeper: Mutex::default(),
            }),
        })
    }

    /// Keeps what was changed in a file from now on. What an existing file holds is taken over first. A
    /// change is written within a fraction of a second, the last ones when the emulator ends.
    ///
    /// # Errors
    /// Where the file cannot be used, was not written by an emulator, or another one is open.
    pub fn keep_state(&self, path: &Path) -> Result<(), StateError> {
        let mut keeper = self.keeper();
        if keeper.is_some() {
            return Err(StateError::Open);
        }
        let inner = &self.inner;
        let opened = state::open(path, &inner.vaults, inner.arm.births(), inner.dirty.clone())?;
        *keeper = Some(opened);
        Ok(())
    }

    /// Writes what was changed until now, where a state file is kept.
    ///
    /// # Errors
    /// Where the file could not be written.
    pub fn flush_state(&self) -> io::Result<()> {
        self.keeper().as_ref().map_or(Ok(()), Keeper::flush)
    }

    fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        let keeper = &self.inner.keeper;
        keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets every request take this much longer, counted in tokio's time.
    pub fn set_latency(&self, latency: Duration) {
        let ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        self.inner.latency_ms.store(ms, Ordering::Relaxed);
    }

    /// Writes every further request to a file too, one JSON object a line; an existing file is emptied.
    ///
    /// # Errors
    /// Where the file cannot be created.
    pub fn log_to(&self, path: &Path) -> io::Result<()> {
        self.inner.log.to_file(path)
    }

    /// The requests so far, in the order they were answered; the last 100,000 of them.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.inner.log.records()
    }

    /// Forgets the requests so far; a file keeps them.
    pub fn forget_requests(&self) {
        self.inner.log.clear();
    }

    /// Lets something go wrong from now on.
    pub fn inject(&self, fault: Fault) {
        self.inner.faults.inject(fault);
    }

    /// Ends every fault.
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }

    /// The clock that everything here goes by, to be moved on.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// A federated client assertion, as an issuer that an application trusts would have signed it now:
    /// what goes into `client_assertion`. Every issuer is played with the emulator's own key.
    ///
    /// # Errors
    /// None in a build whose tests passed.
    pub fn assertion(
        &self,
        issuer: &str,
        subject: &str,
        audience: &str,
        lifetime: Duration,
    ) -> Result<String, StartError> {
        let who = (issuer, subject, audience);
        self.inner
            .entra
            .assertion(&self.inner.clock, who, lifetime.as_secs())
            .map_err(|e| StartError(e.to_string()))
    }

    /// How many vaults there are, each cloud's counted.
    #[must_use]
    pub fn vault_count(&self) -> usize {
        self.inner.vaults.count()
    }

    /// A live vault by its host name, to change who may do what in it.
    #[must_use]
    pub fn vault(&self, host: &str) -> Option<VaultControl> {
        let found = self.inner.vaults.find(&host.to_ascii_lowercase())?;
        Some(VaultControl::new(found))
    }

    /// Whether a host name is one that anybody answers for.
    #[must_use]
    pub fn knows_host(&self, host: &str) -> bool {
        Service::behind(&self.inner, &host.to_ascii_lowercase()).is_some()
    }

    /// Answers a request. Its host is the URI's authority or else the `Host` header; a URI that says
    /// `http` is refused everywhere but at the metadata address, one without a scheme counts as `https`.
    ///
    /// # Errors
    /// Where there is no answer at all: no such host, or a fault that drops the connection. A fault that
    /// keeps silent lets this wait for ever.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Disconnected> {
        let response = self.begin(request).await?;
        if let Some(Delivery::SlowHeaders(time)) = response.extensions().get() {
            tokio::time::sleep(*time).await;
        }
        Ok(response)
    }

    /// As [`Emulator::handle`], with slow headers still to be made slow.
    pub(crate) async fn begin(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Disconnected> {
        let arrived = self.inner.clock.since_start();
        let host = host_of(&request);
        if host == CONTROL_HOST && is_plain(&request) {
            return Ok(control::answer(self, &request));
        }
        let path_and_query = request
            .uri()
            .path_and_query()
            .map_or("/", |p| p.as_str())
            .to_owned();
        let asked = Asked {
            method: request.method().as_str(),
            host: &host,
            path: request.uri().path(),
            path_and_query: &path_and_query,
        };
        // Who asks for a host that is not there never got through; no fault counts that.
        let turn = if Service::behind(&self.inner, &host).is_some() {
            self.inner.faults.turn(&asked)
        } else {
            Turn::default()
        };
        let latency = Duration::from_millis(self.inner.latency_ms.load(Ordering::Relaxed));
        let wait = latency + turn.before(&self.inner.clock);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let outcome = self.answer(&turn, &asked, &request);
        self.inner.log.write(RequestRecord {
            ms: u64::try_from(arrived.as_millis()).unwrap_or(u64::MAX),
            method: asked.method.to_owned(),
            host: host.clone(),
            path: asked.path.to_owned(),
            query: form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
                .map(|(key, _)| key.into_owned())
                .collect(),
            body: body_keys(&request),
            status: outcome.as_ref().ok().map(|r| r.status().as_u16()),
            identity: vault::bearer(request.headers())
                .and_then(|token| self.inner.entra.tokens.read(token).ok())
                .map(|claims| claims.appid.clone()),
        });
        match outcome {
            Ok(response) => Ok(response),
            Err(Lost::Disconnected(why)) => Err(why),
            Err(Lost::Silent) => std::future::pending().await,
        }
    }

    fn answer(
        &self,
        turn: &Turn,
        asked: &Asked<'_>,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Lost> {
        let inner = &*self.inner;
        let service = Service::behind(inner, asked.host)
            .filter(|_| !is_plain(request) || asked.host == METADATA_HOST)
            .ok_or_else(|| Lost::Disconnected(Disconnected::NoSuchHost(asked.host.to_owned())))?;
        let asking = Asking {
            service: &service,
            inner,
            request,
        };
        if let Some((instead, applied)) = turn.instead(&asking) {
            match applied {
                Applied::Never => {}
                Applied::AtOnce => drop(service.serve(inner, asked.host, request)),
                Applied::AfterMs(ms) => self.take_effect_later(ms, request.clone()),
            }
            return match instead {
                Instead::Answer(response) => {
                    let response = turn.spoil(response);
                    Ok(dated(response, &inner.clock))
                }
                Instead::Drop => Err(Lost::Disconnected(Disconnected::Reset)),
                Instead::Silence => Err(Lost::Silent),
            };
        }
        let response = service.serve(inner, asked.host, request);
        let aged = |token: &str| inner.entra.tokens.aged(token);
        let response = inner.faults.rewrite(turn, asked, response, aged);
        let response = turn.spoil(response);
        Ok(dated(response, &inner.clock))
    }

    /// Does what was asked when the client has long had some other answer.
    fn take_effect_later(&self, ms: u64, request: Request<Bytes>) {
        let emulator = self.clone();
        let then = tokio::time::Instant::now() + Duration::from_millis(ms);
        tokio::spawn(async move {
            tokio::time::sleep_until(then).await;
            let host = host_of(&request);
            if let Some(service) = Service::behind(&emulator.inner, &host) {
                drop(service.serve(&emulator.inner, &host, &request));
            }
        });
    }
}

/// Why a request that was looked at has no answer.
enum Lost {
    Disconnected(Disconnected),
    /// A fault lets the client wait for ever.
    Silent,
}

fn is_plain(request: &Request<Bytes>) -> bool {
    request.uri().scheme() == Some(&http::uri::Scheme::HTTP)
}

/// The host asked for: lower case, without a port.
fn host_of(request: &Request<Bytes>) -> String {
    let authority = request.uri().authority().map(|a| a.as_str());
    let header = || {
        request
            .headers()
            .get(header::HOST)
            .and_then(|v| v.to_str().ok())
    };
    let host = authority.or_else(header).unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    host.split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// The date is the injected clock's, so that clients that compare clocks see one time.
fn dated(mut response: Response<Bytes>, clock: &Clock) -> Response<Bytes> {
    let date = httpdate::fmt_http_date(clock.now());
    if let Ok(value) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}
