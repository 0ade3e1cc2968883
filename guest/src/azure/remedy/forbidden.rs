//! What to do where a service refuses with 403.
//!
//! Codes: Microsoft Learn, "Azure Key Vault REST API error codes".
//!
//! It must not guess: where the answer does not say the cause, every possible one is named.

use super::rights::{permission, role};
use crate::azure::action::{Call, Party};
use crate::azure::refusal::Refusal;
use crate::azure::token::ProvedBy;

/// Why a right may count late (Microsoft Learn, "Managed identity best practice
/// recommendations", "Limitation of using managed identities for authorization").
pub const KEPT_BY_THE_MACHINE: &str = "the machine keeps the token of its managed identity for up to 24 hours: a right that the \
     identity has through a group counts only from the next token on, a role that is assigned to \
     the identity itself needs no new token";

/// The remedy, where the answer says the cause.
pub(super) fn advice(refusal: &Refusal, call: &Call) -> Option<String> {
    Some(if let Some(deny) = &refusal.deny {
        format!(
            "{deny} forbids it, and no role helps against that: the owner of the deployment stack \
             or managed application that made it must exclude this identity or this action"
        )
    } else if refusal.lacks_role() {
        let role = role(&call.action);
        let text = format!("assign the identity {role}; a new assignment takes up to ten minutes");
        with_kept_token(text, refusal)
    } else if refusal.is("SecretDisabled") {
        "the certificate is disabled: enable it in the vault".to_owned()
    } else if refusal.is_by_firewall() {
        "the vault's firewall does not admit this machine: add its address to the vault's network \
         rules, or use a private endpoint"
            .to_owned()
    } else if refusal.is_by_connection() {
        "the vault takes no connections from public networks: reach it through an approved \
         private endpoint"
            .to_owned()
    } else if refusal.lacks_access_policy() {
        let permission = permission(&call.action);
        let text = format!("add the identity to the vault's access policies with the {permission}");
        with_kept_token(text, refusal)
    } else {
        return None;
    })
}

/// The remedy, where it does not.
pub(super) fn unknown(refusal: &Refusal, call: &Call) -> String {
    let role = role(&call.action);
    let text = match call.action.party() {
        Party::Arm => format!(
            "the answer does not say why: check the identity's rights ({role}), and whether an \
             Azure Policy, a deny assignment or a restriction of the network forbids it"
        ),
        Party::Vault | Party::Issuer => format!(
            "the answer does not say whether the network or a right is the cause: check the \
             vault's firewall and private endpoints, and the identity's rights ({role}, or in the \
             vault's access policies the {})",
            permission(&call.action)
        ),
    };
    with_kept_token(text, refusal)
}

fn with_kept_token(text: String, refusal: &Refusal) -> String {
    match refusal.proved_by {
        ProvedBy::Machine => format!("{text}; {KEPT_BY_THE_MACHINE}"),
        ProvedBy::Secret | ProvedBy::Assertion => text,
    }
}
