//! Tokens of one application, kept per scope and shared by all calls of a job.
//!
//! It must not know what the tokens are for.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::lock::Mutex;

use super::calls::{Calls, Gate, Verdict};
use super::entra::{Application, Issued, issued};
use super::error::{Action, Call, CallError};
use super::retry::Trouble;
use crate::contract::Secret;
use crate::env::Environment;
use crate::host::LogLevel;

/// A token is renewed this long before it expires, so that no request travels with one
/// that ends on the way (the same 5 minutes as Azure's SDKs).
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// After a renewal that failed while the old token is still good, the next one waits.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

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

struct Kept {
    bearer: Bearer,
    renew_at: Duration,
    expires_at: Duration,
}

#[derive(Default)]
struct Cache {
    kept: BTreeMap<String, Kept>,
    issued: u64,
}

/// The application's tokens.
pub struct Tokens {
    application: Application,
    gate: Gate,
    /// Held while a token is asked for: whoever needs one meanwhile waits for that one.
    cache: Mutex<Cache>,
}

impl Tokens {
    /// None yet.
    pub fn new(application: Application) -> Self {
        Tokens {
            application,
            gate: Gate::default(),
            cache: Mutex::new(Cache::default()),
        }
    }

    /// The tenant that the tokens are of.
    pub fn tenant(&self) -> &str {
        &self.application.tenant
    }

    /// The scope's token, new or kept.
    ///
    /// # Errors
    /// Why Entra ID gave none.
    pub async fn get<E: Environment>(
        &self,
        calls: &Calls<'_, E>,
        scope: &str,
    ) -> Result<Bearer, CallError> {
        let mut cache = self.cache.lock().await;
        let now = calls.env().now();
        let Some(kept) = cache.kept.get_mut(scope) else {
            return self.ask(calls, &mut cache, scope, None).await;
        };
        if now < kept.renew_at {
            return Ok(kept.bearer.clone());
        }
        let (old, good) = (kept.bearer.clone(), now < kept.expires_at);
        kept.renew_at = now.saturating_add(RENEW_AGAIN);
        match self.ask(calls, &mut cache, scope, None).await {
            Err(error) if good => {
                let line = format!("the old token is still used: {error}");
                calls.env().log(LogLevel::Warn, &line);
                Ok(old)
            }
            result => result,
        }
    }

    /// A token that is not `refused`, which the service did not accept; with the claims
    /// that it asked for. Another call may have renewed it already.
    ///
    /// # Errors
    /// Why Entra ID gave none.
    pub async fn instead_of<E: Environment>(
        &self,
        refused: &Bearer,
        calls: &Calls<'_, E>,
        scope: &str,
        claims: Option<&str>,
    ) -> Result<Bearer, CallError> {
        let mut cache = self.cache.lock().await;
        match cache.kept.get(scope) {
            Some(kept) if kept.bearer.serial != refused.serial => Ok(kept.bearer.clone()),
            _ => self.ask(calls, &mut cache, scope, claims).await,
        }
    }

    async fn ask<E: Environment>(
        &self,
        calls: &Calls<'_, E>,
        cache: &mut Cache,
        scope: &str,
        claims: Option<&str>,
    ) -> Result<Bearer, CallError> {
        let call = Call {
            action: Action::AskForToken,
            server: self.application.authority.to_owned(),
        };
        let request = self.application.token_request(scope, claims);
        let response = calls
            .exchange(&self.gate, &call, calls.begin(), request, |response| {
                (response.status != 200).then(|| {
                    let refusal = Box::new(self.application.refusal(response));
                    Verdict {
                        trouble: if refusal.says_transient() {
                            Trouble::SaysTransient
                        } else {
                            Trouble::Status(response.status)
                        },
                        error: CallError::Token {
                            refusal,
                            server: call.server.clone(),
                        },
                    }
                })
            })
            .await?;
        let Issued {
            bearer,
            lifetime,
            refresh_in,
        } = issued(&response).map_err(|problem| CallError::Unreadable {
            problem: problem.to_owned(),
            call: call.clone(),
        })?;
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
        cache.kept.insert(scope.to_owned(), kept);
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
