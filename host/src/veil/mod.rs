//! The credentials that an extension never holds.
//!
//! An extension authenticates by itself: it knows the token form, the identity endpoint, the
//! header. On a host without a veil it is given the credentials; on one with a veil, random
//! placeholders, and the host puts the real values in their place on the wire. It cannot tell.
//!
//! | credential | comes to the host | the extension gets a placeholder | the real value goes |
//! |---|---|---|---|
//! | client secret | with the job | in its credential | into the token form |
//! | federated assertion | from its file | from `assertion` | into the token form |
//! | access token | in a token answer | in that answer, rebuilt | into `authorization`, towards the hosts it was issued for |
//!
//! Out: [`form`] and [`bearer`]. Anywhere else a placeholder leaves as it is, useless, and the
//! audit says so. Back: a token answer is rebuilt ([`answer`]); every other answer is searched
//! while it passes ([`search`], [`screen`]), and withheld where it holds a real value: a service
//! that repeats what it was sent is no way to it. A body in a coding cannot be searched, and is
//! withheld too: every request asks for none.
//!
//! # What is claimed
//!
//! No real value is ever in an extension's memory, in what it logs or in what it reports. The
//! host's own copies are wiped when the job is over; buffers inside of TLS, HTTP and JSON libraries
//! are not ours.
//!
//! Not claimed: that a service cannot tell an extension its own token if it means to, in a
//! spelling of its own (cut up, encrypted, in pieces of fewer characters than are looked for); that
//! a value of fewer than [`search::SHORTEST`] characters is found where it is repeated; that a
//! value that can be guessed stays unknown, since an answer that repeats a guess is withheld if
//! and only if it is right; that an extension does nothing it may do with the requests that are
//! granted to it.
//!
//! It must not know any service, what requests are for, nor how they are sent.

pub mod answer;
pub mod bearer;
pub mod form;
pub mod placeholder;
pub mod screen;
pub mod search;

use answer::{Parts, Withheld};
use form::{Filled, FormError, ProofField};
use http::{HeaderMap, HeaderValue};
use memchr::memmem;
use placeholder::Placeholder;
use search::Probes;
use secrecy::zeroize::Zeroizing;
use std::sync::{Arc, Mutex, PoisonError};

/// Credentials of one job. A token lives for an hour and a job for a quarter of one; an extension
/// that asks for more fills nobody's memory.
const MOST: usize = 128;

/// What a credential of a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<A> {
    /// The application's secret.
    Secret,
    /// A federated token that proves who the application is.
    Assertion,
    /// An access token, and what it is for.
    Token(A),
}

/// Why there is no placeholder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoverError {
    /// The job has as many credentials as it may.
    #[error("the job has {MOST} credentials already, which is more than any work needs")]
    TooMany,
    /// There is no randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// The veil of one job: its credentials and their placeholders. `A` names what a token is for.
pub struct Veil<A> {
    held: Mutex<Held<A>>,
}

struct Held<A> {
    covered: Vec<Covered<A>>,
    probes: Arc<Probes>,
}

struct Covered<A> {
    kind: Kind<A>,
    real: Zeroizing<String>,
    placeholder: Placeholder,
}

impl<A: PartialEq> Veil<A> {
    /// A veil over nothing.
    pub fn new() -> Self {
        Self {
            held: Mutex::new(Held {
                covered: Vec::new(),
                probes: Arc::default(),
            }),
        }
    }

    /// Takes a credential, and gives what the extension gets in its place: for the same one the
    /// same.
    ///
    /// # Errors
    /// Why there is no placeholder.
    pub fn cover(&self, kind: Kind<A>, real: &str) -> Result<Placeholder, CoverError> {
        let mut held = self.held();
        let known = held
            .covered
            .iter()
            .find(|covered| covered.kind == kind && *covered.real == real);
        if let Some(known) = known {
            return Ok(known.placeholder.clone());
        }
        if held.covered.len() >= MOST {
            return Err(CoverError::TooMany);
        }
        let placeholder =
            Placeholder::new().map_err(|error| CoverError::Random(error.to_string()))?;
        let mut probes = Probes::clone(&held.probes);
        probes.add(real);
        held.probes = Arc::new(probes);
        held.covered.push(Covered {
            kind,
            real: Zeroizing::new(real.to_owned()),
            placeholder: placeholder.clone(),
        });
        Ok(placeholder)
    }

