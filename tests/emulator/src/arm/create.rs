//! Creating a vault, and replacing the settings of one that exists: the same PUT.
//!
//! Must not know the data plane. Source: "Azure REST: Key Vault - Vaults - Create Or Update" (wire 3.4).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::Call;
use super::error::Refusal;
use super::locations::{plain, region};
use super::route::{Place, authorize};
use super::subscriptions::find;
use super::vaults::{in_group, shown};
use super::{Reply, policy};
use crate::seed::{SubscriptionSeed, is_vault_name};
use crate::vault::{AccessPolicy, NameTaken, Network, NetworkAcls, Sku, VaultSpec};

/// The body of a PUT, or of a PATCH. What it has beside this is taken and forgotten.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    pub(super) location: Option<String>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    pub(super) properties: Option<WantedProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WantedProperties {
    pub(super) tenant_id: Option<String>,
    pub(super) sku: Option<WantedSku>,
    pub(super) access_policies: Option<Vec<AccessPolicy>>,
    pub(super) enable_rbac_authorization: Option<bool>,
    pub(super) enable_soft_delete: Option<bool>,
    pub(super) soft_delete_retention_in_days: Option<u32>,
    pub(super) enable_purge_protection: Option<bool>,
    pub(super) public_network_access: Option<String>,
    pub(super) network_acls: Option<NetworkAcls>,
    pub(super) enabled_for_deployment: Option<bool>,
    pub(super) enabled_for_disk_encryption: Option<bool>,
    pub(super) enabled_for_template_deployment: Option<bool>,
    pub(super) create_mode: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WantedSku {
    family: Option<String>,
    name: String,
}

pub(super) fn put(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
) -> Result<Reply, Refusal> {
    let scope = authorize(
        call,
        subscription,
        Place::Vault { group, name },
        "Microsoft.KeyVault/vaults/write",
    )?;
    let group = &find(subscription, group)?.name;
    if !subscription.registered {
        return Err(Refusal::new("MissingSubscriptionRegistration", []));
    }
    let wanted: Wanted = call.json()?;
    let location = wanted
        .location
        .as_deref()
        .filter(|l| !l.trim().is_empty())
        .ok_or_else(|| Refusal::new("LocationRequired", []))?;
    let location = region(call.cloud, location)?;
    if !is_vault_name(name) {
        return Err(Refusal::new("VaultNameNotValid", [name]));
    }
    if let Some(existing) = in_group(call, subscription, group, name) {
        let before = existing.spec();
        if plain(&before.location) != location {
            return Err(Refusal::new(
                "InvalidResourceLocation",
                [name, &before.location, group, &location],
            ));
        }
        let after = replaced(call, &before, &wanted)?;
        policy::check(call, &after)?;
        existing.update(|spec| *spec = after);
        return Ok(Reply::Ok(shown(call, &existing)));
    }
    let properties = wanted.properties.as_ref();
    let mode = properties.and_then(|p| p.create_mode.as_deref());
    if mode.is_some_and(|m| m.eq_ignore_ascii_case("recover")) {
        return recover(call, subscription, &location, name);
    }
    let blank = VaultSpec {
        cloud: call.cloud,
        name: name.to_owned(),
        tenant: subscription.tenant.clone(),
        subscription: subscription.id.clone(),
        group: group.clone(),
        location: location.clone(),
        sku: Sku::Standard,
        rbac: false,
        access_policies: Vec::new(),
        roles: call.arm.roles.inherited(&subscription.tenant, &scope),
        open: false,
        allow: Vec::new(),
        deny: Vec::new(),
        network: Network::Open,
        network_acls: None,
        enabled_for: Default::default(),
        said: Default::default(),
        strict_signatures: false,
        purge_protection: false,
        retention_days: 90,
        tags: BTreeMap::new(),
        created: call.now,
    };
    let spec = replaced(call, &blank, &wanted)?;
    policy::check(call, &spec)?;
    let vault = call.vaults.create(spec).map_err(|taken| {
        let deleted = call.vaults.deleted(call.cloud, name, call.now);
        // Only who could recover it is told that it is a deleted one.
        let own = deleted.is_some_and(|d| {
            let spec = d.vault.spec();
            spec.subscription.eq_ignore_ascii_case(&subscription.id)
                && plain(&spec.location) == location
        });
        match taken {
            NameTaken::Deleted if own => Refusal::new("ConflictError", []),
            NameTaken::Deleted | NameTaken::Live => Refusal::new("VaultAlreadyExists", [name]),
        }
    })?;
    call.arm
        .births
        .begin(&vault.host, &call.caller.appid, call.now);
    Ok(Reply::Ok(shown(call, &vault)))
}

fn recover(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    location: &str,
    name: &str,
) -> Result<Reply, Refusal> {
    let own = call
        .vaults
        .deleted(call.cloud, name, call.now)
        .filter(|d| {
            let spec = d.vault.spec();
            spec.subscription.eq_ignore_ascii_case(&subscription.id)
                && plain(&spec.location) == location
        })
        .and_then(|_| call.vaults.recover(call.cloud, name, call.now))
        .ok_or_else(|| Refusal::new("DeletedVaultNotFound", [name]))?;
    call.arm
        .births
        .begin(&own.host, &call.caller.appid, call.now);
    Ok(Reply::Ok(shown(call, &own)))
}

