//! A certificate by its name: versions, policy, pending operation, and whether it lives.
//!
//! Must not know requests, or where certificates are kept. Values of this module are what a state file
//! holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

use super::policy::Policy;
use crate::pki::{Der, KeySource};

/// A certificate with all its versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Certificate {
    /// In the case of its first use.
    pub(super) name: String,
    /// Oldest first, never empty.
    pub(super) versions: Vec<Arc<Version>>,
    pub(super) policy: Policy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<Pending>,
    pub(super) life: Life,
}

/// Whether a certificate is there. Moments are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Life {
    Live,
    /// Deleted at a second since 1970; shows as deleted from `visible` on, goes for good at `purge`.
    Deleted {
        at: u64,
        visible: u64,
        purge: u64,
    },
    /// On its way back to life.
    Recovering {
        until: u64,
    },
    /// On its way to nothing.
    Purging {
        until: u64,
    },
}

/// One version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Version {
    /// 32 hexadecimal digits.
    pub(super) id: String,
    /// Absent while it is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) leaf: Option<Leaf>,
    pub(super) key: KeySource,
    /// Where the leaf stands among the chain in the managed secret.
    #[serde(default)]
    pub(super) leaf_place: usize,
    /// In the order of the file or the merge, without the leaf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) chain: Vec<Der>,
    pub(super) exportable: bool,
    pub(super) content_type: String,
    pub(super) enabled: bool,
    /// Seconds since 1970, as are the other three.
    pub(super) not_before: u64,
    pub(super) not_after: u64,
    pub(super) created: u64,
    pub(super) updated: u64,
    /// As they were given, if they were: empty ones are shown, those that nobody spoke of are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) preserve_order: Option<bool>,
    /// Whether the vault made it, in which case its bundle names the operation.
    #[serde(default)]
    pub(super) made_here: bool,
}

/// The certificate of a version.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Der", into = "Der")]
pub(super) struct Leaf {
    pub(super) der: Der,
    /// SHA-1, base64url without padding.
    pub(super) thumbprint: String,
}

impl From<Der> for Leaf {
    fn from(der: Der) -> Leaf {
        Leaf {
            thumbprint: URL_SAFE_NO_PAD.encode(Sha1::digest(der.bytes())),
            der,
        }
    }
}

impl From<Leaf> for Der {
    fn from(leaf: Leaf) -> Der {
        leaf.der
    }
}

/// A certificate that is being made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    /// 32 hexadecimal digits.
    pub(super) request_id: String,
    pub(super) issuer: String,
    pub(super) csr: Der,
    /// The version that it is for.
    pub(super) version: String,
    pub(super) status: Status,
    pub(super) cancellation_requested: bool,
    /// Whether the certificate will be enabled.
    pub(super) enabled: bool,
}

/// Where an operation stands. Moments are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    /// Ends by itself at a moment, or waits for a merge.
    InProgress {
        until: Option<u64>,
    },
    Completed,
    Cancelled,
}

impl Certificate {
    /// The newest version that is whole, or else the one that is being made.
    pub(super) fn current(&self) -> Option<&Arc<Version>> {
        let whole = self.versions.iter().rev().find(|v| v.leaf.is_some());
        whole.or_else(|| self.versions.last())
    }

    pub(super) fn version(&self, id: &str) -> Option<&Arc<Version>> {
        self.versions.iter().find(|v| v.id.eq_ignore_ascii_case(id))
    }

    /// Puts a changed version in the place of the one with its id.
    pub(super) fn replace(&mut self, version: Version) {
        if let Some(place) = self.versions.iter_mut().find(|v| v.id == version.id) {
            *place = Arc::new(version);
        }
    }

    /// Whether an operation is making another version.
    pub(super) fn is_under_way(&self) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|p| matches!(p.status, Status::InProgress { .. }))
    }

    pub(super) fn is_live(&self) -> bool {
        self.life == Life::Live
    }
}
