//! What a job about a store is about, from the fields the platform has for it: the store path,
//! the tenant, the custom fields, the identity.
//!
//! Must not know: the kind of job, the credentials, the operator's policy.

use crate::cloud::{Cloud, Endpoints};
use crate::endpoint::vault_host;
use crate::error::{FieldError, shown};
use crate::identity::Identity;
use crate::names::{ResourceGroup, SubscriptionId, TenantId, VaultName};
use crate::path::StorePath;
use crate::properties::{AZURE_CLOUD, Properties};
use crate::variables::Variables;

/// One store: its vault, where it is and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreScope {
    cloud: Cloud,
    tenant: Option<TenantId>,
    subscription: SubscriptionId,
    resource_group: Option<ResourceGroup>,
    vault: VaultName,
    vault_host: String,
    notes: Vec<String>,
}

impl StoreScope {
    /// Reads what a store is.
    ///
    /// `tenant` is the platform's client machine, `path` its store path. Only what every job
    /// about a store needs is looked at; `SkuType` and `VaultRegion` are not.
    ///
    /// # Errors
    /// The first field that cannot be used: a path of no known form, an unknown cloud, a private
    /// endpoint that is none, a property that contradicts the path, or no tenant where the
    /// identity needs one.
    pub fn parse(
        tenant: &str,
        path: &str,
        properties: &Properties,
        identity: &Identity,
    ) -> Result<StoreScope, FieldError> {
        let mut notes = Vec::new();
        let path = StorePath::parse(path)?;
        agree(
            "SubscriptionId",
            properties,
            path.subscription().as_str(),
            |given| path.subscription().as_str().eq_ignore_ascii_case(given),
        )?;
        agree("VaultName", properties, path.vault().as_str(), |given| {
            path.vault().as_str().eq_ignore_ascii_case(given)
        })?;
        let resource_group = match path.resource_group() {
            Some(group) => {
                agree("ResourceGroupName", properties, group.as_str(), |given| {
                    group.same_as(given)
                })?;
                Some(group.clone())
            }
            None => properties
                .get("ResourceGroupName")
                .map(ResourceGroup::parse)
                .transpose()?,
        };
        let cloud = read_cloud(properties, &mut notes)?;
        let tenant = read_tenant(tenant, properties, identity, &mut notes)?;
        let vault_host = vault_host(path.vault(), cloud, properties.get("PrivateEndpoint"))?;
        Ok(StoreScope {
            cloud,
            tenant,
            subscription: path.subscription().clone(),
            resource_group,
            vault: path.vault().clone(),
            vault_host,
            notes,
        })
    }

    /// The cloud the vault is in.
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// The tenant that tokens are asked of. `None` with a managed identity: it has only its own,
    /// and what the platform says about it would be an unproven claim.
    pub fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// The subscription the vault is in.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// The resource group the vault is in. Only the creation of a vault needs it.
    pub fn resource_group(&self) -> Option<&ResourceGroup> {
        self.resource_group.as_ref()
    }

    /// The vault's name.
    pub fn vault(&self) -> &VaultName {
        &self.vault
    }

    /// The host the vault is reached by, in lower case, without port: `kv-one.vault.azure.net`.
    pub fn vault_host(&self) -> &str {
        &self.vault_host
    }

    /// The vault's base URL without a slash at its end: `https://kv-one.vault.azure.net`.
    pub fn vault_url(&self) -> String {
        format!("https://{}", self.vault_host)
    }

    /// The endpoints of the vault's cloud.
    pub fn endpoints(&self) -> &'static Endpoints {
        self.cloud.endpoints()
    }

    /// What was read, but should be looked at by a person; whole sentences without a full stop.
    /// They do not stop a job, and belong into its message.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The values for the rule templates of a job about this store.
    pub fn variables(&self, identity: &Identity) -> Variables {
        let variables = Variables::of_tenant(self.cloud, self.tenant.as_ref(), identity)
            .with("subscription", self.subscription.as_str())
            .with("vault", self.vault.as_str())
            .with("vault_host", self.vault_host.as_str());
        match &self.resource_group {
            Some(group) => variables.with("resource_group", group.as_str()),
            None => variables,
        }
    }
}

/// Refuses a property that says something else than the store path.
fn agree(
    field: &'static str,
    properties: &Properties,
    in_path: &str,
    same: impl Fn(&str) -> bool,
) -> Result<(), FieldError> {
    match properties.get(field) {
        Some(given) if !same(given) => Err(FieldError::new(
            field,
            format!(
                "is {}, but the StorePath says {}",
                shown(given),
                shown(in_path)
            ),
            "make both the same, or clear the property: the store path is enough",
        )),
        _ => Ok(()),
    }
}

fn read_cloud(properties: &Properties, notes: &mut Vec<String>) -> Result<Cloud, FieldError> {
    let given = properties.get(AZURE_CLOUD.name).unwrap_or_default();
    if AZURE_CLOUD.is_option_list(given) {
        notes.push(
            "AzureCloud holds the whole list of options, which was read as \"not set\": the \
             public cloud was used"
                .to_owned(),
        );
        return Ok(Cloud::Public);
    }
    Ok(Cloud::parse(given)?.unwrap_or_default())
}

fn read_tenant(
    client_machine: &str,
    properties: &Properties,
    identity: &Identity,
    notes: &mut Vec<String>,
) -> Result<Option<TenantId>, FieldError> {
    if !identity.needs_tenant() {
        return Ok(None);
    }
    let property = properties.get("TenantId");
    if let Ok(tenant) = TenantId::parse(client_machine) {
        if let Some(Ok(other)) = property.map(TenantId::parse)
            && other != tenant
        {
            notes.push(format!(
                "the property TenantId ({other}) differs from the client machine ({tenant}), \
                 which was used"
            ));
        }
        return Ok(Some(tenant));
    }
    match property {
        Some(property) => TenantId::parse(property).map(Some),
        None => {
            let machine = client_machine.trim();
            let problem = if machine.is_empty() {
                "is blank, and so is the property TenantId".to_owned()
            } else {
                format!(
                    "{} is neither a GUID nor a domain, and the property TenantId is blank",
                    shown(machine)
                )
            };
            Err(FieldError::new(
                "ClientMachine",
                problem,
                "write the tenant's id (a GUID) or one of its verified domains",
            ))
        }
    }
}

#[cfg(test)]
mod tests;
