//! Key Vault's refusals, in the service's words.
//!
//! Must not know how they come about. Source: "Azure Key Vault REST API error codes", and answers of the
//! live service quoted in public issues (wire 1.4.5, 2.8). Where no text is public it is kept short.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::Vault;
use crate::answer;
use crate::seed::StandAloneKind;

#[derive(Debug)]
pub(super) enum Refusal {
    NoToken,
    ForeignToken,
    TokenLifetime,
    /// Continuous access evaluation wants a token with these claims.
    InsufficientClaims,
    WrongAudience {
        expected: String,
        found: String,
    },
    WrongIssuer {
        expected: String,
        found: String,
    },
    ForbiddenByRbac {
        caller: String,
        action: &'static str,
        resource: String,
    },
    AccessDenied {
        caller: String,
        permission: String,
    },
    /// The same as `AccessDenied`, as other builds of the service call it.
    ForbiddenByPolicy {
        caller: String,
        permission: String,
    },
    ForbiddenByFirewall {
        caller: String,
    },
    /// Public access is off.
    ForbiddenByConnection {
        caller: String,
    },
    /// It came by a private link that nobody approved.
    UnapprovedLink {
        caller: String,
    },
    SecretDisabled,
    PurgeProtected,
    NoApiVersion,
    UnknownApiVersion(String),
    /// With the whole text.
    BadParameter(String),
    /// A key of so many bits, where these are supported.
    KeySizeNotSupported(u32, &'static str),
    BadMaxResults,
    BadSkipToken,
    InvalidName(String),
    InvalidVersion(String),
    NotFound(String),
    DeletedNotFound(String),
    NoPending(String),
    NoContacts,
    NoIssuer,
    NoSecret(String),
    NoSuchPath(String),
    MethodNotAllowed(String),
    Deleted(String),
    BeingDeleted,
    BeingRecovered,
    /// An operation is making a version of this name.
    UnderWay,
    /// Two requests about one name got in each other's way.
    Parallel(Parallel, String),
    /// A secret or key that belongs to no certificate has the name.
    StandsAlone(StandAloneKind, String),
    Throttled(Limit),
    NotEmulated(&'static str),
    Broken(String),
}

/// The sizes of RSA keys that the service knows.
pub(super) const RSA_SIZES: &str = "2048, 3072, 4096";
/// And those of EC keys, one for each curve but P-256K, which is 256 too.
pub(super) const EC_SIZES: &str = "256, 384, 521";

/// What was done to a certificate when something else was.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parallel {
    DeletingPending,
    MergingPending,
    Recovering,
    Restoring,
}

/// Which limit a vault's caller has reached.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// Of all requests of a type.
    RequestType,
    /// Of one operation, such as imports.
    Operation,
}

impl Refusal {
    /// Something that fails only where the emulator does.
    pub(super) fn broken(error: impl fmt::Display) -> Refusal {
        Refusal::Broken(error.to_string())
    }

