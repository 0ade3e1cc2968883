//! Tokens of one identity, kept per audience and shared by all calls of a job.
//!
//! It must not know what the tokens are for.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::lock::Mutex;

use super::action::{Action, Call};
use super::audience::Audience;
use super::calls::{Calls, Gate, Verdict};
use super::entra::{Application, Proof};
use super::error::CallError;
use super::identity_endpoint::{self, ENDPOINT, ManagedIdentity};
use super::retry::{Repeat, Trouble};
use super::token::{Issued, ProvedBy, TokenRefusal};
use crate::contract::Secret;
use crate::env::Environment;
use crate::host::LogLevel;
use crate::http::Response;

/// A token is renewed this long before it expires, so that no request travels with one
/// that ends on the way (the same 5 minutes as Azure's SDKs).
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// After a renewal that failed while the old token is still good, the next one waits.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

/// How long a renewal may take while the old token is still good. All calls wait for it, and
/// an issuer that is well answers within a second.
const RENEWAL: Duration = Duration::from_secs(5);

/// A token to be sent.
#[derive(Clone)]
pub struct Bearer {
    secret: Secret,
    serial: u64,
}

impl Bearer {
    /// The value of an `authorization` header.
    pub fn header(&self) -> String {
        format!("Bearer {}", self.secret.reveal())
    }
}

/// Who gives the tokens, and to whom.
pub enum Issuer {
    /// Entra ID, to an application.
    Entra(Application),
    /// The machine's own endpoint, to its managed identity.
    Endpoint(ManagedIdentity),
}

impl Issuer {
    fn server(&self) -> &'static str {
        match self {
            Issuer::Entra(application) => application.authority,
            Issuer::Endpoint(_) => ENDPOINT,
        }
    }

    fn action(&self) -> Action {
        match self {
            Issuer::Entra(_) => Action::AskForToken,
            Issuer::Endpoint(_) => Action::AskMachineForToken,
        }
    }

    /// What the request proves the identity with. The machine's endpoint wants nothing.
    fn proof<E: Environment>(&self, env: &E) -> Result<Secret, CallError> {
        match self {
            Issuer::Entra(Application { proof, .. }) => match proof {
                Proof::Secret(secret) => Ok(secret.clone()),
                Proof::Assertion => env
                    .assertion()
                    .map(Secret::new)
                    .map_err(|reason| CallError::NoAssertion { reason }),
            },
            Issuer::Endpoint(_) => Ok(Secret::new(String::new())),
        }
    }

    fn proved_by(&self) -> ProvedBy {
        match self {
            Issuer::Entra(application) => match application.proof {
                Proof::Secret(_) => ProvedBy::Secret,
                Proof::Assertion => ProvedBy::Assertion,
            },
            Issuer::Endpoint(_) => ProvedBy::Machine,
        }
    }

    fn is_passing(&self, refusal: &TokenRefusal) -> bool {
        match self {
            Issuer::Entra(_) => refusal.says_transient(),
            Issuer::Endpoint(_) => identity_endpoint::is_passing(refusal.status),
        }
    }
}

struct Kept {
    bearer: Bearer,
    renew_at: Duration,
    expires_at: Duration,
}

#[derive(Default)]
struct Cache {
    kept: BTreeMap<Audience, Kept>,
    issued: u64,
}

/// The identity's tokens.
pub struct Tokens {
    issuer: Issuer,
    gate: Gate,
    /// Held while a token is asked for: whoever needs one meanwhile waits for that one.
    cache: Mutex<Cache>,
}

impl Tokens {
    /// None yet.
    pub fn new(issuer: Issuer) -> Self {
        Tokens {
            issuer,
            gate: Gate::default(),
            cache: Mutex::new(Cache::default()),
        }
    }

    /// The tenant that the tokens are of; a managed identity's is not known.
    pub fn tenant(&self) -> Option<&str> {
        match &self.issuer {
            Issuer::Entra(application) => Some(&application.tenant),
            Issuer::Endpoint(_) => None,
        }
    }

    /// What the identity proves itself with.
    pub fn proved_by(&self) -> ProvedBy {
        self.issuer.proved_by()
    }

