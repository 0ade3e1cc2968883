//! The values that a job puts into the rule templates of its kind.
//!
//! Must not know: the templates. Must not hold: anything secret; these values are printed.

use std::collections::BTreeMap;

use crate::cloud::Cloud;
use crate::identity::Identity;
use crate::kind::JobKind;
use crate::names::{Alias, TenantId};

/// Names and their values, for the `{name}` places of a [`crate::RuleTemplate`].
///
/// Values are plain text. All but `resource_group` need no escaping anywhere; who writes a value
/// into a URL percent-encodes it (RFC 3986 section 2.1) all the same.
///
/// | name | value | there when |
/// |---|---|---|
/// | `authority` | host of the token service | always |
/// | `arm`, `arm_scope`, `arm_resource` | host, token scope and resource of Azure Resource Manager | always |
/// | `vault_scope`, `vault_resource` | token scope and resource of vaults | always |
/// | `tenant` | GUID or domain | the identity needs one |
/// | `client_id` | GUID | the identity has one |
/// | `subscription`, `vault`, `vault_host` | GUID, name, host | the job is about a store |
/// | `resource_group` | name | the store path or the properties say it |
/// | `alias` | certificate name | the job is about a certificate |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    values: BTreeMap<&'static str, String>,
}

impl Variables {
    /// The names whose values are hosts.
    pub const HOSTS: &'static [&'static str] = &["authority", "arm", "vault_host"];

    /// A value of nobody's for each name that a job of this kind may have: shows whether a text
    /// can be filled at all.
    pub fn sample(kind: JobKind) -> Variables {
        const GUID: &str = "00000000-0000-0000-0000-000000000000";
        let nobody = Identity::ManagedIdentity { client_id: None };
        let variables = Variables::of_tenant(Cloud::Public, None, &nobody)
            .with("tenant", GUID)
            .with("client_id", GUID);
        let variables = match kind {
            JobKind::Discovery => return variables,
            _ => variables
                .with("subscription", GUID)
                .with("resource_group", "group")
                .with("vault", "vault")
                .with("vault_host", "vault.example"),
        };
        match kind {
            JobKind::Add | JobKind::Remove => variables.with("alias", "alias"),
            _ => variables,
        }
    }

    /// What is known without a store: all that a discovery needs, once for each tenant.
    pub fn of_tenant(cloud: Cloud, tenant: Option<&TenantId>, identity: &Identity) -> Variables {
        let endpoints = cloud.endpoints();
        let variables = Variables::default()
            .with("authority", endpoints.authority)
            .with("arm", endpoints.arm)
            .with("arm_scope", endpoints.arm_scope)
            .with("arm_resource", endpoints.arm_resource)
            .with("vault_scope", endpoints.vault_scope)
            .with("vault_resource", endpoints.vault_resource);
        let variables = match tenant {
            Some(tenant) => variables.with("tenant", tenant.as_str()),
            None => variables,
        };
        match identity.client_id() {
            Some(client_id) => variables.with("client_id", client_id.as_str()),
            None => variables,
        }
    }

    /// The same, for a job about one certificate.
    #[must_use]
    pub fn with_alias(self, alias: &Alias) -> Variables {
        self.with("alias", alias.as_str())
    }

    /// The same with one more value, or another one.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Variables {
        self.values.insert(name, value.into());
        self
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// All names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }
}
