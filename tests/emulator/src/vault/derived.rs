//! The certificates that a seed makes up, each made when it is first looked at.
//!
//! Must not know requests, or what was changed since. Ten thousand of them cost nothing at the start.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use super::certificate::{Certificate, Leaf, Life, Pending, Status, Version};
use super::policy::{KeyProps, PEM, PKCS12, Policy, SecretProps, UNKNOWN};
use super::renew::with_wish;
use crate::answer::{derived_uuid, digest};
use crate::pki::{Authority, Blueprint, Der, Facts, KeyKind, KeySource, PkiError, request};
use crate::seed::{CertificateSeed, ContentType, VaultSeed, unix_seconds};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

/// 2025-01-01. Fixed, because a thumbprint must not depend on when the emulator was started.
const FIRST_ISSUED: u64 = 1_735_689_600;

/// Made-up certificates last 20 years, so that none of them expires under a test by itself.
const LIFETIME: u64 = 20 * YEAR;

/// A certificate as a seed says, and what it became once it was looked at.
#[derive(Debug)]
pub(super) struct Derived {
    name: String,
    key: KeyKind,
    seed: Option<Box<CertificateSeed>>,
    made: OnceLock<Result<Arc<Certificate>, PkiError>>,
}

/// The made-up certificates of a vault by lower-case name, and the named ones over them.
pub(super) fn derived(table: &VaultSeed) -> BTreeMap<String, Derived> {
    let width = table.certificates.to_string().len().max(2);
    let mut all = BTreeMap::new();
    let mut kinds = HashMap::new();
    let new = |name: &str, key, seed| Derived {
        name: name.to_owned(),
        key,
        seed,
        made: OnceLock::new(),
    };
    for (number, key) in (1..=table.certificates).zip(table.keys.iter().cycle()) {
        let name = format!("cert-{number:0width$}");
        kinds.insert(name.clone(), *key);
        all.insert(name.clone(), new(&name, *key, None));
    }
    for seed in &table.named {
        let lower = seed.name.to_ascii_lowercase();
        let key = seed
            .key
            .or_else(|| kinds.get(&lower).copied())
            .or_else(|| table.keys.first().copied())
            .unwrap_or(KeyKind::Rsa2048);
        all.insert(lower, new(&seed.name, key, Some(Box::new(seed.clone()))));
    }
    all
}

impl Derived {
    /// The certificate, made now if it never was.
    pub(super) fn made(
        &self,
        host: &str,
        authority: &Authority,
    ) -> Result<Arc<Certificate>, PkiError> {
        self.made
            .get_or_init(|| self.make(host, authority).map(Arc::new))
            .clone()
    }

    fn make(&self, host: &str, authority: &Authority) -> Result<Certificate, PkiError> {
        let count = self.seed.as_ref().map_or(1, |s| s.versions);
        let mut versions = Vec::new();
        let mut policy = self.wished();
        for ordinal in 1..=count {
            let (version, facts) = self.version(host, authority, ordinal)?;
            if ordinal == count {
                policy = Policy::imported(&policy, self.content_type(), &facts, version.created);
            }
            versions.push(Arc::new(version));
        }
        let mut pending = None;
        if self.seed.as_ref().is_some_and(|s| s.pending) {
            let (version, operation) = self.requested(host, authority, count, &mut policy)?;
            versions.push(Arc::new(version));
            pending = Some(operation);
        }
        Ok(Certificate {
            name: self.name.clone(),
            versions,
            policy,
            pending,
            life: Life::Live,
        })
    }

    /// The policy that would have been sent for it.
    fn wished(&self) -> Policy {
        let seed = self.seed.as_ref();
        let hsm = seed.is_some_and(|s| s.hsm);
        let kty = if self.key.is_ec() { "EC" } else { "RSA" };
        let kty = if hsm {
            format!("{kty}-HSM")
        } else {
            kty.to_owned()
        };
        Policy {
            key_props: Some(KeyProps {
                exportable: Some(!hsm && seed.is_none_or(|s| s.exportable)),
                kty: Some(kty),
                reuse_key: Some(seed.is_some_and(|s| s.reuse_key)),
                ..KeyProps::default()
            }),
            secret_props: Some(SecretProps {
                content_type: Some(self.content_type().to_owned()),
            }),
            ..Policy::default()
        }
    }

