//! The tables of a seed about Entra ID: tenants, applications, managed identities, tokens.
//!
//! Must not know how any of them is served.

use serde::Deserialize;

use super::resources::RoleSeed;
use crate::Cloud;

/// Makes a default out of "every cloud"; one tenant in three clouds is a convenience, not Azure's way.
pub(super) fn all_clouds() -> Vec<Cloud> {
    Cloud::ALL.to_vec()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct TokenSeed {
    /// The `expires_in` of an access token.
    pub(crate) lifetime_seconds: u64,
    /// The `refresh_in` beside it; absent where there is none.
    pub(crate) refresh_in_seconds: Option<u64>,
}

impl Default for TokenSeed {
    fn default() -> TokenSeed {
        // Entra ID's tokens live 60 to 90 minutes; 3599 is what a client sees most.
        TokenSeed {
            lifetime_seconds: 3599,
            refresh_in_seconds: None,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TenantSeed {
    pub(crate) id: String,
    /// A verified domain, which works in place of the id.
    pub(crate) domain: Option<String>,
    /// The display name.
    pub(crate) name: Option<String>,
    /// Where the tenant lives.
    #[serde(default = "all_clouds")]
    pub(crate) clouds: Vec<Cloud>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ApplicationSeed {
    pub(crate) client_id: String,
    pub(crate) secret: Option<String>,
    pub(crate) secret_expires: Option<toml::value::Datetime>,
    /// The tenants with a service principal of the application.
    pub(crate) tenants: Vec<String>,
    /// Tenants that know the application and have no service principal of it.
    #[serde(default)]
    pub(crate) without_principal_in: Vec<String>,
    #[serde(default)]
    pub(crate) disabled: bool,
    /// A public client, which may present no credential.
    #[serde(default)]
    pub(crate) public_client: bool,
    /// The AADSTS code that every right credential is answered with, such as 53003.
    pub(crate) refused: Option<u64>,
    /// The outside identities that may act as the application.
    #[serde(default)]
    pub(crate) federated: Vec<FederatedSeed>,
    /// What it may do in Azure Resource Manager; everything in its tenants when absent.
    pub(crate) roles: Option<Vec<RoleSeed>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FederatedSeed {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    #[serde(default = "exchange_audience")]
    pub(crate) audience: String,
}

/// The audience that Microsoft recommends for every issuer; "Workload identity federation".
pub(crate) fn exchange_audience() -> String {
    "api://AzureADTokenExchange".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ManagedIdentitySeed {
    pub(crate) client_id: String,
    pub(crate) tenant: String,
    /// The identity of the machine itself; at most one is.
    #[serde(default)]
    pub(crate) system_assigned: bool,
    /// The ARM id by which a token can be asked for too.
    pub(crate) resource_id: Option<String>,
    /// What it may do in Azure Resource Manager; everything in its tenant when absent.
    pub(crate) roles: Option<Vec<RoleSeed>>,
}

/// How the instance metadata service behaves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct MetadataSeed {
    /// What it answers at first; the earliest phase that is not over counts.
    #[serde(rename = "phase")]
    pub(crate) phases: Vec<PhaseSeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PhaseSeed {
    /// 404, 410, 429 or 5xx.
    pub(crate) status: u16,
    /// Its end, counted from the emulator's start.
    pub(crate) until_seconds: u64,
}
