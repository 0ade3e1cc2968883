//! Federated client assertions: which outside identity may act as an application, and one to test with.
//!
//! Must not know requests. Every issuer signs with the emulator's own test key, where the real service
//! would ask the issuer for its keys. Source: "Workload identity federation", RFC 7523.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::error::Problem;
use super::token::{SKEW, TokenProblem, Tokens};
use crate::answer::timestamp;
use crate::clock::Clock;
use crate::pki::PkiError;
use crate::seed::FederatedSeed;

/// The claims that matter of an assertion.
#[derive(Debug, Serialize, Deserialize)]
struct Asserted {
    iss: String,
    sub: String,
    aud: String,
    #[serde(default)]
    iat: u64,
    #[serde(default)]
    nbf: u64,
    exp: u64,
}

/// An assertion that the issuer, as the emulator plays it, would have signed just now.
pub(super) fn mint(
    tokens: &Tokens,
    clock: &Clock,
    (issuer, subject, audience): (&str, &str, &str),
    lifetime: u64,
) -> Result<String, PkiError> {
    let now = clock.unix_seconds();
    tokens.sign(&Asserted {
        iss: issuer.to_owned(),
        sub: subject.to_owned(),
        aud: audience.to_owned(),
        iat: now,
        nbf: now,
        exp: now.saturating_add(lifetime),
    })
}

/// One of the three that must be the same in an assertion and in what is trusted.
type Part = fn(&FederatedSeed) -> &str;

fn issuer(trusted: &FederatedSeed) -> &str {
    &trusted.issuer
}

fn subject(trusted: &FederatedSeed) -> &str {
    &trusted.subject
}

fn audience(trusted: &FederatedSeed) -> &str {
    &trusted.audience
}

/// Whether an assertion is of an identity that the application trusts.
pub(super) fn check(
    tokens: &Tokens,
    trusted: &[FederatedSeed],
    client: &str,
    assertion: &str,
    clock: &Clock,
) -> Result<(), Problem> {
    let asserted = claims(assertion).ok_or_else(|| Problem::new(50_027, []))?;
    // An application that signs for itself does so with a certificate, and none is registered here.
    if asserted.iss.eq_ignore_ascii_case(client) {
        return Err(Problem::new(700_027, [client]));
    }
    let mut left: Vec<&FederatedSeed> = trusted.iter().collect();
    for (part, code, found, of) in [
        ("issuer", 700_211, &asserted.iss, issuer as Part),
        ("subject", 700_213, &asserted.sub, subject),
        ("audience", 700_212, &asserted.aud, audience),
    ] {
        let folded = found.to_lowercase();
        let but_for_case = left.iter().any(|f| of(f).to_lowercase() == folded);
        left.retain(|f| of(f) == found);
        if left.is_empty() && but_for_case {
            return Err(Problem::new(7_002_138, [part, found, part]));
        }
        if left.is_empty() {
            return Err(Problem::new(code, [found]));
        }
    }
    match tokens.verify(assertion) {
        Ok(_) => {}
        Err(TokenProblem::Malformed) => return Err(Problem::new(50_027, [])),
        Err(TokenProblem::Signature) => return Err(Problem::new(700_027, [client])),
    }
    let now = clock.unix_seconds();
    if asserted.nbf > now.saturating_add(SKEW) || now >= asserted.exp.saturating_add(SKEW) {
        let times = [now, asserted.nbf, asserted.exp].map(timestamp);
        return Err(Problem::new(700_024, times.each_ref().map(String::as_str)));
    }
    Ok(())
}

fn claims(assertion: &str) -> Option<Asserted> {
    let mut parts = assertion.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
