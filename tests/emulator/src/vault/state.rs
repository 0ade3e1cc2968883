//! What is in the vaults: names, versions, and the certificates made when they are first looked at.
//!
//! Must not know requests or answers.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha1::{Digest as _, Sha1};

use super::spec::VaultSpec;
use crate::answer::{derived_uuid, digest};
use crate::cloud::Cloud;
use crate::pki::{Authority, Blueprint, KeyKind, PkiError};
use crate::seed::{CertificateAction, CertificateSeed, DenySeed, VaultSeed, unix_seconds};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

/// 2025-01-01. Fixed, because a thumbprint must not depend on when the emulator was started.
const FIRST_ISSUED: u64 = 1_735_689_600;

/// Made-up certificates last 20 years, so that none of them expires under a test by itself.
const LIFETIME: u64 = 20 * YEAR;

/// One vault in one cloud.
pub(crate) struct Vault {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) cloud: Cloud,
    pub(crate) empty_page_after: Vec<u32>,
    /// Replaced whole, so that a request sees one state of it.
    spec: RwLock<Arc<VaultSpec>>,
    deny: Vec<DenySeed>,
    /// By lower-case name: names are compared without case and listed in this order.
    certificates: BTreeMap<String, Stored>,
    authority: Arc<Authority>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// A certificate by its name, with all its versions.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) exportable: bool,
    pub(crate) tags: BTreeMap<String, String>,
    /// Oldest first, never empty.
    versions: Vec<Version>,
}

/// One version: what it is, and the certificate once it was looked at.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) key: KeyKind,
    /// Counted from 1.
    ordinal: u32,
    /// Seconds since 1970; made up from the name when absent.
    not_before: Option<u64>,
    not_after: Option<u64>,
    issued: OnceLock<Result<Issued, PkiError>>,
}

/// A certificate that was made.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    /// 32 hexadecimal digits.
    pub(crate) version: String,
    pub(crate) der: Vec<u8>,
    /// SHA-1, base64url without padding.
    pub(crate) thumbprint: String,
    pub(crate) dns_name: String,
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    /// When the vault got it.
    pub(crate) created: u64,
}

impl Vault {
    /// An empty vault, or one with what a seed's table says.
    pub(super) fn new(
        spec: VaultSpec,
        table: Option<&VaultSeed>,
        authority: &Arc<Authority>,
    ) -> Vault {
        Vault {
            name: spec.name.clone(),
            host: spec.host(),
            cloud: spec.cloud,
            spec: RwLock::new(Arc::new(spec)),
            empty_page_after: table
                .map(|t| t.empty_page_after.clone())
                .unwrap_or_default(),
            deny: table.map(|t| t.deny.clone()).unwrap_or_default(),
            certificates: table.map(certificates).unwrap_or_default(),
            authority: Arc::clone(authority),
        }
    }

