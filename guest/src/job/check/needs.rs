//! What each kind of job must be allowed to do, as data: the actions of role-based access
//! control and the permissions of access policies.
//!
//! It must not know how any of it is found out. Sources: Microsoft Learn, "Azure permissions
//! for Security" (the actions of Microsoft.KeyVault), "Azure built-in roles for Key Vault",
//! and Azure REST, "Vaults: CertificatePermissions".

use job_scope::{Chain, JobKind, JobOptions};

use crate::azure::arm::permissions::Permissions;

/// What one kind of job needs.
pub(super) struct Needs {
    /// Actions on what is in the vault, each with the permission of an access policy that
    /// stands for it.
    pub(super) in_vault: &'static [(&'static str, &'static str)],
    /// Actions on the resource group.
    pub(super) in_group: &'static [&'static str],
    /// Of the actions in the vault, those without which the job does its work with less.
    pub(super) dispensable: &'static [&'static str],
    /// The built-in roles that allow all of it, the least of them first.
    pub(super) role: &'static str,
}

/// What every job in a vault needs.
pub(super) const READ_ACTION: &str = "Microsoft.KeyVault/vaults/certificates/read";

/// What looks for one name alone. Roles know no difference, access policies do.
const GET: (&str, &str) = (READ_ACTION, "Get");

const GET_AND_LIST: (&str, &str) = (READ_ACTION, "Get and List");

/// What the chain of a certificate is read with, and its private key.
const READ_SECRET: (&str, &str) = (
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "and the secret permission Get",
);

const IMPORT: (&str, &str) = (
    "Microsoft.KeyVault/vaults/certificates/import/action",
    "Import",
);

const RECOVER: (&str, &str) = (
    "Microsoft.KeyVault/vaults/certificates/recover/action",
    "Recover",
);

impl Needs {
    /// Whether it lists the vault, and does not look for one name alone.
    pub(super) fn lists(&self) -> bool {
        self.in_vault.contains(&GET_AND_LIST)
    }

    /// Whether who could read a certificate has all of it.
    pub(super) fn only_to_read(&self) -> bool {
        self.in_vault
            .iter()
            .all(|(action, _)| *action == READ_ACTION)
    }

    /// The actions in the vault that these permissions do not allow.
    pub(super) fn lacking_in_vault(&self, permissions: &Permissions) -> Vec<&'static str> {
        let actions = self.in_vault.iter().map(|(action, _)| *action);
        actions
            .filter(|action| !permissions.allows_data(action))
            .collect()
    }

    /// The actions in the resource group that these permissions do not allow.
    pub(super) fn lacking_in_group(&self, permissions: &Permissions) -> Vec<&'static str> {
        let actions = self.in_group.iter().copied();
        actions
            .filter(|action| !permissions.allows(action))
            .collect()
    }
}

/// The needs of a kind of job with these options.
pub(super) fn needs(kind: JobKind, options: &JobOptions) -> Needs {
    match kind {
        JobKind::Inventory if options.chain == Chain::Full => Needs {
            in_vault: &[GET_AND_LIST, READ_SECRET],
            in_group: &[],
            dispensable: &[],
            role: "Key Vault Reader together with Key Vault Secrets User on the vault",
        },
        JobKind::Inventory | JobKind::Check => Needs {
            in_vault: &[GET_AND_LIST],
            in_group: &[],
            dispensable: &[],
            role: "Key Vault Reader or Key Vault Certificates Officer on the vault",
        },
        JobKind::Add if options.compare_chain == Some(true) => Needs {
            in_vault: &[GET, IMPORT, RECOVER, READ_SECRET],
            in_group: &[],
            dispensable: &[READ_SECRET.0],
            role: "Key Vault Certificates Officer together with Key Vault Secrets User on the vault",
        },
        JobKind::Add => Needs {
            in_vault: &[GET, IMPORT, RECOVER],
            in_group: &[],
            dispensable: &[],
            role: "Key Vault Certificates Officer on the vault",
        },
        JobKind::Remove => Needs {
            in_vault: &[
                GET,
                ("Microsoft.KeyVault/vaults/certificates/delete", "Delete"),
            ],
            in_group: &[],
            dispensable: &[],
            role: "Key Vault Certificates Officer on the vault",
        },
        JobKind::CreateStore => Needs {
            in_vault: &[],
            in_group: &[
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.KeyVault/vaults/read",
                "Microsoft.KeyVault/vaults/write",
            ],
            dispensable: &[],
            role: "Key Vault Contributor on the resource group (Key Vault Administrator does not \
                   allow vaults to be created)",
        },
        JobKind::Discovery => Needs {
            in_vault: &[],
            in_group: &["Microsoft.KeyVault/vaults/read"],
            dispensable: &[],
            role: "Reader or Key Vault Reader on the subscription or the resource groups",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever assigns roles reads there what a check will look for.
    #[test]
    fn the_readme_says_what_is_looked_for() {
        let mut table = String::from(
            "| job | role | actions (permissions of an access policy) |\n|---|---|---|\n",
        );
        let full = JobOptions {
            chain: Chain::Full,
            ..JobOptions::default()
        };
        let compares = JobOptions {
            compare_chain: Some(true),
            ..JobOptions::default()
        };
        let plain = JobOptions::default();
        let kinds = [
            (JobKind::Inventory, &plain, ""),
            (JobKind::Inventory, &full, ", with `full-chain`"),
            (JobKind::Add, &plain, ""),
            (JobKind::Add, &compares, ", where it compares chains"),
            (JobKind::Remove, &plain, ""),
            (JobKind::CreateStore, &plain, ""),
            (JobKind::Discovery, &plain, ""),
        ];
        for (kind, options, with) in kinds {
            let needs = needs(kind, options);
            let in_vault = needs.in_vault.iter();
            let in_vault = in_vault.map(|(action, policy)| format!("`{action}` ({policy})"));
            let in_group = needs.in_group.iter().map(|action| format!("`{action}`"));
            let actions: Vec<String> = in_vault.chain(in_group).collect();
            table.push_str(&format!(
                "| `{kind}`{with} | {} | {} |\n",
                needs.role,
                actions.join(", ")
            ));
        }
        let readme = include_str!("../../../../README.md");
        let (_, rest) = readme.split_once("<!-- needs -->\n").unwrap();
        let (found, _) = rest.split_once("<!-- end -->").unwrap();
        assert_eq!(found, table);
    }
}
