//! The operator's policy: a TOML file that is the ceiling over every job's grants, and the
//! only place that can lead traffic elsewhere.
//!
//! It must not know jobs; it is read once and then asked.
//!
//! ```toml
//! hosts = ["login.microsoftonline.com", "*.vault.azure.net"]   # instead of the built-in list
//! extension-sha256 = "…"                                        # only this component is run
//!
//! max-shrink = 50              # percent a store may lose from one inventory to the next
//!
//! [options]                    # options for the extension; it ignores what it does not know
//! partial = "submit"
//!
//! [[connect-to]]               # as curl's --connect-to
//! host = "*.vault.azure.net"
//! address = "127.0.0.1:8443"
//!
//! [[ca]]                       # trusted for these names only
//! hosts = ["*.vault.azure.net"]
//! pem = """-----BEGIN CERTIFICATE-----…"""
//!
//! [[rule]]                     # what an extension of your own needs
//! id = "report"
//! jobs = ["inventory"]
//! method = "GET"
//! url = "https://api.example/v1/report"
//! ```

use crate::egress::{AddedCa, ConnectTo};
use crate::grant::HostPattern;
use job_scope::{Identity, JobKind, RuleTemplate, TenantId, VaultName};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The policy that applies when no other is given.
const BUILTIN: &str = include_str!("builtin.toml");

/// Largest share, in percent, by which a store may shrink from one inventory to the next
/// before the list is taken for a mistake.
const MAX_SHRINK: u8 = 50;

/// A policy that was read and checked.
#[derive(Debug, Clone)]
pub struct Policy {
    hosts: Vec<HostPattern>,
    connect_to: Vec<ConnectTo>,
    added_cas: Vec<AddedCa>,
    rules: Vec<OwnRule>,
    options: BTreeMap<String, String>,
    max_shrink: u8,
    extension_sha256: Option<String>,
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy: {0}")]
pub struct PolicyError(String);

/// What a policy says about one tenant and one vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Options for the extension.
    pub options: BTreeMap<String, String>,
    /// The kinds of identity that are accepted; `None` is all.
    pub identities: Option<Vec<IdentityKind>>,
    /// Whether jobs may read private keys.
    pub reads_private_keys: bool,
    /// By how many percent a store may shrink from one inventory to the next.
    pub max_shrink: u8,
}

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

/// A rule that the operator wrote.
#[derive(Debug, Clone)]
struct OwnRule {
    /// The kinds of job it is for; empty for all.
    jobs: Vec<JobKind>,
    template: RuleTemplate,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    hosts: Option<Vec<HostPattern>>,
    #[serde(default)]
    connect_to: Vec<ConnectToEntry>,
    #[serde(default)]
    ca: Vec<CaEntry>,
    #[serde(default)]
    rule: Vec<OwnRule>,
    #[serde(default)]
    options: BTreeMap<String, String>,
    extension_sha256: Option<String>,
    max_shrink: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectToEntry {
    host: HostPattern,
    address: SocketAddr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaEntry {
    hosts: Vec<HostPattern>,
    pem: String,
}

impl<'de> Deserialize<'de> for OwnRule {
    /// A rule template with one more key, `jobs`. Read in two steps, because the template
    /// itself refuses keys that it does not know.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut table = toml::Table::deserialize(deserializer)?;
        let jobs = match table.remove("jobs") {
            Some(jobs) => jobs.try_into().map_err(Error::custom)?,
            None => Vec::new(),
        };
        let template = table.try_into().map_err(Error::custom)?;
        Ok(Self { jobs, template })
    }
}

impl Policy {
    /// The built-in policy.
    pub fn builtin() -> Result<Self, PolicyError> {
        Self::parse("")
    }

    /// Reads a policy. What it leaves out is as in the built-in one.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let wrong = |error: toml::de::Error| PolicyError(error.to_string().trim_end().to_owned());
        let file: File = toml::from_str(text).map_err(wrong)?;
        let builtin: File = toml::from_str(BUILTIN).map_err(wrong)?;
        if let Some(digest) = &file.extension_sha256
            && (digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(PolicyError(
                "extension-sha256 must be 64 hex digits, as sha256sum prints them".to_owned(),
            ));
        }
        let max_shrink = file.max_shrink.unwrap_or(MAX_SHRINK);
        if max_shrink > 100 {
            return Err(PolicyError(format!(
                "max-shrink is {max_shrink}, but it is a percentage: write a number from 0 to 100"
            )));
        }
        Ok(Self {
            hosts: file.hosts.or(builtin.hosts).unwrap_or_default(),
            connect_to: file
                .connect_to
                .into_iter()
                .map(|ConnectToEntry { host, address }| ConnectTo { host, address })
                .collect(),
            added_cas: file
                .ca
                .into_iter()
                .map(|CaEntry { hosts, pem }| AddedCa { hosts, pem })
                .collect(),
            rules: file.rule,
            options: file.options,
            max_shrink,
            extension_sha256: file.extension_sha256,
        })
    }

