//! Kinds of identity, as far as an operator accepts one and not another. It must not know how
//! an identity proves itself.

use job_scope::Identity;
use serde::Deserialize;

/// A kind of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    /// An application with a client secret.
    ClientSecret,
    /// An application with a federated token.
    ClientAssertion,
    /// The managed identity of the machine.
    ManagedIdentity,
}

impl IdentityKind {
    /// Whether an identity is of this kind.
    pub fn is_of(self, identity: &Identity) -> bool {
        self == match identity {
            Identity::ClientSecret { .. } => Self::ClientSecret,
            Identity::ClientAssertion { .. } => Self::ClientAssertion,
            Identity::ManagedIdentity { .. } => Self::ManagedIdentity,
        }
    }

    /// The word for it in a policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::ClientAssertion => "client-assertion",
            Self::ManagedIdentity => "managed-identity",
        }
    }
}
