//! The three Azure clouds and their host names, as one table.
//!
//! Must not know tenants, vaults or requests. Source: "Azure Key Vault keys, secrets and certificates
//! overview" (vault suffixes), "National clouds" of the Microsoft identity platform (authorities),
//! and the Resource Manager endpoint lists of each cloud (wire 1.2, 4).

use serde::{Deserialize, Serialize};

/// An Azure cloud.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Azure itself.
    Public,
    /// Azure operated by 21Vianet.
    China,
    /// Azure US Government.
    Government,
}

impl Cloud {
    /// Every cloud.
    pub const ALL: [Cloud; 3] = [Cloud::Public, Cloud::China, Cloud::Government];

    /// The token endpoints' hosts; the first is the one that challenges name.
    #[must_use]
    pub fn authority_hosts(self) -> &'static [&'static str] {
        match self {
            Cloud::Public => &["login.microsoftonline.com", "login.windows.net"],
            Cloud::China => &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
            Cloud::Government => &["login.microsoftonline.us"],
        }
    }

    /// The host that challenges name as the authority.
    #[must_use]
    pub fn authority(self) -> &'static str {
        match self {
            Cloud::Public => "login.microsoftonline.com",
            Cloud::China => "login.chinacloudapi.cn",
            Cloud::Government => "login.microsoftonline.us",
        }
    }

    /// What follows a vault's name and a dot.
    #[must_use]
    pub fn vault_suffix(self) -> &'static str {
        match self {
            Cloud::Public => "vault.azure.net",
            Cloud::China => "vault.azure.cn",
            Cloud::Government => "vault.usgovcloudapi.net",
        }
    }

    /// The audience of a token for this cloud's vaults.
    #[must_use]
    pub fn vault_resource(self) -> String {
        format!("https://{}", self.vault_suffix())
    }

    /// Azure Resource Manager's host.
    #[must_use]
    pub fn arm_host(self) -> &'static str {
        match self {
            Cloud::Public => "management.azure.com",
            Cloud::China => "management.chinacloudapi.cn",
            Cloud::Government => "management.usgovcloudapi.net",
        }
    }

    /// The audiences that Azure Resource Manager accepts, the current one and the classic one.
    #[must_use]
    pub fn arm_resources(self) -> &'static [&'static str] {
        match self {
            Cloud::Public => &[
                "https://management.azure.com",
                "https://management.core.windows.net",
            ],
            Cloud::China => &[
                "https://management.chinacloudapi.cn",
                "https://management.core.chinacloudapi.cn",
            ],
            Cloud::Government => &[
                "https://management.usgovcloudapi.net",
                "https://management.core.usgovcloudapi.net",
            ],
        }
    }

    /// The issuer of a tenant's version 1 access tokens, the kind that vaults accept.
    #[must_use]
    pub fn issuer(self, tenant: &str) -> String {
        let host = match self {
            Cloud::Public | Cloud::Government => "sts.windows.net",
            Cloud::China => "sts.chinacloudapi.cn",
        };
        format!("https://{host}/{tenant}/")
    }
}
