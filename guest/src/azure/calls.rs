//! One logical call: sent, judged, tried again, until there is an answer, a reason to
//! stop, or no time left.
//!
//! It must not know tokens, nor what an answer means.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::action::{Action, Call};
use super::discretion::Discretion;
use super::error::CallError;
use super::request_id::{RequestId, RequestIds};
use super::retry::{Decision, GiveUp, Repeat, Standing, Trouble, bounded, decide};
use super::server_delay::server_delay;
use crate::contract::Failure;
use crate::env::Environment;
use crate::host::LogLevel;
use crate::http::{ATTEMPT_LIMIT, Request, Response, TransportError};

/// Sent with every request; the service's own logs show it.
const USER_AGENT: &str = concat!("akv-extension/", env!("CARGO_PKG_VERSION"));

/// An answer of a machine's own endpoint. It is link-local and answers out of a cache: Azure's
/// SDKs give a connection 2 s, and a look for it 1 s. With three attempts a machine that has none
/// is told within 33 s, and one under load has ten times what it needs.
const ENDPOINT_LIMIT: Duration = Duration::from_secs(10);

/// How far the calls that a throttled server held back are spread when they go on:
/// wide enough not to arrive as one burst, far below the delay itself.
const SPREAD: Duration = Duration::from_millis(100);

/// Sends the calls of one job.
pub struct Calls<'e, E> {
    env: &'e E,
    ids: RequestIds,
    deadline: Duration,
    last_trouble: RefCell<Option<CallError>>,
    changes: Cell<u32>,
    /// Until then people know that something is tried again.
    told_until: Cell<Duration>,
    discretion: Discretion,
}

/// Shut while a server has asked to slow down, for all calls to it: otherwise each of
/// many calls in flight would have to be told by itself. A delay that comes with an answer
/// which leaves a change open holds back the look at what became of it.
#[derive(Default)]
pub struct Gate {
    opens_at: Cell<Duration>,
}

/// What an answer is that the caller does not take.
pub struct Verdict {
    /// For the decision whether to try again.
    pub trouble: Trouble<'static>,
    /// For the message, if not.
    pub error: CallError,
}

impl<'e, E: Environment> Calls<'e, E> {
    /// Calls of a job that must end `deadline` on the environment's clock.
    pub fn new(env: &'e E, attempt_id: &str, deadline: Duration) -> Self {
        Calls {
            env,
            ids: RequestIds::new(attempt_id),
            deadline,
            last_trouble: RefCell::new(None),
            changes: Cell::new(0),
            told_until: Cell::new(Duration::ZERO),
            discretion: Discretion::default(),
        }
    }

    /// What may be shown of the answers, for all calls of the job.
    pub fn discretion(&self) -> &Discretion {
        &self.discretion
    }

