//! The rights that allow an action.
//!
//! It must not know whether they are missing.

use crate::azure::action::Action;

/// The built-in role that allows an action and what else its job does ("Azure built-in roles
/// for Key Vault").
pub(super) fn role(action: &Action) -> &'static str {
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
             client machine: then the vault can be created although the subscription cannot be read"
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
pub(super) fn permission(action: &Action) -> &'static str {
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
