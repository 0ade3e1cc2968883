//! Access tokens: signed JWTs, and the check that a token is one of ours.
//!
//! Must not know what a token is good for: audience and issuer are judged by the service it is shown
//! to. Source: RFC 7519, RFC 7515 (RS256) and "Access token claims reference" (version 1 tokens).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

use crate::answer::{derived_uuid, digest};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::pki::{PkiError, rsa_pair};

/// How far apart the clocks of a token's maker and its reader may be, in seconds.
pub(super) const SKEW: u64 = 300;

/// How many good tokens are remembered, so that a signature is checked once and not per request.
const REMEMBERED: usize = 1_024;

/// The claims of an access token.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: u64,
    pub(crate) nbf: u64,
    pub(crate) exp: u64,
    pub(crate) appid: String,
    pub(crate) appidacr: String,
    pub(crate) idp: String,
    pub(crate) idtyp: String,
    pub(crate) oid: String,
    pub(crate) sub: String,
    pub(crate) tid: String,
    pub(crate) uti: String,
    pub(crate) ver: String,
    /// The ARM id of a managed identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) xms_mirid: Option<String>,
}

/// Who a token is for. Ids in lower case.
#[derive(Clone, Debug)]
pub(super) struct Principal {
    pub(super) tenant: String,
    pub(super) client: String,
    /// A managed identity's ARM id.
    pub(super) resource_id: Option<String>,
}

impl Principal {
    pub(super) fn application(tenant: &str, client: &str) -> Principal {
        Principal {
            tenant: tenant.to_owned(),
            client: client.to_owned(),
            resource_id: None,
        }
    }

    /// The service principal's object id.
    pub(super) fn object_id(&self) -> String {
        object_id(&self.tenant, &self.client)
    }
}

/// The object id of the service principal that a client id has in a tenant, both in lower case.
pub(crate) fn object_id(tenant: &str, client: &str) -> String {
    derived_uuid(&format!("{tenant}/principal/{client}"))
}

impl Claims {
    pub(super) fn new(
        cloud: Cloud,
        principal: &Principal,
        resource: &str,
        clock: &Clock,
        lifetime: u64,
    ) -> Claims {
        let now = clock.unix_seconds();
        let (tenant, client) = (principal.tenant.as_str(), principal.client.as_str());
        let object = principal.object_id();
        let unique = digest(&format!("{tenant}/{client}/{resource}/{now}"));
        Claims {
            aud: resource.to_owned(),
            iss: cloud.issuer(tenant),
            iat: now,
            nbf: now,
            exp: now.saturating_add(lifetime),
            appid: client.to_owned(),
            // 2: proved by a signature, as a managed identity's certificate does.
            appidacr: if principal.resource_id.is_some() {
                "2"
            } else {
                "1"
            }
            .into(),
            idp: cloud.issuer(tenant),
            idtyp: "app".into(),
            sub: object.clone(),
            oid: object,
            tid: tenant.to_owned(),
            uti: URL_SAFE_NO_PAD.encode(unique.get(..16).unwrap_or_default()),
            ver: "1.0".into(),
            xms_mirid: principal.resource_id.clone(),
        }
    }

    /// Whether the token may be used at this time.
    pub(crate) fn is_current(&self, unix_seconds: u64) -> bool {
        self.nbf <= unix_seconds.saturating_add(SKEW)
            && unix_seconds < self.exp.saturating_add(SKEW)
    }
}

/// Why a token is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    Malformed,
    Signature,
}

/// Makes tokens and recognises them.
pub(crate) struct Tokens {
    pair: RsaKeyPair,
    key_id: String,
    good: Mutex<HashMap<String, Arc<Claims>>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    pub(super) fn new(seed: &str) -> Result<Tokens, PkiError> {
        let key_id = digest(&format!("{seed}/token-signing"));
        Ok(Tokens {
            pair: rsa_pair(include_str!("../../test-keys/token-signing.test-key.pem"))?,
            key_id: URL_SAFE_NO_PAD.encode(key_id.get(..20).unwrap_or_default()),
            good: Mutex::default(),
        })
    }

