//! The sentences of a failed call, for the person who reads the job's history: the
//! cause first, then what to do.
//!
//! It must not know a job; and nothing that is not already in its arguments.
//!
//! Codes: Microsoft Learn, "Azure Key Vault REST API error codes"; those of Entra ID and of
//! Azure Resource Manager have their advice beside their protocols.

use super::action::{Action, Call, Party};
use super::arm::advice;
use super::entra;
use super::refusal::Refusal;
use super::retry::GiveUp;
use super::token::TokenRefusal;
use crate::http::TransportError;

/// There is no token.
pub fn token(refusal: &TokenRefusal, call: &Call) -> String {
    let server = &call.server;
    let advice = if call.action == Action::AskMachineForToken {
        machine_advice(refusal)
    } else {
        Some(entra::advice::of(refusal))
    };
    let cause = format!("{server} gave no token: {refusal}");
    with_advice(cause, advice)
}

fn machine_advice(refusal: &TokenRefusal) -> Option<&'static str> {
    match refusal.status {
        400 => Some(
            "the machine has no such managed identity: assign it to the virtual machine, or give \
             the client id of one that is assigned; if a client secret was meant to come from a \
             PAM provider, see that it resolves to a value",
        ),
        404 | 410 => Some("the endpoint was being updated for longer than it should be"),
        429 => Some("the endpoint is throttled: run fewer jobs on this machine at once"),
        _ => Some("managed identities need an Azure virtual machine"),
    }
}

/// The service refused.
pub fn service(refusal: &Refusal, call: &Call, hint: Option<&str>) -> String {
    let cause = format!(
        "could not {}: {} answered {refusal}",
        call.action, call.server
    );
    let advice = hint
        .map(str::to_owned)
        .or_else(|| service_advice(refusal, call));
    with_advice(cause, advice.as_deref())
}

fn service_advice(refusal: &Refusal, call: &Call) -> Option<String> {
    let party = match call.action.party() {
        Party::Arm => "Azure Resource Manager",
        Party::Vault | Party::Issuer => "the vault",
    };
    if refusal.code.is_none() {
        return Some(format!(
            "something between the job and {party} has answered; check the proxy"
        ));
    }
    if call.action.party() == Party::Arm
        && let Some(advice) = advice::of(refusal, call)
    {
        return Some(advice);
    }
    let text = match refusal.status {
        400 if matches!(call.action, Action::ImportCertificate(_))
            && refusal.is("BadParameter") =>
        {
            "the vault does not take this certificate: see that it has not expired, that its key is \
             RSA with 2048, 3072 or 4096 bits or EC on a curve of the vault's, and that its tags are \
             texts that Azure takes"
        }
        401 => {
            return Some(format!(
                "{party} did not accept the token; check the tenant and AzureCloud"
            ));
        }
        403 if refusal.is("ForbiddenByRbac") || refusal.is("AuthorizationFailed") => {
            return Some(format!(
                "assign the identity {}; a new assignment takes up to ten minutes",
                role(&call.action)
            ));
        }
        403 if refusal.is("ForbiddenByFirewall") => {
            "the vault's firewall does not admit this machine: add its address to the vault's \
             network rules, or use a private endpoint"
        }
        403 if refusal.is("ForbiddenByConnection") => {
            "the vault takes no connections from public networks: reach it through an approved \
             private endpoint"
        }
        403 if refusal.is("AccessDenied") || refusal.is("ForbiddenByPolicy") => {
            return Some(format!(
                "add the identity to the vault's access policies with the {}",
                permission(&call.action)
            ));
        }
        403 if call.action.party() == Party::Arm => "the identity may not do this",
        403 => "the identity may not do this in the vault",
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
        409 if matches!(call.action, Action::ImportCertificate(_)) => {
            "a certificate shares its name with a key and a secret: where the vault has a key or a \
             secret of that name that belongs to no certificate, choose another alias or delete \
             it; otherwise something else is changing this certificate: run the job again later"
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
        _ => return None,
    };
    Some(text.to_owned())
}

/// The built-in role that allows an action and what else its job does ("Azure built-in roles
/// for Key Vault").
pub fn role(action: &Action) -> &'static str {
    match action {
        Action::ListCertificates | Action::ListVersions(_) | Action::ReadCertificate(_) => {
            "the role Key Vault Certificates Officer, or for an inventory Key Vault Reader, on the \
             vault"
        }
        Action::ReadSecret(_) => "the role Key Vault Secrets User on the vault",
        Action::ImportCertificate(_)
        | Action::ReadDeleted(_)
        | Action::RecoverCertificate(_)
        | Action::DeleteCertificate(_) => "the role Key Vault Certificates Officer on the vault",
        Action::CreateVault(_)
        | Action::CheckVaultName(_)
        | Action::ReadVault(_)
        | Action::ReadResourceGroup(_) => {
            "the role Key Vault Contributor on the resource group (Key Vault Administrator does \
             not allow vaults to be created)"
        }
        Action::ReadSubscription => {
            "the role Reader on the subscription, or write the tenant's id (a GUID) into the \
             client machine, so that the subscription need not be read"
        }
        Action::ListSubscriptions
        | Action::ListVaults(_)
        | Action::QueryResourceGraph
        | Action::ReadPermissions(_)
        | Action::AskForToken
        | Action::AskMachineForToken => {
            "the role Reader or Key Vault Reader on the subscription or the resource groups"
        }
    }
}