    pub(super) fn status(&self) -> StatusCode {
        use Refusal as R;
        match self {
            R::NoToken
            | R::ForeignToken
            | R::TokenLifetime
            | R::InsufficientClaims
            | R::WrongAudience { .. }
            | R::WrongIssuer { .. } => StatusCode::UNAUTHORIZED,
            R::ForbiddenByRbac { .. }
            | R::AccessDenied { .. }
            | R::ForbiddenByPolicy { .. }
            | R::ForbiddenByFirewall { .. }
            | R::ForbiddenByConnection { .. }
            | R::UnapprovedLink { .. }
            | R::SecretDisabled
            | R::PurgeProtected => StatusCode::FORBIDDEN,
            R::NoApiVersion
            | R::UnknownApiVersion(_)
            | R::BadParameter(_)
            | R::KeySizeNotSupported(..)
            | R::BadMaxResults
            | R::BadSkipToken
            | R::InvalidName(_)
            | R::InvalidVersion(_) => StatusCode::BAD_REQUEST,
            R::NotFound(_)
            | R::DeletedNotFound(_)
            | R::NoPending(_)
            | R::NoContacts
            | R::NoIssuer
            | R::NoSecret(_)
            | R::NoSuchPath(_) => StatusCode::NOT_FOUND,
            R::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            R::Deleted(_)
            | R::BeingDeleted
            | R::BeingRecovered
            | R::UnderWay
            | R::Parallel(..)
            | R::StandsAlone(..) => StatusCode::CONFLICT,
            R::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            R::NotEmulated(_) => StatusCode::NOT_IMPLEMENTED,
            R::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        use Refusal as R;
        match self {
            R::NoPending(_) => "PendingCertificateNotFound",
            R::NoContacts => "ContactsNotFound",
            R::NoIssuer => "CertificateIssuerNotFound",
            R::NotFound(_) | R::DeletedNotFound(_) => "CertificateNotFound",
            R::NoSecret(_) => "SecretNotFound",
            R::NoSuchPath(_) => "NotFound",
            R::NotEmulated(_) => "NotEmulated",
            other => code(other.status()),
        }
    }

    fn inner_code(&self) -> Option<&'static str> {
        use Refusal as R;
        match self {
            R::ForbiddenByRbac { .. } => Some("ForbiddenByRbac"),
            R::AccessDenied { .. } => Some("AccessDenied"),
            R::ForbiddenByFirewall { .. } => Some("ForbiddenByFirewall"),
            R::ForbiddenByPolicy { .. } => Some("ForbiddenByPolicy"),
            R::ForbiddenByConnection { .. } | R::UnapprovedLink { .. } => {
                Some("ForbiddenByConnection")
            }
            R::SecretDisabled => Some("SecretDisabled"),
            R::KeySizeNotSupported(..) => Some("KeySizeNotSupported"),
            R::Deleted(_) => Some("ObjectIsDeletedButRecoverable"),
            R::BeingDeleted => Some("ObjectIsBeingDeleted"),
            R::BeingRecovered => Some("ObjectIsBeingRecovered"),
            _ => None,
        }
    }

    fn message(&self, vault: &Vault) -> String {
        use Refusal as R;
        let place = format!("{};location={}", vault.name, vault.spec().location);
        match self {
            R::NoToken => "AKV10000: Request is missing a Bearer or PoP token.".into(),
            R::ForeignToken => {
                "AKV10046: Unable to resolve the key used for signature validation.".into()
            }
            R::TokenLifetime => "[TokenExpired] Error validating token: 'S2S12086'.".into(),
            R::InsufficientClaims => {
                "Continuous access evaluation resulted in a challenge; a token with the claims of the challenge is needed."
                    .into()
            }
            R::WrongAudience { expected, found } => {
                format!("AKV10022: Invalid audience. Expected {expected}, found: {found}.")
            }
            R::WrongIssuer { expected, found } => {
                format!("AKV10032: Invalid issuer. Expected one of {expected}, found {found}.")
            }
            R::ForbiddenByRbac {
                caller,
                action,
                resource,
            } => format!(
                "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: {caller}\r\nAction: '{action}'\r\nResource: '{resource}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: {place}\r\n"
            ),
            R::AccessDenied { caller, permission } | R::ForbiddenByPolicy { caller, permission } => format!(
                "The user, group or application '{caller}' does not have {permission} permission on key vault '{place}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
            ),
            R::ForbiddenByFirewall { caller } => format!(
                "Client address is not authorized and caller is not a trusted service.\r\nClient address: 127.0.0.1\r\nCaller: {caller}\r\nVault: {place}"
            ),
            R::ForbiddenByConnection { caller } => format!(
                "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: {caller}\r\nVault: {place}"
            ),
            R::UnapprovedLink { caller } => format!(
                "Connection is not an approved private link and caller was ignored because bypass is set to None.\r\nCaller: {caller}\r\nVault: {place}"
            ),
            R::SecretDisabled => "Operation get is not allowed on a disabled secret.".into(),
            R::PurgeProtected => format!(
                "Operation \"purge\" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed. Vault: {place}"
            ),
            R::NoApiVersion => "api-version must be specified".into(),
            R::UnknownApiVersion(version) => format!(
                "The specified version ({version}) is not recognized. Consider using the latest supported version (2026-04-01)."
            ),
            R::BadParameter(text) => text.clone(),
            R::KeySizeNotSupported(size, supported) => {
                format!("Unsupported key size ({size}). Supported sizes are [{supported}]")
            }
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
            R::NotFound(name) => not_found("certificate", name),
            R::DeletedNotFound(name) => format!("Deleted Certificate not found: {name}"),
            R::NoPending(name) => format!("Pending certificate not found: {name}"),
            R::NoContacts => "Contacts not found".into(),
            R::NoIssuer => "Issuer not found".into(),
            R::NoSecret(name) => not_found("secret", name),
            R::NoSuchPath(path) => format!("There is no resource at {path}."),
            R::MethodNotAllowed(method) => {
                format!("The HTTP method {method} is not allowed on this resource.")
            }
            R::Deleted(name) => format!(
                "Certificate {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the certificate can only be recovered or purged."
            ),
            R::BeingDeleted => "Certificate is currently being deleted.".into(),
            R::BeingRecovered => "Certificate is currently being recovered.".into(),
            R::UnderWay => "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.".into(),
            R::Parallel(deed, name) => {
                let object = format!("https://{}/certificates/{name}", vault.host);
                deed.message(&object)
            }
            R::StandsAlone(kind, name) => format!(
                "A {} with the name {name} already exists, and belongs to no certificate.",
                if *kind == StandAloneKind::Secret { "secret" } else { "key" }
            ),
            R::Throttled(limit) => limit.message().into(),
            R::NotEmulated(what) => format!("The emulator does not play {what}."),
            R::Broken(what) => format!("The emulator failed: {what}"),
        }
    }

