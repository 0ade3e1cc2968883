//! Entra ID: who exists in which tenant, the token endpoint, and the documents that lead to it.
//!
//! Must not know vaults beyond the names of the resources tokens are for. `directory` says who there is,
//! `grant` and `assertion` decide, `token` makes and checks access tokens, `discovery` has the
//! documents, `error` the error answers. Source: "Microsoft identity platform and the OAuth 2.0 client
//! credentials flow" (wire 1.1; errors with their codes, lifetimes as integers: 6, number 8).

mod assertion;
mod directory;
mod discovery;
mod error;
mod grant;
mod token;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value};

use crate::answer::{self, Ids};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::pki::PkiError;
use crate::seed::Seed;

use directory::Directory;
use error::Problem;
pub use error::codes;
pub(crate) use error::{is_code, named, plain};
pub(crate) use token::{Claims, TokenProblem, Tokens, object_id};

/// The directory of one emulator, for all its clouds.
#[derive(Debug)]
pub(crate) struct Entra {
    directory: Directory,
    lifetime: u64,
    refresh_in: Option<u64>,
    pub(crate) tokens: Tokens,
}

/// A token that was given out.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) token: String,
    pub(crate) claims: Claims,
}

impl Entra {
    pub(crate) fn new(seed: &Seed) -> Result<Entra, PkiError> {
        Ok(Entra {
            directory: Directory::new(seed),
            lifetime: seed.tokens.lifetime_seconds,
            refresh_in: seed.tokens.refresh_in_seconds,
            tokens: Tokens::new(&seed.key)?,
        })
    }

    /// Answers a request to an authority's host.
    pub(crate) fn answer(
        &self,
        cloud: Cloud,
        host: &str,
        clock: &Clock,
        ids: &Ids,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let mut response = match self.serve(cloud, host, clock, request) {
            Ok(body) => answer::json(StatusCode::OK, &body),
            Err(problem) => problem.response(cloud, clock, ids, request),
        };
        for (name, value) in [
            ("cache-control", "no-store, no-cache"),
            ("pragma", "no-cache"),
            ("expires", "-1"),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            ),
            ("x-content-type-options", "nosniff"),
            // Clients must cope with cookies and have no use for them.
            (
                "set-cookie",
                "stsservicecookie=estsfd; path=/; secure; samesite=none; httponly",
            ),
        ] {
            answer::set(&mut response, name, value);
        }
        answer::set(&mut response, "x-ms-request-id", &ids.next());
        response
    }

    fn serve(
        &self,
        cloud: Cloud,
        host: &str,
        clock: &Clock,
        request: &Request<Bytes>,
    ) -> Result<Value, Problem> {
        let path: Vec<&str> = request.uri().path().split('/').skip(1).collect();
        match path.as_slice() {
            [tenant, "oauth2", "v2.0", "token"] => {
                if request.method() != Method::POST {
                    return Err(Problem::new(900_561, [request.method().as_str()]));
                }
                let claims = grant::claims(self, cloud, clock, tenant, request)?;
                let granted = self.sign(claims)?;
                Ok(self.token_answer(granted))
            }
            ["common", "discovery", "instance"] => {
                let query = request.uri().query().unwrap_or_default();
                let asked = form_urlencoded::parse(query.as_bytes())
                    .find(|(key, _)| key == "authorization_endpoint");
                discovery::instance(cloud, asked.as_ref().map(|(_, url)| url.as_ref()))
            }
            [tenant, "v2.0", ".well-known", "openid-configuration"] => {
                let shared = ["common", "organizations"].contains(tenant);
                if shared {
                    return Ok(discovery::configuration(cloud, host, tenant));
                }
                match self.directory.tenant(cloud, tenant)? {
                    (id, true) => Ok(discovery::configuration(cloud, host, &id)),
                    (id, false) => Err(Problem::new(90_038, [&id, host])),
                }
            }
            [_, "discovery", "v2.0", "keys"] => Ok(discovery::keys(&self.tokens)),
            _ => Err(Problem::new(900_439, [])),
        }
    }

    fn sign(&self, claims: Claims) -> Result<Granted, Problem> {
        let token = self
            .tokens
            .mint(&claims)
            .map_err(|_| Problem::new(50_000, []))?;
        Ok(Granted { token, claims })
    }

    fn token_answer(&self, granted: Granted) -> Value {
        let mut body = Map::new();
        body.insert("token_type".into(), "Bearer".into());
        body.insert("expires_in".into(), self.lifetime.into());
        body.insert("ext_expires_in".into(), self.lifetime.into());
        if let Some(seconds) = self.refresh_in {
            body.insert("refresh_in".into(), seconds.into());
        }
        body.insert("access_token".into(), granted.token.into());
        Value::Object(body)
    }

    /// A token for a managed identity, in the cloud that the resource belongs to.
    ///
    /// # Errors
    /// Error and text, where the resource is none.
    pub(crate) fn grant_identity(
        &self,
        tenant: &str,
        client: &str,
        resource_id: &str,
        resource: &str,
        clock: &Clock,
    ) -> Result<Granted, (&'static str, String)> {
        let said = |problem: Problem| (problem.error(), problem.text());
        let cloud = Cloud::ALL
            .into_iter()
            .find(|cloud| grant::is_resource(*cloud, resource))
            .ok_or_else(|| said(Problem::new(500_011, [resource, tenant])))?;
        let principal = token::Principal {
            resource_id: Some(resource_id.to_owned()),
            ..token::Principal::application(tenant, client)
        };
        let claims = Claims::new(cloud, &principal, resource, clock, self.lifetime);
        self.sign(claims).map_err(said)
    }

    /// A federated assertion that a trusted issuer would have signed, for so many seconds.
    pub(crate) fn assertion(
        &self,
        clock: &Clock,
        who: (&str, &str, &str),
        lifetime: u64,
    ) -> Result<String, PkiError> {
        assertion::mint(&self.tokens, clock, who, lifetime)
    }
}