/// The permission of an access policy that allows an action (Azure REST, "Vaults:
/// CertificatePermissions").
fn permission(action: &Action) -> &'static str {
    match action {
        Action::ListCertificates | Action::ListVersions(_) => {
            "certificate permission List (an inventory needs Get and List)"
        }
        Action::ReadCertificate(_) | Action::ReadDeleted(_) => {
            "certificate permission Get (an inventory needs Get and List)"
        }
        Action::ReadSecret(_) => "secret permission Get",
        Action::ImportCertificate(_) => "certificate permission Import",
        Action::RecoverCertificate(_) => "certificate permission Recover",
        Action::DeleteCertificate(_) => "certificate permission Delete",
        _ => "certificate permissions Get and List",
    }
}

/// There was no answer.
pub fn transport(error: &TransportError, call: &Call) -> String {
    let cause = format!("could not {}: {}: {error}", call.action, call.server);
    let advice = match error {
        TransportError::Connection(_) | TransportError::Timeout(_)
            if call.action == Action::AskMachineForToken =>
        {
            Some(
                "managed identities need an Azure virtual machine; give a client id and its \
                 secret where the job runs elsewhere",
            )
        }
        TransportError::NameNotFound if call.action.party() == Party::Vault => Some(
            "the vault does not exist, was deleted, or its private endpoint's name is not known \
             to this machine; check the store path and AzureCloud",
        ),
        TransportError::NameNotFound => Some("check this machine's name resolution"),
        TransportError::Denied => {
            Some("the operator's policy must allow it, or the job asks for something it should not")
        }
        TransportError::AddressDenied => Some(
            "private addresses are refused unless the operator's policy lists them; check the \
             private endpoint and the policy",
        ),
        TransportError::Certificate => Some(
            "something between this machine and the server may be reading the connection; its \
             authority must be added by the operator's policy",
        ),
        _ => None,
    };
    with_advice(cause, advice)
}

/// Why there was no further attempt.
pub fn given_up(attempts: u32, why: GiveUp) -> String {
    let tries = match attempts {
        1 => "1 attempt".to_owned(),
        more => format!("{more} attempts"),
    };
    match why {
        GiveUp::NoTime => format!("{tries}; the job's time limit comes before the next one"),
        GiveUp::Uncertain => format!("{tries}; it may have taken effect all the same"),
        GiveUp::Attempts | GiveUp::Permanent | GiveUp::Held => tries,
    }
}

/// What both services say about a token of another tenant than theirs; in Key Vault's answer it
/// is in the message.
const FOREIGN_TOKEN: [&str; 2] = ["AKV10032", "InvalidAuthenticationTokenTenant"];

/// The tenant that the service names, when it is certainly another than the job's. Of a managed
/// identity's only the service knows.
pub fn tenant_hint(
    refusal: &Refusal,
    call: &Call,
    of_service: Option<String>,
    of_job: Option<&str>,
) -> Option<String> {
    let of_service = of_service?;
    let what = match call.action.party() {
        Party::Arm => "the subscription",
        Party::Vault | Party::Issuer => "the vault",
    };
    let Some(of_job) = of_job else {
        let says = |code: &&str| {
            refusal.is(code) || refusal.detail.is_some_and(|detail| detail.contains(*code))
        };
        return FOREIGN_TOKEN.iter().any(says).then(|| {
            format!(
                "{what} belongs to the tenant {of_service}; a managed identity works in its own \
                 tenant only"
            )
        });
    };
    if of_service.eq_ignore_ascii_case(of_job) {
        return None;
    }
    // A domain and an id may be the same tenant.
    Some(if of_job.contains('.') {
        format!("{what} belongs to the tenant {of_service}; check that {of_job} is a domain of it")
    } else {
        format!(
            "{what} belongs to the tenant {of_service}, not to {of_job}: correct the client machine"
        )
    })
}

