//! Key Vault's refusals, in the service's words.
//!
//! Must not know how they come about. Source: "Azure Key Vault REST API error codes", and answers of the
//! live service quoted in public issues. Where no text is public it is kept short.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::Vault;
use crate::answer;

#[derive(Debug)]
pub(super) enum Refusal {
    NoToken,
    ForeignToken,
    TokenLifetime,
    WrongAudience { expected: String, found: String },
    WrongIssuer { expected: String, found: String },
    ForbiddenByRbac { caller: String, resource: String },
    NoApiVersion,
    UnknownApiVersion(String),
    BadMaxResults,
    BadSkipToken,
    InvalidName(String),
    InvalidVersion(String),
    NotFound(String),
    NoPending(String),
    NoContacts,
    NoIssuer,
    NoSuchPath(String),
    MethodNotAllowed(String),
    Broken(String),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        use Refusal as R;
        match self {
            R::NoToken
            | R::ForeignToken
            | R::TokenLifetime
            | R::WrongAudience { .. }
            | R::WrongIssuer { .. } => StatusCode::UNAUTHORIZED,
            R::ForbiddenByRbac { .. } => StatusCode::FORBIDDEN,
            R::NoApiVersion
            | R::UnknownApiVersion(_)
            | R::BadMaxResults
            | R::BadSkipToken
            | R::InvalidName(_)
            | R::InvalidVersion(_) => StatusCode::BAD_REQUEST,
            R::NotFound(_) | R::NoPending(_) | R::NoContacts | R::NoIssuer | R::NoSuchPath(_) => {
                StatusCode::NOT_FOUND
            }
            R::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            R::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        use Refusal as R;
        match self {
            R::NoPending(_) => "PendingCertificateNotFound",
            R::NoContacts => "ContactsNotFound",
            R::NoIssuer => "CertificateIssuerNotFound",
            R::NotFound(_) => "CertificateNotFound",
            R::NoSuchPath(_) => "NotFound",
            other => code(other.status()),
        }
    }

    fn message(&self, vault: &Vault) -> String {
        use Refusal as R;
        match self {
            R::NoToken => "AKV10000: Request is missing a Bearer or PoP token.".into(),
            R::ForeignToken => {
                "AKV10046: Unable to resolve the key used for signature validation.".into()
            }
            R::TokenLifetime => "[TokenExpired] Error validating token: 'S2S12086'.".into(),
            R::WrongAudience { expected, found } => {
                format!("AKV10022: Invalid audience. Expected {expected}, found: {found}.")
            }
            R::WrongIssuer { expected, found } => {
                format!("AKV10032: Invalid issuer. Expected one of {expected}, found {found}.")
            }
            R::ForbiddenByRbac { caller, resource } => format!(
                "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: {caller}\r\nAction: 'Microsoft.KeyVault/vaults/certificates/read'\r\nResource: '{resource}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: {};location={}\r\n",
                vault.name,
                vault.spec().location
            ),
            R::NoApiVersion => "api-version must be specified".into(),
            R::UnknownApiVersion(version) => format!(
                "The specified version ({version}) is not recognized. Consider using the latest supported version (2026-04-01)."
            ),
            R::BadMaxResults => {
                "The value for the parameter maxresults is invalid. It must be a number from 1 to 25."
                    .into()
            }
            R::BadSkipToken => "The value for the parameter $skiptoken is invalid.".into(),
            R::InvalidName(name) => {
                format!("The request URI contains an invalid name: {name}")
            }
            R::InvalidVersion(version) => {
                format!("The request URI contains an invalid version: {version}")
            }
            R::NotFound(name) => format!(
                "A certificate with (name/id) {name} was not found in this key vault. If you recently deleted this certificate you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
            ),
            R::NoPending(name) => format!("Pending certificate not found: {name}"),
            R::NoContacts => "Contacts not found".into(),
            R::NoIssuer => "Issuer not found".into(),
            R::NoSuchPath(path) => format!("There is no resource at {path}."),
            R::MethodNotAllowed(method) => {
                format!("The HTTP method {method} is not allowed on this resource.")
            }
            R::Broken(what) => format!("The emulator failed: {what}"),
        }
    }

    pub(super) fn response(&self, vault: &Vault) -> Response<Bytes> {
        let mut error = json!({"code": self.code(), "message": self.message(vault)});
        if let (Refusal::ForbiddenByRbac { .. }, Some(error)) = (self, error.as_object_mut()) {
            error.insert("innererror".into(), json!({"code": "ForbiddenByRbac"}));
        }
        let mut response = answer::json(self.status(), &json!({"error": error}));
        if self.status() == StatusCode::UNAUTHORIZED {
            let challenge = format!(
                "Bearer authorization=\"https://{}/{}\", resource=\"{}\"",
                vault.cloud.authority(),
                vault.spec().tenant,
                vault.cloud.vault_resource()
            );
            answer::set(&mut response, "www-authenticate", &challenge);
        }
        response
    }
}

fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "BadParameter",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "RequestTimeout",
        409 => "Conflict",
        429 => "Throttled",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        500..=599 => "InternalServerError",
        _ => "BadRequest",
    }
}

/// What a vault says with a status that a fault asked for.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let message = match status.as_u16() {
        429 => {
            "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
        }
        500..=599 => "The service is temporarily unavailable.",
        _ => "The request was refused.",
    };
    answer::error(status, code(status), message)
}
