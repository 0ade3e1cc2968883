//! The fixed words of the protocols: API versions and the one query. Guest and grants use the same
//! constants, so a request cannot be of another version than its grant.
//!
//! Must not know: the requests they are part of.

/// Key Vault data plane. 7.6 is the first stable version with
/// `preserveCertOrder` (Azure REST: Certificates - Import Certificate).
pub const KEY_VAULT_API_VERSION: &str = "7.6";

/// The managed-identity endpoint of virtual machines (Microsoft Learn, "How to use managed
/// identities for Azure resources on an Azure VM to acquire an access token").
pub const IDENTITY_API_VERSION: &str = "2018-02-01";

/// Vaults in Azure Resource Manager. Microsoft retires every older version in February 2027
/// (Microsoft Learn, "Prepare for Key Vault API version 2026-02-01 and later").
pub const ARM_VAULTS_API_VERSION: &str = "2026-02-01";

/// Subscriptions in Azure Resource Manager (Azure REST: Subscriptions - List).
pub const ARM_SUBSCRIPTIONS_API_VERSION: &str = "2022-12-01";

/// Resource groups in Azure Resource Manager (Azure REST: Resource Groups - Get).
pub const ARM_RESOURCE_GROUPS_API_VERSION: &str = "2022-09-01";

/// The permissions of the caller on a resource (Azure REST: Permissions - List For Resource).
pub const ARM_PERMISSIONS_API_VERSION: &str = "2022-04-01";

/// Azure Resource Graph (Azure REST: Resources - Resources).
pub const RESOURCE_GRAPH_API_VERSION: &str = "2022-10-01";

/// The one Resource Graph query: the resource ids of all vaults, and the tenants whose tokens they
/// take. The order makes pages stable.
pub const RESOURCE_GRAPH_QUERY: &str = "resources | where type =~ 'microsoft.keyvault/vaults' \
     | project id, vaultTenant = tostring(properties.tenantId) | order by id asc";

/// The type of a federated token in a token request (RFC 7523 section 2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
