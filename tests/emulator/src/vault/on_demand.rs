//! What a vault says where a fault asks for it, by a name or by a status.
//!
//! Must not know faults. A name is a code, an inner code, the reason of a 429, the number of a 401, or one of
//! ours where several refusals share their codes (wire 1.4.5, 2.8).

use bytes::Bytes;
use http::{Response, StatusCode};

use super::Vault;
use super::error::{Limit, Parallel, Refusal, code};
use crate::answer;
use crate::seed::StandAloneKind;

/// What a vault says by a name.
pub(crate) fn named(asked: &str, vault: &Vault) -> Option<Response<Bytes>> {
    use Refusal as R;
    let name = || "certificate".to_owned();
    let caller = || "appid=;oid=;iss=".to_owned();
    let permission = || "certificates get".to_owned();
    let refusal = match asked {
        "BadParameter" => R::BadParameter("The request was refused.".to_owned()),
        "Unauthorized" | "AKV10000" => R::NoToken,
        "AKV10022" => R::WrongAudience {
            expected: vault.cloud.vault_resource(),
            found: "https://management.azure.com/".to_owned(),
        },
        "AKV10032" => R::WrongIssuer {
            expected: vault.cloud.issuer(&vault.spec().tenant),
            found: vault.cloud.issuer("00000000-0000-0000-0000-000000000000"),
        },
        "AKV10046" => R::ForeignToken,
        "InsufficientClaims" => R::InsufficientClaims,
        "TokenExpired" => R::TokenLifetime,
        "ForbiddenByRbac" => R::ForbiddenByRbac {
            caller: caller(),
            action: "Microsoft.KeyVault/vaults/certificates/read",
            resource: vault.spec().resource_id().to_ascii_lowercase(),
        },
        "AccessDenied" => R::AccessDenied {
            caller: caller(),
            permission: permission(),
        },
        "ForbiddenByPolicy" => R::ForbiddenByPolicy {
            caller: caller(),
            permission: permission(),
        },
        "ForbiddenByFirewall" => R::ForbiddenByFirewall { caller: caller() },
        "ForbiddenByConnection" => R::ForbiddenByConnection { caller: caller() },
        "UnapprovedPrivateLink" => R::UnapprovedLink { caller: caller() },
        "SecretDisabled" => R::SecretDisabled,
        "PurgeProtected" => R::PurgeProtected,
        "CertificateNotFound" => R::NotFound(name()),
        "PendingCertificateNotFound" => R::NoPending(name()),
        "ContactsNotFound" => R::NoContacts,
        "CertificateIssuerNotFound" => R::NoIssuer,
        "SecretNotFound" => R::NoSecret(name()),
        "ObjectIsDeletedButRecoverable" => R::Deleted(name()),
        "ObjectIsBeingDeleted" => R::BeingDeleted,
        "ObjectIsBeingRecovered" => R::BeingRecovered,
        "Conflict" | "ConflictRecovering" => R::Parallel(Parallel::Recovering, name()),
        "ConflictDeletingPending" => R::Parallel(Parallel::DeletingPending, name()),
        "ConflictCreatingPending" => R::UnderWay,
        "ConflictMergingPending" => R::Parallel(Parallel::MergingPending, name()),
        "ConflictStandAlone" => R::StandsAlone(StandAloneKind::Secret, name()),
        "ConflictRestoring" => R::Parallel(Parallel::Restoring, name()),
        "Throttled" | "VaultRequestTypeLimitReached" => R::Throttled(Limit::RequestType),
        "VaultOperationLimitReached" => R::Throttled(Limit::Operation),
        "RequestTimeout" => return Some(plain(StatusCode::REQUEST_TIMEOUT)),
        "InternalServerError" => return Some(plain(StatusCode::INTERNAL_SERVER_ERROR)),
        "BadGateway" => return Some(plain(StatusCode::BAD_GATEWAY)),
        "ServiceUnavailable" => return Some(plain(StatusCode::SERVICE_UNAVAILABLE)),
        "GatewayTimeout" => return Some(plain(StatusCode::GATEWAY_TIMEOUT)),
        _ => return None,
    };
    Some(refusal.response(vault))
}

/// What a vault says with a status.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let message = match status.as_u16() {
        429 => Limit::RequestType.message(),
        500..=599 => "The service is temporarily unavailable.",
        _ => "The request was refused.",
    };
    answer::error(status, code(status), message)
}