    /// What the vault is now.
    pub(crate) fn spec(&self) -> Arc<VaultSpec> {
        Arc::clone(&self.spec.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what the vault is. Cloud and name are its identity and stay, whatever `change` does.
    pub(crate) fn update(&self, change: impl FnOnce(&mut VaultSpec)) {
        let mut spec = self.spec.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = VaultSpec::clone(&spec);
        change(&mut changed);
        changed.cloud = self.cloud;
        changed.name.clone_from(&self.name);
        *spec = Arc::new(changed);
    }

    pub(crate) fn denies(&self, client: &str, action: CertificateAction) -> bool {
        self.deny
            .iter()
            .any(|d| d.client_id.eq_ignore_ascii_case(client) && d.certificates.contains(&action))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Stored> {
        self.certificates.get(&name.to_ascii_lowercase())
    }

    /// The certificates that come after a name in the order of a list; all for an empty name.
    pub(crate) fn after(&self, name: &str) -> impl Iterator<Item = &Stored> {
        use std::ops::Bound;
        let from = if name.is_empty() {
            Bound::Unbounded
        } else {
            Bound::Excluded(name.to_ascii_lowercase())
        };
        self.certificates
            .range((from, Bound::Unbounded))
            .map(|(_, stored)| stored)
    }

    /// The certificate of one version, made now if it never was.
    pub(crate) fn issued<'a>(
        &self,
        stored: &Stored,
        version: &'a Version,
    ) -> Result<&'a Issued, PkiError> {
        version
            .issued
            .get_or_init(|| self.issue(stored, version))
            .as_ref()
            .map_err(Clone::clone)
    }

    fn issue(&self, stored: &Stored, version: &Version) -> Result<Issued, PkiError> {
        let label = format!(
            "{}/{}/{}",
            self.host,
            stored.name.to_ascii_lowercase(),
            version.ordinal
        );
        let (not_before, not_after) = version.window(&label);
        let dns_name = format!("{}.contoso.example", short(&stored.name));
        let der = self.authority.issue(&Blueprint {
            label: &label,
            key: version.key,
            dns_name: &dns_name,
            not_before,
            not_after,
        })?;
        Ok(Issued {
            version: derived_uuid(&format!("{label}/version")).replace('-', ""),
            thumbprint: URL_SAFE_NO_PAD.encode(Sha1::digest(&der)),
            der,
            dns_name,
            not_before,
            not_after,
            // Ten minutes between a certificate's beginning and its import is what recordings show.
            created: not_before + 600,
        })
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

impl Version {
    fn window(&self, label: &str) -> (u64, u64) {
        match (self.not_before, self.not_after) {
            (Some(before), Some(after)) => (before, after),
            (Some(before), None) => (before, before + LIFETIME),
            (None, Some(after)) => (after.saturating_sub(YEAR), after),
            (None, None) => {
                let [a, b, c, d, ..] = digest(&format!("{label}/issued"));
                let within_a_year = u64::from(u32::from_be_bytes([a, b, c, d])) % (300 * DAY);
                let start = FIRST_ISSUED + u64::from(self.ordinal - 1) * YEAR / 12 + within_a_year;
                (start, start + LIFETIME)
            }
        }
    }
}

impl Stored {
    /// The current version.
    pub(crate) fn current(&self) -> Option<&Version> {
        self.versions.last()
    }

    pub(crate) fn versions(&self) -> &[Version] {
        &self.versions
    }

    fn new(name: &str, key: KeyKind, seed: Option<&CertificateSeed>) -> Stored {
        let date =
            |date: &Option<toml::value::Datetime>| date.as_ref().and_then(|d| unix_seconds(d).ok());
        let versions = (1..=seed.map_or(1, |s| s.versions))
            .map(|ordinal| Version {
                key,
                ordinal,
                not_before: seed.and_then(|s| date(&s.not_before)),
                not_after: seed.and_then(|s| date(&s.not_after)),
                issued: OnceLock::new(),
            })
            .collect();
        Stored {
            name: name.to_owned(),
            enabled: seed.is_none_or(|s| s.enabled),
            exportable: seed.is_none_or(|s| s.exportable),
            tags: seed.map(|s| s.tags.clone()).unwrap_or_default(),
            versions,
        }
    }
}

/// The made-up certificates of a vault, and the named ones over them.
fn certificates(table: &VaultSeed) -> BTreeMap<String, Stored> {
    let width = table.certificates.to_string().len().max(2);
    let mut all = BTreeMap::new();
    let keys = table.keys.iter().cycle();
    let mut kinds = HashMap::new();
    for (number, key) in (1..=table.certificates).zip(keys) {
        let name = format!("cert-{number:0width$}");
        kinds.insert(name.clone(), *key);
        all.insert(name.clone(), Stored::new(&name, *key, None));
    }
    for seed in &table.named {
        let lower = seed.name.to_ascii_lowercase();
        let key = seed
            .key
            .or_else(|| kinds.get(&lower).copied())
            .or_else(|| table.keys.first().copied())
            .unwrap_or(KeyKind::Rsa2048);
        all.insert(lower, Stored::new(&seed.name, key, Some(seed)));
    }
    all
}