    /// The audience's token, new or kept.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn get<E: Environment>(
        &self,
        calls: &Calls<'_, E>,
        audience: Audience,
    ) -> Result<Bearer, CallError> {
        let mut cache = self.cache.lock().await;
        let now = calls.env().now();
        let Some(kept) = cache.kept.get_mut(&audience) else {
            return self.ask(calls, &mut cache, audience, None).await;
        };
        if now < kept.renew_at {
            return Ok(kept.bearer.clone());
        }
        kept.renew_at = now.saturating_add(RENEW_AGAIN);
        let (old, expires_at) = (kept.bearer.clone(), kept.expires_at);
        let limit = RENEWAL.min(expires_at.saturating_sub(now));
        if !limit.is_zero() {
            let why = match self.renewal(calls, &mut cache, audience, limit).await {
                Ok(bearer) => return Ok(bearer),
                Err(why) => why,
            };
            if calls.env().now() < expires_at {
                let line = format!("the old token is still used: {why}");
                calls.env().log(LogLevel::Warn, &line);
                return Ok(old);
            }
        }
        self.ask(calls, &mut cache, audience, None).await
    }

    /// A new token within a limit, or why there is none.
    async fn renewal<E: Environment>(
        &self,
        calls: &Calls<'_, E>,
        cache: &mut Cache,
        audience: Audience,
        limit: Duration,
    ) -> Result<Bearer, String> {
        let asked = pin!(self.ask(calls, cache, audience, None));
        match select(asked, pin!(calls.env().sleep(limit))).await {
            Either::Left((result, _)) => result.map_err(|error| error.to_string()),
            Either::Right(_) => Err(format!("no other came within {limit:?}")),
        }
    }

    /// A token that is not `refused`, which the service did not accept; with the claims
    /// that it asked for. Another call may have renewed it already.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn instead_of<E: Environment>(
        &self,
        refused: &Bearer,
        calls: &Calls<'_, E>,
        audience: Audience,
        claims: Option<&str>,
    ) -> Result<Bearer, CallError> {
        let mut cache = self.cache.lock().await;
        match cache.kept.get(&audience) {
            Some(kept) if kept.bearer.serial != refused.serial => Ok(kept.bearer.clone()),
            _ => self.ask(calls, &mut cache, audience, claims).await,
        }
    }

    async fn ask<E: Environment>(
        &self,
        calls: &Calls<'_, E>,
        cache: &mut Cache,
        audience: Audience,
        claims: Option<&str>,
    ) -> Result<Bearer, CallError> {
        let call = Call {
            action: self.issuer.action(),
            server: self.issuer.server().to_owned(),
        };
        let proof = self.issuer.proof(calls.env())?;
        let discretion = calls.discretion();
        discretion.keep(proof.reveal().as_bytes());
        let request = match &self.issuer {
            Issuer::Entra(application) => application.token_request(audience.scope, claims, &proof),
            Issuer::Endpoint(identity) => identity.token_request(audience.resource),
        };
        let judge = |response: &Response| {
            (response.status != 200).then(|| {
                let refusal = Box::new(TokenRefusal {
                    proved_by: self.issuer.proved_by(),
                    ..TokenRefusal::read(response, discretion)
                });
                Verdict {
                    trouble: if self.issuer.is_passing(&refusal) {
                        Trouble::Transient
                    } else {
                        Trouble::Status(response.status)
                    },
                    error: CallError::Token {
                        refusal,
                        call: call.clone(),
                    },
                }
            })
        };
        let response = calls
            .exchange(
                &self.gate,
                &call,
                calls.begin(),
                Repeat::Freely,
                request,
                judge,
            )
            .await?;
        let Issued {
            bearer,
            lifetime,
            refresh_in,
        } = Issued::read(&response, calls.env().wall()).map_err(|problem| {
            CallError::unreadable(problem, call.clone(), &response, discretion)
        })?;
        discretion.keep(bearer.reveal().as_bytes());
        let now = calls.env().now();
        cache.issued += 1;
        let bearer = Bearer {
            secret: bearer,
            serial: cache.issued,
        };
        let kept = Kept {
            bearer: bearer.clone(),
            renew_at: now.saturating_add(renew_after(lifetime, refresh_in)),
            expires_at: now.saturating_add(lifetime),
        };
        cache.kept.insert(audience, kept);
        Ok(bearer)
    }
}

/// When a token is renewed, counted from its issue. A very short-lived one is used for
/// half of its life: 5 minutes before its end may be before its beginning.
fn renew_after(lifetime: Duration, refresh_in: Option<Duration>) -> Duration {
    let before = lifetime.saturating_sub(RENEW_BEFORE).max(lifetime / 2);
    refresh_in.map_or(before, |asked| asked.min(before))
}

#[cfg(test)]
mod tests;
