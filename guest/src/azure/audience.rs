//! What a token is for, in the words of the two issuers.
//!
//! It must not know how a token is asked for.

use job_scope::Endpoints;

/// The audience of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Audience {
    /// The scope that Entra ID is asked for: `https://vault.azure.net/.default`.
    pub scope: &'static str,
    /// The same as a resource, for the managed-identity endpoint.
    pub resource: &'static str,
}

impl Audience {
    /// The vaults of a cloud.
    pub fn vault(endpoints: &Endpoints) -> Audience {
        Audience {
            scope: endpoints.vault_scope,
            resource: endpoints.vault_resource,
        }
    }

    /// Azure Resource Manager of a cloud.
    pub fn arm(endpoints: &Endpoints) -> Audience {
        Audience {
            scope: endpoints.arm_scope,
            resource: endpoints.arm_resource,
        }
    }
}
