//! The metadata service's refusals.
//!
//! Must not know how they come about. Source: the error table of "How to use managed identities for Azure
//! resources on an Azure VM to acquire an access token" (wire 1.3.1).

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::API_VERSIONS;
use crate::answer;

#[derive(Debug)]
pub(super) enum Refusal {
    Forwarded,
    NoMetadataHeader,
    UnknownSource(String),
    Method,
    Missing(&'static str),
    ApiVersion,
    NoIdentity,
    SeveralIdentities,
    TwoNames,
    /// What Entra ID said.
    Entra(&'static str, String),
}

impl Refusal {
    pub(super) fn response(&self) -> Response<Bytes> {
        use Refusal as R;
        let bad = StatusCode::BAD_REQUEST;
        match self {
            R::Forwarded => refusal(
                bad,
                "bad_request",
                "Requests with an X-Forwarded-For header are not answered",
            ),
            R::NoMetadataHeader => refusal(
                bad,
                "bad_request_102",
                "Required metadata header not specified",
            ),
            R::UnknownSource(path) => refusal(
                StatusCode::UNAUTHORIZED,
                "unknown_source",
                &format!("Unknown Source {path}"),
            ),
            R::Method => refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                "bad_request",
                "Only GET is allowed",
            ),
            R::Missing(name) => refusal(
                bad,
                "invalid_request",
                &format!("Required query variable '{name}' is missing"),
            ),
            R::ApiVersion => answer::json(
                bad,
                &json!({
                    "error": "Bad request. api-version is invalid or was not specified in the request.",
                    "newest-versions": API_VERSIONS.iter().rev().take(3).collect::<Vec<_>>(),
                }),
            ),
            R::NoIdentity => refusal(bad, "invalid_request", "Identity not found"),
            R::SeveralIdentities => refusal(
                bad,
                "invalid_request",
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
            ),
            R::TwoNames => refusal(
                bad,
                "invalid_request",
                "Only one of client_id, object_id and msi_res_id may be specified",
            ),
            R::Entra(error, text) => refusal(bad, error, text),
        }
    }
}

fn refusal(status: StatusCode, error: &str, text: &str) -> Response<Bytes> {
    answer::json(status, &json!({"error": error, "error_description": text}))
}

/// The answer of an error that a fault asked for.
pub(crate) fn named(error: &str) -> Option<Response<Bytes>> {
    let (status, text) = match error {
        "bad_request_102" => return Some(Refusal::NoMetadataHeader.response()),
        "invalid_request" => return Some(Refusal::NoIdentity.response()),
        "invalid_resource" => (
            400,
            "AADSTS50001: The application named unknown was not found in the tenant named unknown.",
        ),
        "unknown_source" => (401, "Unknown Source"),
        "access_denied" => (
            401,
            "The resource owner or authorization server denied the request",
        ),
        // Docker Desktop's proxy, which stands where the metadata service would be.
        "unreachable" => (
            403,
            "connecting to 169.254.169.254:80: dial tcp: connect: A socket operation was attempted to an unreachable host",
        ),
        "unknown" => (500, "Failed to retrieve token"),
        _ => return None,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Some(refusal(status, error, text))
}

/// What the metadata service says with a status that a fault or a phase asked for.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let (error, text) = match status.as_u16() {
        404 => ("not_found", "The endpoint is being updated"),
        410 => ("gone", "The endpoint is being updated"),
        429 => ("too_many_requests", "Too many requests"),
        500..=599 => ("unknown", "Failed to retrieve token"),
        _ => ("bad_request", "The request was refused"),
    };
    refusal(status, error, text)
}
