//! The tables of a seed that say what vaults there are, what lies in them, and who may do what.
//!
//! Must not know how any of it is served.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::yes;
use crate::{Cloud, KeyKind};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct VaultSeed {
    pub(crate) name: String,
    #[serde(default = "default_clouds")]
    pub(crate) clouds: Vec<Cloud>,
    pub(crate) subscription: String,
    pub(crate) group: String,
    /// The group's when absent.
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) sku: Sku,
    /// Whether roles decide who may do what; access policies do where it is false. Decides the words of
    /// a refusal too.
    #[serde(default = "yes")]
    pub(crate) rbac: bool,
    #[serde(default)]
    pub(crate) network: Network,
    /// Whether an import of an EC key whose certificate an RSA key signed is refused, as that of an RSA key
    /// with an EC signature is everywhere.
    #[serde(default)]
    pub(crate) strict_signatures: bool,
    #[serde(default)]
    pub(crate) purge_protection: bool,
    /// 7 to 90; 90 when absent.
    pub(crate) retention_days: Option<u32>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    /// How many certificates are made up, named `cert-` and a number.
    #[serde(default)]
    pub(crate) certificates: u32,
    /// The kinds of keys that made-up certificates have, in turn.
    #[serde(default = "default_keys")]
    pub(crate) keys: Vec<KeyKind>,
    /// After which pages of a list an empty one comes, counted from 1.
    #[serde(default)]
    pub(crate) empty_page_after: Vec<u32>,
    /// Certificates by name: new ones, or made-up ones to be changed.
    #[serde(default, rename = "certificate")]
    pub(crate) named: Vec<CertificateSeed>,
    /// Secrets and keys that belong to no certificate.
    #[serde(default)]
    pub(crate) stand_alone: Vec<StandAloneSeed>,
    /// Who may do what. Without any, every application of the vault's tenant may do everything.
    #[serde(default)]
    pub(crate) allow: Vec<AccessSeed>,
    /// Who may not do what, whatever else is allowed.
    #[serde(default)]
    pub(crate) deny: Vec<AccessSeed>,
}

/// A vault's price tier.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sku {
    #[default]
    Standard,
    Premium,
}

/// Who gets through to a vault before anybody asks who may do what.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Everybody.
    #[default]
    Open,
    /// Nobody: the firewall lists other addresses.
    Firewall,
    /// Nobody: public access is off, and no request comes by a private link.
    PrivateLink,
    /// Nobody: requests come by a private link that was not approved.
    UnapprovedLink,
}

fn default_clouds() -> Vec<Cloud> {
    vec![Cloud::Public]
}

fn default_keys() -> Vec<KeyKind> {
    use KeyKind::{EcP256, EcP384, Rsa2048, Rsa3072, Rsa4096};
    vec![
        Rsa2048, EcP256, Rsa2048, EcP384, Rsa2048, Rsa3072, Rsa2048, EcP256, Rsa2048, Rsa4096,
    ]
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CertificateSeed {
    pub(crate) name: String,
    pub(crate) key: Option<KeyKind>,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    #[serde(default = "yes")]
    pub(crate) exportable: bool,
    /// Whether the key is kept in hardware; for premium vaults, and never exportable.
    #[serde(default)]
    pub(crate) hsm: bool,
    /// What its managed secret holds; PKCS#12 when absent.
    #[serde(default)]
    pub(crate) content_type: ContentType,
    #[serde(default)]
    pub(crate) reuse_key: bool,
    /// Whether a request for one more version waits for another authority to sign it.
    #[serde(default)]
    pub(crate) pending: bool,
    pub(crate) tags: Option<BTreeMap<String, String>>,
    pub(crate) not_before: Option<toml::value::Datetime>,
    pub(crate) not_after: Option<toml::value::Datetime>,
    /// How many versions it has, each with its own key, the last being the current one; 0 only where
    /// `pending` makes the first.
    #[serde(default = "one")]
    pub(crate) versions: u32,
}

/// What a managed secret holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) enum ContentType {
    #[default]
    #[serde(rename = "application/x-pkcs12")]
    Pkcs12,
    #[serde(rename = "application/x-pem-file")]
    Pem,
}

fn one() -> u32 {
    1
}

/// A secret or a key of its own, whose name no certificate can have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct StandAloneSeed {
    pub(crate) name: String,
    pub(crate) kind: StandAloneKind,
    /// A secret's text.
    #[serde(default)]
    pub(crate) value: String,
    pub(crate) content_type: Option<String>,
}

/// What stands alone.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StandAloneKind {
    Secret,
    Key,
}

/// What somebody may or may not do in a vault.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AccessSeed {
    /// The application's client id, or a principal's object id.
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) certificates: Vec<CertificatePermission>,
    #[serde(default)]
    pub(crate) secrets: Vec<SecretPermission>,
}

/// A permission for certificates, by the names of access policies.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the service's and say it")]
pub enum CertificatePermission {
    Get,
    List,
    Delete,
    Create,
    Import,
    Update,
    ManageContacts,
    GetIssuers,
    ListIssuers,
    SetIssuers,
    DeleteIssuers,
    Recover,
    Purge,
    Backup,
    Restore,
}

/// A permission for secrets, by the names of access policies.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the service's and say it")]
pub enum SecretPermission {
    Get,
    List,
}

/// How long what a vault does later takes, in seconds of the emulator's clock.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct TimingSeed {
    /// From a deletion until the deleted certificate shows.
    pub(crate) delete_seconds: u64,
    /// From a recovery until the certificate shows again.
    pub(crate) recover_seconds: u64,
    /// From a purge until the name is free.
    pub(crate) purge_seconds: u64,
    /// From a create until a self-signed certificate is there, or a cancelled one is not.
    pub(crate) create_seconds: u64,
}

impl Default for TimingSeed {
    fn default() -> TimingSeed {
        // What recordings of the SDKs' tests show, where they poll every 2 seconds, and 5 to 10 for a
        // create; a purged name stayed taken for 1 to 5 seconds (azure-sdk-for-net issue 26027).
        TimingSeed {
            delete_seconds: 3,
            recover_seconds: 2,
            purge_seconds: 2,
            create_seconds: 5,
        }
    }
}

/// How vaults limit requests. Off unless a shape is named, so that a bench measures its client.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ThrottlingSeed {
    pub(crate) shape: ThrottlingShape,
    /// Over how many seconds the numbers are counted.
    pub(crate) seconds: u32,
    /// Every request but those below.
    pub(crate) transactions: u32,
    /// Imports of certificates.
    pub(crate) imports: u32,
    /// Creations of certificates, which create keys.
    pub(crate) creates: u32,
}

/// The shape of a limit.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ThrottlingShape {
    /// No limit.
    #[default]
    Off,
    /// So many in each window; a new window forgets the last.
    FixedWindow,
    /// A bucket of so many that fills again evenly.
    TokenBucket,
}

impl Default for ThrottlingSeed {
    fn default() -> ThrottlingSeed {
        // "Azure Key Vault service limits", per vault and region in 10 seconds (wire 2.9).
        ThrottlingSeed {
            shape: ThrottlingShape::Off,
            seconds: 10,
            transactions: 4_000,
            imports: 300,
            creates: 20,
        }
    }
}
