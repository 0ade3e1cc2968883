//! What to do where a service refuses.
//!
//! Codes: Microsoft Learn, "Azure Key Vault REST API error codes"; those of Azure Resource
//! Manager have their advice beside their protocol.
//!
//! It must not know a job.

use super::{forbidden, support};
use crate::azure::action::{Action, Call, Party};
use crate::azure::arm;
use crate::azure::refusal::Refusal;

/// The service refused.
pub fn service(refusal: &Refusal, call: &Call, hint: Option<&str>) -> String {
    let Call { action, server } = call;
    let advice = match hint {
        Some(hint) => hint.to_owned(),
        None => advice(refusal, call),
    };
    format!("could not {action}: {server} answered {refusal}; {advice}")
}

fn advice(refusal: &Refusal, call: &Call) -> String {
    let party = match call.action.party() {
        Party::Arm => "Azure Resource Manager",
        Party::Vault | Party::Issuer => "the vault",
    };
    if refusal.code.is_none() {
        return format!("something between the job and {party} has answered; check the proxy");
    }
    if refusal.status == 403
        && let Some(advice) = forbidden::advice(refusal, call)
    {
        return advice;
    }
    if call.action.party() == Party::Arm
        && let Some(advice) = arm::advice::of(refusal, call)
    {
        return advice;
    }
    let text = match refusal.status {
        400 if refusal.is("KeySizeNotSupported") => {
            "the vault does not take a key of this size or on this curve: it takes RSA with 2048, \
             3072 or 4096 bits, and EC on P-256, P-384, P-521 and P-256K"
        }
        400 if matches!(call.action, Action::ImportCertificate(_))
            && refusal.is("BadParameter") =>
        {
            "the vault does not take this certificate: see that it has not expired, that its key is \
             RSA with 2048, 3072 or 4096 bits or EC on a curve of the vault's, and that its tags are \
             texts that Azure takes"
        }
        401 => {
            return format!(
                "{party} did not accept the token, nor a new one; check the tenant and AzureCloud, \
                 and whether a conditional access policy of the tenant concerns this identity"
            );
        }
        403 => return forbidden::unknown(refusal, call),
        404 if call.action == Action::ListCertificates => {
            "check the vault's name in the store path"
        }
        404 if call.action.party() == Party::Arm => {
            "check the subscription and the resource group in the store path"
        }
        409 if refusal.is("ObjectIsBeingDeleted") || refusal.is("ObjectIsBeingRecovered") => {
            "the vault is still at work on that name: run the job again in some minutes"
        }
        409 if refusal.is("ObjectIsDeletedButRecoverable") => {
            "somebody deletes it at the same time: see who, and run the job again"
        }
        409 if refusal.says("status is inProgress") => return of_pending(call),
        409 if matches!(call.action, Action::ImportCertificate(_)) => {
            "a certificate shares its name with a key and a secret: where the vault has a key or a \
             secret of that name that belongs to no certificate, choose another alias or delete \
             it; otherwise something else is changing this certificate, or the vault is still \
             making a version of it (az keyvault certificate pending show): run the job again later"
        }
        409 if call.action.party() == Party::Vault => {
            "something else is changing this certificate: run the job again later"
        }
        429 if call.action.party() == Party::Arm => {
            "Azure Resource Manager is throttled: run fewer jobs at once, or this one at another time"
        }
        429 => {
            "the vault is throttled: run fewer jobs against it at once, or this one at another time"
        }
        408 | 500.. => {
            return format!(
                "{party} is failing: if it goes on, run the job again later, and {}",
                support(refusal.request_id.as_deref())
            );
        }
        _ => {
            return format!(
                "Microsoft's documentation of that code says what it means; if it does not, {}",
                support(refusal.request_id.as_deref())
            );
        }
    };
    text.to_owned()
}

/// The vault takes nothing for a name of which it is still making a certificate.
fn of_pending(call: &Call) -> String {
    let name = match &call.action {
        Action::ImportCertificate(name)
        | Action::RecoverCertificate(name)
        | Action::DeleteCertificate(name) => name,
        _ => "…",
    };
    let vault = call.server.split('.').next().unwrap_or_default();
    format!(
        "the vault is still making a certificate of that name: {}",
        pending(vault, name)
    )
}

/// What to do about a certificate that a vault has begun to make.
pub fn pending(vault: &str, name: &str) -> String {
    format!(
        "finish that pending operation (merge the certificate that its authority issues), or cancel \
         it (az keyvault certificate pending delete --vault-name {vault} --name {name})"
    )
}
