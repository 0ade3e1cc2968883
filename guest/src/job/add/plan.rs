//! What an Add does about what is there: nothing, nothing by order, or an import. One
//! pure function.
//!
//! It must not send anything, and not hold the key.
//!
//! | there is | the job has Overwrite | it comes to |
//! |---|---|---|
//! | nothing | either | an import |
//! | this certificate, enabled, with the tags and the exportability that are asked for | either | unchanged |
//! | the same, but it is seen to lack certificates above it that the file has | yes | an import |
//! | anything else | no | left alone |
//! | anything else | yes | an import, which makes a new version |

mod notes;

use std::collections::BTreeMap;
use std::fmt;

use job_scope::Hsm;
use serde_json::Value;

use super::chain::Comparison;
use super::wanted::LARGEST;
use crate::azure::certificate::Exportable;
use crate::azure::current::Current;
use crate::azure::key_kind::Protection;
use crate::azure::thumbprint::Thumbprint;
use crate::job::parameters::{OldTags, Parameters};
use crate::pfx::Form;
use crate::tags::{MOST, Tags};
pub(super) use notes::{HsmLost, Note};

/// What the job asks for, without the key.
pub(super) struct Wish {
    pub(super) thumbprint: Thumbprint,
    pub(super) overwrite: bool,
    pub(super) parameters: Parameters,
    /// What becomes of a key in an HSM that only a software key can replace.
    pub(super) hsm: Hsm,
    /// How many bytes it has as PEM.
    pub(super) pem_size: usize,
}

/// What the job has found out beyond looking at what is there.
#[derive(Default)]
pub(super) struct Learned {
    /// The vault has refused to keep the key in an HSM: how, briefly.
    pub(super) hsm_refused: Option<String>,
    /// How the chain of a version compares with the file's.
    pub(super) chain: Option<(String, Comparison)>,
}

impl Learned {
    /// How the chain of this version compares, where that was looked at.
    pub(super) fn chain_of(&self, version: &str) -> Option<&Comparison> {
        let (of, chain) = self.chain.as_ref()?;
        (of == version).then_some(chain)
    }
}

/// What is to be done.
pub(super) enum Plan {
    /// It is there.
    Keep,
    /// Something else is there, and the job may not replace it.
    LeaveAlone(Vec<Difference>),
    /// It is to be imported.
    Import(NewVersion),
}

/// An import, as far as it depends on what is there.
pub(super) struct NewVersion {
    pub(super) tags: Tags,
    pub(super) exportable: bool,
    /// Where the key of the version was that is there.
    pub(super) was: Protection,
    /// Where the vault is to keep this one.
    pub(super) protection: Protection,
    pub(super) form: Form,
    pub(super) reuse_key: Option<bool>,
    pub(super) keeps_order: Option<bool>,
    /// Whether to say who the issuer is, over whatever the policy says.
    pub(super) issuer_unknown: bool,
    pub(super) lifetime_actions: Vec<Value>,
    pub(super) notes: Vec<Note>,
}

/// How what is there differs from what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// It is none yet: the vault is still making it, or was to and did not.
    UnderWay,
    Certificate,
    Disabled,
    Tags,
    Exportability,
    Chain,
}

/// Why no import can do what is asked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Impossible {
    /// The tags that stay and those that are given are too many together.
    #[error(
        "CertificateTags: with the tags that stay from the certificate that is there it would have \
         {together}, and a certificate has {MOST} at most; give fewer tags, or say \
         PreserveExistingTags=false"
    )]
    TooManyTags { together: usize },
    /// The job lets the key out, and asks to keep a key that cannot leave.
    #[error(
        "NonExportable: is false, and the key that is there is kept in an HSM, which no key leaves; \
         the option hsm is keep, so that no software key replaces it: leave NonExportable blank or \
         say NonExportable=true, or set the option hsm to warn"
    )]
    HsmKept,
    /// It is kept as PEM, as which it is too long.
    #[error(
        "Contents: the certificate that is there is kept as PEM (application/x-pem-file); as PEM \
         the key with its chain has {size} bytes, and Key Vault takes {LARGEST} at most; leave out \
         certificates above it, or remove the certificate that is there first: a new one is \
         imported as PKCS#12, which is shorter"
    )]
    PemTooLarge { size: usize },
}

