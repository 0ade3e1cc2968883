//! What a call is for, and whom it is asked of.
//!
//! It must not know how a call is sent, nor what becomes of it.

use std::fmt;

/// What a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A token of an application, from Entra ID.
    AskForToken,
    /// A token of the machine's managed identity.
    AskMachineForToken,
    /// A page of the vault's list.
    ListCertificates,
    /// A page of the list of one certificate's versions.
    ListVersions(String),
    /// One certificate.
    ReadCertificate(String),
    /// The managed secret of one certificate, which has its chain and its private key.
    ReadSecret(String),
    /// A new version of a certificate.
    ImportCertificate(String),
    /// A soft-deleted certificate.
    ReadDeleted(String),
    /// The end of a soft deletion.
    RecoverCertificate(String),
    /// A soft deletion.
    DeleteCertificate(String),
    /// A page of the subscriptions.
    ListSubscriptions,
    /// One subscription.
    ReadSubscription,
    /// A page of the vaults of a subscription.
    ListVaults(String),
    /// A page of a Resource Graph query.
    QueryResourceGraph,
    /// One resource group.
    ReadResourceGroup(String),
    /// One vault, as a resource.
    ReadVault(String),
    /// Whether a vault's name is free.
    CheckVaultName(String),
    /// A new vault.
    CreateVault(String),
    /// What the identity may do, and where.
    ReadPermissions(String),
}

/// Whom an action is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Entra ID, or the machine's identity endpoint.
    Issuer,
    /// A vault.
    Vault,
    /// Azure Resource Manager.
    Arm,
}

impl Action {
    /// Whom it is asked of.
    pub fn party(&self) -> Party {
        match self {
            Action::AskForToken | Action::AskMachineForToken => Party::Issuer,
            Action::ListCertificates
            | Action::ListVersions(_)
            | Action::ReadCertificate(_)
            | Action::ReadSecret(_)
            | Action::ImportCertificate(_)
            | Action::ReadDeleted(_)
            | Action::RecoverCertificate(_)
            | Action::DeleteCertificate(_) => Party::Vault,
            Action::ListSubscriptions
            | Action::ReadSubscription
            | Action::ListVaults(_)
            | Action::QueryResourceGraph
            | Action::ReadResourceGroup(_)
            | Action::ReadVault(_)
            | Action::CheckVaultName(_)
            | Action::CreateVault(_)
            | Action::ReadPermissions(_) => Party::Arm,
        }
    }
}

/// Completes "could not …".
impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::AskForToken => out.write_str("get a token"),
            Action::AskMachineForToken => {
                out.write_str("get a token for this machine's managed identity")
            }
            Action::ListCertificates => out.write_str("list the certificates"),
            Action::ListVersions(name) => write!(out, "list the versions of {name}"),
            Action::ReadCertificate(name) => write!(out, "read the certificate {name}"),
            Action::ReadSecret(name) => write!(out, "read the chain of {name}"),
            Action::ImportCertificate(name) => write!(out, "import the certificate {name}"),
            Action::ReadDeleted(name) => write!(out, "read the deleted certificate {name}"),
            Action::RecoverCertificate(name) => {
                write!(out, "recover the deleted certificate {name}")
            }
            Action::DeleteCertificate(name) => write!(out, "delete the certificate {name}"),
            Action::ListSubscriptions => out.write_str("list the subscriptions"),
            Action::ReadSubscription => out.write_str("read the subscription"),
            Action::ListVaults(subscription) => {
                write!(out, "list the vaults of the subscription {subscription}")
            }
            Action::QueryResourceGraph => out.write_str("query Azure Resource Graph"),
            Action::ReadResourceGroup(name) => write!(out, "read the resource group {name}"),
            Action::ReadVault(name) => write!(out, "read the vault {name}"),
            Action::CheckVaultName(name) => {
                write!(out, "ask whether the vault name {name} is free")
            }
            Action::CreateVault(name) => write!(out, "create the vault {name}"),
            Action::ReadPermissions(place) => write!(out, "read the permissions on {place}"),
        }
    }
}

/// A call: what for, and with which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What for.
    pub action: Action,
    /// The server's host name.
    pub server: String,
}