    /// Puts the proof into a token form; see [`form::substitute`].
    ///
    /// # Errors
    /// What is not exact.
    pub fn fill_form(
        &self,
        body: &[u8],
        client_id: &str,
        scope: &str,
    ) -> Result<Filled, FormError> {
        let held = self.held();
        form::substitute(body, client_id, scope, |field, given| {
            let kind = match field {
                ProofField::Secret => Kind::Secret,
                ProofField::Assertion => Kind::Assertion,
            };
            let mut covered = held.covered.iter();
            covered
                .find(|covered| covered.kind == kind && covered.placeholder.as_str() == given)
                .map(|covered| covered.real.as_str())
        })
    }

    /// The real header for one that presents the placeholder of a token that may go where the
    /// request does.
    pub fn fill_header(
        &self,
        header: &HeaderValue,
        may_go: impl Fn(&A) -> bool,
    ) -> Option<HeaderValue> {
        let given = bearer::presented(header)?;
        let held = self.held();
        held.covered.iter().find_map(|covered| match &covered.kind {
            Kind::Token(audience) if covered.placeholder.as_str() == given && may_go(audience) => {
                bearer::header(&covered.real)
            }
            _ => None,
        })
    }

    /// Whether a text holds a placeholder.
    pub fn is_mentioned_in(&self, text: &[u8]) -> bool {
        let held = self.held();
        let mut covered = held.covered.iter();
        covered.any(|covered| memmem::find(text, covered.placeholder.as_str().as_bytes()).is_some())
    }

    /// Rebuilds the body of a token answer; see [`answer`].
    ///
    /// # Errors
    /// Why it is withheld.
    pub fn rebuild(&self, body: &[u8], audience: A) -> Result<Vec<u8>, Withheld> {
        let parts = Parts::read(body, &self.probes())?;
        let Some(token) = parts.token() else {
            return Ok(parts.rebuilt(None));
        };
        if self.is_of_another_kind(token, &audience) {
            return Err(Withheld::Credential);
        }
        let placeholder = self
            .cover(Kind::Token(audience), token)
            .map_err(|_| Withheld::TooMany)?;
        Ok(parts.rebuilt(Some(placeholder.as_str())))
    }

    /// Whether a new token is, or holds, a credential that is none of its audience: it would be
    /// sent where that one must not go.
    fn is_of_another_kind(&self, token: &str, audience: &A) -> bool {
        let held = self.held();
        let mut covered = held.covered.iter();
        covered.any(|covered| match &covered.kind {
            Kind::Token(of) if of == audience => false,
            _ => {
                let mut probes = Probes::default();
                probes.add(&covered.real);
                probes.found_in(token.as_bytes())
            }
        })
    }

    /// The headers of a token answer, or of one that is withheld, that are passed on.
    pub fn kept_headers(&self, given: &HeaderMap) -> HeaderMap {
        answer::headers(given, &self.probes())
    }

    /// Whether any header holds a credential.
    pub fn found_in_headers(&self, headers: &HeaderMap) -> bool {
        let probes = self.probes();
        let mut headers = headers.iter();
        headers.any(|(name, value)| {
            probes.found_in(name.as_str().as_bytes()) || probes.found_in(value.as_bytes())
        })
    }

    /// What is looked for in answers now.
    pub fn probes(&self) -> Arc<Probes> {
        self.held().probes.clone()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held<A>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: PartialEq> Default for Veil<A> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