/// Decides.
///
/// # Errors
/// When no import can do what is asked for.
pub(super) fn decide(
    existing: Option<&Current>,
    wish: &Wish,
    learned: &Learned,
) -> Result<Plan, Impossible> {
    let given = &wish.parameters;
    let Some(existing) = existing else {
        return Ok(Plan::Import(NewVersion {
            tags: given.tags.clone(),
            exportable: given.exportable.unwrap_or(true),
            was: Protection::Software,
            protection: Protection::Software,
            form: Form::Pkcs12,
            reuse_key: None,
            keeps_order: None,
            issuer_unknown: false,
            lifetime_actions: Vec::new(),
            notes: Vec::new(),
        }));
    };
    let mut differences = differences(existing, wish);
    let chain = learned.chain_of(&existing.version);
    let lacks = chain.filter(|chain| chain.is_completed_by_the_file());
    differences.extend(lacks.map(|_| Difference::Chain));
    if differences.is_empty() {
        return Ok(Plan::Keep);
    }
    if !wish.overwrite {
        return Ok(Plan::LeaveAlone(differences));
    }
    let was = existing.protection.unwrap_or_default();
    let tags = fit(wish, &existing.tags, was, existing.form)?;
    let lost = match was {
        Protection::Software => None,
        Protection::Hsm if given.exportable == Some(true) => Some(HsmLost::ToBeExportable),
        Protection::Hsm => learned.hsm_refused.clone().map(HsmLost::Refused),
    };
    let protection = match lost {
        None => was,
        Some(_) => Protection::Software,
    };
    // A key in an HSM never was, whatever a policy says of it.
    let was_exportable =
        existing.exportable != Exportable::Stated(false) && was == Protection::Software;
    let exportable = given.exportable.unwrap_or(was_exportable);
    let notes = [
        lacks.cloned().map(Note::ChainCompleted),
        lost.map(Note::HsmLost),
        (exportable && !was_exportable).then_some(Note::NowExportable),
        (existing.is_certificate() && !existing.enabled).then_some(Note::NowEnabled),
        existing.lifetime.renews.then_some(Note::NoAutoRenew),
        issuer(existing).map(Note::IssuerRemoved),
    ];
    Ok(Plan::Import(NewVersion {
        tags,
        exportable,
        was,
        protection,
        form: existing.form.unwrap_or(Form::Pkcs12),
        reuse_key: existing.reuse_key,
        keeps_order: existing.keeps_order,
        issuer_unknown: true,
        lifetime_actions: existing.lifetime.emails.clone(),
        notes: notes.into_iter().flatten().collect(),
    }))
}

/// The tags of a new version over one with these tags, whose key and form are these.
///
/// # Errors
/// When no version can do what is asked for. It can be asked before a deleted certificate is
/// recovered, which then need not come back for nothing.
pub(super) fn fit(
    wish: &Wish,
    existing: &BTreeMap<String, String>,
    was: Protection,
    form: Option<Form>,
) -> Result<Tags, Impossible> {
    let given = &wish.parameters;
    if was == Protection::Hsm && given.exportable == Some(true) && wish.hsm == Hsm::Keep {
        return Err(Impossible::HsmKept);
    }
    if form == Some(Form::Pem) && wish.pem_size > LARGEST {
        let size = wish.pem_size;
        return Err(Impossible::PemTooLarge { size });
    }
    let tags = match given.old_tags {
        OldTags::Stay => given.tags.over(existing),
        OldTags::Go => given.tags.clone(),
    };
    match tags.count() {
        together if together > MOST => Err(Impossible::TooManyTags { together }),
        _ => Ok(tags),
    }
}

/// An issuer that renews, by the policy.
fn issuer(current: &Current) -> Option<String> {
    let issuer = current.issuer.as_deref();
    issuer
        .filter(|issuer| !issuer.eq_ignore_ascii_case("Unknown"))
        .map(str::to_owned)
}

fn differences(existing: &Current, wish: &Wish) -> Vec<Difference> {
    if !existing.is_certificate() {
        return vec![Difference::UnderWay];
    }
    let given = &wish.parameters;
    let tags_are_there = match given.old_tags {
        OldTags::Stay => given.tags.are_among(&existing.tags),
        OldTags::Go => *given.tags.as_map() == existing.tags,
    };
    let exportability_is_there = given
        .exportable
        .is_none_or(|exportable| existing.exportable == Exportable::Stated(exportable));
    [
        (
            existing.thumbprint == Some(wish.thumbprint),
            Difference::Certificate,
        ),
        (existing.enabled, Difference::Disabled),
        (tags_are_there, Difference::Tags),
        (exportability_is_there, Difference::Exportability),
    ]
    .into_iter()
    .filter(|(as_asked, _)| !as_asked)
    .map(|(_, difference)| difference)
    .collect()
}

/// What became of an import whose answer was lost, by what was there before and what is
/// there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// It took effect.
    Applied,
    /// It did not, so far.
    Undone,
    /// Somebody else has put a certificate there meanwhile; ours may be below it.
    Covered,
}

/// Applied means that the current version is another one than before and is ours.
pub(super) fn trace(before: Option<&str>, now: Option<&Current>, ours: Thumbprint) -> Trace {
    match now {
        None => Trace::Undone,
        Some(now) if before == Some(now.version.as_str()) => Trace::Undone,
        Some(now) if now.thumbprint == Some(ours) => Trace::Applied,
        Some(_) => Trace::Covered,
    }
}

/// Completes "it differs: …".
impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Difference::UnderWay => "the vault is still making it",
            Difference::Certificate => "it is another certificate",
            Difference::Disabled => "it is disabled",
            Difference::Tags => "its tags are others",
            Difference::Exportability => "its key is exportable or not, contrary to NonExportable",
            Difference::Chain => "it lacks certificates above it",
        })
    }
}

#[cfg(test)]
mod tests;
