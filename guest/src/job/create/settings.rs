//! What a Create asks for, beside what a vault has.
//!
//! It must not know how the vault was seen, nor what becomes of a difference.

use job_scope::{JobOptions, NewVault, Region, Sku, TenantId};

use crate::azure::arm::vaults::VaultResource;
use crate::azure::discretion::Discretion;

/// What the job says. What it leaves to the defaults is not compared: a vault in the region
/// of its group is as good as one in the default region where nobody asked for either.
pub(super) struct Wanted {
    sku: Option<Sku>,
    region: Option<Region>,
    options: JobOptions,
}

/// Days that what was deleted is kept, where a vault says nothing (Azure REST, "Vaults":
/// `softDeleteRetentionInDays`).
const DEFAULT_RETENTION: u64 = 90;

impl Wanted {
    pub(super) fn new(new_vault: &NewVault, options: JobOptions) -> Wanted {
        Wanted {
            sku: new_vault.given_sku(),
            region: new_vault.given_region().cloned(),
            options,
        }
    }

    /// Each difference as half a sentence about the vault. Tags are not compared: owners and
    /// policies add their own.
    pub(super) fn differences(
        &self,
        vault: &VaultResource,
        tenant: Option<&TenantId>,
        discretion: &Discretion,
    ) -> Vec<String> {
        let mut differences = Vec::new();
        let mut differs = |what: &str, found: &str, wanted: &str| {
            if !found.eq_ignore_ascii_case(wanted) {
                let found = discretion.name(found).or_else(|| discretion.id(found));
                let found = found.unwrap_or_else(|| "something else".to_owned());
                differences.push(format!("its {what} is {found}, not {wanted}"));
            }
        };
        if let (Some(wanted), Some(found)) = (self.sku, &vault.sku) {
            differs("SKU", found, wanted.as_str());
        }
        if let (Some(wanted), Some(found)) = (&self.region, &vault.location) {
            // The service writes both `eastus` and `East US`.
            differs("region", &found.replace(' ', ""), wanted.as_str());
        }
        if let (Some(wanted), Some(found)) = (tenant, &vault.tenant) {
            differs("tenant", found, wanted.as_str());
        }
        if let Some(wanted) = self.options.public_network_access {
            let found = vault.public_network_access.as_deref();
            differs(
                "public network access",
                found.unwrap_or("enabled"),
                wanted.as_str(),
            );
        }
        if let Some(wanted) = self.options.retention_days {
            let found = vault.retention_days.unwrap_or(DEFAULT_RETENTION);
            differs("retention in days", &found.to_string(), &wanted.to_string());
        }
        if self.options.purge_protection && vault.purge_protection != Some(true) {
            differences.push("it has no purge protection".to_owned());
        }
        // The data plane of a vault that does not say so is ruled by access policies.
        if vault.rbac != Some(true) {
            differences.push(BY_ACCESS_POLICIES.to_owned());
        }
        differences
    }
}

/// A difference that decides who can use the vault.
pub(super) const BY_ACCESS_POLICIES: &str =
    "it uses access policies instead of role-based access control";

#[cfg(test)]
mod tests {
    use job_scope::{Cloud, Properties};

    use super::*;
    use crate::azure::arm::vaults::Provisioning;

    const TENANT: &str = "11111111-1111-4111-8111-111111111111";

    fn plain() -> VaultResource {
        VaultResource {
            state: Provisioning::Succeeded,
            location: Some("eastus".into()),
            tenant: Some(TENANT.into()),
            sku: Some("standard".into()),
            rbac: Some(true),
            retention_days: None,
            purge_protection: None,
            public_network_access: None,
        }
    }

    fn differences(
        properties: &[(&str, &str)],
        options: &[(&str, &str)],
        vault: &VaultResource,
    ) -> Vec<String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let properties = Properties::from_fields(properties.iter().map(owned));
        let options = JobOptions::from_fields(options.iter().copied()).unwrap();
        let tenant = TenantId::parse(TENANT).unwrap();
        let new_vault = NewVault::parse(&properties, Cloud::Public, &options).unwrap();
        Wanted::new(&new_vault, options).differences(vault, Some(&tenant), &Discretion::default())
    }

    #[test]
    fn what_the_job_does_not_say_is_not_compared() {
        let vault = VaultResource {
            location: Some("West Europe".into()),
            sku: Some("premium".into()),
            retention_days: Some(7),
            purge_protection: Some(true),
            public_network_access: Some("Disabled".into()),
            ..plain()
        };
        let junk = [
            ("SkuType", "standard,premium"),
            ("VaultRegion", "eastus,eastus2,westus2,westus3,westus"),
        ];
        for properties in [&[][..], &junk] {
            assert_eq!(differences(properties, &[], &vault), [""; 0]);
        }
    }

    #[test]
    fn spelling_and_defaults_are_no_difference() {
        let vault = VaultResource {
            location: Some("East US".into()),
            tenant: Some(TENANT.to_uppercase()),
            sku: Some("Standard".into()),
            ..plain()
        };
        let properties = [("SkuType", "standard"), ("VaultRegion", "EastUS")];
        let options = [
            ("create-public-network-access", "enabled"),
            ("create-retention-days", "90"),
        ];
        assert_eq!(differences(&properties, &options, &vault), [""; 0]);
    }

    #[test]
    fn w34_every_difference_is_named() {
        let vault = VaultResource {
            location: Some("<b>".into()),
            tenant: Some("99999999-9999-4999-8999-999999999999".into()),
            rbac: None,
            ..plain()
        };
        let properties = [("SkuType", "premium"), ("VaultRegion", "westus2")];
        let options = [
            ("create-public-network-access", "disabled"),
            ("create-retention-days", "7"),
            ("create-purge-protection", "true"),
        ];
        assert_eq!(
            differences(&properties, &options, &vault),
            [
                "its SKU is standard, not premium",
                "its region is something else, not westus2",
                "its tenant is 99999999-9999-4999-8999-999999999999, not \
                 11111111-1111-4111-8111-111111111111",
                "its public network access is enabled, not disabled",
                "its retention in days is 90, not 7",
                "it has no purge protection",
                "it uses access policies instead of role-based access control",
            ]
        );
    }
}
