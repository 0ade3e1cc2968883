//! Entra ID's error answers: one variant per AADSTS code played.
//!
//! Must not know how requests are decided; only how a decision reads. Source: "Microsoft Entra
//! authentication and authorization error codes".

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;

use crate::answer::{self, Ids};
use crate::clock::Clock;
use crate::cloud::Cloud;

/// Why there is no token.
#[derive(Debug)]
pub(super) enum Problem {
    NoSuchPage,
    OnlyPost(String),
    MalformedTenant(String),
    UnknownTenant(String),
    MissingParameter(&'static str),
    UnsupportedGrant(String),
    MalformedScope(String),
    NotDefaultScope(String),
    UnknownApplication { client: String, tenant: String },
    MissingSecret,
    WrongSecret(String),
    ExpiredSecret(String),
    NoFederatedCredential(String),
    UnknownResource { resource: String, tenant: String },
    Broken,
}

impl Problem {
    /// Status, OAuth error, AADSTS code and text.
    fn parts(&self) -> (StatusCode, &'static str, u64, String) {
        use Problem as P;
        let bad = StatusCode::BAD_REQUEST;
        let unauthorized = StatusCode::UNAUTHORIZED;
        match self {
            P::NoSuchPage => (
                StatusCode::NOT_FOUND,
                "invalid_request",
                900_439,
                "There is no such endpoint here.".into(),
            ),
            P::OnlyPost(method) => (
                bad,
                "invalid_request",
                900_561,
                format!("The endpoint only accepts POST requests. Received a {method} request."),
            ),
            P::MalformedTenant(tenant) => (
                bad,
                "invalid_request",
                900_023,
                format!(
                    "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain."
                ),
            ),
            P::UnknownTenant(tenant) => (
                bad,
                "invalid_request",
                90_002,
                format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
                ),
            ),
            P::MissingParameter(name) => (
                bad,
                "invalid_request",
                900_144,
                format!("The request body must contain the following parameter: '{name}'."),
            ),
            P::UnsupportedGrant(grant) => (
                bad,
                "unsupported_grant_type",
                70_003,
                format!("The app requested an unsupported grant type '{grant}'."),
            ),
            P::MalformedScope(scope) => (
                bad,
                "invalid_scope",
                70_011,
                format!(
                    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
                ),
            ),
            P::NotDefaultScope(scope) => (
                bad,
                "invalid_scope",
                1_002_012,
                format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
                ),
            ),
            P::UnknownApplication { client, tenant } => (
                bad,
                "unauthorized_client",
                700_016,
                format!(
                    "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
                ),
            ),
            P::MissingSecret => (
                unauthorized,
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.".into(),
            ),
            P::WrongSecret(client) => (
                unauthorized,
                "invalid_client",
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
                ),
            ),
            P::ExpiredSecret(client) => (
                unauthorized,
                "invalid_client",
                7_000_222,
                format!(
                    "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."
                ),
            ),
            P::NoFederatedCredential(client) => (
                unauthorized,
                "invalid_client",
                700_213,
                format!(
                    "No matching federated identity record found for the presented assertion and the app '{client}'."
                ),
            ),
            P::UnknownResource { resource, tenant } => (
                bad,
                "invalid_resource",
                500_011,
                format!(
                    "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
                ),
            ),
            P::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                90_055,
                "The token could not be signed.".into(),
            ),
        }
    }

    pub(super) fn response(
        &self,
        cloud: Cloud,
        clock: &Clock,
        ids: &Ids,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let (status, error, code, text) = self.parts();
        let (trace, own) = (ids.next(), ids.next());
        let correlation = request
            .headers()
            .get("client-request-id")
            .and_then(|v| v.to_str().ok())
            .filter(|v| v.len() <= 64)
            .unwrap_or(&own);
        let now = answer::timestamp(clock.unix_seconds());
        answer::json(
            status,
            &json!({
                "error": error,
                "error_description": format!(
                    "AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}"
                ),
                "error_codes": [code],
                "timestamp": now,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": format!("https://{}/error?code={code}", cloud.authority()),
            }),
        )
    }
}

/// What the token endpoint says with a status that a fault asked for.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let (error, code, text) = match status.as_u16() {
        429 => (
            "temporarily_unavailable",
            90_055,
            "Server is terminating the request because of too many requests.",
        ),
        500..=599 => (
            "temporarily_unavailable",
            90_033,
            "A transient error has occurred. Please try again.",
        ),
        _ => (
            "invalid_request",
            90_015,
            "The request could not be processed.",
        ),
    };
    answer::json(
        status,
        &json!({
            "error": error,
            "error_description": format!("AADSTS{code}: {text}"),
            "error_codes": [code],
        }),
    )
}
