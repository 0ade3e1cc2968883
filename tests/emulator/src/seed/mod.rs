//! What exists when the emulator starts: tenants, applications, subscriptions, vaults, faults.
//!
//! Must not know how any of it is served. The TOML is the type: each struct here is one table of a seed
//! file, an unknown key is an error that names it, and a [`Seed`] that exists has been checked.

mod check;
mod directory;
mod resources;
mod vaults;

pub(crate) use check::{is_certificate_name, is_vault_name, unix_seconds};
pub(crate) use vaults::{
    AccessSeed, CertificateSeed, ContentType, Sku, StandAloneKind, StandAloneSeed, ThrottlingSeed,
    TimingSeed, VaultSeed,
};
pub use vaults::{CertificatePermission, Network, SecretPermission, ThrottlingShape};

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Fault;
pub(crate) use directory::{
    ApplicationSeed, FederatedSeed, ManagedIdentitySeed, MetadataSeed, PhaseSeed, TenantSeed,
    TokenSeed, exchange_audience,
};
pub(crate) use resources::{
    ArmSeed, BucketSeed, GroupSeed, PolicySeed, RequireSeed, RoleKind, RoleSeed, SubscriptionSeed,
    SubscriptionState,
};

/// The seed used where none is given.
const BUILT_IN: &str = include_str!("default.toml");

/// Everything that exists at the start, checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Seed {
    /// Whatever is derived (keys, serial numbers, ids) is derived from this text and a name.
    #[serde(default = "default_key")]
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) tokens: TokenSeed,
    #[serde(default, rename = "tenant")]
    pub(crate) tenants: Vec<TenantSeed>,
    #[serde(default, rename = "application")]
    pub(crate) applications: Vec<ApplicationSeed>,
    #[serde(default, rename = "managed-identity")]
    pub(crate) managed_identities: Vec<ManagedIdentitySeed>,
    #[serde(default)]
    pub(crate) metadata: MetadataSeed,
    #[serde(default)]
    pub(crate) arm: ArmSeed,
    #[serde(default, rename = "policy")]
    pub(crate) policies: Vec<PolicySeed>,
    #[serde(default, rename = "subscription")]
    pub(crate) subscriptions: Vec<SubscriptionSeed>,
    #[serde(default, rename = "vault")]
    pub(crate) vaults: Vec<VaultSeed>,
    #[serde(default)]
    pub(crate) timing: TimingSeed,
    #[serde(default)]
    pub(crate) throttling: ThrottlingSeed,
    #[serde(default, rename = "fault")]
    pub(crate) faults: Vec<Fault>,
}

fn default_key() -> String {
    "azure-emulator".to_owned()
}

fn yes() -> bool {
    true
}

/// Why a seed was refused.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file could not be read.
    #[error("the seed {} could not be read: {source}; give the path of a TOML file", path.display())]
    Unreadable {
        /// The path given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not TOML, or a key that a seed does not have; the text names it and its line.
    #[error("the seed does not have the shape of one: {0}")]
    Shape(#[from] toml::de::Error),
    /// Well-formed, but it contradicts itself or Azure's rules.
    #[error("the seed cannot be: {what}; {remedy}")]
    Impossible {
        /// What was found.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
}

impl Seed {
    /// Reads a seed from TOML text.
    ///
    /// # Errors
    /// Where the text is not a seed, or one thing in it refers to another that is not there.
    pub fn parse(text: &str) -> Result<Seed, SeedError> {
        let seed: Seed = toml::from_str(text)?;
        check::check(&seed)?;
        Ok(seed)
    }

    /// Reads a seed from a TOML file.
    ///
    /// # Errors
    /// As [`Seed::parse`], and where the file cannot be read.
    pub fn load(path: &Path) -> Result<Seed, SeedError> {
        let text = std::fs::read_to_string(path).map_err(|source| SeedError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Seed::parse(&text)
    }

    /// The seed used where none is given: two tenants, one application known in both, one
    /// subscription with three groups, and the vault `kv-one` with 60 certificates in each cloud.
    ///
    /// # Errors
    /// None in a build whose tests passed.
    pub fn built_in() -> Result<Seed, SeedError> {
        Seed::parse(BUILT_IN)
    }

    /// The TOML text of [`Seed::built_in`], to start a seed of one's own from.
    #[must_use]
    pub fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Adds a fault, as `[[fault]]` in a file would.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Seed {
        self.faults.push(fault);
        self
    }

    /// Lets every vault limit its requests in this shape, by the seed's numbers; the published limits
    /// where it has none.
    #[must_use]
    pub fn with_throttling(mut self, shape: ThrottlingShape) -> Seed {
        self.throttling.shape = shape;
        self
    }
}
