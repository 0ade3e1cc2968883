//! Vaults that were found with tokens of one tenant and take those of another only, as the vaults
//! of delegated subscriptions do (Azure Lighthouse).
//!
//! It must not know how a vault's tenant was found out.

use std::collections::{BTreeMap, BTreeSet};

use job_scope::{StorePath, TenantId, counted};

use super::findings::first;

/// What was found so far.
#[derive(Default)]
pub(super) struct Foreign {
    /// Tenant and name, by what tells vaults apart.
    vaults: BTreeMap<String, (TenantId, String)>,
    /// Those that were found with tokens of their own tenant, or may have been.
    at_home: BTreeSet<String>,
}

impl Foreign {
    /// A vault; `of_another` is its tenant, if that is another than the searched one.
    pub(super) fn add(&mut self, key: &str, vault: &StorePath, of_another: Option<&TenantId>) {
        match of_another {
            Some(tenant) => {
                let name = vault.vault().to_string();
                self.vaults.insert(key.to_owned(), (tenant.clone(), name));
            }
            None => {
                self.at_home.insert(key.to_owned());
            }
        }
    }

    /// Those that no searched tenant's tokens open, as a sentence without its end.
    pub(super) fn told(&self) -> Option<String> {
        let mut by_tenant: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut count = 0_usize;
        for (key, (tenant, name)) in &self.vaults {
            if !self.at_home.contains(key) {
                count += 1;
                by_tenant.entry(tenant.as_str()).or_default().push(name);
            }
        }
        let told: Vec<String> = by_tenant
            .into_iter()
            .map(|(tenant, names)| format!("{tenant} ({})", first(names.into_iter())))
            .collect();
        let (are, take) = match count {
            0 => return None,
            1 => ("is", "takes"),
            _ => ("are", "take"),
        };
        Some(format!(
            "{} {are} of another tenant than the one that was searched, in delegated subscriptions \
             perhaps, and {take} tokens of that tenant only: {}; jobs in them need its id as the \
             client machine, and an identity of that tenant",
            counted(count, "vault"),
            first(told.iter().map(String::as_str))
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vaults_are_told_by_their_tenant() {
        let tenant = |digit: &str| {
            TenantId::parse(&"00000000-0000-4000-8000-000000000000".replace('0', digit)).unwrap()
        };
        let (one, two) = (tenant("1"), tenant("2"));
        let mut foreign = Foreign::default();
        let mut add = |name: &str, of_another| {
            let path = format!("22222222-2222-4222-8222-222222222222:rg:{name}");
            foreign.add(&path, &StorePath::parse(&path).unwrap(), of_another);
        };
        add("kv-home", None);
        add("kv-one", Some(&one));
        add("kv-two", Some(&two));
        add("kv-more", Some(&two));
        add("kv-both", Some(&two));
        add("kv-both", None);
        let told = foreign.told().unwrap();
        assert!(told.starts_with("3 vaults are of another tenant"), "{told}");
        let named = format!(": {one} (kv-one), {two} (kv-more, kv-two); jobs");
        assert!(told.contains(&named), "{told}");
        assert_eq!(Foreign::default().told(), None);
    }
}
