//! What a vault is, apart from what lies in it: where, whose, and who may reach it.
//!
//! Must not know certificates, requests or how Azure Resource Manager shows a vault. Source: "Azure
//! REST: Key Vault - Vaults - Create Or Update" (names and ranges of the properties).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::seed::{AccessSeed, Network, Seed, Sku, VaultSeed};

/// Days that a deleted vault or certificate is kept where nothing else was said; "Soft-delete overview".
pub(crate) const RETENTION_DAYS: u32 = 90;

/// Everything that Azure Resource Manager knows of a vault and the data plane follows.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct VaultSpec {
    pub(crate) cloud: Cloud,
    /// In the case it was made with.
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) location: String,
    pub(crate) sku: Sku,
    /// `enableRbacAuthorization`; the access policies count where it is false.
    pub(crate) rbac: bool,
    pub(crate) access_policies: Vec<AccessPolicy>,
    /// Roles on the vault or above it; they count where `rbac` is true.
    pub(crate) roles: Vec<Role>,
    /// Every application of the tenant may do everything but what is denied.
    pub(crate) open: bool,
    /// Who else may do what, whichever of policies and roles counts.
    pub(crate) allow: Vec<AccessSeed>,
    /// Who may not do what, whatever else says that they may.
    pub(crate) deny: Vec<AccessSeed>,
    pub(crate) network: Network,
    /// The firewall's rules as they were given; `network` says what comes of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network_acls: Option<NetworkAcls>,
    #[serde(default)]
    pub(crate) enabled_for: EnabledFor,
    #[serde(default)]
    pub(crate) said: Said,
    /// Whether an EC key with an RSA signature is refused as well.
    #[serde(default)]
    pub(crate) strict_signatures: bool,
    pub(crate) purge_protection: bool,
    /// 7 to 90.
    pub(crate) retention_days: u32,
    pub(crate) tags: BTreeMap<String, String>,
    /// Seconds since 1970.
    pub(crate) created: u64,
}

/// Which services of Azure may fetch secrets from a vault; kept and shown, never acted on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct EnabledFor {
    pub(crate) deployment: Option<bool>,
    pub(crate) disk_encryption: Option<bool>,
    pub(crate) template_deployment: Option<bool>,
}

/// Which settings somebody spoke of: early api-versions show no others.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) rbac: bool,
    pub(crate) retention: bool,
}

/// `networkAcls`, in Azure Resource Manager's shape; every part may be missing, and stays so.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NetworkAcls {
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_rules: Option<Vec<IpRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_network_rules: Option<Vec<VirtualNetworkRule>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
struct IpRule {
    /// An address or a range of them.
    value: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct VirtualNetworkRule {
    /// A subnet's ARM id.
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ignore_missing_vnet_service_endpoint: Option<bool>,
}

impl NetworkAcls {
    /// Those of a vault that a seed or a test closed without saying how.
    pub(crate) fn closed() -> NetworkAcls {
        NetworkAcls {
            bypass: Some("None".to_owned()),
            default_action: Some("Deny".to_owned()),
            ip_rules: Some(Vec::new()),
            virtual_network_rules: Some(Vec::new()),
        }
    }

    /// Whether who is on no list is kept out.
    pub(crate) fn denies(&self) -> bool {
        let action = self.default_action.as_deref();
        action.is_some_and(|a| a.eq_ignore_ascii_case("deny"))
    }

    /// The part that has no value of its kind.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let is_one = |text: &Option<String>, words: [&str; 2]| {
            text.as_deref()
                .is_none_or(|t| words.iter().any(|w| t.eq_ignore_ascii_case(w)))
        };
        if !is_one(&self.bypass, ["AzureServices", "None"]) {
            return Some("bypass");
        }
        (!is_one(&self.default_action, ["Allow", "Deny"])).then_some("defaultAction")
    }
}

/// One entry of `accessPolicies`, in Azure Resource Manager's shape.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessPolicy {
    pub(crate) tenant_id: String,
    pub(crate) object_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) application_id: Option<String>,
    #[serde(default)]
    pub(crate) permissions: Permissions,
}

/// What an access policy permits, by the service's words in any case; `all` is every one of a list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Permissions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secrets: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificates: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage: Option<Vec<String>>,
}

impl Permissions {
    /// These and more, none twice.
    pub(crate) fn and(mut self, more: &Permissions) -> Permissions {
        for (list, more) in [
            (&mut self.keys, &more.keys),
            (&mut self.secrets, &more.secrets),
            (&mut self.certificates, &more.certificates),
            (&mut self.storage, &more.storage),
        ] {
            for word in more.iter().flatten() {
                let list = list.get_or_insert_default();
                if !list.iter().any(|w| w.eq_ignore_ascii_case(word)) {
                    list.push(word.clone());
                }
            }
        }
        self
    }
}

/// A role that somebody has here.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Role {
    /// The principal's object id, as in the token's `oid`.
    pub(crate) object_id: String,
    /// The role definition's id: the UUID at the end of `roleDefinitionId`.
    pub(crate) definition: String,
}

impl VaultSpec {
    /// The vault of a seed's table, in one of its clouds.
    pub(crate) fn seeded(seed: &Seed, table: &VaultSeed, cloud: Cloud) -> VaultSpec {
        let subscription = seed
            .subscriptions
            .iter()
            .find(|s| s.id.eq_ignore_ascii_case(&table.subscription));
        let group = subscription.and_then(|s| {
            s.groups
                .iter()
                .find(|g| g.name.eq_ignore_ascii_case(&table.group))
        });
        let location = table.location.clone();
        VaultSpec {
            cloud,
            name: table.name.clone(),
            tenant: subscription
                .map(|s| s.tenant.to_ascii_lowercase())
                .unwrap_or_default(),
            subscription: table.subscription.clone(),
            group: table.group.clone(),
            location: location
                .or_else(|| group.map(|g| g.location.clone()))
                .unwrap_or_default(),
            sku: table.sku,
            rbac: table.rbac,
            access_policies: Vec::new(),
            roles: Vec::new(),
            open: table.allow.is_empty(),
            allow: table.allow.clone(),
            deny: table.deny.clone(),
            network: table.network,
            network_acls: None,
            enabled_for: EnabledFor::default(),
            said: Said {
                rbac: table.rbac,
                retention: table.retention_days.is_some(),
            },
            strict_signatures: table.strict_signatures,
            purge_protection: table.purge_protection,
            retention_days: table.retention_days.unwrap_or(RETENTION_DAYS),
            tags: table.tags.clone(),
            // 2025-01-01, before every made-up certificate.
            created: 1_735_689_600,
        }
    }

    /// The vault's host name, which is its identity in the data plane.
    pub(crate) fn host(&self) -> String {
        host(self.cloud, &self.name)
    }

    /// The vault's id in Azure Resource Manager.
    pub(crate) fn resource_id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{}",
            self.subscription, self.group, self.name
        )
    }
}

/// The host name of a vault by this name; names are compared without case.
pub(super) fn host(cloud: Cloud, name: &str) -> String {
    format!("{}.{}", name.to_ascii_lowercase(), cloud.vault_suffix())
}
