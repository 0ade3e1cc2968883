//! Entra ID's error answers: one row per AADSTS code played.
//!
//! Must not know how requests are decided; only how a decision reads. Source: "Microsoft Entra
//! authentication and authorization error codes" (wire 1.1).

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;

use crate::answer::{self, Ids};
use crate::clock::Clock;
use crate::cloud::Cloud;

/// Code, status, OAuth error and text; `{}` takes what the error is about, in order.
type Row = (u64, u16, &'static str, &'static str);

const ROWS: &[Row] = &[
    (
        7_000_215,
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
    ),
    (
        7_000_222,
        401,
        "invalid_client",
        "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
    ),
    (
        7_000_218,
        401,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    (
        7_000_229,
        401,
        "invalid_client",
        "The client application {} is missing service principal in the tenant {}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
    ),
    (
        700_027,
        401,
        "invalid_client",
        "Client assertion contains an invalid signature. [Reason - The key was not found.] Client application: '{}'.",
    ),
    (
        700_211,
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion issuer '{}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    ),
    (
        700_212,
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion audience '{}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    ),
    (
        700_213,
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion subject '{}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    ),
    // "Federated Identity Credentials now use case-sensitive matching", August 2024; Azure/login issue 515.
    (
        7_002_138,
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion {} '{}'. The {} matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at: https://learn.microsoft.com/entra/workload-id/workload-identity-federation. See breaking change notification and remediation at: https://learn.microsoft.com/entra/identity-platform/reference-breaking-changes#august-2024.",
    ),
    (
        700_024,
        401,
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of assertion {}.",
    ),
    (
        50_027,
        400,
        "invalid_request",
        "JWT token is invalid or malformed.",
    ),
    (
        700_016,
        400,
        "unauthorized_client",
        "Application with identifier '{}' was not found in the directory '{}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    (
        7_000_112,
        401,
        "unauthorized_client",
        "Application '{}' is disabled.",
    ),
    (
        70_001,
        400,
        "unauthorized_client",
        "The application named {} was not found in the tenant named {}.",
    ),
    // Its OAuth error is what live answers had (harishkrupo/oauth2ms issue 19, O365/python-o365 issue 469),
    // not the unauthorized_client of its neighbours.
    (
        700_025,
        401,
        "invalid_client",
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented. Application: '{}'.",
    ),
    (
        90_002,
        400,
        "invalid_request",
        "Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    ),
    (
        900_023,
        400,
        "invalid_request",
        "Specified tenant identifier '{}' is neither a valid DNS name, nor a valid external domain.",
    ),
    (
        900_021,
        400,
        "invalid_request",
        "Requested tenant identifier '{}' is not valid.",
    ),
    (
        90_038,
        400,
        "invalid_request",
        "The specified tenant '{}' belongs to another National Cloud. The current cloud instance '{}' does not federate with it.",
    ),
    (
        900_382,
        400,
        "invalid_request",
        "Confidential Client is not supported in Cross Cloud request.",
    ),
    (
        900_432,
        400,
        "invalid_request",
        "Confidential Client is not supported in Cross Cloud request.",
    ),
    (
        900_144,
        400,
        "invalid_request",
        "The request body must contain the following parameter: '{}'.",
    ),
    (
        900_561,
        400,
        "invalid_request",
        "The endpoint only accepts POST requests. Received a {} request.",
    ),
    (
        900_439,
        404,
        "invalid_request",
        "There is no such endpoint here.",
    ),
    (
        50_049,
        400,
        "invalid_instance",
        "Unknown or invalid instance.",
    ),
    (
        70_003,
        400,
        "unsupported_grant_type",
        "The app requested an unsupported grant type '{}'.",
    ),
    (
        70_011,
        400,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {} is not valid.",
    ),
    (
        700_022,
        400,
        "invalid_scope",
        "The provided value for the input parameter scope is not valid because it contains more than one resource. Scope {} is not valid.",
    ),
    (
        1_002_012,
        400,
        "invalid_scope",
        "The provided value for scope {} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
    ),
    (
        500_011,
        400,
        "invalid_resource",
        "The resource principal named {} was not found in the tenant named {}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    (
        50_001,
        400,
        "invalid_resource",
        "The application named {} was not found in the tenant named {}.",
    ),
    (
        53_003,
        400,
        "invalid_grant",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    (
        530_032,
        400,
        "access_denied",
        "Blocked by Conditional Access on security policy.",
    ),
    (
        50_076,
        400,
        "invalid_grant",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{}'.",
    ),
    (
        90_006,
        503,
        "temporarily_unavailable",
        "The service is temporarily unavailable. Please retry later.",
    ),
    (
        90_012,
        503,
        "temporarily_unavailable",
        "The request has timed out.",
    ),
    (
        90_024,
        503,
        "temporarily_unavailable",
        "The directory is temporarily unavailable. Please retry later.",
    ),
    (
        90_033,
        503,
        "temporarily_unavailable",
        "A transient error has occurred. Please try again.",
    ),
    (
        90_055,
        429,
        "temporarily_unavailable",
        "Server is terminating the request because of too many requests.",
    ),
    (
        90_090,
        503,
        "temporarily_unavailable",
        "Authentication failed due to an internal error of the directory.",
    ),
    (
        50_000,
        500,
        "server_error",
        "There was an error issuing a token or an issue with our sign-in service.",
    ),
    // A live one came with 400 (AzureAD/microsoft-authentication-library-for-dotnet issue 2353).
    (
        50_196,
        400,
        "temporarily_unavailable",
        "The server terminated an operation because it encountered a client request loop. Please contact your app vendor.",
    ),
    (
        90_015,
        400,
        "invalid_request",
        "The request could not be processed.",
    ),
];

/// Why there is no token: a code, and what it is about.
#[derive(Debug)]
pub(super) struct Problem {
    row: Row,
    about: Vec<String>,
}

impl Problem {
    /// The problem of a code that is in the table; another one is a server error.
    pub(super) fn new<const N: usize>(code: u64, about: [&str; N]) -> Problem {
        Problem {
            row: row(code).unwrap_or((50_000, 500, "server_error", "")),
            about: about.iter().map(|&text| text.to_owned()).collect(),
        }
    }

    pub(super) fn error(&self) -> &'static str {
        self.row.2
    }

    /// The code and its text, without the ids that follow it in an answer.
    pub(super) fn text(&self) -> String {
        let (code, _, _, template) = self.row;
        let mut text = format!("AADSTS{code}: {template}");
        for about in &self.about {
            text = text.replacen("{}", about, 1);
        }
        text.replace("{}", "unknown")
    }

    pub(super) fn response(
        &self,
        cloud: Cloud,
        clock: &Clock,
        ids: &Ids,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let (code, status, error, _) = self.row;
        let (trace, own) = (ids.next(), ids.next());
        let correlation = request
            .headers()
            .get("client-request-id")
            .and_then(|v| v.to_str().ok())
            .filter(|v| v.len() <= 64)
            .unwrap_or(&own);
        let now = answer::timestamp(clock.unix_seconds());
        answer::json(
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            &json!({
                "error": error,
                "error_description": format!(
                    "{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
                    self.text()
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

fn row(code: u64) -> Option<Row> {
    ROWS.iter().find(|row| row.0 == code).copied()
}

/// Every AADSTS code that Entra ID answers with here, by itself or by a fault.
pub fn codes() -> impl Iterator<Item = u64> {
    ROWS.iter().map(|row| row.0)
}

/// Whether a code is in the table.
pub(crate) fn is_code(code: u64) -> bool {
    row(code).is_some()
}

/// The answer of a code that a fault asked for.
pub(crate) fn named(
    code: &str,
    cloud: Cloud,
    clock: &Clock,
    ids: &Ids,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let code = code.trim_start_matches("AADSTS").parse().ok()?;
    let problem = row(code).map(|row| Problem {
        row,
        about: Vec::new(),
    })?;
    Some(problem.response(cloud, clock, ids, request))
}

/// What the token endpoint says with a status that a fault asked for.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let code = match status.as_u16() {
        429 => 90_055,
        500..=599 => 90_033,
        _ => 90_015,
    };
    let problem = Problem::new(code, []);
    answer::json(
        status,
        &json!({
            "error": problem.error(),
            "error_description": problem.text(),
            "error_codes": [code],
        }),
    )
}