/// What a vault is after a PUT: everything that is not asked for goes back to its default.
fn replaced(call: &Call<'_>, before: &VaultSpec, wanted: &Wanted) -> Result<VaultSpec, Refusal> {
    let properties = wanted
        .properties
        .as_ref()
        .ok_or_else(|| Refusal::bad_request("The parameter properties is not specified."))?;
    // "Azure RBAC as the default access control model in Azure Key Vault": by api-version.
    let default_rbac = call.api_version() >= "2026-02-01";
    let rbac = properties.enable_rbac_authorization.unwrap_or(default_rbac);
    for (name, missing) in [
        ("tenantId", properties.tenant_id.is_none()),
        ("sku", properties.sku.is_none()),
        // A recorded refusal of every api-version; where roles decide, no policy is needed.
        (
            "accessPolicies",
            properties.access_policies.is_none() && !rbac,
        ),
    ] {
        if missing {
            let text = format!("The parameter {name} is not specified.");
            return Err(Refusal::bad_request(&text));
        }
    }
    let mut blank = before.clone();
    blank.rbac = default_rbac;
    blank.access_policies.clear();
    blank.network = Network::Open;
    blank.network_acls = None;
    blank.enabled_for = Default::default();
    blank.said.rbac = false;
    blank.tags.clear();
    settled(before, blank, wanted)
}

/// What a vault is after those settings that are given were changed.
///
/// # Errors
/// Where a setting is none, or cannot be taken back.
pub(super) fn settled(
    before: &VaultSpec,
    mut after: VaultSpec,
    wanted: &Wanted,
) -> Result<VaultSpec, Refusal> {
    if let Some(tags) = &wanted.tags {
        after.tags.clone_from(tags);
    }
    let none = WantedProperties::default();
    let properties = wanted.properties.as_ref().unwrap_or(&none);
    if let Some(tenant) = &properties.tenant_id {
        let is_uuid = tenant.len() == 36 && tenant.split('-').count() == 5;
        if !is_uuid {
            return Err(Refusal::bad_request(
                "An invalid value was provided for 'tenantId'.",
            ));
        }
        after.tenant = tenant.to_ascii_lowercase();
    }
    if let Some(sku) = &properties.sku {
        after.sku = match sku.name.to_ascii_lowercase().as_str() {
            "standard" => Sku::Standard,
            "premium" => Sku::Premium,
            _ => return Err(Refusal::new("SkuNotSupported", [&sku.name])),
        };
        if sku.family.as_deref().is_some_and(|family| family != "A") {
            return Err(Refusal::bad_request(
                "An invalid value was provided for 'sku.family'.",
            ));
        }
    }
    if let Some(policies) = &properties.access_policies {
        if policies.len() > 1_024 {
            return Err(Refusal::bad_request(
                "An invalid value was provided for 'accessPolicies': at most 1024 are allowed.",
            ));
        }
        after.access_policies.clone_from(policies);
    }
    if let Some(rbac) = properties.enable_rbac_authorization {
        after.rbac = rbac;
        after.said.rbac = true;
    }
    let purposes = &mut after.enabled_for;
    for (now, wanted) in [
        (&mut purposes.deployment, properties.enabled_for_deployment),
        (
            &mut purposes.disk_encryption,
            properties.enabled_for_disk_encryption,
        ),
        (
            &mut purposes.template_deployment,
            properties.enabled_for_template_deployment,
        ),
    ] {
        *now = wanted.or(*now);
    }
    if properties.enable_soft_delete == Some(false) {
        return Err(Refusal::bad_request(
            "The property \"enableSoftDelete\" can be set to false only for creating new vault. Enabling the 'soft delete' functionality is an irreversible action.",
        ));
    }
    if let Some(days) = properties.soft_delete_retention_in_days {
        if !(7..=90).contains(&days) {
            return Err(Refusal::bad_request(
                "An invalid value was provided for 'softDeleteRetentionInDays'. The value must be between 7 and 90.",
            ));
        }
        let is_new = before.created == after.created && before.retention_days == 90;
        if days != before.retention_days && !is_new {
            return Err(Refusal::bad_request(
                "The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.",
            ));
        }
        after.retention_days = days;
        after.said.retention = true;
    }
    match properties.enable_purge_protection {
        Some(false) => {
            return Err(Refusal::bad_request(
                "The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.",
            ));
        }
        Some(true) => after.purge_protection = true,
        None => {}
    }
    reached(&mut after, properties)?;
    Ok(after)
}

/// Who gets through to the vault: public access first, then the firewall's rules.
fn reached(after: &mut VaultSpec, properties: &WantedProperties) -> Result<(), Refusal> {
    if let Some(acls) = &properties.network_acls {
        if let Some(bad) = acls.problem() {
            let text = format!("An invalid value was provided for 'networkAcls.{bad}'.");
            return Err(Refusal::bad_request(&text));
        }
        after.network_acls = Some(acls.clone());
    }
    let public = properties.public_network_access.as_deref();
    let is_private = match public {
        Some(word) => word.eq_ignore_ascii_case("disabled"),
        None => matches!(
            after.network,
            Network::PrivateLink | Network::UnapprovedLink
        ),
    };
    let denies = after.network_acls.as_ref().is_some_and(NetworkAcls::denies);
    after.network = match after.network {
        before if is_private && public.is_none() => before,
        _ if is_private => Network::PrivateLink,
        _ if denies => Network::Firewall,
        before if public.is_none() && properties.network_acls.is_none() => before,
        _ => Network::Open,
    };
    Ok(())
}