    pub(super) fn mint(&self, claims: &Claims) -> Result<String, PkiError> {
        self.sign(claims)
    }

    /// A JWT with these claims.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, PkiError> {
        let header = serde_json::json!({
            "typ": "JWT", "alg": "RS256", "x5t": self.key_id, "kid": self.key_id,
        });
        let claims = serde_json::to_vec(claims).map_err(|_| PkiError::NoKey)?;
        let mut token = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .map_err(|_| PkiError::NoKey)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The same token with a lifetime that ended an hour ago; none for a text that is no token of ours.
    pub(crate) fn aged(&self, token: &str) -> Option<String> {
        let mut claims = (*self.read(token).ok()?).clone();
        let back = claims.exp.saturating_sub(claims.iat) + 3_600;
        for time in [&mut claims.iat, &mut claims.nbf, &mut claims.exp] {
            *time = time.saturating_sub(back);
        }
        self.mint(&claims).ok()
    }

    /// The claims of a token with a good signature.
    pub(crate) fn read(&self, token: &str) -> Result<Arc<Claims>, TokenProblem> {
        if let Some(claims) = self.lock().get(token) {
            return Ok(Arc::clone(claims));
        }
        let claims = self.verify(token)?;
        let claims: Arc<Claims> =
            Arc::new(serde_json::from_slice(&claims).map_err(|_| TokenProblem::Malformed)?);
        let mut good = self.lock();
        if good.len() >= REMEMBERED {
            good.clear();
        }
        good.insert(token.to_owned(), Arc::clone(&claims));
        Ok(claims)
    }

    /// The claims, as JSON, of a JWT that was signed here.
    pub(super) fn verify(&self, token: &str) -> Result<Vec<u8>, TokenProblem> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenProblem::Malformed)?;
        let (_, claims) = signed.split_once('.').ok_or(TokenProblem::Malformed)?;
        let decode = |text: &str| {
            URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| TokenProblem::Malformed)
        };
        let (claims, signature) = (decode(claims)?, decode(signature)?);
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| TokenProblem::Signature)?;
        Ok(claims)
    }

    /// The public key as a JWK, RFC 7517.
    pub(super) fn public_key(&self) -> serde_json::Value {
        let key = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        serde_json::json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.key_id,
            "x5t": self.key_id,
            "n": URL_SAFE_NO_PAD.encode(key.n),
            "e": URL_SAFE_NO_PAD.encode(key.e),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Claims>>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let clock =
            Clock::starting_at(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000));
        Claims::new(
            Cloud::Public,
            &Principal::application("t", "c"),
            "https://vault.azure.net",
            &clock,
            3_599,
        )
    }

    #[test]
    fn a_minted_token_reads_back_and_a_changed_one_does_not() {
        let tokens = Tokens::new("s").unwrap();
        let token = tokens.mint(&claims()).unwrap();
        assert_eq!(*tokens.read(&token).unwrap(), claims());
        let mut forged = claims();
        forged.appid = "someone-else".into();
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&forged).unwrap());
        let parts: Vec<&str> = token.split('.').collect();
        let changed = format!("{}.{body}.{}", parts[0], parts[2]);
        assert_eq!(tokens.read(&changed), Err(TokenProblem::Signature));
        for garbage in ["", "a", "a.b", "a.b.c", "..", "é.é.é"] {
            assert!(tokens.read(garbage).is_err(), "{garbage}");
        }
    }

    #[test]
    fn a_token_is_good_from_its_making_to_its_expiry_give_or_take_the_skew() {
        let claims = claims();
        assert!(!claims.is_current(1_000_000 - SKEW - 1));
        assert!(claims.is_current(1_000_000));
        assert!(claims.is_current(1_003_598));
        assert!(!claims.is_current(1_003_599 + SKEW));
    }
}