    fn content_type(&self) -> &'static str {
        match self.seed.as_ref().map(|s| s.content_type) {
            Some(ContentType::Pem) => PEM,
            Some(ContentType::Pkcs12) | None => PKCS12,
        }
    }

    /// The version after so many whole ones, which waits for another authority's signature, and its
    /// operation.
    fn requested(
        &self,
        host: &str,
        authority: &Authority,
        count: u32,
        policy: &mut Policy,
    ) -> Result<(Version, Pending), PkiError> {
        let ordinal = count.saturating_add(1);
        let (mut version, facts) = self.version(host, authority, ordinal)?;
        if count == 0 {
            *policy = Policy::imported(policy, self.content_type(), &facts, version.created);
        }
        version.leaf = None;
        version.chain.clear();
        version.enabled = false;
        version.made_here = true;
        let csr = with_wish(policy, &version, |wish| request(&version.key, wish))?;
        let label = format!("{host}/{}/{ordinal}/pending", self.name);
        let pending = Pending {
            request_id: derived_uuid(&label).replace('-', ""),
            issuer: UNKNOWN.to_owned(),
            csr,
            version: version.id.clone(),
            status: Status::InProgress { until: None },
            cancellation_requested: false,
            enabled: self.seed.as_ref().is_none_or(|s| s.enabled),
        };
        Ok((version, pending))
    }

    fn version(
        &self,
        host: &str,
        authority: &Authority,
        ordinal: u32,
    ) -> Result<(Version, Facts), PkiError> {
        let label = format!("{host}/{}/{ordinal}", self.name.to_ascii_lowercase());
        let (not_before, not_after) = self.window(&label, ordinal);
        let leaf = Der::new(authority.issue(&Blueprint {
            label: &label,
            key: self.key,
            dns_name: &format!("{}.contoso.example", short(&self.name)),
            not_before,
            not_after,
        })?);
        let facts = Facts::read(&leaf)?;
        let seed = self.seed.as_ref();
        // Ten minutes between a certificate's beginning and its import is what recordings show.
        let created = not_before.saturating_add(600);
        let version = Version {
            id: derived_uuid(&format!("{label}/version")).replace('-', ""),
            leaf: Some(Leaf::from(leaf)),
            leaf_place: 0,
            key: KeySource::Derived {
                kind: self.key,
                label: authority.key_label(&label),
            },
            chain: vec![authority.certificate()?],
            exportable: seed.is_none_or(|s| s.exportable && !s.hsm),
            content_type: self.content_type().to_owned(),
            enabled: seed.is_none_or(|s| s.enabled),
            not_before,
            not_after,
            created,
            updated: created,
            tags: seed.and_then(|s| s.tags.clone()),
            preserve_order: None,
            made_here: false,
        };
        Ok((version, facts))
    }

    /// From when to when, in seconds since 1970; made up from the label where the seed does not say.
    fn window(&self, label: &str, ordinal: u32) -> (u64, u64) {
        let date =
            |date: &Option<toml::value::Datetime>| date.as_ref().and_then(|d| unix_seconds(d).ok());
        let seed = self.seed.as_ref();
        let before = seed.and_then(|s| date(&s.not_before));
        let after = seed.and_then(|s| date(&s.not_after));
        match (before, after) {
            (Some(before), Some(after)) => (before, after),
            (Some(before), None) => (before, before.saturating_add(LIFETIME)),
            (None, Some(after)) => (after.saturating_sub(YEAR), after),
            (None, None) => {
                let [a, b, c, d, ..] = digest(&format!("{label}/issued"));
                let within_a_year = u64::from(u32::from_be_bytes([a, b, c, d])) % (300 * DAY);
                let earlier = u64::from(ordinal.saturating_sub(1)) * YEAR / 12;
                let start = FIRST_ISSUED + earlier + within_a_year;
                (start, start + LIFETIME)
            }
        }
    }
}

/// A DNS label has at most 63 characters and no hyphen at its ends; a certificate's name may.
fn short(name: &str) -> String {
    let label: String = name.chars().take(40).collect();
    let label = label.trim_matches('-').to_ascii_lowercase();
    if label.is_empty() {
        "certificate".to_owned()
    } else {
        label
    }
}
