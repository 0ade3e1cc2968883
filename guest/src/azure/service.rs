//! A service that wants a token on every request: none goes out without one.
//!
//! It must not know which service it is, nor what is asked of it.

use std::rc::Rc;

use super::action::{Action, Call};
use super::audience::Audience;
use super::calls::{Calls, Gate, Verdict};
use super::challenge::Challenge;
use super::error::CallError;
use super::refusal::Refusal;
use super::remedy;
use super::retry::{Repeat, Trouble};
use super::tokens::Tokens;
use crate::env::Environment;
use crate::host::LogLevel;
use crate::http::{Request, Response};

/// New tokens for one request. The first one may be another call's, of before the service
/// asked for claims (continuous access evaluation); a second one has them.
const MOST_RENEWALS: u32 = 2;

/// One host of a service, and what its requests need.
pub struct Service<'e, E> {
    calls: Rc<Calls<'e, E>>,
    tokens: Rc<Tokens>,
    host: String,
    audience: Audience,
    gate: Gate,
}

impl<'e, E: Environment> Service<'e, E> {
    /// The service at `host`, for tokens of `audience`.
    pub fn new(
        calls: Rc<Calls<'e, E>>,
        tokens: Rc<Tokens>,
        host: &str,
        audience: Audience,
    ) -> Self {
        Service {
            calls,
            tokens,
            host: host.to_owned(),
            audience,
            gate: Gate::default(),
        }
    }

    /// The calls of the job.
    pub fn calls(&self) -> &Calls<'e, E> {
        &self.calls
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `https://{host}{path_and_query}`
    pub fn url(&self, path_and_query: &str) -> String {
        format!("https://{}{path_and_query}", self.host)
    }

    /// A call of this service.
    pub fn call(&self, action: Action) -> Call {
        Call {
            action,
            server: self.host.clone(),
        }
    }

    /// Sends a request with a token, once more with a new one when that was refused, and a
    /// last time where the service asks for claims that the new one lacks; and takes any
    /// answer of success (2xx).
    ///
    /// # Errors
    /// Every other end.
    pub async fn send(
        &self,
        call: &Call,
        repeat: Repeat,
        mut request: Request,
    ) -> Result<Response, CallError> {
        let id = self.calls.begin();
        request.set("accept", "application/json".to_owned());
        let mut bearer = self.tokens.get(&self.calls, self.audience).await?;
        let mut renewals = 0;
        loop {
            request.set("authorization", bearer.header());
            let response = self
                .calls
                .exchange(&self.gate, call, id, repeat, request.clone(), |response| {
                    (!matches!(response.status, 200..300 | 401)).then(|| Verdict {
                        trouble: Trouble::Status(response.status),
                        error: CallError::Service {
                            refusal: Box::new(self.refusal(response)),
                            call: call.clone(),
                            hint: None,
                        },
                    })
                })
                .await?;
            if response.status != 401 {
                return Ok(response);
            }
            let challenge = Challenge::read(&response);
            if renewals > 0 && (renewals == MOST_RENEWALS || challenge.claims.is_none()) {
                let refusal = self.refusal(&response);
                let discretion = self.calls.discretion();
                let hint = remedy::claims_hint(&refusal, call, &challenge).or_else(|| {
                    let tenant = challenge.tenant.and_then(|tenant| discretion.id(&tenant));
                    remedy::tenant_hint(&refusal, call, tenant, self.tokens.tenant())
                });
                return Err(CallError::Service {
                    hint,
                    refusal: Box::new(refusal),
                    call: call.clone(),
                });
            }
            renewals += 1;
            let line = format!("{} refused the token; asking for another", self.host);
            self.calls.env().log(LogLevel::Info, &line);
            bearer = self
                .tokens
                .instead_of(
                    &bearer,
                    &self.calls,
                    self.audience,
                    challenge.claims.as_deref(),
                )
                .await?;
        }
    }

    fn refusal(&self, response: &Response) -> Refusal {
        Refusal {
            proved_by: self.tokens.proved_by(),
            ..Refusal::read(response, self.calls.discretion())
        }
    }

    /// Reads what is at a path.
    ///
    /// # Errors
    /// As [`Service::send`].
    pub async fn get(&self, call: &Call, url: String) -> Result<Response, CallError> {
        self.send(call, Repeat::Freely, Request::get(url)).await
    }
}