    /// Where the job runs.
    pub fn env(&self) -> &'e E {
        self.env
    }

    /// The id of a new logical call.
    pub fn begin(&self) -> RequestId {
        self.ids.next()
    }

    /// What is left until the job must end.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_sub(self.env.now())
    }

    /// The last error after which a call was tried again: what a job that runs out of
    /// time was waiting for.
    pub fn last_trouble(&self) -> Option<CallError> {
        self.last_trouble.borrow().clone()
    }

    /// Whether a request that must not be repeated freely is on its way at this moment, and
    /// not merely waiting to be sent again. Of a job that is dropped this still tells whether
    /// it may have changed something that it does not know of.
    pub fn is_changing(&self) -> bool {
        self.changes.get() > 0
    }

    /// Sends `request` as often as [`decide`] says. `judge` takes an answer (`None`)
    /// or says what it is instead.
    ///
    /// Before each attempt it looks whether the job has ended. Of one that has, nothing more
    /// is sent: the call then never comes to an end, and whoever watches the job drops it
    /// where it waits. An error instead would have to pass every place that takes errors for
    /// a service's.
    ///
    /// # Errors
    /// The verdict on the last answer, or why there was none.
    pub async fn exchange(
        &self,
        gate: &Gate,
        call: &Call,
        id: RequestId,
        repeat: Repeat,
        mut request: Request,
        judge: impl Fn(&Response) -> Option<Verdict>,
    ) -> Result<Response, CallError> {
        request.set("user-agent", USER_AGENT.to_owned());
        request.set("x-ms-client-request-id", id.uuid());
        request.set("x-ms-return-client-request-id", "true".to_owned());
        let mut attempt = repeat.made().saturating_add(1);
        loop {
            self.wait_for(gate, id, attempt).await;
            if self.job_has_ended() {
                return pending().await;
            }
            let (decision, asked, error) =
                match self.attempt(request.clone(), repeat, limit_of(call)).await {
                    Ok(response) => match judge(&response) {
                        None => return Ok(response),
                        Some(verdict) => {
                            let asked = server_delay(&response, self.env.wall());
                            let decision = self.decide(verdict.trouble, repeat, id, attempt, asked);
                            (decision, asked, verdict.error)
                        }
                    },
                    Err(error) => {
                        let decision =
                            self.decide(unanswered(call, &error), repeat, id, attempt, None);
                        let call = call.clone();
                        (decision, None, CallError::Transport { error, call })
                    }
                };
            match decision {
                Decision::Retry(delay) => {
                    self.note(gate, call, &error, delay);
                    *self.last_trouble.borrow_mut() = Some(error.clone());
                    self.env.sleep(delay).await;
                    if let Repeat::AfterLook { .. } = repeat {
                        return Err(CallError::GaveUp {
                            last: Box::new(error),
                            attempts: attempt,
                            why: GiveUp::Held,
                        });
                    }
                }
                Decision::GiveUp(GiveUp::Permanent) => return Err(error),
                Decision::GiveUp(why) => {
                    if why == GiveUp::Uncertain {
                        // What became of it will be looked for, and not too soon.
                        *self.last_trouble.borrow_mut() = Some(error.clone());
                        self.shut(gate, asked.map(bounded).unwrap_or_default());
                    }
                    return Err(CallError::GaveUp {
                        last: Box::new(error),
                        attempts: attempt,
                        why,
                    });
                }
            }
            attempt += 1;
        }
    }

    fn job_has_ended(&self) -> bool {
        self.env.cancelled() || self.remaining().is_zero()
    }

    async fn attempt(
        &self,
        request: Request,
        repeat: Repeat,
        limit: Duration,
    ) -> Result<Response, TransportError> {
        let change = u32::from(repeat != Repeat::Freely);
        let answer = pin!(self.env.send(request));
        let limit = pin!(self.env.sleep(limit));
        self.changes.set(self.changes.get().saturating_add(change));
        let result = match select(answer, limit).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(TransportError::Timeout("no answer in time")),
        };
        self.changes.set(self.changes.get().saturating_sub(change));
        result
    }

    fn decide(
        &self,
        trouble: Trouble<'_>,
        repeat: Repeat,
        id: RequestId,
        attempt: u32,
        server_delay: Option<Duration>,
    ) -> Decision {
        decide(
            trouble,
            Standing {
                repeat,
                attempt,
                remaining: self.remaining(),
                server_delay,
                jitter: id.jitter(attempt),
            },
        )
    }

    /// Writes the retry down, and shuts the gate if the server is throttled.
    fn note(&self, gate: &Gate, call: &Call, error: &CallError, delay: Duration) {
        let milliseconds = delay.as_millis();
        if error.failure() != Failure::Throttled {
            let line = format!("{error}; trying again in {milliseconds} ms");
            self.env.log(self.loudness(delay), &line);
            return;
        }
        let now = self.env.now();
        if gate.opens_at.get() <= now {
            let line = format!(
                "{} asks to slow down; all requests to it wait {milliseconds} ms",
                call.server
            );
            self.env.log(LogLevel::Warn, &line);
        }
        self.shut(gate, delay);
    }

    /// Who waits wants to know for what; but of many calls that wait at the same time, one says
    /// it for all.
    fn loudness(&self, delay: Duration) -> LogLevel {
        let now = self.env.now();
        if self.told_until.get() > now {
            return LogLevel::Debug;
        }
        self.told_until.set(now.saturating_add(delay));
        LogLevel::Warn
    }

    fn shut(&self, gate: &Gate, delay: Duration) {
        let opens_at = self.env.now().saturating_add(delay);
        gate.opens_at.set(opens_at.max(gate.opens_at.get()));
    }

    async fn wait_for(&self, gate: &Gate, id: RequestId, attempt: u32) {
        let mut shut = gate.opens_at.get().saturating_sub(self.env.now());
        while !shut.is_zero() {
            let spread = SPREAD.mul_f64(id.jitter(attempt));
            self.env.sleep(shut.saturating_add(spread)).await;
            shut = gate.opens_at.get().saturating_sub(self.env.now());
        }
    }
}

/// A machine's own endpoint that takes no connections, or takes them and never answers, is not
/// there, and never will be: it is given up as soon as a name that does not resolve. Each attempt
/// may cost its full time. While it is updated it says so (410).
fn unanswered<'a>(call: &Call, error: &'a TransportError) -> Trouble<'a> {
    match error {
        TransportError::Connection(_) | TransportError::Timeout(_)
            if call.action == Action::AskMachineForToken =>
        {
            Trouble::Transport(&TransportError::NameNotFound)
        }
        _ => Trouble::Transport(error),
    }
}

/// How long an answer may take. Whatever takes a machine's connections at the endpoint's address
/// and does not answer is no endpoint.
fn limit_of(call: &Call) -> Duration {
    match call.action {
        Action::AskMachineForToken => ENDPOINT_LIMIT,
        _ => ATTEMPT_LIMIT,
    }
}