    pub(super) fn response(&self, vault: &Vault) -> Response<Bytes> {
        let mut error = json!({"code": self.code(), "message": self.message(vault)});
        if let (Some(inner), Some(error)) = (self.inner_code(), error.as_object_mut()) {
            error.insert("innererror".into(), json!({ "code": inner }));
        }
        let mut response = answer::json(self.status(), &json!({"error": error}));
        if self.status() == StatusCode::UNAUTHORIZED {
            let authority = format!(
                "https://{}/{}",
                vault.cloud.authority(),
                vault.spec().tenant
            );
            let challenge = if matches!(self, Refusal::InsufficientClaims) {
                let claims = STANDARD.encode(CLAIMS);
                format!(
                    "Bearer authorization_uri=\"{authority}\", error=\"insufficient_claims\", claims=\"{claims}\""
                )
            } else {
                let resource = vault.cloud.vault_resource();
                format!("Bearer authorization=\"{authority}\", resource=\"{resource}\"")
            };
            answer::set(&mut response, "www-authenticate", &challenge);
        }
        response
    }
}

/// What a challenge of continuous access evaluation asks for (wire 1.4.4); "Claims challenges, claims requests
/// and client capabilities".
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1787220930"}}}"#;

impl Parallel {
    /// Azure/azure-sdk-for-js issues 24086, 35256 and 36328; a restoring's is of pull request 5447 there.
    fn message(self, object: &str) -> String {
        let (deed, thing) = match self {
            Parallel::DeletingPending => ("deleting", "pending certificate"),
            Parallel::MergingPending => ("merging", "pending certificate"),
            Parallel::Recovering => ("recovering", "soft-deleted certificate"),
            Parallel::Restoring => {
                return format!(
                    "Conflict while restoring certificate {object} - certificate already exists or concurrent access"
                );
            }
        };
        format!(
            "There was a conflict while {deed} the {thing} '{object}'. This can happen when multiple operations are performed in parallel against the {thing}. To avoid this error, perform operations against the {thing} in a sequential manner."
        )
    }
}

impl Limit {
    /// A recorded 429 had the first of these texts, and no `Retry-After` (vcsjones/AzureSignTool issue 219);
    /// the second is another reason that the service gives (Azure/azure-sdk-for-java issue 14879).
    pub(super) fn message(self) -> &'static str {
        match self {
            Limit::RequestType => {
                "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
            }
            Limit::Operation => {
                "Request was not processed because too many requests were received. Reason: VaultOperationLimitReached"
            }
        }
    }
}

fn not_found(what: &str, name: &str) -> String {
    format!(
        "A {what} with (name/id) {name} was not found in this key vault. If you recently deleted this {what} you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
}

/// The code that goes with a status.
pub(super) fn code(status: StatusCode) -> &'static str {
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