fn with_advice(cause: String, advice: Option<&str>) -> String {
    match advice {
        Some(advice) => format!("{cause}; {advice}"),
        None => cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(inner: Option<&str>) -> String {
        let refusal = Refusal {
            status: 403,
            code: Some("Forbidden".into()),
            inner: inner.map(str::to_owned),
            ..Refusal::default()
        };
        let call = Call {
            action: Action::ListCertificates,
            server: "kv-one.vault.azure.net".into(),
        };
        service(&refusal, &call, None)
    }

    #[test]
    fn w33_every_kind_of_403_has_a_remedy_of_its_own() {
        for (inner, word) in [
            (Some("ForbiddenByRbac"), "role"),
            (Some("AccessDenied"), "access policies"),
            (Some("ForbiddenByPolicy"), "access policies"),
            (Some("ForbiddenByFirewall"), "firewall"),
            (Some("ForbiddenByConnection"), "private endpoint"),
            (None, "may not"),
        ] {
            let text = forbidden(inner);
            assert!(text.contains(word), "{text}");
            assert!(
                text.starts_with("could not list the certificates: "),
                "{text}"
            );
        }
    }

    #[test]
    fn a_tenant_is_only_called_wrong_where_two_ids_differ() {
        let hint = |action, message: &'static str, of_service: Option<&str>, of_job| {
            let refusal = Refusal {
                status: 401,
                detail: Some(message),
                ..Refusal::default()
            };
            let call = Call {
                action,
                server: "a.example".into(),
            };
            tenant_hint(&refusal, &call, of_service.map(str::to_owned), of_job)
        };
        let list = || Action::ListCertificates;
        let foreign = "AKV10032: Invalid issuer.";
        assert_eq!(hint(list(), foreign, None, Some("1111")), None);
        assert_eq!(hint(list(), foreign, Some("AAAA"), Some("aaaa")), None);
        let differ = hint(list(), "", Some("9999"), Some("1111")).unwrap();
        assert!(differ.contains("vault belongs to the tenant 9999, not to 1111"));
        let maybe = hint(list(), "", Some("9999"), Some("contoso.example")).unwrap();
        assert!(maybe.contains("check that contoso.example"), "{maybe}");
        let arm = hint(Action::ListSubscriptions, "", Some("9999"), Some("1111")).unwrap();
        assert!(arm.starts_with("the subscription belongs"), "{arm}");
        // Every 401 names the tenant; that a managed identity's is another one, only some.
        assert_eq!(
            hint(list(), "AKV10022: Invalid audience.", Some("9999"), None),
            None
        );
        let machine = hint(list(), foreign, Some("9999"), None).unwrap();
        assert!(machine.contains("its own tenant only"), "{machine}");
    }

    #[test]
    fn a_missing_name_says_that_the_vault_may_not_exist() {
        let call = Call {
            action: Action::ListCertificates,
            server: "kv-none.vault.azure.net".into(),
        };
        let text = transport(&TransportError::NameNotFound, &call);
        assert!(text.contains("kv-none.vault.azure.net"), "{text}");
        assert!(text.contains("the vault does not exist"), "{text}");
        let text = transport(&TransportError::Denied, &call);
        assert!(text.contains("the host refused the request"), "{text}");
    }

    #[test]
    fn w47_a_conflict_says_what_may_be_in_the_way() {
        let conflict = |action, inner: Option<&str>| {
            let refusal = Refusal {
                status: 409,
                code: Some("Conflict".into()),
                inner: inner.map(str::to_owned),
                ..Refusal::default()
            };
            let call = Call {
                action,
                server: "kv-one.vault.azure.net".into(),
            };
            service(&refusal, &call, None)
        };
        let import = || Action::ImportCertificate("web-1".into());
        for (action, inner, word) in [
            (import(), None, "a key and a secret"),
            (
                import(),
                Some("ObjectIsDeletedButRecoverable"),
                "at the same time",
            ),
            (import(), Some("ObjectIsBeingDeleted"), "still at work"),
            (import(), Some("ObjectIsBeingRecovered"), "still at work"),
            (
                Action::DeleteCertificate("web-1".into()),
                None,
                "something else",
            ),
        ] {
            let text = conflict(action, inner);
            assert!(text.contains(word), "{text}");
        }
    }
}
