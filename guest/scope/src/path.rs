//! The store path: which vault a store is, in the forms that platforms hold.
//!
//! | form | example |
//! |---|---|
//! | three parts | `22222222-2222-4222-8222-222222222222:rg-one:kv-one` |
//! | two parts, the group in the property `ResourceGroupName` | `22222222-2222-4222-8222-222222222222:kv-one` |
//! | Azure resource id | `/subscriptions/2222…/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-one` |
//!
//! Everything else is refused. Spaces around the pieces are dropped; in a resource id, segment
//! names are compared ignoring case (Azure writes both `resourceGroups` and `resourcegroups`) and
//! extra slashes do no harm.
//!
//! Must not know: properties, clouds, hosts.

use std::fmt;
use std::str::FromStr;

use crate::counted::counted;
use crate::error::{FieldError, shown};
use crate::names::{ResourceGroup, SubscriptionId, VaultName};

/// Where a vault is in Azure Resource Manager, as its store path says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StorePath {
    subscription: SubscriptionId,
    resource_group: Option<ResourceGroup>,
    vault: VaultName,
}

const FIELD: &str = "StorePath";

const ACCEPTED: &str = "accepted are subscription-id:resource-group:vault-name, \
    subscription-id:vault-name (with the property ResourceGroupName), and \
    /subscriptions/{id}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}";

impl StorePath {
    /// Reads a store path in one of its forms.
    ///
    /// # Errors
    /// Everything else; the message names the accepted forms, and a vault's URL, the form of very
    /// old stores, by what it is.
    pub fn parse(text: &str) -> Result<StorePath, FieldError> {
        let path = text.trim();
        if path.is_empty() {
            return Err(refused("is blank"));
        }
        if is_url(path) {
            return Err(refused(format!(
                "{} is a vault URL, which says neither subscription nor resource group",
                shown(path)
            )));
        }
        if path.contains(':') {
            let parts: Vec<&str> = path.split(':').collect();
            return match parts.as_slice() {
                [subscription, group, vault] => StorePath::new(subscription, Some(group), vault),
                [subscription, vault] => StorePath::new(subscription, None, vault),
                _ => Err(refused(format!(
                    "{} has {}",
                    shown(path),
                    counted(parts.len(), "part")
                ))),
            };
        }
        if path.contains('/') {
            return StorePath::from_resource_id(path);
        }
        let what = if path.contains('.') {
            "is a host name, which says neither subscription nor resource group"
        } else {
            "is one word"
        };
        Err(refused(format!("{} {what}", shown(path))))
    }

    fn from_resource_id(path: &str) -> Result<StorePath, FieldError> {
        let segments: Vec<&str> = path
            .split('/')
            .map(str::trim)
            .filter(|segment| !segment.is_empty())
            .collect();
        let [
            subscriptions,
            subscription,
            groups,
            group,
            providers,
            provider,
            vaults,
            vault,
            below @ ..,
        ] = segments.as_slice()
        else {
            return Err(refused(format!(
                "{} is not the resource id of a vault",
                shown(path)
            )));
        };
        for (name, wanted) in [
            (subscriptions, "subscriptions"),
            (groups, "resourceGroups"),
            (providers, "providers"),
            (provider, "Microsoft.KeyVault"),
            (vaults, "vaults"),
        ] {
            if !name.eq_ignore_ascii_case(wanted) {
                return Err(refused(format!(
                    "{} is not the resource id of a vault: it has {} where {wanted} belongs",
                    shown(path),
                    shown(name)
                )));
            }
        }
        if !below.is_empty() {
            return Err(refused(format!(
                "{} is the resource id of something below a vault",
                shown(path)
            )));
        }
        StorePath::new(subscription, Some(group), vault)
    }

    fn new(subscription: &str, group: Option<&str>, vault: &str) -> Result<StorePath, FieldError> {
        let inside = |part: &'static str| {
            move |error: FieldError| {
                let remedy = format!("{}; {ACCEPTED}", error.remedy());
                error.inside(FIELD, part, &remedy)
            }
        };
        Ok(StorePath {
            subscription: SubscriptionId::parse(subscription).map_err(inside("subscription"))?,
            resource_group: group
                .map(ResourceGroup::parse)
                .transpose()
                .map_err(inside("resource group"))?,
            vault: VaultName::parse(vault).map_err(inside("vault name"))?,
        })
    }

    /// The subscription the vault is in.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// The resource group the vault is in; `None` in the two-part form.
    pub fn resource_group(&self) -> Option<&ResourceGroup> {
        self.resource_group.as_ref()
    }

    /// The vault's name.
    pub fn vault(&self) -> &VaultName {
        &self.vault
    }
}

/// `sub:rg:vault`, or `sub:vault` where the group is not known. The names have no colon.
impl fmt::Display for StorePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resource_group {
            Some(group) => write!(out, "{}:{group}:{}", self.subscription, self.vault),
            None => write!(out, "{}:{}", self.subscription, self.vault),
        }
    }
}

impl FromStr for StorePath {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<StorePath, FieldError> {
        StorePath::parse(text)
    }
}

fn refused(problem: impl Into<String>) -> FieldError {
    FieldError::new(FIELD, problem, ACCEPTED)
}

