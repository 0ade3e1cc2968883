//! Entra ID: who exists in which tenant, and the token endpoint.
//!
//! Must not know vaults beyond the names of the resources tokens are for. `token` makes and checks
//! access tokens, `error` has the service's error answers. Source: "Microsoft identity platform and the
//! OAuth 2.0 client credentials flow".

mod error;
mod token;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::answer::{self, Ids};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::pki::PkiError;
use crate::seed::{Seed, unix_seconds};

use error::Problem;
pub(crate) use error::plain;
pub(crate) use token::{Claims, TokenProblem, Tokens};

/// The directory of one emulator, for all its clouds.
#[derive(Debug)]
pub(crate) struct Entra {
    tenants: Vec<(String, Option<String>)>,
    applications: BTreeMap<String, Application>,
    lifetime: u64,
    pub(crate) tokens: Tokens,
}

#[derive(Debug)]
struct Application {
    secret: Option<String>,
    secret_expires: Option<u64>,
    tenants: Vec<String>,
}

impl Entra {
    pub(crate) fn new(seed: &Seed) -> Result<Entra, PkiError> {
        let tenants = seed
            .tenants
            .iter()
            .map(|t| {
                let domain = t.domain.as_ref().map(|d| d.to_ascii_lowercase());
                (t.id.to_ascii_lowercase(), domain)
            })
            .collect();
        let applications = seed
            .applications
            .iter()
            .map(|a| {
                let application = Application {
                    secret: a.secret.clone(),
                    secret_expires: a.secret_expires.as_ref().and_then(|d| unix_seconds(d).ok()),
                    tenants: a.tenants.iter().map(|t| t.to_ascii_lowercase()).collect(),
                };
                (a.client_id.to_ascii_lowercase(), application)
            })
            .collect();
        Ok(Entra {
            tenants,
            applications,
            lifetime: seed.tokens.lifetime_seconds,
            tokens: Tokens::new(&seed.key)?,
        })
    }

    /// Answers a request to an authority's host.
    pub(crate) fn answer(
        &self,
        cloud: Cloud,
        clock: &Clock,
        ids: &Ids,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let outcome = self.token(cloud, clock, request);
        let mut response = match outcome {
            Ok(token) => answer::json(
                StatusCode::OK,
                &json!({
                    "token_type": "Bearer",
                    "expires_in": self.lifetime,
                    "ext_expires_in": self.lifetime,
                    "access_token": token,
                }),
            ),
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

    fn token(
        &self,
        cloud: Cloud,
        clock: &Clock,
        request: &Request<Bytes>,
    ) -> Result<String, Problem> {
        let path = request.uri().path();
        let tenant = path
            .strip_prefix('/')
            .and_then(|p| p.strip_suffix("/oauth2/v2.0/token"))
            .filter(|t| !t.contains('/'))
            .ok_or(Problem::NoSuchPage)?;
        if request.method() != Method::POST {
            return Err(Problem::OnlyPost(request.method().to_string()));
        }
        let tenant = self.tenant(tenant)?;
        let form = Form::parse(request.body());
        let grant = form.required("grant_type")?;
        let client = form.required("client_id")?.to_ascii_lowercase();
        if grant != "client_credentials" {
            return Err(Problem::UnsupportedGrant(grant.to_owned()));
        }
        let resource = resource_of(form.required("scope")?)?;
        let application = self
            .applications
            .get(&client)
            .filter(|a| a.tenants.contains(&tenant))
            .ok_or_else(|| Problem::UnknownApplication {
                client: client.clone(),
                tenant: tenant.clone(),
            })?;
        application.authenticate(&form, &client, clock)?;
        if !is_resource(cloud, &resource) {
            return Err(Problem::UnknownResource { resource, tenant });
        }
        let claims = Claims::new(cloud, &tenant, &client, &resource, clock, self.lifetime);
        self.tokens.mint(&claims).map_err(|_| Problem::Broken)
    }

    fn tenant(&self, asked: &str) -> Result<String, Problem> {
        let asked = asked.to_ascii_lowercase();
        let plausible = (asked.len() == 36 && !asked.contains('.')) || asked.contains('.');
        let allowed = asked
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
        if !plausible || !allowed {
            return Err(Problem::MalformedTenant(asked));
        }
        self.tenants
            .iter()
            .find(|(id, domain)| *id == asked || domain.as_deref() == Some(&asked))
            .map(|(id, _)| id.clone())
            .ok_or(Problem::UnknownTenant(asked))
    }
}

impl Application {
    fn authenticate(&self, form: &Form, client: &str, clock: &Clock) -> Result<(), Problem> {
        if form.get("client_assertion").is_some() {
            return Err(Problem::NoFederatedCredential(client.to_owned()));
        }
        let given = form
            .get("client_secret")
            .filter(|s| !s.is_empty())
            .ok_or(Problem::MissingSecret)?;
        if self.secret.as_deref() != Some(given) {
            return Err(Problem::WrongSecret(client.to_owned()));
        }
        if self
            .secret_expires
            .is_some_and(|at| at <= clock.unix_seconds())
        {
            return Err(Problem::ExpiredSecret(client.to_owned()));
        }
        Ok(())
    }
}

/// The resource in `<resource>/.default`.
fn resource_of(scope: &str) -> Result<String, Problem> {
    let mut scopes = scope.split_ascii_whitespace();
    let (Some(first), None) = (scopes.next(), scopes.next()) else {
        return Err(Problem::MalformedScope(scope.to_owned()));
    };
    let resource = first
        .strip_suffix("/.default")
        .ok_or_else(|| Problem::NotDefaultScope(first.to_owned()))?;
    if resource.is_empty() {
        return Err(Problem::MalformedScope(scope.to_owned()));
    }
    Ok(resource.to_owned())
}

/// Whether a resource has a service principal in every tenant of this cloud.
fn is_resource(cloud: Cloud, resource: &str) -> bool {
    let plain = resource.trim_end_matches('/');
    plain.eq_ignore_ascii_case(&cloud.vault_resource())
        || cloud
            .arm_resources()
            .iter()
            .any(|known| plain.eq_ignore_ascii_case(known))
}

/// A form as decoded pairs.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    fn required(&self, key: &'static str) -> Result<&str, Problem> {
        self.get(key)
            .filter(|value| !value.is_empty())
            .ok_or(Problem::MissingParameter(key))
    }
}
