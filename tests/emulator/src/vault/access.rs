//! Who is calling, and may they: the challenge, the token's audience and issuer, denied applications.
//!
//! Must not know what an operation does. Source: "Authentication, requests and responses" and "Azure
//! RBAC for Key Vault data plane operations".

use std::sync::Arc;

use http::{HeaderMap, header};

use super::Vault;
use super::error::Refusal;
use crate::clock::Clock;
use crate::entra::{Claims, TokenProblem, Tokens};
use crate::seed::CertificateAction;

/// The claims of the token that a request to this vault carries.
pub(super) fn authenticate(
    vault: &Vault,
    tokens: &Tokens,
    clock: &Clock,
    headers: &HeaderMap,
) -> Result<Arc<Claims>, Refusal> {
    let token = bearer(headers).ok_or(Refusal::NoToken)?;
    let claims = tokens.read(token).map_err(|problem| match problem {
        TokenProblem::Malformed => Refusal::NoToken,
        TokenProblem::Signature => Refusal::ForeignToken,
    })?;
    if !claims.is_current(clock.unix_seconds()) {
        return Err(Refusal::TokenLifetime);
    }
    let resource = vault.cloud.vault_resource();
    if claims.aud != resource {
        return Err(Refusal::WrongAudience {
            expected: resource,
            found: claims.aud.clone(),
        });
    }
    let issuer = vault.cloud.issuer(&vault.spec().tenant);
    if claims.iss != issuer {
        return Err(Refusal::WrongIssuer {
            expected: issuer,
            found: claims.iss.clone(),
        });
    }
    Ok(claims)
}

/// The token in `Authorization: Bearer`, the scheme in any case.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether the caller may do this to this certificate, or to all where none is named.
pub(super) fn authorize(
    vault: &Vault,
    caller: &Claims,
    action: CertificateAction,
    name: Option<&str>,
) -> Result<(), Refusal> {
    if !vault.denies(&caller.appid, action) {
        return Ok(());
    }
    let mut resource = vault.spec().resource_id().to_ascii_lowercase();
    if let Some(name) = name {
        resource = format!("{resource}/certificates/{name}");
    }
    Err(Refusal::ForbiddenByRbac {
        caller: format!(
            "appid={};oid={};iss={}",
            caller.appid, caller.oid, caller.iss
        ),
        resource,
    })
}