/// Whether this was meant as a URL, also a mutilated one (`https:/kv.vault.azure.net`).
fn is_url(path: &str) -> bool {
    path.contains("://")
        || path.split_once(':').is_some_and(|(scheme, _)| {
            let scheme = scheme.trim();
            scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUB: &str = "22222222-2222-4222-8222-222222222222";

    fn printed(text: &str) -> String {
        match StorePath::parse(text) {
            Ok(path) => path.to_string(),
            Err(error) => format!("{text:?} was refused: {error}"),
        }
    }

    #[test]
    fn r12_every_form_of_a_store_path_means_the_same_vault() {
        for text in [
            format!("{SUB}:rg-one:kv-one"),
            format!(" {SUB} : rg-one : kv-one "),
            format!(
                "/subscriptions/{SUB}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-one"
            ),
            format!(
                "/subscriptions/{SUB}/resourcegroups/rg-one/providers/microsoft.keyvault/vaults/kv-one"
            ),
            format!(
                "  subscriptions/{SUB}//RESOURCEGROUPS/rg-one/providers/Microsoft.KeyVault/vaults/kv-one/ "
            ),
            format!(
                "/ subscriptions / {SUB} / resourceGroups / rg-one / providers / Microsoft.KeyVault / vaults / kv-one /"
            ),
        ] {
            assert_eq!(printed(&text), format!("{SUB}:rg-one:kv-one"), "{text:?}");
        }
    }

    #[test]
    fn r13_a_two_part_path_is_subscription_and_vault_without_a_group() {
        let path = StorePath::parse(&format!("{SUB} : kv-one")).unwrap();
        assert_eq!(path.subscription().as_str(), SUB);
        assert_eq!(path.resource_group(), None);
        assert_eq!(path.vault().as_str(), "kv-one");
        assert_eq!(path.to_string(), format!("{SUB}:kv-one"));
    }

    #[test]
    fn r1_a_vault_url_is_refused_as_what_it_is() {
        for text in [
            "https://kv-one.vault.azure.net",
            "https://kv-one.vault.azure.net:443/",
            " HTTPS://KV-ONE.VAULT.AZURE.NET/ ",
            "http://kv-one",
            "https:/kv-one.vault.azure.net",
        ] {
            let error = StorePath::parse(text).unwrap_err();
            assert_eq!(error.field(), "StorePath", "{text:?}");
            assert!(
                error.problem().contains("is a vault URL"),
                "{text:?}: {error}"
            );
            assert!(
                error.remedy().contains("subscription-id:resource-group"),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn w05_everything_else_is_refused_with_the_accepted_forms() {
        let id = format!(
            "/subscriptions/{SUB}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-one"
        );
        for (text, because) in [
            (String::new(), "is blank"),
            (" \t ".to_owned(), "is blank"),
            ("kv-one".to_owned(), "is one word"),
            ("kv-one.vault.azure.net".to_owned(), "is a host name"),
            (":".to_owned(), "its subscription is blank"),
            ("::".to_owned(), "its subscription is blank"),
            ("::kv-one".to_owned(), "its subscription is blank"),
            (format!("{SUB}:rg-one:"), "its vault name is blank"),
            (format!("{SUB}::kv-one"), "its resource group is blank"),
            (format!("{SUB}:"), "its vault name is blank"),
            (format!("{SUB}:rg-one:kv-one:x"), "has 4 parts"),
            ("my sub:rg-one:kv-one".to_owned(), "is not a GUID"),
            (
                format!("{SUB}:rg-one:evil.example/"),
                "is not the name of a vault",
            ),
            (
                format!("{SUB}:rg/one:kv-one"),
                "is not the name of a resource group",
            ),
            ("/".to_owned(), "is not the resource id of a vault"),
            (
                format!("/subscriptions/{SUB}"),
                "is not the resource id of a vault",
            ),
            (format!("{id}/secrets/x"), "something below a vault"),
            (id.replace("vaults", "managedHSMs"), "where vaults belongs"),
            (
                id.replace("Microsoft.KeyVault", "Microsoft.Web"),
                "where Microsoft.KeyVault belongs",
            ),
            (
                id.replace("resourceGroups", "groups"),
                "where resourceGroups belongs",
            ),
            (id.replace("kv-one", "kv"), "is not the name of a vault"),
        ] {
            let error = StorePath::parse(&text).unwrap_err();
            assert_eq!(error.field(), "StorePath", "{text:?}");
            assert!(error.problem().contains(because), "{text:?}: {error}");
            assert!(
                error.remedy().contains("subscription-id:vault-name")
                    && error.remedy().contains("/subscriptions/{id}"),
                "{text:?}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_store_path_parser_panic(text: String) {
            let _ = StorePath::parse(&text);
        }

        #[test]
        fn almost_store_paths_do_not_make_it_panic_and_print_back(
            text in "[ /]?(subscriptions/)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}[:/ ](resourceGroups[/])?[a-zé.()_ -]{0,6}[:/](providers/microsoft.keyvault/vaults/)?[a-zA-Z0-9.-]{0,8}[/ ]?"
        ) {
            if let Ok(path) = StorePath::parse(&text) {
                prop_assert_eq!(StorePath::parse(&path.to_string()), Ok(path));
            }
        }

        #[test]
        fn what_is_well_formed_parses_prints_back_and_parses_the_same(
            subscription in "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
            group in proptest::option::of("[a-zA-Z0-9é_()-]{1,90}"),
            vault in "[a-zA-Z][a-zA-Z0-9]{2,20}(-[a-z0-9])?",
            id: bool,
        ) {
            let text = match &group {
                Some(group) if id => format!(
                    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}"
                ),
                Some(group) => format!("{subscription}:{group}:{vault}"),
                None => format!("{subscription}:{vault}"),
            };
            let path = StorePath::parse(&text)?;
            prop_assert_eq!(path.vault().as_str(), vault);
            prop_assert_eq!(path.resource_group().map(|group| group.as_str()), group.as_deref());
            prop_assert_eq!(StorePath::parse(&path.to_string()), Ok(path));
        }
    }
}
