//! The vault that a Create asks for, and the one body of its request: the extension sends what
//! this makes, and the host grants nothing else.
//!
//! Must not know: who sends it, nor what becomes of it.

use serde_json::{Map, Value, json};

use crate::cloud::Cloud;
use crate::error::FieldError;
use crate::options::JobOptions;
use crate::properties::{Properties, SKU_TYPE, VAULT_REGION};
use crate::vault::{Region, Sku};

/// The region of a vault that names none, in the public cloud: what this extension's
/// documentation has always promised.
const DEFAULT_REGION: &str = "eastus";

/// What a vault is created with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVault {
    sku: Option<Sku>,
    region: Option<Region>,
    default_region: Option<Region>,
    options: JobOptions,
    notes: Vec<String>,
}

impl NewVault {
    /// Reads the properties that only a Create looks at.
    ///
    /// # Errors
    /// An unknown SKU, or what cannot be a region.
    pub fn parse(
        properties: &Properties,
        cloud: Cloud,
        options: &JobOptions,
    ) -> Result<NewVault, FieldError> {
        let mut notes = Vec::new();
        let mut given = |field: &crate::StoreField| {
            let value = properties.get(field.name).unwrap_or_default();
            if field.is_option_list(value) {
                notes.push(format!(
                    "{} holds the whole list of options, which was read as \"not set\"",
                    field.name
                ));
            }
            value.to_owned()
        };
        let sku = Sku::parse(&given(&SKU_TYPE))?;
        let region = Region::parse(&given(&VAULT_REGION))?;
        let default_region = match cloud {
            Cloud::Public => Region::parse(DEFAULT_REGION)?,
            _ => None,
        };
        Ok(NewVault {
            sku,
            region,
            default_region,
            options: options.clone(),
            notes,
        })
    }

    /// The SKU.
    pub fn sku(&self) -> Sku {
        self.sku.unwrap_or_default()
    }

    /// The SKU, where the job names one.
    pub fn given_sku(&self) -> Option<Sku> {
        self.sku
    }

    /// The region; `None` is the one of the resource group.
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref().or(self.default_region.as_ref())
    }

    /// The region, where the job names one.
    pub fn given_region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// What was read, but should be looked at by a person.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The settings of the body, all but where the vault is and whose it is. RBAC is always on:
    /// older API versions default to access policies of nobody, and `accessPolicies` must be
    /// there all the same (Azure REST: Vaults - Create Or Update).
    pub(crate) fn body(&self) -> Value {
        let mut properties = json!({
            "sku": { "family": "A", "name": self.sku().as_str() },
            "accessPolicies": [],
            "enableRbacAuthorization": true,
            "enableSoftDelete": true,
        });
        let mut body = Map::new();
        if let Some(properties) = properties.as_object_mut() {
            // `false` is not a value that Azure takes.
            if self.options.purge_protection {
                properties.insert("enablePurgeProtection".to_owned(), true.into());
            }
            if let Some(access) = self.options.public_network_access {
                properties.insert("publicNetworkAccess".to_owned(), access.as_str().into());
            }
            if let Some(days) = self.options.retention_days {
                properties.insert("softDeleteRetentionInDays".to_owned(), days.into());
            }
        }
        body.insert("properties".to_owned(), properties);
        if !self.options.tags.is_empty() {
            body.insert("tags".to_owned(), json!(self.options.tags));
        }
        Value::Object(body)
    }

    /// The body to send.
    pub fn request_body(&self, tenant: &str, location: &str) -> Value {
        let mut body = self.body();
        if let Some(body) = body.as_object_mut() {
            body.insert("location".to_owned(), location.into());
            if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
                properties.insert("tenantId".to_owned(), tenant.into());
            }
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(fields: &[(&str, &str)]) -> Properties {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Properties::from_fields(fields.iter().map(owned))
    }

    fn parse(fields: &[(&str, &str)], cloud: Cloud) -> NewVault {
        NewVault::parse(&properties(fields), cloud, &JobOptions::default()).unwrap()
    }

    #[test]
    fn w02_sku_and_region_are_applied_and_default_as_documented() {
        for (fields, cloud, sku, region) in [
            (&[][..], Cloud::Public, Sku::Standard, Some("eastus")),
            (&[], Cloud::China, Sku::Standard, None),
            (&[], Cloud::Government, Sku::Standard, None),
            (
                &[("SkuType", "PREMIUM"), ("VaultRegion", "West US 2")],
                Cloud::Public,
                Sku::Premium,
                Some("westus2"),
            ),
        ] {
            let vault = parse(fields, cloud);
            assert_eq!(vault.sku(), sku, "{fields:?}");
            assert_eq!(vault.region().map(Region::as_str), region, "{fields:?}");
            assert!(vault.notes().is_empty());
        }
    }

    #[test]
    fn a_whole_option_list_is_not_set_and_is_told() {
        let vault = parse(
            &[
                ("SkuType", "standard,premium"),
                ("VaultRegion", "eastus,eastus2,westus2,westus3,westus"),
            ],
            Cloud::Public,
        );
        assert_eq!(vault.sku(), Sku::Standard);
        assert_eq!(vault.notes().len(), 2);
    }

    #[test]
    fn w34_the_body_says_rbac_and_every_setting_that_was_asked_for_and_no_other() {
        let options = JobOptions::from_fields([
            ("create-purge-protection", "true"),
            ("create-public-network-access", "disabled"),
            ("create-retention-days", "30"),
            ("create-tags", r#"{"owner":"pki"}"#),
        ])
        .unwrap();
        let vault = NewVault::parse(&Properties::default(), Cloud::Public, &options).unwrap();
        assert_eq!(
            vault.request_body("t", "eastus"),
            json!({"location": "eastus", "tags": {"owner": "pki"}, "properties": {
                "tenantId": "t", "sku": {"family": "A", "name": "standard"}, "accessPolicies": [],
                "enableRbacAuthorization": true, "enableSoftDelete": true,
                "enablePurgeProtection": true, "publicNetworkAccess": "disabled",
                "softDeleteRetentionInDays": 30,
            }})
        );
        assert_eq!(
            parse(&[], Cloud::Public).request_body("t", "eastus"),
            json!({"location": "eastus", "properties": {
                "tenantId": "t", "sku": {"family": "A", "name": "standard"}, "accessPolicies": [],
                "enableRbacAuthorization": true, "enableSoftDelete": true,
            }})
        );
    }
}
