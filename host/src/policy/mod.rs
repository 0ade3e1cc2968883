//! The operator's policy: a TOML file that is the ceiling over every job's grants, and the
//! only place that can lead traffic elsewhere.
//!
//! It must not know any job in particular; it is read once and then asked.
//!
//! ```toml
//! hosts = ["login.microsoftonline.com", "*.vault.azure.net"]   # instead of the built-in list
//! extension-sha256 = "…"       # only this component is run
//! identities = ["client-secret", "client-assertion"]   # kinds of identity; without it, all
//! max-shrink = 50              # percent a store may lose from one inventory to the next
//! reads-private-keys = false   # whether jobs may ask for private keys, as `full-chain` does
//! secret-references = false    # whether ServerPassword may be `file:/path` or `env:NAME`
//!
//! [options]                    # options for the extension; it ignores what it does not know
//! partial = "submit"
//!
//! [create]                     # what new vaults are like: the options `create-…`
//! purge-protection = true
//! public-network-access = "disabled"
//! retention-days = 30
//! tags = { owner = "pki" }
//!
//! [[tenant]]                   # what holds for the jobs of one tenant
//! names = ["11111111-1111-4111-8111-111111111111", "contoso.example"]   # its id and domains
//! cloud = "china"              # also of stores that do not say theirs
//! path-format = "short"        # how its vaults are discovered
//! identities = ["client-secret"]   # of these kinds only, and of those above
//! max-shrink = 30
//! federated-token-file = "/run/token"   # a client id without a secret is a workload identity
//! options = { partial = "submit" }
//!
//! [[vault]]                    # what holds for these vaults, * is any number of characters
//! names = ["kv-prod-*"]
//! max-shrink = 20
//! reads-private-keys = true
//! options = { full-chain = true }
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
//! url = "https://api.example/v1/report"   # never http, never an address: see `grant`
//! ```
//!
//! A job about a store is one of the tenant that its client machine names, and of the one that its
//! property `TenantId` names: of kinds of identity only those are accepted that both entries
//! accept, of everything else the first entry holds.
//!
//! An option is taken from the command line, else from the store's property of that name
//! (`AzureCloud` is that of `cloud`), else from the first `[[vault]]` entry that fits and says it,
//! else from the `[[tenant]]` entry, else from `[create]` and `[options]`, else it has its default.
//! The known ones are `job_scope::OPTIONS`, and a value that they do not know is an error here.

mod file;
mod identity;
mod options;
mod tenants;
#[cfg(test)]
mod tests;
mod vaults;

pub use identity::IdentityKind;

use crate::egress::{AddedCa, ConnectTo};
use crate::grant::HostPattern;
use crate::options::Options;
use file::{CaEntry, ConnectToEntry, File, OwnRule};
use job_scope::{JobKind, RuleTemplate, TenantId, VaultName};
use std::path::PathBuf;
use tenants::Tenant;
use vaults::Vaults;

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
    options: Options,
    tenants: Vec<Tenant>,
    vaults: Vec<Vaults>,
    identities: Option<Vec<IdentityKind>>,
    max_shrink: u8,
    reads_private_keys: bool,
    secret_references: bool,
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
    pub options: Options,
    /// The kinds of identity that are accepted; `None` is all.
    pub identities: Option<Vec<IdentityKind>>,
    /// The file of the federated token of the tenant's workload identities.
    pub federated_token_file: Option<PathBuf>,
    /// Whether jobs may read private keys.
    pub reads_private_keys: bool,
    /// By how many percent a store may shrink from one inventory to the next.
    pub max_shrink: u8,
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
        let general = options::read("[options]", file.options)?;
        let options = options::read_create(file.create)?.over(&general);
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
            options,
            tenants: tenants::read(file.tenant)?,
            vaults: vaults::read(file.vault)?,
            identities: accepting("the policy", file.identities)?,
            max_shrink: percentage("the policy", file.max_shrink.unwrap_or(MAX_SHRINK))?,
            reads_private_keys: file.reads_private_keys,
            secret_references: file.secret_references,
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

    /// What holds for the tenants that a job says it is of, and for one vault, as far as the job
    /// is about them.
    pub fn about(&self, tenants: &[TenantId], vault: Option<&VaultName>) -> About {
        let entries: Vec<&Tenant> = tenants
            .iter()
            .filter_map(|tenant| self.tenants.iter().find(|entry| entry.is(tenant)))
            .collect();
        let tenant = entries.first();
        let vaults = || {
            let vault = vault.into_iter();
            vault.flat_map(|vault| self.vaults.iter().filter(|entry| entry.have(vault)))
        };
        let of_vaults = vaults().map(|entry| &entry.options);
        let of_tenant = tenant.map(|tenant| &tenant.options);
        let layers = of_vaults.chain(of_tenant).chain([&self.options]);
        let identities = entries.iter().map(|entry| entry.identities.as_ref());
        About {
            options: layers.fold(Options::default(), Options::over),
            identities: identities.fold(self.identities.clone(), both),
            federated_token_file: tenant.and_then(|tenant| tenant.federated_token_file.clone()),
            reads_private_keys: vaults()
                .find_map(|entry| entry.reads_private_keys)
                .unwrap_or(self.reads_private_keys),
            max_shrink: vaults()
                .find_map(|entry| entry.max_shrink)
                .or_else(|| tenant.and_then(|tenant| tenant.max_shrink))
                .unwrap_or(self.max_shrink),
        }
    }

    /// Whether a job's secret may be a reference to a file or a variable of this machine.
    pub fn secret_references(&self) -> bool {
        self.secret_references
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

/// What two lists of kinds accept together; no list accepts all.
fn both(
    one: Option<Vec<IdentityKind>>,
    other: Option<&Vec<IdentityKind>>,
) -> Option<Vec<IdentityKind>> {
    match (one, other) {
        (None, other) => other.cloned(),
        (one, None) => one,
        (Some(mut one), Some(other)) => {
            one.retain(|kind| other.contains(kind));
            Some(one)
        }
    }
}

fn accepting(
    place: &str,
    identities: Option<Vec<IdentityKind>>,
) -> Result<Option<Vec<IdentityKind>>, PolicyError> {
    if identities.as_ref().is_some_and(Vec::is_empty) {
        return Err(PolicyError(format!(
            "{place}: identities is empty, so that no job could run; leave it out to accept all"
        )));
    }
    Ok(identities)
}

fn percentage(place: &str, percent: u8) -> Result<u8, PolicyError> {
    if percent <= 100 {
        return Ok(percent);
    }
    Err(PolicyError(format!(
        "{place}: max-shrink is {percent}, but it is a percentage: write a number from 0 to 100"
    )))
}
