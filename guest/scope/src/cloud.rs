//! The three Azure clouds and the fixed names of their endpoints.
//!
//! Must not know: which cloud an operator allows, nor what is asked of an endpoint.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{FieldError, shown};

/// One of Azure's separate clouds. Tenants, vaults and tokens of one mean nothing in another.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The worldwide cloud, and what a job without a cloud means.
    #[default]
    Public,
    /// Azure operated by 21Vianet.
    China,
    /// Azure Government (United States).
    Government,
}

/// Where the services of one cloud are. Host names without scheme or port; everything is https
/// on 443.
///
/// Sources: Microsoft Learn, "Azure Key Vault keys, secrets and certificates overview" (DNS
/// suffixes and resources), "Access Azure Key Vault behind a firewall" (authorities and
/// management endpoints), "National clouds" (Microsoft Entra authentication endpoints).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Host of the token service, `login.microsoftonline.com`.
    pub authority: &'static str,
    /// What follows a vault's name in its host name, without a leading dot, `vault.azure.net`.
    pub vault_suffix: &'static str,
    /// The scope of a token for vaults, `https://vault.azure.net/.default`.
    pub vault_scope: &'static str,
    /// The same as a resource, which the managed-identity endpoint asks for:
    /// the scope without `/.default`.
    pub vault_resource: &'static str,
    /// Host of Azure Resource Manager, `management.azure.com`.
    pub arm: &'static str,
    /// The scope of a token for Azure Resource Manager. In Azure Government its host is not the
    /// endpoint's.
    pub arm_scope: &'static str,
    /// The same as a resource.
    pub arm_resource: &'static str,
}

const PUBLIC: Endpoints = Endpoints {
    authority: "login.microsoftonline.com",
    vault_suffix: "vault.azure.net",
    vault_scope: "https://vault.azure.net/.default",
    vault_resource: "https://vault.azure.net",
    arm: "management.azure.com",
    arm_scope: "https://management.azure.com/.default",
    arm_resource: "https://management.azure.com",
};

const CHINA: Endpoints = Endpoints {
    authority: "login.chinacloudapi.cn",
    vault_suffix: "vault.azure.cn",
    vault_scope: "https://vault.azure.cn/.default",
    vault_resource: "https://vault.azure.cn",
    arm: "management.chinacloudapi.cn",
    arm_scope: "https://management.chinacloudapi.cn/.default",
    arm_resource: "https://management.chinacloudapi.cn",
};

const GOVERNMENT: Endpoints = Endpoints {
    authority: "login.microsoftonline.us",
    vault_suffix: "vault.usgovcloudapi.net",
    vault_scope: "https://vault.usgovcloudapi.net/.default",
    vault_resource: "https://vault.usgovcloudapi.net",
    arm: "management.usgovcloudapi.net",
    arm_scope: "https://management.core.usgovcloudapi.net/.default",
    arm_resource: "https://management.core.usgovcloudapi.net",
};

impl Cloud {
    /// Every cloud, in the order of the store type's option list.
    pub const ALL: [Cloud; 3] = [Cloud::Public, Cloud::China, Cloud::Government];

    /// Reads the property `AzureCloud`: trimmed, in any case. Blank is `None`, "not said".
    ///
    /// # Errors
    /// Any other word, answered with the three that exist. A misspelt cloud must not quietly
    /// become the public one: the secret would be sent to another authority.
    pub fn parse(text: &str) -> Result<Option<Cloud>, FieldError> {
        let word = text.trim();
        if word.is_empty() {
            return Ok(None);
        }
        Cloud::ALL
            .into_iter()
            .find(|cloud| cloud.as_str().eq_ignore_ascii_case(word))
            .map(Some)
            .ok_or_else(|| {
                FieldError::new(
                    "AzureCloud",
                    format!("{} is not a cloud", shown(word)),
                    "use public, china or government, or leave it blank for public",
                )
            })
    }

    /// The lower-case word, as in the store type's option list.
    pub fn as_str(self) -> &'static str {
        match self {
            Cloud::Public => "public",
            Cloud::China => "china",
            Cloud::Government => "government",
        }
    }

    /// Where this cloud's services are.
    pub fn endpoints(self) -> &'static Endpoints {
        match self {
            Cloud::Public => &PUBLIC,
            Cloud::China => &CHINA,
            Cloud::Government => &GOVERNMENT,
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r10_r30_a_cloud_is_read_trimmed_and_in_any_case_and_blank_is_not_said() {
        for (text, cloud) in [
            ("", None),
            (" \t", None),
            ("public", Some(Cloud::Public)),
            ("CHINA", Some(Cloud::China)),
            (" Government ", Some(Cloud::Government)),
        ] {
            assert_eq!(Cloud::parse(text), Ok(cloud), "{text:?}");
        }
    }

    #[test]
    fn an_unknown_cloud_is_refused_and_the_three_are_listed() {
        for text in ["goverment", "germany", "public,china", "azure public"] {
            let error = Cloud::parse(text).unwrap_err();
            assert_eq!(error.field(), "AzureCloud", "{text:?}");
            let message = error.to_string();
            for cloud in Cloud::ALL {
                assert!(message.contains(cloud.as_str()), "{text:?}: {message}");
            }
        }
    }

    #[test]
    fn r30_every_cloud_has_its_own_hosts_and_its_scopes_are_its_resources() {
        for cloud in Cloud::ALL {
            let own = cloud.endpoints();
            assert_eq!(own.vault_scope, format!("{}/.default", own.vault_resource));
            assert_eq!(own.arm_scope, format!("{}/.default", own.arm_resource));
            assert_eq!(own.vault_resource, format!("https://{}", own.vault_suffix));
            for other in Cloud::ALL.into_iter().filter(|other| *other != cloud) {
                let other = other.endpoints();
                assert_ne!(own.authority, other.authority, "{cloud}");
                assert_ne!(own.vault_suffix, other.vault_suffix, "{cloud}");
                assert_ne!(own.arm, other.arm, "{cloud}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_parses_as_a_cloud_prints_back_and_parses_the_same(text: String) {
            if let Ok(Some(cloud)) = Cloud::parse(&text) {
                prop_assert_eq!(Cloud::parse(&cloud.to_string()), Ok(Some(cloud)));
            }
        }
    }

    #[test]
    fn every_cloud_prints_and_parses_and_serializes_as_the_same_word() {
        for cloud in Cloud::ALL {
            assert_eq!(Cloud::parse(&cloud.to_string()), Ok(Some(cloud)));
            assert_eq!(
                serde_json::to_string(&cloud).unwrap(),
                format!("\"{cloud}\"")
            );
        }
    }
}
