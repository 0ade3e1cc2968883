//! The client credentials grant: from a form to the claims of a token, or to why there is none.
//!
//! Must not know HTTP beyond the request's body and its `Authorization`. Source: "Microsoft identity
//! platform and the OAuth 2.0 client credentials flow" (wire 1.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};

use super::Entra;
use super::assertion;
use super::directory::Application;
use super::error::Problem;
use super::token::{Claims, Principal};
use crate::clock::Clock;
use crate::cloud::Cloud;

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The claims that a token request is good for.
pub(super) fn claims(
    entra: &Entra,
    cloud: Cloud,
    clock: &Clock,
    tenant: &str,
    request: &Request<Bytes>,
) -> Result<Claims, Problem> {
    let (tenant, lives_here) = entra.directory.tenant(cloud, tenant)?;
    if !lives_here {
        return Err(Problem::new(900_382, []));
    }
    let form = Form::parse(request);
    let grant = form.required("grant_type")?;
    let client = form.required("client_id")?.to_ascii_lowercase();
    if grant != "client_credentials" {
        return Err(Problem::new(70_003, [grant]));
    }
    let resource = resource_of(form.required("scope")?)?;
    let application = entra.directory.application(&tenant, &client)?;
    if application.disabled {
        return Err(Problem::new(7_000_112, [&client]));
    }
    if form.get("client_assertion").is_some() {
        assert(entra, application, &form, &client, clock)?;
    } else {
        secret(application, &form, &client, clock)?;
    }
    if !is_resource(cloud, &resource) {
        return Err(Problem::new(500_011, [&resource, &tenant]));
    }
    if let Some(code) = application.refused {
        return Err(Problem::new(code, [&client]));
    }
    let principal = Principal::application(&tenant, &client);
    Ok(Claims::new(
        cloud,
        &principal,
        &resource,
        clock,
        entra.lifetime,
    ))
}

fn secret(
    application: &Application,
    form: &Form,
    client: &str,
    clock: &Clock,
) -> Result<(), Problem> {
    let given = form
        .get("client_secret")
        .filter(|s| !s.is_empty())
        .ok_or_else(|| Problem::new(7_000_218, []))?;
    if application.public_client {
        return Err(Problem::new(700_025, [client]));
    }
    if application.secret.as_deref() != Some(given) {
        return Err(Problem::new(7_000_215, [client]));
    }
    let expired = |at: u64| at <= clock.unix_seconds();
    if application.secret_expires.is_some_and(expired) {
        return Err(Problem::new(7_000_222, [client]));
    }
    Ok(())
}

fn assert(
    entra: &Entra,
    application: &Application,
    form: &Form,
    client: &str,
    clock: &Clock,
) -> Result<(), Problem> {
    if application.public_client {
        return Err(Problem::new(700_025, [client]));
    }
    if form.required("client_assertion_type")? != JWT_BEARER {
        return Err(Problem::new(900_144, ["client_assertion_type"]));
    }
    let text = form.required("client_assertion")?;
    assertion::check(&entra.tokens, &application.federated, client, text, clock)
}

/// The resource in `<resource>/.default`.
fn resource_of(scope: &str) -> Result<String, Problem> {
    let scopes: Vec<&str> = scope.split_ascii_whitespace().collect();
    let [only] = scopes.as_slice() else {
        let code = if scopes.iter().all(|s| s.ends_with("/.default")) && !scopes.is_empty() {
            700_022
        } else {
            70_011
        };
        return Err(Problem::new(code, [scope]));
    };
    match only.strip_suffix("/.default") {
        None => Err(Problem::new(1_002_012, [only])),
        Some("") => Err(Problem::new(70_011, [scope])),
        Some(resource) => Ok(resource.to_owned()),
    }
}

/// Whether a resource has a service principal in every tenant of this cloud.
pub(super) fn is_resource(cloud: Cloud, resource: &str) -> bool {
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
    /// The body's pairs, and the client's id and secret where HTTP Basic has them (RFC 6749 section
    /// 2.3.1, both encoded as in a form).
    fn parse(request: &Request<Bytes>) -> Form {
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(request.body())
            .into_owned()
            .collect();
        let basic = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Basic "))
            .and_then(|v| STANDARD.decode(v).ok())
            .and_then(|v| String::from_utf8(v).ok());
        if let Some((id, secret)) = basic.as_deref().and_then(|b| b.split_once(':')) {
            let joined = format!("client_id={id}&client_secret={secret}");
            pairs.extend(form_urlencoded::parse(joined.as_bytes()).into_owned());
        }
        Form(pairs)
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
            .ok_or_else(|| Problem::new(900_144, [key]))
    }
}