    /// The hosts that a job's own rules may name.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// Where connections are redirected.
    pub fn connect_to(&self) -> &[ConnectTo] {
        &self.connect_to
    }

    /// Added certificate authorities.
    pub fn added_cas(&self) -> &[AddedCa] {
        &self.added_cas
    }

    /// The operator's own rules for a kind of job.
    pub fn rules(&self, kind: JobKind) -> Vec<RuleTemplate> {
        self.rules
            .iter()
            .filter(|rule| rule.jobs.is_empty() || rule.jobs.contains(&kind))
            .map(|rule| rule.template.clone())
            .collect()
    }

    /// What holds for one tenant and one vault, as far as a job is about them.
    pub fn about(&self, _: Option<&TenantId>, _: Option<&VaultName>) -> About {
        About {
            options: self.options.clone(),
            identities: None,
            reads_private_keys: false,
            max_shrink: self.max_shrink,
        }
    }

    /// The digest that a component must have.
    pub fn extension_sha256(&self) -> Option<&str> {
        self.extension_sha256.as_deref()
    }

    /// What a reader of a result must know about the run: that traffic went elsewhere, or
    /// that somebody else's certificates were accepted. `None` for an ordinary policy.
    pub fn caution(&self) -> Option<String> {
        let redirected = self.connect_to.first().map(|first| {
            let more = match self.connect_to.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            format!("redirected connections to {}{more}", first.host)
        });
        let trusted = (!self.added_cas.is_empty()).then(|| "trusted an added CA".to_owned());
        let parts: Vec<String> = redirected.into_iter().chain(trusted).collect();
        (!parts.is_empty()).then(|| format!("the policy {}", parts.join(" and ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_policy_covers_three_clouds_and_redirects_nothing() {
        let policy = Policy::builtin().unwrap();
        let covers = |host: &str| {
            let host = url::Host::parse(host).unwrap();
            policy.hosts().iter().any(|pattern| pattern.matches(&host))
        };
        for cloud in job_scope::Cloud::ALL {
            let endpoints = cloud.endpoints();
            assert!(covers(endpoints.authority), "{cloud}");
            assert!(covers(endpoints.arm), "{cloud}");
            assert!(
                covers(&format!("kv-one.{}", endpoints.vault_suffix)),
                "{cloud}"
            );
        }
        assert!(!covers("attacker.example"));
        assert_eq!(policy.caution(), None);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        for text in [
            "host = []",
            "[[connect-to]]\nhost = \"a.example\"\naddress = \"127.0.0.1:1\"\nport = 1",
            "[[rule]]\nid = \"x\"\nmethod = \"GET\"\nurl = \"https://a.example/\"\nquerry = []",
        ] {
            let error = Policy::parse(text).unwrap_err().to_string();
            assert!(
                ["host", "port", "querry"]
                    .iter()
                    .any(|key| error.contains(key)),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_rule_is_for_the_jobs_it_names() {
        let policy = Policy::parse(
            "[[rule]]\nid = \"r\"\njobs = [\"inventory\"]\nmethod = \"GET\"\nurl = \"https://a.example/x\"",
        )
        .unwrap();
        assert_eq!(policy.rules(JobKind::Inventory).len(), 1);
        assert!(policy.rules(JobKind::Add).is_empty());
    }

    #[test]
    fn a_redirecting_policy_says_so() {
        let policy = Policy::parse(
            "[[connect-to]]\nhost = \"*.vault.azure.net\"\naddress = \"127.0.0.1:8443\"",
        )
        .unwrap();
        let caution = policy.caution().unwrap();
        assert!(caution.contains("*.vault.azure.net"), "{caution}");
    }

    #[test]
    fn max_shrink_is_a_percentage() {
        assert_eq!(Policy::builtin().unwrap().about(None, None).max_shrink, 50);
        let policy = Policy::parse("max-shrink = 80").unwrap();
        assert_eq!(policy.about(None, None).max_shrink, 80);
        for text in ["101", "-1", "\"half\"", "256"] {
            assert!(
                Policy::parse(&format!("max-shrink = {text}")).is_err(),
                "{text}"
            );
        }
    }
}
