//! The tables of a seed about Azure Resource Manager: subscriptions, groups, roles, policies, habits.
//!
//! Must not know how any of them is served.

use serde::Deserialize;

use super::directory::all_clouds;
use super::yes;
use crate::Cloud;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SubscriptionSeed {
    pub(crate) id: String,
    pub(crate) tenant: String,
    /// The tenants that it is delegated to, by Azure Lighthouse: their tokens work in it too.
    #[serde(default)]
    pub(crate) managed_by: Vec<String>,
    /// The display name.
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) state: SubscriptionState,
    #[serde(default = "all_clouds")]
    pub(crate) clouds: Vec<Cloud>,
    /// Whether it may use the namespace `Microsoft.KeyVault`.
    #[serde(default = "yes")]
    pub(crate) registered: bool,
    /// Client ids that see the subscription and may do nothing in it.
    #[serde(default)]
    pub(crate) deny: Vec<String>,
    /// How many vaults are on a page of its lists; as many as elsewhere when absent.
    pub(crate) vault_page: Option<usize>,
    #[serde(default, rename = "group")]
    pub(crate) groups: Vec<GroupSeed>,
}

impl SubscriptionSeed {
    /// Whether a token of this tenant works in it: its own tenant's, or one that it is delegated to.
    pub(crate) fn serves(&self, tenant: &str) -> bool {
        let own = std::iter::once(&self.tenant);
        own.chain(&self.managed_by)
            .any(|id| id.eq_ignore_ascii_case(tenant))
    }
}

/// "Azure REST: Subscriptions - List", `SubscriptionState`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) enum SubscriptionState {
    #[default]
    Enabled,
    Warned,
    PastDue,
    Disabled,
    Deleted,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct GroupSeed {
    pub(crate) name: String,
    #[serde(default = "default_location")]
    pub(crate) location: String,
}

fn default_location() -> String {
    "westeurope".to_owned()
}

/// A role on a scope: a subscription's, group's or vault's ARM id.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RoleSeed {
    pub(crate) scope: String,
    pub(crate) role: RoleKind,
}

/// The built-in roles played, for what they mean in Azure Resource Manager; "Azure built-in roles".
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RoleKind {
    Reader,
    Contributor,
    Owner,
    KeyVaultContributor,
    /// The following ones are for the data plane, and only look in Azure Resource Manager.
    KeyVaultAdministrator,
    KeyVaultCertificatesOfficer,
    KeyVaultCertificateUser,
    KeyVaultReader,
}

impl RoleKind {
    /// The role definition's id, where the role is for the data plane.
    pub(crate) fn data(self) -> Option<&'static str> {
        match self {
            RoleKind::Reader
            | RoleKind::Contributor
            | RoleKind::Owner
            | RoleKind::KeyVaultContributor => None,
            RoleKind::KeyVaultAdministrator => Some("00482a5a-887f-4fb3-b363-3b7fe8e74483"),
            RoleKind::KeyVaultCertificatesOfficer => Some("a4417e6f-fecd-4de8-b567-7b0420556985"),
            RoleKind::KeyVaultCertificateUser => Some("db79e9a7-68ee-4b58-9aeb-b90e7c24fcba"),
            RoleKind::KeyVaultReader => Some("21090545-7ca7-4776-b22c-e363652d74d2"),
        }
    }
}

/// An Azure Policy assignment that denies vaults which do not have what it requires.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PolicySeed {
    /// The assignment's name.
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    /// A subscription's or a group's ARM id.
    pub(crate) scope: String,
    pub(crate) require: RequireSeed,
}

/// Every part given must hold, or the vault is denied.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RequireSeed {
    pub(crate) purge_protection: Option<bool>,
    pub(crate) rbac: Option<bool>,
    /// `enabled` or `disabled`.
    pub(crate) public_network_access: Option<String>,
    pub(crate) locations: Option<Vec<String>>,
    /// Names of tags that must be there.
    pub(crate) tags: Vec<String>,
}

/// How Azure Resource Manager behaves where it has a choice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ArmSeed {
    /// How many subscriptions are on a page.
    pub(crate) subscription_page: usize,
    /// How many vaults are on a page where the request does not say.
    pub(crate) vault_page: usize,
    /// After which pages of vaults an empty one comes, counted from 1.
    pub(crate) empty_page_after: Vec<usize>,
    /// How many gets of a new vault still show it as registering its name.
    pub(crate) registering_polls: u32,
    /// Names of vaults whose creation fails in the end.
    pub(crate) failing_vaults: Vec<String>,
    /// How long Resource Graph does not know a new vault.
    pub(crate) graph_lag_seconds: u64,
    /// Requests that read, per subscription and identity.
    pub(crate) reads: BucketSeed,
    /// Requests that write, per subscription and identity.
    pub(crate) writes: BucketSeed,
}

impl Default for ArmSeed {
    fn default() -> ArmSeed {
        ArmSeed {
            subscription_page: 1_000,
            vault_page: 100,
            // The service's pages are empty now and then, so that a client meets it in every test.
            empty_page_after: vec![1],
            registering_polls: 2,
            failing_vaults: Vec::new(),
            graph_lag_seconds: 30,
            // "Understand how Azure Resource Manager throttles requests", subscription limits.
            reads: BucketSeed {
                size: 250,
                per_second: 25,
            },
            writes: BucketSeed {
                size: 200,
                per_second: 10,
            },
        }
    }
}

/// A token bucket.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BucketSeed {
    /// How many requests it holds when full.
    pub(crate) size: u32,
    /// How many it gets back in a second.
    pub(crate) per_second: u32,
}
