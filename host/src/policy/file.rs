//! The file format: what may be written where, before any of it is looked at. Unknown keys are
//! errors.
//!
//! It must not know what the keys mean.

use super::extensions::Digests;
use super::identity::IdentityKind;
use crate::egress::Range;
use crate::grant::HostPattern;
use job_scope::{JobKind, RuleTemplate};
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub(super) jobs: Option<Vec<JobKind>>,
    pub(super) clouds: Option<Vec<String>>,
    pub(super) tenants: Option<Vec<String>>,
    pub(super) subscriptions: Option<Vec<String>>,
    pub(super) vaults: Option<Vec<String>>,
    pub(super) hosts: Option<Vec<HostPattern>>,
    pub(super) identities: Option<Vec<IdentityKind>>,
    pub(super) max_shrink: Option<u8>,
    #[serde(default)]
    pub(super) reads_private_keys: bool,
    pub(super) inventory_turns: Option<PathBuf>,
    #[serde(default)]
    pub(super) secret_references: bool,
    #[serde(default)]
    pub(super) options: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) create: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) limits: BTreeMap<String, Text>,
    pub(super) extensions: Option<BTreeMap<String, Digests>>,
    #[serde(default)]
    pub(super) tenant: Vec<TenantEntry>,
    #[serde(default)]
    pub(super) vault: Vec<VaultEntry>,
    #[serde(default)]
    pub(super) private_endpoint: Vec<PrivateEndpointEntry>,
    #[serde(default)]
    pub(super) connect_to: Vec<ConnectToEntry>,
    #[serde(default)]
    pub(super) ca: Vec<CaEntry>,
    pub(super) proxy: Option<ProxyEntry>,
    #[serde(default)]
    pub(super) rule: Vec<OwnRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivateEndpointEntry {
    pub(super) hosts: Vec<HostPattern>,
    pub(super) ranges: Vec<Range>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectToEntry {
    pub(super) host: HostPattern,
    pub(super) address: SocketAddr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaEntry {
    pub(super) hosts: Vec<HostPattern>,
    pub(super) pem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProxyEntry {
    pub(super) host: HostPattern,
    pub(super) port: u16,
    #[serde(default)]
    pub(super) tls: bool,
    pub(super) ca: Option<String>,
    #[serde(default)]
    pub(super) except: Vec<HostPattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TenantEntry {
    pub(super) names: Vec<String>,
    pub(super) jobs: Option<Vec<JobKind>>,
    pub(super) cloud: Option<Text>,
    pub(super) path_format: Option<Text>,
    pub(super) identities: Option<Vec<IdentityKind>>,
    pub(super) max_shrink: Option<u8>,
    pub(super) federated_token_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) options: BTreeMap<String, Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct VaultEntry {
    pub(super) names: Vec<String>,
    pub(super) jobs: Option<Vec<JobKind>>,
    pub(super) max_shrink: Option<u8>,
    pub(super) reads_private_keys: Option<bool>,
    #[serde(default)]
    pub(super) options: BTreeMap<String, Text>,
}

/// A rule that the operator wrote.
#[derive(Debug, Clone)]
pub(super) struct OwnRule {
    /// The kinds of job it is for; `None` for all.
    pub(super) jobs: Option<Vec<JobKind>>,
    pub(super) template: RuleTemplate,
}

impl OwnRule {
    pub(super) fn is_for(&self, kind: JobKind) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| jobs.contains(&kind))
    }
}

impl<'de> Deserialize<'de> for OwnRule {
    /// A rule template with one more key, `jobs`. Read in two steps, because the template
    /// itself refuses keys that it does not know.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = toml::Table::deserialize(deserializer)?;
        let jobs = match table.remove("jobs") {
            Some(jobs) => Some(jobs.try_into().map_err(Error::custom)?),
            None => None,
        };
        let template: RuleTemplate = table.try_into().map_err(Error::custom)?;
        Ok(Self { jobs, template })
    }
}

/// The value of an option. Options cross the contract as texts, so that a boolean or a number
/// becomes its word, and a table a JSON object.
#[derive(Debug)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => text,
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Table(table) => serde_json::to_string(&table).map_err(Error::custom)?,
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) => {
                return Err(Error::custom(
                    "an option is a text, a whole number, true, false or a table of texts",
                ));
            }
        }))
    }
}
